"""`lda show`, bars, and documents of topics: what people see, and the same for programs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from commands import run, run_json
from hypothesis import given
from hypothesis import strategies as st
from pseudo_terminal import on_terminal
from rich.cells import cell_len

from lda import Model
from lda.cli.bars import bar
from lda.cli.excerpt import excerpt, marked

if TYPE_CHECKING:
    from pathlib import Path

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
HOSTILE = "\x1b]0;title\x07<script>"
TEXTS = [
    "The corn and the wheat; the rye, the corn! " * 30,
    "A harbour of ships. Sails, harbour and ships \x1b[31m" * 20,
    "Silver, gold or paper? Gold and silver. " * 25,
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show")
    rows = [
        {"id": f"{HOSTILE} {i}", "text": TEXTS[i % 3] + f" extra{i}", "year": 1900 + i, "note": "x" * 100}
        for i in range(12)
    ]
    (folder / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    fit = (
        "fit",
        folder / "d.jsonl",
        "--text",
        "text",
        "--id",
        "id",
        "-k",
        3,
        "-n",
        30,
        "-q",
        "--stop-words",
        "en",
    )
    run(*fit, "-o", folder / "m")
    run(
        "corpus",
        "build",
        folder / "d.jsonl",
        "--text",
        "text",
        "--id",
        "id",
        "-o",
        folder / "c",
        "-q",
        "--stop-words",
        "en",
    )
    run("label", folder / "m", "--set", "0=Field crops", "--set", "1=Crops at sea", "--set", "2=Gold", "-q")
    return folder


def test_json_has_the_numbers_of_the_model(made: Path) -> None:
    value = run_json("show", made / "m", 1, made / "d.jsonl", "-n", 4, "--documents", 2, "-q")
    model = Model.load(made / "m")
    topic = model.topics(4)[1]
    assert (value["topic"], value["name"], value["tokens"], value["share"]) == (
        1,
        "Crops at sea",
        topic.tokens,
        topic.share,
    )
    assert [(word["word"], word["probability"]) for word in value["words"]] == topic.words
    shares = [other.tokens for other in model.topics(0)]
    assert value["rank"] == 1 + sum(other > topic.tokens for other in shares)
    alone = model.diagnostics().columns()
    assert value["measures"]["exclusivity"] == pytest.approx(alone["exclusivity"][1])
    assert value["measures"]["document_entropy"] > 0
    assert {one["topic"] for one in value["related"]} == {0, 2}
    assert value["related"][0]["distance"] <= value["related"][1]["distance"] < 0.8326
    weights = [document["weight"] for document in value["documents"]]
    assert len(weights) == 2
    assert weights == sorted(weights, reverse=True)
    rows = {json.loads(line)["id"]: json.loads(line) for line in (made / "d.jsonl").read_text().splitlines()}
    for document in value["documents"]:
        row = rows[document["id"]]
        text = "".join(text for text, _ in document["excerpt"])
        assert text in row["text"]
        assert document["fields"]["year"] == row["year"]
        assert {topic for _, topic in document["excerpt"]} <= {-1, 0, 1, 2}
        assert not document["words_only"]


def test_without_documents_it_shows_what_the_model_knows(made: Path) -> None:
    value = run_json("show", made / "m", "gold")
    assert value["topic"] == 2
    assert "documents" not in value
    assert "coherence" not in value["measures"]
    text = run("show", made / "m", 2).stdout
    assert text.startswith("topic 2  Gold\n")
    for heading in ("Numbers", "Words", "Related topics"):
        assert f"\n{heading}" in text
    assert "Documents" not in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_fit_the_terminal_and_words_of_the_topic_are_bold(made: Path, width: int) -> None:
    text = on_terminal("show", made / "m", 0, made / "d.jsonl", "-q", columns=width, rows=80)
    assert "\x1b]" not in text
    assert "\x1b[31m" not in text
    plain = ESCAPE.sub("", text)
    assert all(cell_len(line) <= width for line in plain.splitlines()), plain
    assert "\\x1b]0;title\\x07<script>" in "".join(plain.split("\n"))
    bold = re.findall(r"\x1b\[1;32m([^\x1b]+)\x1b", text)
    assert len(bold) > 3
    words = {word.casefold() for words in Model.load(made / "m").top_words(50)[0:1] for word in words}
    assert {word.strip().casefold() for word in bold} <= words
    assert "█" in plain


def test_elsewhere_it_is_plain_and_stable(made: Path) -> None:
    first, again = (
        run("show", made / "m", 0, made / "d.jsonl", "-q", COLUMNS=c).stdout for c in ("40", "200")
    )
    assert first == again
    assert "\x1b" not in first
    assert "█" not in first
    assert all(len(line) <= 100 for line in first.splitlines())
    assert re.search(r"\*\w+\*", first)
    assert "year 19" in first
    assert "xxxxx" not in first, "a value as long as a text is left out"
    styled = run(
        "show", made / "m", 0, made / "d.jsonl", "-q", "--color", "always", "--bars", "always"
    ).stdout
    assert "\x1b[1;32m" in styled
    assert "█" in styled
    assert not re.search(r"\*\w+\*", styled)


def test_a_corpus_folder_shows_words_in_a_row(made: Path) -> None:
    value = run_json("show", made / "m", 0, made / "c", "-q")
    assert all(document["words_only"] for document in value["documents"])
    assert value["documents"][0]["excerpt"]


@pytest.mark.parametrize(
    ("topic", "told"),
    [
        (
            "3",
            "number from 0 to 2, part of a name, or one of a topic's first 10 words, got '3' (3 have names)",
        ),
        ("-1", "No such option"),
        ("platinum", "first 10 words, got 'platinum'"),
        ("crops", "is part of the names of topics 0 (Field crops), 1 (Crops at sea); give the number"),
        ("", "part of a name"),
        ("\x1b[2J", "part of a name"),
        ("٢", "part of a name"),
    ],
)
def test_topics_that_there_are_not(made: Path, topic: str, told: str) -> None:
    result = run("show", made / "m", topic, code=2)
    assert told in " ".join(result.stderr.split())
    assert "\x1b" not in result.stderr


def test_a_whole_name_goes_before_part_of_one(made: Path, tmp_path: Path) -> None:
    (tmp_path / "l.json").write_text('["War", "War and peace", "1"]')
    assert run_json("show", made / "m", "WAR", "--labels", tmp_path / "l.json")["topic"] == 0
    assert run_json("show", made / "m", "peace", "--labels", tmp_path / "l.json")["topic"] == 1
    assert run_json("show", made / "m", "1", "--labels", tmp_path / "l.json")["topic"] == 1, (
        "numbers come first"
    )


def test_documents_below_each_topic(made: Path) -> None:
    value = run_json("topics", made / "m", "--documents", made / "d.jsonl", "-q")
    shown = run_json("show", made / "m", 2, made / "d.jsonl", "-q")["documents"]
    assert [d["id"] for d in value["topics"][2]["documents"]] == [d["id"] for d in shown]
    assert [d["weight"] for d in value["topics"][2]["documents"]] == [d["weight"] for d in shown]
    text = run("topics", made / "m", "--documents", made / "d.jsonl", "-q").stdout
    blocks = text.split("\n\n")
    assert len(blocks) == 3
    assert all(len(re.findall(r"^ +\d+\.\d\d%  ", block, re.MULTILINE)) == 3 for block in blocks)
    assert "\x1b" not in text
    for form in ("tsv", "md"):
        assert (
            "has no place for --documents"
            in run("topics", made / "m", "--documents", "x", "--format", form, code=2).stderr
        )


def test_a_line_for_each_word(made: Path) -> None:
    text = run("topics", made / "m", "--words", "-n", 3).stdout
    blocks = text.rstrip("\n").split("\n\n")
    for block, topic in zip(blocks, Model.load(made / "m").topics(3), strict=True):
        head, *lines = block.splitlines()
        assert head.startswith(f"topic {topic.number}  ")
        assert [line.split() for line in lines] == [[word, f"{p:.4f}"] for word, p in topic.words]
    assert "leave one out" in run("topics", made / "m", "--words", "--format", "tsv", code=2).stderr


def test_bars_on_terminals_and_where_they_are_asked_for(made: Path) -> None:
    assert "█" in on_terminal("topics", made / "m", columns=80)
    assert "█" not in on_terminal("topics", made / "m", "--bars", "never", columns=80)
    assert "█" not in run("topics", made / "m").stdout
    lines = run("topics", made / "m", "--bars", "always").stdout.splitlines()
    assert "█" in lines[1]
    column = lines[0].index("words")
    assert all(line[column - 2 : column] == "  " for line in lines[1:])


@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(1, 60), st.booleans())
def test_a_bar_fits_and_grows(part: float, width: int, plain: bool) -> None:
    drawn = bar(part, width, plain=plain)
    assert len(drawn) <= width
    assert bool(drawn) == (part > 0)
    if 0 <= part <= 1:
        assert len(drawn) <= len(bar(min(1.0, part * 2), width, plain=plain))
        assert abs(len(drawn) - part * width) <= 1
    assert plain == drawn.isascii() or not drawn


PIECES = st.lists(st.tuples(st.text("ab \n\x1b", min_size=1, max_size=9), st.integers(-1, 2)), max_size=30)


@given(PIECES, st.integers(0, 2), st.integers(5, 40))
def test_an_excerpt_is_a_stretch_with_the_most_words(
    pieces: list[tuple[str, int]], topic: int, longest: int
) -> None:
    kept, before, after = excerpt(pieces, topic, longest)
    text, whole = "".join(t for t, _ in kept), "".join(t for t, _ in pieces)
    assert len(text) <= max(longest, max((len(t) for t, _ in pieces), default=0))
    assert text in whole
    assert (before or after) == (text != whole)
    if all(len(t) <= longest for t, _ in pieces):
        most = max(
            (
                sum(its == topic for _, its in pieces[i:j])
                for i in range(len(pieces) + 1)
                for j in range(i, len(pieces) + 1)
                if sum(len(t) for t, _ in pieces[i:j]) <= longest
            ),
            default=0,
        )
        assert sum(its == topic for _, its in kept) == most
    line = marked(pieces, topic, longest, styled=False).plain
    assert line.isprintable()


def test_a_topic_by_one_of_its_words(made: Path) -> None:
    value = run_json("show", made / "m", "SILVER")
    assert "silver" in [word["word"] for word in value["words"][:10]]
    topics = run_json("topics", made / "m", "-n", 10)["topics"]
    firsts = [{word["word"] for word in topic["words"]} for topic in topics]
    shared = sorted((firsts[0] & firsts[1]) | (firsts[0] & firsts[2]) | (firsts[1] & firsts[2]))
    for word in shared[:1]:
        assert "first 10 words of topics" in " ".join(run("show", made / "m", word, code=2).stderr.split())


def test_fields_that_json_has_no_word_for(made: Path, tmp_path: Path) -> None:
    days = pa.array([0, 10_000_000] * 6, pa.date32())
    times = pa.array([10**15] * 12, pa.timestamp("us", "Nowhere/City"))
    numbers = pa.array([float("nan")] * 12)
    table = pa.table({"text": TEXTS * 4, "day": days, "time": times, "n": numbers})
    pq.write_table(table, tmp_path / "d.parquet")
    value = run_json("show", made / "m", 1, tmp_path / "d.parquet", "--text", "text", "-q")
    fields = [one["fields"] for one in value["documents"]]
    assert {one["day"] for one in fields} <= {"1970-01-01", "29349-01-26"}
    assert all(one["time"] == "2001-09-09T01:46:40.000000Z" and one["n"] is None for one in fields)
    run("show", made / "m", 1, tmp_path / "d.parquet", "--text", "text", "-q")
    outputs = ["-o", tmp_path / "r.html", "--tables", tmp_path / "t", "--xlsx", tmp_path / "x.xlsx"]
    run("report", made / "m", tmp_path / "d.parquet", "--text", "text", "--by", "time", *outputs, "-q")
    assert "29349-01-26" in (tmp_path / "t" / "documents.csv").read_text()
