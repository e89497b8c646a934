"""`lda corpus` info, terms, sample, select, merge, export: what they print and write, and how they refuse."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import small_disk
from commands import fails, run, run_json

import lda
from lda.cli.corpus import export as export_command
from lda.cli.corpus import info as info_command
from lda.cli.corpus import terms as terms_command
from lda.cli.corpus.command import COMMANDS
from lda.corpus import Corpus, read_corpus
from lda.corpus.export.export import FORMS
from lda.corpus.finished.frequencies import ORDERS
from lda.corpus.ingest.vocabulary import OPTIONS

ROWS = [
    {
        "id": f"doc-{n}", "year": 1990 + n, "side": "left" if n % 3 else "right",
        "text": " ".join(f"{'abcdefg'[(n + k) % 7]}{'xyz'[k % 3]}" for k in range(8 + n)),
    }
    for n in range(30)
]  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    rows = [
        *ROWS,
        {**ROWS[3], "id": "again"},
        {"id": "rare", "year": 2000, "side": "left", "text": "unusual ax"},
    ]
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run("corpus", "build", folder / "rows.jsonl", "--text", "text", "--min-df", 25, "-o", folder / "c", "-q")
    return folder / "c"


@pytest.fixture(scope="module")
def model(corpus: Path) -> Path:
    lda.LDA(2, max_iter=5, random_state=0).fit(Corpus.open(corpus)).save(corpus.parent / "model")
    return corpus.parent / "model"


def test_the_group_names_all_commands_under_what_they_are_for() -> None:
    lines = run("corpus", "--help").stdout.splitlines()
    rows = {line.split()[0] for line in lines if line.startswith("  ") and line.strip()}
    for heading, commands in COMMANDS.items():
        assert f"{heading}:" in lines
        assert commands.keys() <= rows


def test_info(corpus: Path, model: Path, tmp_path: Path) -> None:
    text = run("corpus", "info", corpus).stdout
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("content hash"))
    value = run_json("corpus", "info", corpus)
    assert f"documents           {value['n_documents']} (0 empty)" in text
    lost = value["removed"]["min_df"]
    assert lost == {"terms": 1, "tokens": 1}
    assert "--min-df 25: 1 term, 1 token (" in text
    assert info_command.OPTIONS.keys() == {"stop_words", *OPTIONS, "terms_of"}
    assert "year  int64, 1990 to 2019" in text
    assert "2 different: left (" in text
    assert "2 documents say what another says, in 1 group of up to 2" in text
    assert sum(one["documents"] for one in value["lengths"]["histogram"]) == 32
    quick = run_json("corpus", "info", corpus, "--quick")
    assert "lengths" not in quick
    assert quick == {name: value[name] for name in quick}

    told = run("corpus", "info", corpus, "--model", model, "--quick").stdout
    assert "0 terms that the model has not: 0 tokens (0.0%)" in told
    texts = tmp_path / "other.txt"
    texts.write_text("ax unheard unheard\n")
    run("corpus", "build", texts, "--format", "lines", "--keep-case", "-o", tmp_path / "other", "-q")
    unknown = run_json("corpus", "info", tmp_path / "other", "--model", model)["unknown"]
    assert (unknown["terms"], unknown["tokens"]) == (1, 2)
    assert unknown["frequent"] == [{"term": "unheard", "tokens": 2}]
    assert unknown["cut_differently"] == ["lowercase"]


def test_terms(corpus: Path) -> None:
    lines = run("corpus", "terms", corpus, "--top", 3).stdout.splitlines()
    assert lines[0].split("\t") == ["term", "tokens", "documents", "share", "document_share"]
    assert len(lines) == 4
    value = run_json("corpus", "terms", corpus, "--regex", "^[ab]", "--sort", "term")
    names = [row["term"] for row in value["terms"]]
    assert names == sorted(names)
    assert {name[0] for name in names} == {"a", "b"}
    assert run("corpus", "terms", corpus, "--prefix", "a", "--sort", "term", "--names").stdout.split() == [
        name for name in names if name.startswith("a")
    ]
    assert "is no regular expression" in run("corpus", "terms", corpus, "--regex", "(", code=2).stderr
    assert "must be a count (5) or a share" in run("corpus", "terms", corpus, "--min-df", "x", code=2).stderr
    assert terms_command.ORDERS == ORDERS


def test_sample(corpus: Path, tmp_path: Path) -> None:
    value = run_json("corpus", "sample", corpus, 10, "-o", tmp_path / "ten")
    made = Corpus.open(tmp_path / "ten")
    assert made.n_documents == value["n_documents"] == 10
    assert value["of"] == {"content_hash": Corpus.open(corpus).content_hash, "n_documents": 32}
    run("corpus", "sample", corpus, "50%", "-o", tmp_path / "half", "-q")
    run("corpus", "sample", corpus, "0.5", "-o", tmp_path / "half-again", "-q")
    half = Corpus.open(tmp_path / "half")
    assert half.content_hash == Corpus.open(tmp_path / "half-again").content_hash
    for size in ("0", "1.5", "-1", "many", "101%", "nan"):
        told = run("corpus", "sample", corpus, "-o", tmp_path / "no", "--", size, code=2).stderr
        assert "a number of documents (1000), or a share" in told
    assert "cannot have more documents" in fails(
        3, "corpus", "sample", corpus, 33, "-o", tmp_path / "no", "-q"
    )


def test_select(corpus: Path, tmp_path: Path) -> None:
    ids = "# wanted\ndoc-3\n\ndoc-5\nnobody\n"
    done = run("corpus", "select", corpus, "--ids", "-", "-o", tmp_path / "two", stdin=ids)
    assert "the corpus has not 1 id of those that are named: 'nobody'" in done.stderr
    assert Corpus.open(tmp_path / "two").document_ids().to_pylist() == ["doc-3", "doc-5"]
    run("corpus", "select", corpus, "--without-ids", "-", "-o", tmp_path / "rest", "-q", stdin=ids)
    assert Corpus.open(tmp_path / "rest").n_documents == 30
    asked = "year >= 2000 and side = 'right'"
    value = run_json(
        "corpus", "select", corpus, "--where", asked, "--drop-unused-terms", "-o", tmp_path / "r"
    )
    chosen = [row for row in ROWS if int(str(row["year"])) >= 2000 and row["side"] == "right"]
    assert value["n_documents"] == len(chosen)
    terms = Corpus.open(corpus).vocabulary
    (tmp_path / "terms.txt").write_text(f"# empty\n{terms[0]}\nunheard\n")
    value = run_json(
        "corpus", "select", corpus, "--without-terms", tmp_path / "terms.txt", "-o", tmp_path / "t"
    )
    assert value["missing_terms"] == ["unheard"]
    assert Corpus.open(tmp_path / "t").vocabulary == terms[1:]
    for arguments, code, message in (
        ((), 2, "what is to stay must be said"),
        (("--ids", "-", "--terms", "-"), 2, "standard input (-) holds one list"),
        (("--where", "year >="), 2, "--where: the condition"),
        (("--where", "yeer = 2000"), 3, "a field 'yeer' that no document has"),
        (("--where", "year = 3000"), 3, "no document fulfils"),
        (("--ids", tmp_path / "nowhere"), 3, "there is no file"),
        (("--ids", tmp_path / "terms.txt"), 3, "no document has one of the ids"),
    ):
        told = run("corpus", "select", corpus, *arguments, "-o", tmp_path / "no", "-q", code=code).stderr
        assert message in told
    assert not (tmp_path / "no").exists()


def test_a_hashtag_is_a_term_and_no_comment(tmp_path: Path) -> None:
    (tmp_path / "tags.jsonl").write_text(
        '{"id": "#1", "text": ["#tag", "plain"]}\n{"id": "2", "text": ["plain"]}\n'
    )
    run("corpus", "build", tmp_path / "tags.jsonl", "--text", "text", "-o", tmp_path / "c", "-q")
    names = run("corpus", "terms", tmp_path / "c", "--names").stdout
    run(
        "corpus",
        "select",
        tmp_path / "c",
        "--terms",
        "-",
        "-o",
        tmp_path / "all",
        "-q",
        stdin=f"# some\n#\n{names}",
    )
    assert Corpus.open(tmp_path / "all").content_hash == Corpus.open(tmp_path / "c").content_hash
    run("corpus", "select", tmp_path / "c", "--ids", "-", "-o", tmp_path / "one", "-q", stdin="#1\n")
    assert Corpus.open(tmp_path / "one").document_ids().to_pylist() == ["#1"]


def test_what_a_build_left_out_is_of_its_own_documents(tmp_path: Path) -> None:
    for name, text in (("old", "and war and peace"), ("new", "and and and war")):
        (tmp_path / f"{name}.txt").write_text(f"{text}\n" * 3)
    run(
        "corpus",
        "build",
        tmp_path / "old.txt",
        "--format",
        "lines",
        "--stop-words",
        "en",
        "-o",
        tmp_path / "c",
    )
    run("corpus", "append", tmp_path / "c", tmp_path / "new.txt", "--format", "lines")
    assert (
        "stop words: 6 tokens (50.0% of the first 3 documents)"
        in run("corpus", "info", tmp_path / "c").stdout
    )
    Corpus.open(tmp_path / "c").save(tmp_path / "copy")  # which knows of no append
    assert "not recorded" in run("corpus", "info", tmp_path / "copy").stdout
    run("corpus", "merge", tmp_path / "c", tmp_path / "copy", "--prefix-ids", "-o", tmp_path / "both")
    assert "not recorded" in run("corpus", "info", tmp_path / "both").stdout


def test_merge(corpus: Path, tmp_path: Path) -> None:
    for name, rows, more in (("a", ROWS[:10], ()), ("b", ROWS[10:], ("--min-df", 2, "--keep-case"))):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        run(
            "corpus",
            "build",
            tmp_path / f"{name}.jsonl",
            "--text",
            "text",
            *more,
            "-o",
            tmp_path / name,
            "-q",
        )
    done = run("corpus", "merge", tmp_path / "a", tmp_path / "b", "-o", tmp_path / "both")
    assert "warning: the corpora were not cut into words alike: lower-casing is True and False" in done.stderr
    assert "--min-df is 1 and 2: terms that were left out" in done.stderr
    assert Corpus.open(tmp_path / "both").n_documents == 30
    asked = ("corpus", "merge", tmp_path / "a", tmp_path / "both", "-q")
    assert "10 stand in two or more" in fails(3, *asked, "-o", tmp_path / "no")
    value = run_json(*asked, "--prefix-ids", "-o", tmp_path / "named")
    assert value["n_documents"] == 40
    assert Corpus.open(tmp_path / "named").document_ids()[0].as_py() == "a:doc-0"
    assert "two corpora at least" in run("corpus", "merge", corpus, "-o", tmp_path / "no", code=2).stderr


def test_export(corpus: Path, tmp_path: Path) -> None:
    done = run("corpus", "export", corpus, "--to", "jsonl", "-o", tmp_path / "x.jsonl")
    assert f"lda corpus build {tmp_path / 'x.jsonl'} --text tokens --id id" in done.stderr
    again = read_corpus([tmp_path / "x.jsonl"], recipe=lda.Recipe(text="tokens"))
    assert again.content_hash == Corpus.open(corpus).content_hash
    value = run_json("corpus", "export", corpus, "--to", "uci", "-o", tmp_path / "docword.x.txt")
    assert [name.rpartition("/")[2] for name in value["files"]] == [
        "vocab.x.txt",
        "docword.x.ids",
        "docword.x.txt",
    ]
    for arguments, code, message in (
        (("uci", "-o", tmp_path / "docword.x.txt"), 3, "exists already"),
        (("uci", "--label", "side", "-o", tmp_path / "y"), 2, "only svmlight and mallet have labels"),
        (("svmlight", "--label", "side", "-o", tmp_path / "y"), 3, "labels of SVMlight are numbers"),
        (("jsonl", "-o", corpus / "y.jsonl"), 3, "which is read"),
        (("jsonl", "-o", "s3://bucket/y"), 3, "is a URI"),
    ):
        told = run("corpus", "export", corpus, "--to", *arguments, "-q", code=code).stderr
        assert message in told
    assert {form.name: form.what for form in FORMS.values()} == export_command.FORMS


@pytest.mark.parametrize("command", ["info", "terms", "sample", "select", "merge", "export"])
def test_what_is_no_corpus_and_what_exists(command: str, corpus: Path, tmp_path: Path) -> None:
    options: dict[str, list[object]] = {
        "sample": [3], "select": ["--where", "year > 2000"], "merge": [corpus], "export": ["--to", "jsonl"]
    }  # fmt: skip
    more = options.get(command, [])
    output = [] if command in ("info", "terms") else ["-o", tmp_path / "out"]
    assert "is not a corpus: it has no manifest.json" in fails(
        3, "corpus", command, tmp_path, *more, *output, "-q"
    )
    if not output:
        return
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    assert "out" in fails(3, "corpus", command, corpus, *more, *output, "-q")
    assert "out" in fails(3, "corpus", command, corpus, *more, *output, "--overwrite", "-q")
    assert (tmp_path / "out" / "mine.txt").read_text() == "mine"
    if command != "export":
        told = fails(3, "corpus", command, corpus, *more, "-o", corpus, "--overwrite", "-q")
        assert "which is read" in told


@pytest.mark.parametrize("command", ["info", "sample", "select", "merge", "export"])
def test_a_damaged_shard_is_told_in_one_line(command: str, corpus: Path, tmp_path: Path) -> None:
    run("corpus", "sample", corpus, "1.0", "-o", tmp_path / "c", "-q")
    shard = max(tmp_path.glob("c/shard-*.arrow"))
    data = bytearray(shard.read_bytes())
    data[-200] ^= 255
    os.unlink(shard)
    shard.write_bytes(data)
    options: dict[str, list[object]] = {
        "sample": ["1.0"], "select": ["--where", "year > 0"], "merge": [corpus], "export": ["--to", "jsonl"]
    }  # fmt: skip
    more = options.get(command, [])
    output = [] if command == "info" else ["-o", tmp_path / "out"]
    assert f"{shard.name} is damaged" in fails(3, "corpus", command, tmp_path / "c", *more, *output, "-q")
    assert [path.name for path in tmp_path.iterdir()] == ["c"]


def test_a_full_disk_is_told_in_one_line(corpus: Path, tmp_path: Path) -> None:
    pytest.importorskip("anndata")
    with small_disk.of_size(tmp_path / "small", "4k") as disk:
        cases: list[tuple[str, list[object]]] = [
            ("sample", ["1.0"]),
            ("merge", [corpus, "--prefix-ids"]),
            ("export", ["--to", "svmlight"]),
            ("export", ["--to", "jsonl"]),
            ("export", ["--to", "parquet"]),
            ("export", ["--to", "anndata"]),
        ]
        for command, more in cases:
            source = corpus.parent / "same" if command == "merge" else corpus
            if command == "merge" and not source.exists():
                run("corpus", "sample", corpus, "1.0", "-o", source, "-q")
            told = fails(1, "corpus", command, source, *more, "-o", disk / "out", "-q")
            assert "No space left on device" in told
            assert list(disk.iterdir()) == []


@pytest.mark.parametrize("name", ["", ".", "-"])
def test_an_output_that_names_no_file(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("gold mine\n")
    run("corpus", "build", "a.txt", "-o", "c", "-q")
    for command in (
        ("corpus", "export", "c", "--to", "uci", "-o", name),
        ("corpus", "build", "a.txt", "-o", "d", "-q", "--status", name),
        ("corpus", "build", "a.txt", "-o", "d", "-q", "--on-error", "skip", "--skipped", name),
    ):
        assert "; name a file" in fails(3, *command)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "c"]
