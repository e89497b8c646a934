"""Documents that join a finished corpus: what is there stays, what is new is found, and nothing is ever half there."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

import lda
from lda import DataError, Recipe, append_corpus
from lda.cli import cli
from lda.cluster.checkpoints.lock import alone
from lda.corpus import Corpus, build_corpus
from lda.corpus.assembly.shard_bounds import appended_count
from lda.corpus.documents.steps import DocumentSteps
from lda.corpus.files.manifest import read_manifest
from lda.corpus.shard import batch_digest, content_hash
from lda.corpus.storage.places import storage
from lda.corpus.storage.strict_json import signed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WORDS = [
    "bread",
    "flour",
    "oven",
    "yeast",
    "goal",
    "match",
    "player",
    "referee",
    "comet",
    "galaxy",
    "orbit",
    "planet",
]
RECIPE = Recipe(text="text", id="id", stop_words=("and",), min_df=2)


def rows(first: int, count: int, *more: str) -> list[dict[str, Any]]:
    rng = np.random.default_rng(first)
    return [
        {"id": f"d{i}", "text": " and ".join([*rng.choice(WORDS, 20), *more]), "year": 2000 + i % 7}
        for i in range(first, first + count)
    ]


def written(path: Path, documents: Sequence[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in documents), encoding="utf-8")
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    build_corpus([written(tmp_path / "old.jsonl", rows(0, 60, "old"))], tmp_path / "c", recipe=RECIPE)
    return tmp_path / "c"


def files(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir() if p.is_file()}


def check_whole(corpus: Corpus) -> None:
    """All that a manifest and a vocabulary say is so."""
    matrix = corpus.to_csr()
    np.testing.assert_array_equal(np.asarray(matrix.sum(axis=0)).ravel(), corpus.term_frequencies)
    np.testing.assert_array_equal(np.asarray((matrix > 0).sum(axis=0)).ravel(), corpus.document_frequencies)
    assert matrix.sum() == corpus.n_tokens
    terms = corpus.vocabulary_table.column("term").combine_chunks()
    assert corpus.content_hash == content_hash(terms, map(batch_digest, corpus.batches()))


def test_what_is_there_stays_and_what_is_new_stands_behind_it(corpus: Path, tmp_path: Path) -> None:
    before, was = Corpus.open(corpus), files(corpus)
    first = list(before.batches())
    new = [
        *rows(100, 5, "late", "late"),
        *rows(200, 5, "once" if not WORDS else "later"),
        *rows(300, 1, "hapax"),
    ]
    made = append_corpus(corpus, [written(tmp_path / "new.jsonl", new)])
    now = made.corpus
    assert (made.n_documents, made.n_known, made.new_terms) == (
        11,
        0,
        ["late", "later"],
    )  # by falling frequency
    assert made.n_dropped == 1  # hapax is in one document
    assert now.vocabulary == [*before.vocabulary, "late", "later"]
    assert now.document_ids().to_pylist() == [*before.document_ids().to_pylist(), *(row["id"] for row in new)]
    assert [batch.equals(old) for batch, old in zip(now.batches(), first, strict=False)] == [True] * len(
        first
    )
    assert now.n_shards == len(first) + 1
    here = files(corpus)
    assert {name: here[name] for name in was if name != "manifest.json"} == {
        name: digest for name, digest in was.items() if name != "manifest.json"
    }
    check_whole(now)
    years = now.metadata()
    assert years is not None
    assert years.column("year").to_pylist()[-1] == 2000 + 300 % 7
    # As it was, also after another append, and by name of its hash alone.
    append_corpus(corpus, [written(tmp_path / "next.jsonl", rows(400, 3))])
    grown = Corpus.open(corpus)
    assert [then.n_documents for then in grown.earlier] == [60, 71]
    for known in (before, now):
        then = Corpus.open(corpus, at=known.content_hash)
        assert then.manifest | {"earlier": 0} == known.manifest | {"earlier": 0}
        check_whole(then)
        again = grown.as_it_was(known.content_hash)
        assert again is not None
        assert again.n_documents == known.n_documents
    assert grown.as_it_was("0" * 64) is None
    with pytest.raises(DataError, match=f"never had the content hash 'ab'.*had {before.content_hash[:12]}"):
        Corpus.open(corpus, at="ab")
    # A copy has no past, and is the same corpus.
    grown.save(tmp_path / "copy")
    assert Corpus.open(tmp_path / "copy").content_hash == grown.content_hash


def test_a_corpus_of_an_earlier_version_gets_its_digests(corpus: Path, tmp_path: Path) -> None:
    from lda.corpus.files.manifest import manifest_bytes

    found = read_manifest(corpus)
    (corpus / "manifest.json").write_bytes(manifest_bytes(found._replace(digests=())))
    assert "shard_digests" not in (corpus / "manifest.json").read_text(encoding="utf-8")
    check_whole(append_corpus(corpus, [written(tmp_path / "new.jsonl", rows(100, 5))]).corpus)


def test_known_documents(corpus: Path, tmp_path: Path) -> None:
    new = written(tmp_path / "new.jsonl", [*rows(58, 4, "late"), *rows(0, 1)])
    was = files(corpus)
    with pytest.raises(
        DataError, match=r"3 of the 5 documents are in .* already, such as 'd0'.*--skip-known"
    ):
        append_corpus(corpus, [new])
    assert files(corpus) == was
    made = append_corpus(corpus, [new], skip_known=True)
    assert (made.n_documents, made.n_known, made.new_terms) == (2, 3, ["late"])
    check_whole(made.corpus)
    assert append_corpus(corpus, [new], skip_known=True).n_documents == 0
    assert len(Corpus.open(corpus).earlier) == 1


def test_lines_without_names_are_named_by_their_file(tmp_path: Path) -> None:
    recipe = Recipe()
    (tmp_path / "week-1.txt").write_text("bread oven\ngoal match\n", encoding="utf-8")
    (tmp_path / "week-2.txt").write_text("bread goal\n", encoding="utf-8")
    build_corpus([tmp_path / "week-1.txt"], tmp_path / "c", recipe=recipe)
    made = append_corpus(tmp_path / "c", [tmp_path / "week-2.txt"])
    assert made.corpus.document_ids().to_pylist() == ["1", "2", "week-2.txt:1"]
    with pytest.raises(DataError, match=r"week-2\.txt:1"):
        append_corpus(tmp_path / "c", [tmp_path / "week-2.txt"])


@pytest.mark.parametrize(
    ("recipe", "asked", "expected"),
    [
        ({"min_df": 2}, None, ["half", "twice"]),
        ({"min_df": 2}, 3, ["half"]),
        ({"min_df": 2}, 1, ["half", "twice", "once"]),
        ({"min_df": 2}, 0.5, ["half"]),
        ({"min_df": 0.1}, None, ["half"]),  # in 5 of 10, not in 2: a share of a few documents is no share
        (
            {"min_df": 2, "max_df": 0.45},
            None,
            ["half", "twice"],
        ),  # in half of the new, but few of all documents
        ({"min_df": 2, "max_df": 27}, None, ["half", "twice"]),  # 27 of 60 when it was built
        ({"max_features": 12}, None, []),  # none is as frequent in all as the rarest that is there
        ({"max_features": 50}, None, ["half", "twice", "once"]),
    ],
)
def test_which_words_become_terms(
    tmp_path: Path, recipe: dict[str, Any], asked: float | None, expected: list[str]
) -> None:
    old = written(
        tmp_path / "old.jsonl",
        [{"id": f"d{i}", "text": f"{WORDS[i % 12]} {WORDS[(i + 1) % 12]}"} for i in range(60)],
    )
    build_corpus([old], tmp_path / "c", recipe=Recipe(text="text", id="id", stop_words=("and",), **recipe))
    new = [*rows(100, 3, "half"), *rows(110, 2, "half", "twice"), *rows(120, 4), *rows(130, 1, "once")]
    made = append_corpus(tmp_path / "c", [written(tmp_path / "new.jsonl", new)], new_min_df=asked)
    assert made.new_terms == expected
    check_whole(made.corpus)


def test_what_was_too_frequent_stays_out(tmp_path: Path) -> None:
    """Else a word of all old documents would be a term of the new ones alone; news are no empty words for that."""
    old = [{"id": f"d{i}", "text": f"nations {WORDS[i % 12]} {WORDS[(i + 1) % 12]}"} for i in range(60)]
    recipe = Recipe(text="text", id="id", stop_words=("and",), min_df=2, max_df=0.5, stem="en")
    built = build_corpus([written(tmp_path / "old.jsonl", old)], tmp_path / "c", recipe=recipe)
    assert built.too_frequent == ("nation",)  # the stem, of which "nations" was the word
    new = [*rows(100, 4, "nation", "plague"), *rows(110, 6, "plague")]
    made = append_corpus(tmp_path / "c", [written(tmp_path / "new.jsonl", new)])
    assert made.new_terms == ["plague"]
    assert Corpus.open(tmp_path / "c").too_frequent == ("nation",)
    # A corpus that does not say which words those were, goes by the new documents.
    manifest = tmp_path / "c" / "manifest.json"
    values = json.loads(manifest.read_text(encoding="utf-8"))
    assert values.pop("too_frequent") == ["nation"]
    manifest.write_text(
        json.dumps(signed({k: v for k, v in values.items() if k != "sha256"})), encoding="utf-8"
    )
    later = [*rows(200, 4, "nation", "fever"), *rows(210, 6, "fever")]
    assert append_corpus(tmp_path / "c", [written(tmp_path / "later.jsonl", later)]).new_terms == ["nation"]


def test_phrases_that_were_found_stay(tmp_path: Path) -> None:
    text = [{"id": str(i), "text": f"united states {WORDS[i % 12]} peace"} for i in range(30)]
    recipe = Recipe(text="text", id="id", phrases="npmi", phrase_min_count=3, phrase_threshold=0.3)
    built = build_corpus([written(tmp_path / "old.jsonl", text)], tmp_path / "c", recipe=recipe)
    assert "united_states" in built.vocabulary
    new = [{"id": "n", "text": "united states new deal"}, {"id": "m", "text": "new deal states"}]
    made = append_corpus(tmp_path / "c", [written(tmp_path / "new.jsonl", new)])
    assert made.new_terms == ["deal", "new", "states"]
    assert made.corpus.recipe == built.recipe


def test_what_the_build_did_is_done_again(tmp_path: Path) -> None:
    """Stems find their term, documents are chosen and split, fields typed; bad records are skipped."""
    old = [
        {"id": f"d{i}", "text": "houses and planets", "date": f"2026-01-{i + 1:02}", "lang": "en"}
        for i in range(9)
    ]
    build_corpus(
        [written(tmp_path / "old.jsonl", [*old, {"id": "x", "text": "haus", "lang": "de"}])],
        tmp_path / "c",
        recipe=Recipe(text="text", id="id", stem="en"),
        steps=DocumentSteps(where="lang == 'en'", split_tokens=4, types="date:date"),
    )
    new = written(
        tmp_path / "new.jsonl",
        [
            {
                "name": "a",
                "body": "housing planet comets comet comets houses",
                "date": "2026-02-03",
                "lang": "en",
            },
            {"name": "b", "body": "planeten", "lang": "de"},
        ],
    )
    new.write_text(new.read_text(encoding="utf-8") + "{broken\n", encoding="utf-8")
    with pytest.warns(UserWarning, match="1 of 3 records were skipped"):
        made = append_corpus(tmp_path / "c", [new], text="body", id="name", on_error="skip")
    corpus = made.corpus
    assert (made.n_documents, made.n_skipped, made.new_terms) == (2, 1, ["comets"])
    assert corpus.document_ids().to_pylist()[-2:] == ["a#1", "a#2"]
    row = corpus.to_csr().toarray()[-2:].sum(axis=0)
    assert {term: int(n) for term, n in zip(corpus.vocabulary, row, strict=True) if n} == {
        "houses": 2, "planets": 1, "comets": 3,
    }  # fmt: skip
    manifest = corpus.manifest
    assert manifest["steps"] | {"n_read": 12, "n_left_out": 2, "n_split": 1} == manifest["steps"]
    assert manifest["n_skipped"] == 1
    check_whole(corpus)


def test_a_condition_chooses_among_the_new_documents(tmp_path: Path) -> None:
    """Beside that of the corpus, which stays in force; neither may close a bracket of the other."""
    old = [{"id": f"d{i}", "text": "comet orbit", "lang": "en", "year": 1990} for i in range(3)]
    lda.build_corpus(
        [written(tmp_path / "old.jsonl", old)], tmp_path / "c", where="lang == 'en' or lang == 'de'"
    )
    new = [
        {"id": f"n-{lang}-{year}", "text": "comet galaxy", "lang": lang, "year": year}
        for lang in ("en", "de", "fr")
        for year in (1999, 2001)
    ]
    source = [written(tmp_path / "new.jsonl", new)]
    for wrong in ("year >", "year > 1) or (year > 2"):
        with pytest.raises(ValueError, match="cannot be understood"):
            append_corpus(tmp_path / "c", source, where=wrong)
    result = CliRunner().invoke(
        cli, ["corpus", "append", str(tmp_path / "c"), *map(str, source), "--dedupe", "exact"]
    )
    assert (result.exit_code, "--dedupe is settled by the corpus" in result.stderr) == (2, True)
    result = CliRunner().invoke(
        cli, ["corpus", "append", str(tmp_path / "c"), *map(str, source), "--where", "year > 2000", "--json"]
    )
    assert result.exit_code == 0, result.stderr
    assert Corpus.open(tmp_path / "c").document_ids().to_pylist()[3:] == ["n-en-2001", "n-de-2001"]
    assert json.loads(result.stdout)["steps"]["where"] == "lang == 'en' or lang == 'de'"


def test_fields_are_typed_as_those_that_are_there(tmp_path: Path) -> None:
    old = written(
        tmp_path / "old.jsonl", [{"id": "a", "text": "war peace", "day": "2026-01-02", "lang": "en"}]
    )
    lda.build_corpus(
        [old], tmp_path / "c", recipe=Recipe(text="text", id="id"), types="day:date,lang:category"
    )
    new = tmp_path / "new.csv"
    new.write_text("id,text,day,lang\nb,war,2026-01-09,fr\nc,peace,,\n", encoding="utf-8")
    fields = append_corpus(tmp_path / "c", [new]).corpus.metadata()
    assert fields is not None
    assert list(map(str, fields.column("day").to_pylist())) == ["2026-01-02", "2026-01-09", "None"]
    assert fields.column("lang").to_pylist() == ["en", "fr", None]


def test_terms_that_were_given_stay(tmp_path: Path) -> None:
    build_corpus(
        [written(tmp_path / "old.jsonl", rows(0, 9))],
        tmp_path / "c",
        recipe=Recipe(text="text", id="id", terms_of=("bread", "comet")),
    )
    made = append_corpus(
        tmp_path / "c", [written(tmp_path / "new.jsonl", rows(100, 9, "late"))], new_min_df=1
    )
    assert (made.new_terms, made.corpus.vocabulary) == ([], ["bread", "comet"])


def test_counts_go_together_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.ldac").write_text("2 0:3 1:1\n1 1:2\n", encoding="utf-8")
    (tmp_path / "b.ldac").write_text("2 0:1 1:4\n", encoding="utf-8")
    (tmp_path / "a.vocab").write_text("bread\noven\n", encoding="utf-8")
    (tmp_path / "b.vocab").write_text("goal\nbread\n", encoding="utf-8")
    build_corpus([tmp_path / "a.ldac"], tmp_path / "c", vocabulary=tmp_path / "a.vocab")
    made = append_corpus(tmp_path / "c", [tmp_path / "b.ldac"], vocabulary=tmp_path / "b.vocab")
    assert made.corpus.vocabulary == ["bread", "oven", "goal"]
    assert made.corpus.to_csr().toarray().tolist() == [[3, 1, 0], [0, 2, 0], [4, 0, 1]]
    with pytest.raises(DataError, match=r"holds text, and .* was made of counts"):
        append_corpus(tmp_path / "c", [written(tmp_path / "t.jsonl", rows(0, 3))])


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            {"id": "x", "text": "bread", "year": "long ago"},
            "the field 'year' is int64 in the corpus, and string",
        ),
        ({"id": "x", "text": "nothing known"}, "none of the 1 documents has a word that is a term"),
    ],
)
def test_what_does_not_fit_is_refused(
    corpus: Path, tmp_path: Path, document: dict[str, Any], told: str
) -> None:
    was = files(corpus)
    with pytest.raises(DataError, match=told):
        append_corpus(corpus, [written(tmp_path / "new.jsonl", [document])])
    assert files(corpus) == was
    assert not [p for p in corpus.iterdir() if p.is_dir()]


def test_fields_that_the_corpus_lacks_are_left_out(corpus: Path, tmp_path: Path) -> None:
    new = [{"id": "x", "text": "bread oven", "mood": "glad"}]
    made = append_corpus(corpus, [written(tmp_path / "new.jsonl", new)])
    metadata = made.corpus.metadata()
    assert metadata is not None
    assert (made.dropped_fields, metadata.column_names, metadata.column("year").to_pylist()[-1]) == (
        ["mood"], ["year"], None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_documents", 59),
        ("n_terms", 10**6),
        ("content_hash", "\x1b[2J"),
        ("n_shards", -1),
        ("vocabulary", {}),
    ],
)
def test_a_past_that_cannot_be(corpus: Path, tmp_path: Path, name: str, value: object) -> None:
    append_corpus(corpus, [written(tmp_path / "new.jsonl", rows(100, 3))])
    manifest = json.loads((corpus / "manifest.json").read_text(encoding="utf-8"))
    manifest["earlier"][0][name] = value
    (corpus / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(DataError, match=r"manifest\.json is damaged") as raised:
        Corpus.open(corpus)
    assert "\x1b" not in str(raised.value)


def test_no_corpus_and_wrong_arguments(corpus: Path, tmp_path: Path) -> None:
    new = written(tmp_path / "new.jsonl", rows(100, 3))
    with pytest.raises(DataError, match="is not a corpus: there is no such folder"):
        append_corpus(tmp_path / "nowhere", [new])
    with pytest.raises(DataError, match="is a finished corpus"):
        append_corpus(corpus, [corpus])
    with pytest.raises(ValueError, match="new_min_df as a count"):
        append_corpus(corpus, [new], new_min_df=0)
    lda.as_corpus([["bread", "oven"]]).save(tmp_path / "lists")
    with pytest.raises(DataError, match="was made of lists of words"):
        append_corpus(tmp_path / "lists", [new])


def test_of_two_at_a_time_one_is_refused(corpus: Path, tmp_path: Path) -> None:
    new, was = written(tmp_path / "new.jsonl", rows(100, 3)), files(corpus)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with alone(storage(corpus), lambda text: None):
            held.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert held.wait(30)
        with pytest.raises(DataError, match=rf"appended to by another process \(process {os.getpid()}"):
            append_corpus(corpus, [new])
    finally:
        done.set()
        thread.join()
    assert files(corpus) == was
    assert append_corpus(corpus, [new]).n_documents == 3


def test_one_that_is_replaced_meanwhile_stays_as_it_is(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lda.corpus.append import grown_files

    other = build_corpus([written(tmp_path / "other.jsonl", rows(500, 20))], tmp_path / "o", recipe=RECIPE)
    real = grown_files.serialize

    def slow(name: str, *rest: Any) -> Any:
        if name.startswith("vocabulary"):
            other.save(corpus, overwrite=True)
        return real(name, *rest)

    monkeypatch.setattr(grown_files, "serialize", slow)
    with pytest.raises(DataError, match="was changed by another process"):
        append_corpus(corpus, [written(tmp_path / "new.jsonl", rows(100, 3))])
    assert Corpus.open(corpus).content_hash == other.content_hash


DIES = """
import os, signal, sys
import lda

