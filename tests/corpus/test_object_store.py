"""Corpora and models at URIs: the same as in folders, replaced at one moment, and damage noticed."""

from __future__ import annotations

import json
import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from click.testing import CliRunner, Result

import lda
from lda import DataError, Model
from lda.cli import cli
from lda.corpus import Corpus, as_corpus, build_corpus, read_corpus
from lda.corpus.files import object_store
from lda.corpus.presentable import without_keys
from lda.corpus.storage.places import beside, is_uri, storage
from lda.model import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Place = Callable[[str], str]


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert result.exit_code == code, result.stderr
    assert "Traceback" not in result.stderr
    return result


def no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_corpus_is_the_same_as_in_memory(place: Place) -> None:
    made = as_corpus(tiny.documents())
    made.save(place("c"))
    opened = pickle.loads(pickle.dumps(Corpus.open(place("c"))))
    assert opened.manifest == made.manifest
    assert opened.vocabulary == made.vocabulary
    assert opened.shard_tokens.tolist() == made.shard_tokens.tolist()
    assert opened.document_ids().equals(made.document_ids())
    for index in range(made.n_shards):
        assert opened.shard(index).first_document == made.shard(index).first_document
        np.testing.assert_array_equal(opened.shard(index).doc_offsets, made.shard(index).doc_offsets)
        np.testing.assert_array_equal(opened.shard(index).words, made.shard(index).words)


