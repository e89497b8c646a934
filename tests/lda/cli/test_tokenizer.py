"""A tokenizer by where it is imported from: recorded with its version, and imported for nobody who did not name it."""

from __future__ import annotations

import json
import pickle
import sys
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest
from commands import fails, run, run_json

import lda
from lda.corpus import Corpus, DataError, Recipe, build_corpus, find_phrases, read_corpus
from lda.corpus.arrow import strings
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
import pathlib

pathlib.Path(__file__).with_name("imported").touch()


def long_words(text):
    return [word for word in text.split() if len(word) > 3]


class Cutter:
    @staticmethod
    def cut(text):
        return text.split("|")


number = 3
"""
TEXTS = "a gold mine\nmore GOLD than more\nsilver mine|gold\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution with one module, told by a file when it is imported; and a text."""
    folder = tmp_path / "lib"
    (folder / "my_words-1.2.dist-info").mkdir(parents=True)
    (folder / "my_words-1.2.dist-info" / "METADATA").write_text("Name: my-words\nVersion: 1.2\n")
    (folder / "my_words-1.2.dist-info" / "top_level.txt").write_text("my_words\n")
    (folder / "my_words.py").write_text(MODULE)
    (tmp_path / "texts.txt").write_text(TEXTS, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "my_words", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def forgotten(package: Path) -> None:
    sys.modules.pop("my_words", None)
    (package / "lib" / "imported").unlink(missing_ok=True)


def was_imported(package: Path) -> bool:
    return (package / "lib" / "imported").exists()


def test_it_cuts_the_text_and_is_recorded(package: Path) -> None:
    built = build_corpus(["texts.txt"], "corpus", tokenizer="my_words:long_words")
    again = read_corpus(["texts.txt"], recipe=Recipe(tokenizer="my_words:long_words"), threads=1)

    assert sorted(built.vocabulary) == ["GOLD", "gold", "mine", "mine|gold", "more", "silver", "than"]
    assert built.content_hash == again.content_hash
    recipe = Corpus.open("corpus").recipe
    assert recipe is not None
    assert recipe.made_with == ("my-words 1.2",)
    other = read_corpus(["texts.txt"], recipe=Recipe(tokenizer="my_words:Cutter.cut"))
    assert "silver mine" in other.vocabulary
    assert (
        find_phrases(
            ["texts.txt"], recipe=Recipe(phrase_min_count=1, phrases="count"), tokenizer="my_words:long_words"
        )
        == []
    )


def test_a_recipe_of_a_file_imports_nothing_by_itself(package: Path) -> None:
    wish = Recipe(tokenizer="my_words:long_words")
    recorded = Recipe.from_dict(json.loads(json.dumps(wish.to_dict())))

    for recipe in (recorded, pickle.loads(pickle.dumps(recorded))):  # also in another process
        with pytest.raises(
            DataError, match=r"cut by my_words:long_words, .* name it: --tokenizer my_words:long_words"
        ):
            TextTokenizer(recipe, of_model=True)
        with pytest.raises(DataError, match="no file has code imported"):
            read_corpus(["texts.txt"], recipe=recipe)
    with pytest.raises(DataError, match="by my_words:long_words, got the tokenizer my_words:other"):
        TextTokenizer(recorded, "my_words:other")
    assert not was_imported(package)

    batch = TextTokenizer(recorded, "my_words:long_words")(strings(["gold is more"]), strings(["0"]))
    assert batch.terms == ["gold", "more"]
    assert was_imported(package)


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("my_words", ValueError, "tokenizer must be one of chinese, .*, got 'my_words'"),
        ("my words:x", ValueError, "tokenizer must be one of"),
        ("my_words:none", DataError, "my_words has no none; correct the name"),
        ("my_words:number", DataError, "is no function but 3"),
        ("no_such_words:cut", DataError, "cannot be imported .* PYTHONPATH"),
    ],
)
def test_what_is_not_there_is_told(package: Path, path: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        read_corpus(["texts.txt"], recipe=Recipe(tokenizer=path))


@pytest.mark.parametrize("name", ["nope", "", "x y:z", "../x:f", "letters"])
def test_a_name_that_can_be_none_is_an_error_of_usage(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXTS, encoding="utf-8")
    told = run(
        "corpus", "build", tmp_path / "a.txt", "--tokenizer", name, "-o", tmp_path / "c", code=2
    ).stderr
    assert "--tokenizer must be one of chinese" in told


def test_what_a_function_raises_is_told_with_its_name(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even its exits, which would end the command with whatever code they have."""
    faulty = "import sys\n\ndef fails(text):\n    raise KeyError('x\x1b[31m')\n\n\ndef exits(text):\n    sys.exit(0)\n"
    (package / "lib" / "faulty_words.py").write_text(faulty)
    (package / "lib" / "exiting_words.py").write_text("raise SystemExit(0)\n")
    for name, why in (
        ("faulty_words:fails", "ended with KeyError: 'x\\x1b[31m', given the text 'a gold mine' ..."),
        ("faulty_words:exits", "ended with SystemExit: 0, given the text 'a gold mine' ..."),
        ("exiting_words:f", "cannot be imported: exiting_words ends with SystemExit: 0"),
    ):
        told = fails(
            3, "corpus", "build", package / "texts.txt", "--tokenizer", name, "-o", package / "c", "-q"
        )
        assert told == f"lda: error: the tokenizer {name} {why}; correct it"


def test_a_function_named_as_a_segmenter_is_not_taken_for_it(tmp_path: Path) -> None:
    def chinese(text: str) -> list[str]:
        return text.split()

    chinese.__qualname__ = "chinese"
    (tmp_path / "texts.txt").write_text(TEXTS, encoding="utf-8")

    corpus = read_corpus([tmp_path / "texts.txt"], tokenizer=chinese)

    assert corpus.recipe is not None
    assert corpus.recipe.cut_by_function


def test_commands_import_it_for_who_names_it(package: Path) -> None:
    texts = ("texts.txt", "--format", "lines")
    run("fit", *texts, "--tokenizer", "my_words:long_words", "-k", 2, "-n", 3, "-o", "model", "-q")
    assert run_json("info", "model")["recipe"]["made_with"] == ["my-words 1.2"]
    forgotten(package)

    told = fails(3, "transform", "model", *texts, "-o", "theta.npy", "-q")
    assert "--tokenizer my_words:long_words" in told
    assert "got the tokenizer os:system" in fails(
        3, "transform", "model", *texts, "-o", "theta.npy", "--tokenizer", "os:system", "-q"
    )
    for command in (
        ("evaluate", "model", *texts),
        ("show", "model", 0, *texts),
        ("reproduce", "model", "texts.txt"),
    ):
        assert "my_words:long_words" in fails(3, *command, "-q")
    model = lda.Model.load("model")
    with pytest.raises(DataError, match="tokenizer= in Python"):
        model.transform_texts(["gold"])
    with pytest.raises(DataError, match="tokenizer= in Python"):
        model.tokenize(["gold"])
    assert not was_imported(package)

    run("transform", "model", *texts, "-o", "theta.npy", "--tokenizer", "my_words:long_words", "-q")
    assert was_imported(package)
    lines = TEXTS.splitlines()
    np.testing.assert_array_equal(
        np.load("theta.npy"), model.transform_texts(lines, tokenizer="my_words:long_words")
    )
    assert model.tokenize(["gold is more"], tokenizer="my_words:long_words") == [["gold", "more"]]
    run("reproduce", "model", *texts, "--tokenizer", "my_words:long_words", "-q")


def test_another_version_is_told(package: Path) -> None:
    run("fit", "texts.txt", "--tokenizer", "my_words:long_words", "-k", 2, "-n", 3, "-o", "model", "-q")
    model = lda.Model.load("model")
    metadata = package / "lib" / "my_words-1.2.dist-info" / "METADATA"
    metadata.write_text("Name: my-words\nVersion: 2.0\n")

    with pytest.warns(
        UserWarning, match=r"made with my-words 1.2, here my-words 2.0: the same text may give"
    ):
        model.tokenize(["gold"], tokenizer="my_words:long_words")
    metadata.write_text("Name: my-words\nVersion: 1.2\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.tokenize(["gold"], tokenizer="my_words:long_words")


def test_terms_of_a_model(package: Path) -> None:
    run("fit", "texts.txt", "--stem", "english", "-k", 2, "-n", 3, "-o", "model", "-q")

    run("corpus", "build", "texts.txt", "--terms-of", "model", "--stem", "en", "-o", "again", "-q")
    told = run("fit", "texts.txt", "--terms-of", "model", "--min-df", 2, "-k", 2, "-o", "no", code=2)

    assert Corpus.open("again").vocabulary == lda.Model.load("model").vocabulary
    assert "--terms-of fixes the terms" in told.stderr
    run("fit", "again", "-k", 2, "-n", 3, "-o", "second", "-q")
    run("fit", "texts.txt", "--terms-of", "again", "-k", 2, "-n", 3, "-o", "third", "-q")
    run("reproduce", "third", "texts.txt", "-q")


def test_a_module_of_the_working_folder_is_known_by_its_digest(package: Path) -> None:
    (package / "beside_it.py").write_text("def cut(text):\n    return text.split()\n")
    before = list(sys.path)
    try:
        recipe = read_corpus(["texts.txt"], recipe=Recipe(tokenizer="beside_it:cut")).recipe
        (package / "beside_it.py").write_text("def cut(text):\n    return text.lower().split()\n")
        again = read_corpus(["texts.txt"], recipe=Recipe(tokenizer="beside_it:cut")).recipe
    finally:
        sys.path[:] = before
        sys.modules.pop("beside_it", None)

    assert recipe is not None
    assert again is not None
    assert recipe.made_with != again.made_with
    assert "beside_it sha256:" in str(recipe.made_with)
