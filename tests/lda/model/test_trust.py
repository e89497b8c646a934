"""A model that is damaged, or that somebody has changed, is not believed; nor does it lead out of its folder."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import tiny
from click.testing import CliRunner
from forged import resign
from waiting import DEADLINE

import lda
from lda import DataError, Model, Recipe
from lda.cli import cli
from lda.cluster.counts.sparse_npz import save_csr
from lda.corpus import Corpus, build_corpus, read_corpus
from lda.corpus.storage import npy_file
from lda.corpus.storage.places import storage
from lda.corpus.text import guarded_pattern
from lda.model.topic_matrix import read_topic_matrix

FILES = ("alpha.npy", "counts.npz", "documents.npy", "soft_counts.npz", "vocabulary.txt")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trust")
    (folder / "d.jsonl").write_text(
        "".join(json.dumps({"text": " ".join(t)}) + "\n" for t in tiny.documents())
    )
    corpus = read_corpus([folder / "d.jsonl"])
    lda.LDA(3, max_iter=12, beta=0.01, n_samples=3, random_state=1).fit(corpus).save(folder / "m")
    build_corpus([folder / "d.jsonl"], folder / "c")
    return folder


@pytest.fixture
def model(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made / "m", tmp_path / "m")


@pytest.fixture
def corpus(made: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made / "c", tmp_path / "c")


def refused(match: str, use: Callable[[], object]) -> None:
    """That it ends in time, with a `DataError` of one line; what would wait for ever is left behind."""
    caught: list[BaseException | None] = []

    def run() -> None:
        try:
            use()
            caught.append(None)
        except BaseException as error:  # noqa: BLE001 - looked at below
            caught.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(DEADLINE)
    assert caught, "it did not end"
    with pytest.raises(DataError, match=match) as info:
        raise caught[0] or AssertionError("it was believed")
    assert str(info.value).isprintable()


def command(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    return result.exit_code, result.stdout, result.stderr


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("file", FILES)
def test_a_flipped_bit_is_noticed(model: Path, file: str) -> None:
    at = (model / file).stat().st_size // 2
    if file.endswith(".npz"):  # of a number, where no format would notice
        matrix: Any = sp.load_npz(model / file)
        at = (model / file).read_bytes().index(matrix.data.tobytes()) + 1
    _flip(model / file, at)
    refused(
        f"{file} is missing or damaged .its sha256 is not that of the description", lambda: Model.load(model)
    )
    refused("sha256", lambda: lda.load(model))
    for name in ("info", "topics"):
        code, out, err = command(name, model, "-q")
        assert (code, out) == (3, "")
        assert len(err.splitlines()) == 1


def test_a_changed_description_is_noticed(model: Path) -> None:
    text = (model / "model.json").read_text()
    (model / "model.json").write_text(text.replace('"beta": 0.01', '"beta": 0.81', 1))
    refused("model.json is missing or damaged .*not what was written", lambda: Model.load(model))
    assert Model.load(model, verify=False).beta == 0.81


def test_a_changed_manifest_is_noticed(corpus: Path) -> None:
    text = (corpus / "manifest.json").read_text()
    (corpus / "manifest.json").write_text(text.replace('"lowercase": true', '"lowercase": false', 1))
    refused("manifest.json is damaged .*not what was written", lambda: Corpus.open(corpus))


def test_checksums_need_not_be_compared(model: Path) -> None:
    matrix: Any = sp.load_npz(model / "counts.npz")
    matrix.data[0] += 4
    save_csr(model / "counts.npz", matrix)
    assert Model.load(model, verify=False).counts.shape == matrix.shape
    lda.load(model, verify=False)
    code, out, _ = command("topics", model, "--no-verify")
    assert code == 0
    assert len(out.splitlines()) == 1 + 3
    code, out, _ = command("info", model, "--no-verify", "--json")
    value = json.loads(out)
    assert code == 0
    assert value["fingerprint"] != value["recorded_fingerprint"]
    assert "is recorded: the model is damaged" in command("info", model, "--no-verify")[1]


def test_without_the_look_indices_still_stay_inside(model: Path) -> None:
    matrix: Any = sp.load_npz(model / "counts.npz")
    matrix.indices[0] = 77
    save_csr(model / "counts.npz", matrix)
    refused("its indices do not fit its shape", lambda: Model.load(model, verify=False))


def test_info_compares_fingerprints(model: Path) -> None:
    found = Model.load(model).fingerprint()
    assert f"{found} (computed; the same is recorded)" in command("info", model)[1]
    resign(model, "model.json", lambda value: value.update(fingerprint="0" * 64))
    code, out, err = command("info", model, "-q")
    assert (code, out) == (3, "")
    assert "0" * 64 in err
    assert found in err


def test_a_model_of_before_has_nothing_to_compare(model: Path) -> None:
    value = json.loads((model / "model.json").read_text())
    for name in ("files", "parts", "fingerprint", "sha256"):
        del value[name]
    (model / "model.json").write_text(json.dumps(value))
    assert Model.load(model).n_topics == 3
    assert "(computed; none is recorded)" in command("info", model)[1]


def _counts(change: Callable[[sp.csr_matrix], object], kind: str = "counts") -> Callable[[Path], None]:
    def damage(model: Path) -> None:
        matrix: Any = sp.load_npz(model / f"{kind}.npz")
        change(matrix)
        save_csr(model / f"{kind}.npz", matrix)

    return damage


def _twice(matrix: sp.csr_matrix) -> None:
    row = int(np.argmax(np.diff(matrix.indptr)))
    matrix.indices[matrix.indptr[row] + 1] = matrix.indices[matrix.indptr[row]]


def _negative(matrix: sp.csr_matrix) -> None:
    matrix.data[:2] += [-1000, 1000]


CANNOT_BE: dict[str, tuple[Callable[[Path], object], str]] = {
    "huge": (_counts(lambda m: m.data.fill(2**31 - 1)), "add up to .* tokens, but it was fitted to 2400"),
    "one too many": (_counts(lambda m: m.data.__setitem__(0, m.data[0] + 1)), "add up to 2401 tokens"),
    "negative": (_counts(_negative), "must not be negative"),
    "twice": (_counts(_twice), "stands twice in one row"),
    "averages of NaN": (_counts(lambda m: m.data.fill(np.nan), "soft_counts"), "finite and not negative"),
    "averages that overflowed": (
        _counts(lambda m: m.data.__imul__(-1), "soft_counts"),
        "finite and not negative",
    ),
    "averages of others": (_counts(lambda m: m.data.__imul__(2), "soft_counts"), "averaged counts add up to"),
    "term twice": (
        lambda m: (m / "vocabulary.txt").write_text("comet\n" * 15),
        "term 'comet' stands twice",
    ),
    "complex alpha": (lambda m: np.save(m / "alpha.npy", np.full(3, 1j)), "complex128, not plain numbers"),
    "objects": (
        lambda m: np.save(m / "alpha.npy", np.array([{}] * 3), allow_pickle=True),
        "its header is not that of plain numbers",
    ),
    "blanks of a stranger": (
        lambda m: (m / "alpha.npy").write_bytes(
            (m / "alpha.npy").read_bytes().replace(b": (3,), }", b": (3,),\xa0}")
        ),
        r"its header is not that of plain numbers: .*\(3,\),\\xa0\}",
    ),
    "unsorted hashes": (
        lambda m: np.save(m / "documents.npy", np.arange(60, dtype=np.uint64)[::-1]),
        "hashes of its documents are not sorted",
    ),
    "negative alpha": (lambda m: np.save(m / "alpha.npy", -np.ones(3)), "must be positive and finite"),
}


@pytest.mark.parametrize("damage", CANNOT_BE)
def test_numbers_that_cannot_be_are_refused(model: Path, damage: str) -> None:
    change, message = CANNOT_BE[damage]
    change(model)
    resign(model, "model.json")
    refused(message, lambda: Model.load(model))
    assert command("info", model)[0] == 3


def test_topics_may_be_out_of_order(model: Path) -> None:
    before = Model.load(model).fingerprint()
    matrix: Any = sp.load_npz(model / "counts.npz")
    row = int(np.argmax(np.diff(matrix.indptr)))
    for array in (matrix.indices, matrix.data):
        part = slice(matrix.indptr[row], matrix.indptr[row + 1])
        array[part] = array[part][::-1].copy()
    save_csr(model / "counts.npz", matrix)
    resign(model, "model.json")
    assert Model.load(model).fingerprint() == before


def _rename(value: dict[str, Any], name: str) -> None:
    value["parts"]["counts"][0]["file"] = name


@pytest.mark.parametrize(
    "name", ["../other/counts.npz", "/etc/passwd", "a/../../x", "", "a\nb", "a\\b", 7, None]
)
def test_names_stay_within_the_folder(model: Path, corpus: Path, name: Any) -> None:
    shutil.copytree(model, model.parent / "other")
    resign(model, "model.json", lambda value: _rename(value, name))
    refused("model.json is missing or damaged", lambda: Model.load(model))
    resign(model, "model.json", lambda value: (_rename(value, "counts.npz"), value.update(folder="../other")))
    refused("must lie in it, got the name '../other'", lambda: Model.load(model))
    resign(corpus, "manifest.json", lambda value: value["shards"][0].update(file=name))
    refused("manifest.json is damaged", lambda: Corpus.open(corpus))


def _link_out(path: Path) -> None:
    outside = path.parent.parent / f"outside-{path.name}"
    path.rename(outside)
    path.symlink_to(outside)


def _link_in(path: Path) -> None:
    path.rename(path.with_name(f"real-{path.name}"))
    path.symlink_to(f"real-{path.name}")


SPECIAL: dict[str, tuple[Callable[[Path], object], str]] = {
    "link out": (_link_out, "leads out of its folder"),
    "device": (lambda p: (p.unlink(), p.symlink_to("/dev/zero")), "leads out of its folder"),
    "fifo": (lambda p: (p.unlink(), os.mkfifo(p)), "is not a plain file"),
    "folder": (lambda p: (p.unlink(), p.mkdir()), "is not a plain file"),
    "loop": (lambda p: (p.unlink(), p.symlink_to(p)), "loop|symbolic links"),
}


@pytest.mark.parametrize("what", SPECIAL)
@pytest.mark.parametrize("file", ["model.json", *FILES])
def test_only_plain_files_of_the_folder_are_opened(model: Path, what: str, file: str) -> None:
    change, message = SPECIAL[what]
    change(model / file)
    refused(message, lambda: Model.load(model))
    refused(message, lambda: Model.load(model.as_uri()))
    assert command("topics", model)[0] == 3


@pytest.mark.parametrize("what", SPECIAL)
@pytest.mark.parametrize("file", ["manifest.json", "vocabulary.arrow", "shard-00001.arrow"])
def test_only_plain_files_of_a_corpus_are_opened(corpus: Path, what: str, file: str) -> None:
    change, message = SPECIAL[what]
    change(corpus / file)
    refused(message, lambda: Corpus.open(corpus).shard(1))
    refused(f"{message}|the file is missing", lambda: Corpus.open(corpus.as_uri()).shard(1))


def test_links_within_a_folder_and_to_it_are_followed(model: Path, corpus: Path) -> None:
    _link_in(model / "counts.npz")
    (model.parent / "link").symlink_to(model)
    assert Model.load(model.parent / "link").n_topics == 3
    _link_in(corpus / "shard-00001.arrow")
    assert Corpus.open(corpus).shard(1)


def test_nothing_is_written_or_removed_elsewhere(tmp_path: Path) -> None:
    place = storage(tmp_path / "here")
    for use in (place.read, place.delete, place.size, lambda name: place.write(name, b"")):
        refused("must lie in it", lambda use=use: use("../x"))  # type: ignore[misc]
    (tmp_path / "x").mkdir()
    refused("must lie in it", lambda: place.remove("../x"))
    assert (tmp_path / "x").is_dir()


def test_sizes_are_compared_before_memory_is_asked_for(model: Path) -> None:
    huge = {"words": 15, "entries": 10**13}
    resign(model, "model.json", lambda value: value["parts"]["counts"][0].update(huge))
    refused("cannot hold 10000000000000 counts", lambda: Model.load(model))
    resign(model, "model.json", lambda value: value["parts"]["counts"][0].update(words=10**12))
    refused("have 1000000000000 words, but there are 15 terms", lambda: Model.load(model))
    resign(model, "model.json", lambda value: value.update(n_topics=10**9))
    refused("alpha must have an entry a topic .1000000000.", lambda: Model.load(model))


def test_an_archive_is_looked_at_before_it_is_unpacked(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(npy_file, "ROOM", 2**16)
    np.savez_compressed(
        tmp_path / "bomb.npz", data=np.zeros(2**20), indices=np.zeros(2**20), indptr=0, shape=0, format=0
    )
    shutil.copy(tmp_path / "bomb.npz", model / "counts.npz")
    resign(model, "model.json")
    refused("would unpack to", lambda: Model.load(model))
    refused("would unpack to", lambda: read_corpus([tmp_path / "bomb.npz"]))
    (tmp_path / "terms.txt").write_text("a\nb\n")
    refused("would unpack to", lambda: read_topic_matrix(tmp_path / "bomb.npz", tmp_path / "terms.txt", 0.1))


@pytest.mark.parametrize("member", ["shape", "indices", "indptr"])
def test_places_are_whole_numbers(tmp_path: Path, member: str) -> None:
    sp.save_npz(tmp_path / "x.npz", sp.csr_matrix(np.eye(3)))
    with np.load(tmp_path / "x.npz") as archive:
        arrays = dict(archive)
    np.savez(tmp_path / "x.npz", **{**arrays, member: arrays[member] + np.nan})
    (tmp_path / "terms.txt").write_text("a\nb\nc\n")
    refused("of type float64, not plain", lambda: read_corpus([tmp_path / "x.npz"]))
    refused(
        "of type float64, not plain",
        lambda: read_topic_matrix(tmp_path / "x.npz", tmp_path / "terms.txt", 0.1),
    )


def test_arrays_that_say_they_are_huge(tmp_path: Path) -> None:
    np.save(tmp_path / "phi.npy", np.full((2, 2), 0.5))
    data = (tmp_path / "phi.npy").read_bytes()
    (tmp_path / "phi.npy").write_bytes(
        data.replace(b"(2, 2), }" + b" " * 16, b"(2000000000, 100000000), }"[:25])
    )
    (tmp_path / "terms.txt").write_text("a\nb\n")
    refused(
        "is no array of numbers", lambda: read_topic_matrix(tmp_path / "phi.npy", tmp_path / "terms.txt", 0.1)
    )
    sp.save_npz(
        tmp_path / "phi.npz",
        sp.coo_matrix((np.ones(1), (np.zeros(1, int), np.zeros(1, int))), shape=(10**6, 10**6)),
    )
    refused("its shape is", lambda: read_topic_matrix(tmp_path / "phi.npz", tmp_path / "terms.txt", 0.1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[" * 100_000, "nested too deeply"),
        ('{"a": ' * 40 + "1" + "}" * 40, "nested too deeply"),
        ('{"beta": NaN}', "holds NaN"),
        ('{"beta": 1e999}', "too large a number"),
        ('{"x": "\\ud800"}', "surrogates"),
        ("9" * 5000, "digits"),
        ("[]", "no JSON object"),
    ],
)
def test_json_that_is_no_description(model: Path, corpus: Path, text: str, message: str) -> None:
    (model / "model.json").write_text(text)
    refused(message, lambda: Model.load(model))
    (corpus / "manifest.json").write_text(text)
    refused(message, lambda: Corpus.open(corpus))


@pytest.mark.parametrize(
    "change",
    [
        {"seed": "x"}, {"seed": -1}, {"n_tokens": 2**70}, {"history": [1]}, {"history": [{"sweep": "x"}]},
        {"seconds": {}}, {"versions": {"raylda": 1}}, {"settings": {}},
        {"settings": {"n_topics": 3, "sampler": "magic"}},
        {"recipe": [1]}, {"recipe": {"pattern": 3}}, {"recipe": {"ngram_range": [1, 10**9]}},
        {"recipe": {"unknown": 1}},
        {"command": 1},
        {"recipe": {"min_df": "x"}}, {"tokens_per_second": "fast"}, {"n_sweeps": True},
    ],
)  # fmt: skip
def test_facts_of_another_type(model: Path, change: dict[str, Any]) -> None:
    resign(model, "model.json", lambda value: value["run"].update(change))
    refused("model.json is missing or damaged", lambda: Model.load(model))
    code, out, err = command("info", model, "-q")
    assert (code, out, len(err.splitlines())) == (3, "", 1)


def test_a_stored_pattern_that_explodes(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_pattern, "SECONDS", 0.3)
    recipe = Recipe(pattern=r"(?:a+)+$").to_dict()
    resign(model, "model.json", lambda value: value["run"].update(recipe=recipe))
    assert Model.load(model).record.recipe == json.loads(json.dumps(recipe))
    (tmp_path / "new.jsonl").write_text(json.dumps({"text": "a" * 60 + "b"}) + "\n")
    code, out, err = command("transform", model, tmp_path / "new.jsonl", "-q")
    assert (code, out) == (3, "")
    assert "takes too long" in err
    resign(model, "model.json", lambda value: value["run"]["recipe"].update(pattern="((a)(b))"))
    assert "has 3 groups" in command("transform", model, tmp_path / "new.jsonl", "-q")[2]


def test_what_could_not_be_opened_again_is_not_written(model: Path, tmp_path: Path) -> None:
    sound = Model.load(model)
    counts = sound.counts.copy()
    counts.data = counts.data * 2
    with pytest.raises(DataError, match="add up to 4800 tokens, but it was fitted to 2400"):
        replace(sound, counts=counts).save(tmp_path / "new")
    with pytest.raises(DataError, match="'x' stands twice"):
        replace(sound, vocabulary=["x"] * 15).save(model, overwrite=True)
    assert not (tmp_path / "new").exists()
    assert Model.load(model).fingerprint() == sound.fingerprint()


def test_a_flipped_bit_in_the_name_of_a_checksum_is_noticed(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "m", tmp_path / "m")
    shutil.copytree(made / "c", tmp_path / "c")

    def load() -> None:
        lda.load(tmp_path / "m")

    def read() -> None:
        Corpus.open(tmp_path / "c")

    for file, opened in ((tmp_path / "m/model.json", load), (tmp_path / "c/manifest.json", read)):
        sound = file.read_bytes()
        begin = sound.rindex(b'"sha256"')
        for bit in range(8 * begin, 8 * (begin + len(b'"sha256"'))):
            damaged = bytearray(sound)
            damaged[bit // 8] ^= 1 << bit % 8
            file.write_bytes(damaged)
            with pytest.raises(DataError):
                opened()
        file.write_bytes(sound)
        opened()