def test_a_corpus_is_replaced_at_one_moment(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new, uri = as_corpus([["a", "b"]]), as_corpus([["c"], ["d", "c"]]), place("c")
    old.save(uri)
    with pytest.raises(DataError, match="exists already"):
        new.save(uri)
    with monkeypatch.context() as patch:
        patch.setattr(object_store, "manifest_bytes", no_room)
        with pytest.raises(OSError, match="No space"):
            new.save(uri, overwrite=True)
    assert Corpus.open(uri).content_hash == old.content_hash
    new.save(uri, overwrite=True)
    assert Corpus.open(uri).content_hash == new.content_hash
    assert len(storage(uri).folders()) == 1
    assert list(storage(uri).files()) == ["manifest.json"]


class OneName:
    """A file system for a key that may write below one name only, and no markers of folders above it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def create_dir(self, *_: object, **__: object) -> None:
        raise PermissionError(13, "AWS Error ACCESS_DENIED during PutObject operation")


def test_a_key_that_may_write_below_one_name_suffices(bucket: str) -> None:
    place: Any = storage(bucket.format("ours/deep"))
    place._fs = OneName(place._fs)
    place.write("deeper/name", b"some")
    assert place.read("deeper/name") == b"some"


def test_files_of_others_are_left_alone(place: Place) -> None:
    storage(place("x")).write("manifest.json", b'{"format": "of somebody else"}')
    with pytest.raises(DataError, match=r"has a manifest\.json that is not that of a corpus"):
        as_corpus([["a"]]).save(place("x"), overwrite=True)
    with pytest.raises(DataError, match="is not a corpus"):
        Corpus.open(place("x"))


@pytest.mark.parametrize("damage", ["flipped", "cut", "missing", "cut vocabulary"])
def test_damage_of_a_corpus_is_found(tmp_path: Path, damage: str) -> None:
    uri = (tmp_path / "c").as_uri()
    as_corpus(tiny.documents()).save(uri)
    name = "vocabulary.arrow" if damage == "cut vocabulary" else "shard-00003.arrow"
    (path,) = tmp_path.glob(f"c/data-*/{name}")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(data if damage == "flipped" else data[:-8])
    with pytest.raises(DataError, match=rf"{name} is damaged: ") as caught:
        Corpus.open(uri).shard(3)
    assert str(caught.value).startswith(uri)


def test_what_cannot_be_read(bucket: str, tmp_path: Path) -> None:
    nowhere = bucket.replace("@bucket/", "@other/").format("c")
    with pytest.raises(DataError, match="is not a corpus: it has no manifest"):
        Corpus.open(bucket.format("nothing"))
    with pytest.raises(DataError, match=r"what://is/this cannot be reached \(Unrecognized"):
        Corpus.open("what://is/this")
    with pytest.raises(DataError, match="s3:// names no place"):
        Corpus.open("s3://")
    with pytest.raises(DataError, match="cannot be written"):
        as_corpus([["a"]]).save(nowhere)
    with pytest.raises(DataError, match=r"there is no file or folder s3://bucket/texts\.jsonl"):
        read_corpus([bucket.format("texts.jsonl")])
    texts = tiny.jsonl(tmp_path / "docs.jsonl", 5)
    as_corpus([["a"]]).save(bucket.format("c"))
    with pytest.raises(DataError, match="must be the only input, got 2"):
        build_corpus([texts, bucket.format("c")], tmp_path / "out")


@pytest.fixture(scope="module")
def model() -> Model:
    return lda.LDA(3, max_iter=10, n_samples=2, random_state=1).fit(tiny.documents()).model_


def test_a_model_is_replaced_at_one_moment(
    place: Place, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri, other = place("m"), lda.LDA(2, max_iter=2, random_state=0).fit(tiny.documents()).model_
    model.save(uri)
    loaded = lda.load(uri).model_
    assert loaded.fingerprint() == model.fingerprint()
    np.testing.assert_array_equal(loaded.topic_word, model.topic_word)
    with pytest.raises(DataError, match="exists already"):
        other.save(uri)
    with monkeypatch.context() as patch:
        patch.setattr(write, "signed", no_room)
        with pytest.raises(OSError, match="No space"):
            other.save(uri, overwrite=True)
    assert Model.load(uri).fingerprint() == model.fingerprint()
    other.save(uri, overwrite=True)
    assert Model.load(uri).fingerprint() == other.fingerprint()
    assert len(storage(uri).folders()) == 1


@pytest.mark.parametrize("name", ["counts.npz", "soft_counts.npz", "alpha.npy", "vocabulary.txt"])
def test_damage_of_a_model_is_found(tmp_path: Path, model: Model, name: str) -> None:
    uri = (tmp_path / "m").as_uri()
    model.save(uri)
    (path,) = tmp_path.glob(f"m/data-*/{name}")
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(DataError, match=rf"{name} is missing or damaged"):
        Model.load(uri)
    path.unlink()
    with pytest.raises(DataError, match=rf"{name} is missing or damaged"):
        Model.load(uri)


def test_the_whole_way_by_the_command(place: Place, tmp_path: Path) -> None:
    texts, how = tiny.jsonl(tmp_path / "docs.jsonl", 60), ["-k", 3, "-n", 20, "--checkpoint-every", 5, "-q"]
    run("corpus", "build", texts, "--text", "body", "-o", place("c"))
    assert "60 (" in run("corpus", "info", place("c")).stdout
    run("fit", texts, "--text", "body", "-o", tmp_path / "local", *how)
    run("fit", place("c"), "-o", place("m"), *how)
    told = [json.loads(run("info", m, "--json").stdout) for m in (tmp_path / "local", place("m"))]
    assert told[0]["fingerprint"] == told[1]["fingerprint"]
    assert "secret" not in told[1]["command"]
    assert run("topics", tmp_path / "local").stdout == run("topics", place("m")).stdout
    assert not storage(beside(place("m"), ".checkpoint")).folders()
    assert "exists already" in run("fit", place("c"), "-o", place("m"), *how, code=3).stderr
    assert "finished already" in run("fit", place("c"), "-o", place("m"), *how, "--resume").stderr
    streamed = [
        run("transform", m, c, "-q").stdout
        for m, c in ((tmp_path / "local", texts), (place("m"), place("c")))
    ]
    assert streamed[0] == streamed[1] != ""


def test_names() -> None:
    assert is_uri("s3://bucket/c")
    assert not is_uri("s3:/bucket/c")
    assert not is_uri("folder/a://b")
    assert beside("s3://b/m/?region=x", ".checkpoint") == "s3://b/m.checkpoint?region=x"
    assert beside("models/m/", ".checkpoint") == "models/m.checkpoint"
    assert without_keys("s3://key:secret@b/m?x=a@b") == "s3://b/m?x=a@b"
