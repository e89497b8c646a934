"""`lda topics`: a table for people, the same for programs, and words that stay whole."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from commands import run, run_json
from hypothesis import given
from hypothesis import strategies as st
from pseudo_terminal import on_terminal
from rich.cells import cell_len

import lda
from lda.cli.topic_table import topic_markdown, topic_table, topic_tsv
from lda.model.model import Topic

if TYPE_CHECKING:
    from pathlib import Path

LONG = "donaudampfschifffahrtsgesellschaftskapitän"
TERMS = [
    "apple",
    "new york",
    LONG,
    "潜在ディリクレ配分法",
    "主題模型",
    "한국어",
    "a|b",
    "*_`<b>",
    "t\tab",
    "\x1b[31mred",
]
SHOWN = [term.replace("\t", r"\t").replace("\x1b", r"\x1b") for term in TERMS]
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "m"
    documents = [TERMS * 3, TERMS[::-1] * 2, TERMS[:4] * 9]
    lda.LDA(2, max_iter=3, random_state=0).fit(documents).save(path)
    return path


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text), delimiter="\t", quoting=csv.QUOTE_NONE))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_words_stay_whole_on_a_terminal(model: Path, width: int) -> None:
    plain = ESCAPE.sub("", on_terminal("topics", model, "-n", 10, columns=width))
    head, *lines = plain.splitlines()
    column = head.index("words")
    assert head.split() == ["topic", "share", "alpha", "words"]
    assert len(lines) > 2, "nothing was too long"
    for line in lines:
        assert line[column - 1] == " "
        assert line[column] != " "
        assert cell_len(line) <= width or " " not in line[column:]
    for topic in run_json("topics", model)["topics"]:
        words = [SHOWN[TERMS.index(word["word"])] for word in topic["words"]]
        first = next(i for i, line in enumerate(lines) if line.split()[:1] == [str(topic["topic"])])
        told = [line[column:] for line in lines[first:]]
        for i in range(len(told)):
            if " ".join(told[: i + 1]) == " ".join(words):
                break
        else:
            raise AssertionError(f"{words} not whole in {told}")


def test_a_word_wider_than_the_terminal_has_a_line_of_its_own() -> None:
    topic = Topic(3, 0.1, 10, 1.0, [("a", 0.5), (LONG, 0.3), ("b", 0.1)])
    told = topic_table([topic], width=40).plain.splitlines()
    assert [line[told[0].index("words") :] for line in told] == ["words", "a", LONG, "b"]


@given(
    st.lists(
        st.text("ab 主한", min_size=1, max_size=12).filter(lambda term: term.strip() == term), max_size=12
    ),
    st.integers(1, 80),
)
def test_all_words_in_their_order_at_any_width(terms: list[str], width: int) -> None:
    topic = Topic(0, 0.1, 10, 1.0, [(term, 0.1) for term in terms])
    head, *lines = topic_table([topic], width=width).plain.split("\n")
    column = head.index("words")
    assert " ".join(line[column:] for line in lines) == (" ".join(terms) or "(empty)")
    whole = {" ".join(terms[i:j]) for i in range(len(terms)) for j in range(i + 1, len(terms) + 1)}
    for line in lines:
        words = line[column:]
        assert words in whole or not terms
        assert cell_len(line) <= max(width, column + 7) or words in terms


def test_colours_on_a_terminal_only(model: Path) -> None:
    colour = re.compile(r"\x1b\[(3|9|4)\d")
    assert colour.search(on_terminal("topics", model, columns=80))
    assert not colour.search(on_terminal("topics", model, columns=80, NO_COLOR="1"))
    assert "\x1b" not in on_terminal("topics", model, "--color", "never", columns=80)
    assert "\x1b" not in run("topics", model).stdout
    assert colour.search(run("topics", model, "--color", "always", NO_COLOR="1").stdout)


def test_elsewhere_a_topic_is_a_line(model: Path) -> None:
    lines = run("topics", model, COLUMNS="40").stdout.splitlines()
    assert len(lines) == 1 + 2
    assert all(line.endswith(SHOWN[i]) for line, i in zip(lines[1:], last_words(model), strict=True))


def last_words(model: Path) -> list[int]:
    return [TERMS.index(topic["words"][-1]["word"]) for topic in run_json("topics", model)["topics"]]


def test_tab_separated(model: Path) -> None:
    found = run_json("topics", model, "-n", 3)["topics"]
    head, *rows = read(run("topics", model, "-n", 3, "--format", "tsv").stdout)
    assert head == ["topic", "tokens", "share", "alpha", "word_1", "word_2", "word_3"]
    for row, topic in zip(rows, found, strict=True):
        assert (int(row[0]), int(row[1]), float(row[2]), float(row[3])) == (
            topic["topic"], topic["tokens"], topic["share"], topic["alpha"],
        )  # fmt: skip
        assert row[4:] == [SHOWN[TERMS.index(word["word"])] for word in topic["words"]]
    wide = read(run("topics", model, "-n", 10**9, "--format", "tsv").stdout)
    assert {len(row) for row in wide} == {4 + len(TERMS)}
    assert any("new york" in row for row in wide)


def test_columns_do_not_depend_on_what_a_topic_holds() -> None:
    topics = [Topic(0, 0.1, 0, 0.0, []), Topic(1, 0.1, 1, 1.0, [("a", 1.0)])]
    assert {len(row) for row in read(topic_tsv(topics, 4))} == {8}
    assert topic_table(topics, width=None).plain.splitlines()[1].endswith("(empty)")


def test_markdown(model: Path) -> None:
    lines = run("topics", model, "--format", "md", "-n", 10).stdout.splitlines()
    assert lines[:2] == ["| topic | share | alpha | words |", "| ---: | ---: | ---: | :--- |"]
    assert len(lines) == 2 + 2
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 5 for line in lines)
    assert r"a\|b" in lines[2]
    assert r"\*\_\`\<b\>" in lines[2]
    backslash = topic_markdown([Topic(0, 0.1, 1, 1.0, [("a\\|b", 1.0)])])
    assert r"a\\\|b" in backslash, "an escape that is there already does not undo ours"


def test_json(model: Path) -> None:
    ours = run("topics", model, "--format", "json").stdout
    assert (
        ours
        == run("topics", model, "--json").stdout
        == run("topics", model, "--json", "--format", "json").stdout
    )
    assert len(json.loads(ours)["topics"]) == 2
    for name in ("tsv", "md"):
        assert "exclude each other" in run("topics", model, "--json", "--format", name, code=2).stderr
    for arguments in (["--format", "json"], ["--format=json"]):
        failed = json.loads(run("topics", "nowhere", *arguments, code=3).stdout)
        assert failed["error"]["kind"] == "data"
    assert run("topics", "nowhere", "--format", "tsv", code=3).stdout == ""


def test_a_fit_prints_the_same_table(tmp_path: Path) -> None:
    (tmp_path / "d.txt").write_text("bread butter flour\ngoal match player\n" * 9)
    told = run("fit", tmp_path / "d.txt", "-k", 3, "-n", 5, "-o", tmp_path / "m").stdout
    assert told == run("topics", tmp_path / "m").stdout
    assert (
        run("fit", tmp_path / "d.txt", "-k", 3, "-n", 1, "-o", tmp_path / "n", "--top-words", 0).stdout == ""
    )


def test_markdown_is_neither_formula_nor_emoji_nor_name() -> None:
    shown = topic_markdown([Topic(0, 0.1, 1, 1.0, [("$x$ :smile: @name united_states", 1.0)])])
    assert r"\$x\$ \:smile: \@name united_states" in shown
