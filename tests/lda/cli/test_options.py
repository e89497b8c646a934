"""Options given more than once, and options that mean another thing elsewhere: nothing wins in silence."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import tiny
from click.testing import CliRunner, Result

import lda
from lda.cli import cli
from lda.corpus import resolve_stop_words
from lda.corpus.text.stop_words import ENGLISH

TEXT = "the cat and the dog und der Mann are in the house of the man\n"


def run(*arguments: object, code: int = 0, **env: str) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in arguments], env=env)
    assert result.exit_code == code, result.stderr
    return result


def words(folder: Path, *options: object, **env: Any) -> set[str]:
    """The vocabulary that the options leave of the text."""
    (folder / "d.txt").write_text(TEXT)
    run("corpus", "build", folder / "d.txt", "-o", folder / "c", "--overwrite", "-q", *options, **env)
    return set(lda.as_corpus(folder / "c").vocabulary)


def test_stop_word_lists_add_up(tmp_path: Path) -> None:
    extra, more = tmp_path / "extra words.txt", tmp_path / "more.txt"
    extra.write_text("cat\n")
    more.write_text("man\nder\n")
    english = {"cat", "dog", "und", "der", "mann", "house", "man"}
    assert words(tmp_path, "--stop-words", "en") == english
    both = ("--stop-words", "en", "--stop-words", extra)
    assert words(tmp_path, *both) == words(tmp_path, *both[2:], *both[:2]) == english - {"cat"}
    assert words(tmp_path, "--remove-stopwords", "--stop-words", extra) == english - {"cat"}
    assert words(tmp_path, *both, "--stop-words", more) == english - {"cat", "man", "der"}
    assert words(tmp_path, "--stop-words", "en", "--stoplist-file", more) == english - {"man", "der"}
    # MALLET's own list gives way to the file that is named instead.
    assert words(tmp_path, "--remove-stopwords", "--stoplist-file", more) == words(tmp_path) - {"man", "der"}
    assert words(tmp_path, LDA_CORPUS_BUILD_STOP_WORDS=f"en:{extra}") == english - {"cat"}
    assert words(tmp_path, "--stop-words", "none", LDA_CORPUS_BUILD_STOP_WORDS="en") == words(tmp_path)
    assert (
        "none"
        in run("corpus", "build", extra, "-o", tmp_path / "x", *both, "--stop-words", "none", code=2).stderr
    )
    assert (
        "klingon" in run("fit", extra, "-o", tmp_path / "x", *both, "--stop-words", "klingon", code=2).stderr
    )


def test_several_lists_become_words_and_one_language_stays_one() -> None:
    assert resolve_stop_words("en", "english") == "en"
    german_too = resolve_stop_words("en", "de")
    assert isinstance(german_too, tuple)
    assert set(german_too) > ENGLISH | {"und", "oder"}


def test_the_recorded_command_names_all_lists(tmp_path: Path) -> None:
    source, extra = tiny.jsonl(tmp_path / "d.jsonl"), tmp_path / "extra.txt"
    extra.write_text("bread\n")
    fit = (
        "fit",
        source,
        "--text",
        "body",
        "-k",
        2,
        "-n",
        1,
        "-q",
        "--stop-words",
        "en",
        "--stop-words",
        extra,
    )
    run(*fit, "-o", tmp_path / "m")
    model = lda.load(tmp_path / "m").model_
    assert "bread" not in model.vocabulary
    assert model.record.command is not None
    run(*shlex.split(model.record.command)[1:], "--overwrite", "-q")
    assert lda.load(tmp_path / "m").model_.fingerprint() == model.fingerprint()


def test_several_text_fields_by_several_options(tmp_path: Path) -> None:
    row = {"title": "cat", "body": "dog", "dc:x, y": "house"}
    (tmp_path / "d.jsonl").write_text(json.dumps(row) + "\n")
    build = ("corpus", "build", tmp_path / "d.jsonl", "-o", tmp_path / "c", "--overwrite", "-q")
    cases: list[tuple[list[str], dict[str, Any], set[str]]] = [
        (["--text", "title", "--text", "body"], {}, {"cat", "dog"}),
        (["--text", "title,body"], {}, {"cat", "dog"}),
        (["--text", "dc:x, y"], {}, {"house"}),
        ([], {"LDA_CORPUS_BUILD_TEXT": "title,body"}, {"cat", "dog"}),
        ([], {"LDA_CORPUS_BUILD_TEXT": "dc:x, y"}, {"house"}),
    ]
    for options, env, found in cases:
        run(*build, *options, **env)
        assert set(lda.as_corpus(tmp_path / "c").vocabulary) == found


ALPHA = "--alpha 5 is the prior of each of 3 topics, a sum of 15;"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--num-topics 3 --alpha 5", True),
        ("--num-topics=3 --alpha=5", True),
        ("-k 3 --alpha 5 --remove-stopwords", True),
        ("-k 3 --alpha 5 --optimize-burn-in 20", True),
        ("-k 3 --alpha 5", False),
        ("--topics 3 --alpha 5", False),
        ("--num-topics 3 --alpha-sum 5", False),
        ("--num-topics 3", False),
        ("--num-topics 3 --alpha auto", False),
        ("--num-topics 3 --alpha 5,4,3", False),
    ],
)
def test_alpha_beside_a_name_of_mallet(options: str, told: bool, tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "d.jsonl")
    result = run("fit", source, "--text", "body", "-n", 1, "-q", "-o", tmp_path / "m", *options.split())
    assert (ALPHA in result.stderr) == told
    assert ("--alpha-sum 5" in result.stderr) == told
    assert len(result.stderr.splitlines()) == told


def test_alpha_is_explained_before_the_input_is_read(tmp_path: Path) -> None:
    result = run("fit", tmp_path / "none.txt", "-o", tmp_path / "m", "--num-topics", 3, "--alpha", 5, code=3)
    assert ALPHA in result.stderr.splitlines()[0]


def test_burn_in_has_mallets_name_too(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "d.jsonl")
    fit = ("fit", source, "--text", "body", "-k", 3, "-n", 8, "--seed", 1, "-q")
    prints = []
    for name, options in (("a", ["--burn-in", 2]), ("b", ["--optimize-burn-in", 2]), ("c", [])):
        run(*fit, "-o", tmp_path / name, *options)
        prints.append(lda.load(tmp_path / name).model_.fingerprint())
    assert prints[0] == prints[1] != prints[2]


def test_named_counts_of_which_the_model_knows_none_are_refused(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "d.jsonl")
    run("fit", source, "--text", "body", "-k", 2, "-n", 1, "-q", "-o", tmp_path / "m")
    (tmp_path / "docword.x.txt").write_text("1\n2\n2\n1 1 3\n1 2 1\n")
    (tmp_path / "vocab.x.txt").write_text("unheard\nof\n")
    corpus = lda.as_corpus([[1, 2]], vocabulary=["unheard", "of"])
    corpus.save(tmp_path / "corpus")
    for given, output in (("docword.x.txt", "t.jsonl"), ("corpus", "t.jsonl"), ("corpus", "parts")):
        failed = run("transform", tmp_path / "m", tmp_path / given, "-o", tmp_path / output, "-q", code=3)
        assert "is a term of the model, got 'unheard', 'of' where it has" in failed.stderr
    assert not (tmp_path / "t.jsonl").exists()


@pytest.mark.parametrize("option", [("--split-tokens",), ("--min-documents",), ("--checkpoint-every",)])
def test_a_number_that_no_count_can_hold_is_an_error_of_usage(option: tuple[str], tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "d.jsonl")
    result = run("fit", source, "--text", "body", *option, 10**22, "-o", tmp_path / "m", code=2)
    assert f"'{option[0]}': {10**22} is too large; give one up to {2**63 - 1}" in result.stderr


def test_more_topics_than_tokens_are_refused_before_they_fill_the_memory(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "d.jsonl")
    fit = ("fit", source, "--text", "body", "-q", "-o", tmp_path / "n")
    run("fit", source, "--text", "body", "-k", 2, "-n", 1, "-q", "-o", tmp_path / "m")
    for options in (("-k", 10**9), ("--init-from", tmp_path / "m", "--add-topics", 10**9)):
        assert "there may be no more topics than tokens" in run(*fit, *options, code=3).stderr
    with pytest.raises(lda.DataError, match="there may be no more topics than tokens"):
        lda.LDA(10**9, max_iter=1).fit([["a", "b"]])
    assert not (tmp_path / "n").exists()