def die(event, given):
    if event == {event!r} and {name!r} in str(given[event == "os.rename"]):
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die)
lda.append_corpus({corpus!r}, [{new!r}])
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("event", "name"),
    [
        ("os.mkdir", ".append"),
        ("open", "shard-00008-"),
        ("os.rename", "vocabulary-"),
        ("os.rename", "/manifest.json"),
        ("shutil.rmtree", ".append"),
    ],
)
def test_a_kill_leaves_the_old_corpus_or_the_new_one(
    corpus: Path, tmp_path: Path, event: str, name: str
) -> None:
    before, new = Corpus.open(corpus).content_hash, written(tmp_path / "new.jsonl", rows(100, 30, "late"))
    untouched = build_corpus([tmp_path / "old.jsonl"], tmp_path / "u", recipe=RECIPE)
    assert untouched.content_hash == before
    whole = append_corpus(tmp_path / "u", [new]).corpus.content_hash
    code = DIES.format(event=event, name=name, corpus=str(corpus), new=str(new))
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, timeout=120)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    found = Corpus.open(corpus)
    check_whole(found)
    assert found.content_hash in (before, whole)
    made = append_corpus(corpus, [new], skip_known=True)
    assert made.corpus.content_hash == whole
    named = read_manifest(corpus)
    kept = {
        entry.file
        for entry in (named.vocabulary, *named.shards, *(then.vocabulary for then in named.earlier))
    }
    assert {p.name for p in corpus.iterdir()} == {"manifest.json", *kept}


def test_at_a_uri(place: Callable[[str], str], tmp_path: Path) -> None:
    uri = place("corpus")
    before = build_corpus([written(tmp_path / "old.jsonl", rows(0, 60))], uri, recipe=RECIPE)
    new = written(tmp_path / "new.jsonl", rows(100, 10, "late"))
    made = append_corpus(uri, [new])
    assert made.new_terms == ["late"]
    check_whole(made.corpus)
    assert Corpus.open(uri, at=before.content_hash).n_documents == 60
    with pytest.raises(DataError, match="10 of the 10 documents are in"):
        append_corpus(uri, [new])


def test_how_many_shards_an_append_makes() -> None:
    assert appended_count(100, 1_000, 50.0) == 1  # a small corpus has small shards, which need not be matched
    assert appended_count(10_000, 2**18, 2.0**16) == 4
    assert appended_count(3, 2**22, 2.0**16) == 3
    assert appended_count(10**6, 2**22, 2.0**30) == 16
