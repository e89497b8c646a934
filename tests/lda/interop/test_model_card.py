"""Model cards: what they say, what the Hub's own loader makes of them, and that words of strangers stay words."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse
import tiny
from commands import fails, run, run_json

import lda
from lda.corpus import DataError
from lda.interop.model_card import CardOptions, model_card
from lda.markdown import escaped

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = [
    "a|b",
    "<img src=x onerror=alert(1)>",
    "[click](https://evil.example)",
    "![x](https://evil.example/x.png)",
    "https://evil.example",
    "www.evil.example",
    "me@evil.example",
    "**bold**",
    "_it_",
    "`code`",
    "&lt;b&gt;",
    "$x^2$",
    "~~gone~~",
    "\x1b[31mred",
    "\u202eturned",
    "---",
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> lda.Corpus:
    file = tiny.jsonl(tmp_path_factory.mktemp("texts") / "texts.jsonl")
    return lda.read_corpus([file], recipe=lda.Recipe(text="body", id="name", phrases="npmi"))


@pytest.fixture(scope="module")
def fitted(corpus: lda.Corpus) -> lda.LDA:
    return lda.LDA(3, max_iter=10, random_state=4).fit(corpus)


def read_by_the_hub(card: str, path: Path) -> Any:
    """The head, by the loader of the Hub's own package; it refuses what the Hub would not show."""
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    path.write_text(card, encoding="utf-8")
    loaded = hub.ModelCard.load(path, ignore_metadata_errors=False)
    assert f"---\n{loaded.text}" == card[card.index("---\n\n#") :]
    return loaded.data.to_dict()


def test_the_hub_reads_the_head(fitted: lda.LDA, tmp_path: Path) -> None:
    held_out = tiny.documents(90)[60:]

    card = fitted.card(
        X=held_out,
        name="Bread: goals # and stars",
        license="cc-by-4.0",
        languages=["en"],
        datasets=["me/texts"],
        tags=["kitchen", "lda"],
        repository="me/topics",
    )

    assert read_by_the_hub(card, tmp_path / "README.md") == {
        "library_name": "raylda",
        "tags": ["topic-modeling", "latent-dirichlet-allocation", "lda", "gibbs-sampling", "kitchen"],
        "license": "cc-by-4.0",
        "language": ["en"],
        "datasets": ["me/texts"],
        "metrics": ["perplexity"],
    }
    score = fitted.model_.heldout_score(held_out)
    assert f"| log-likelihood | {score.log_likelihood:.4f} nats a token |" in card
    assert f"| standard error | {score.standard_error:.4f}, over documents |" in card
    assert fitted.model_.fingerprint() in card
    assert 'snapshot_download("me/topics")' in card
    assert "# Bread: goals \\# and stars" in card
    assert "joined to phrases (npmi above 0.5, at least 5 times)" in card


def test_nothing_is_said_that_is_not_known(fitted: lda.LDA, tmp_path: Path) -> None:
    card = fitted.model_.card(tmp_path / "README.md")

    assert (tmp_path / "README.md").read_text(encoding="utf-8") == card
    head = read_by_the_hub(card, tmp_path / "copy.md")
    assert set(head) == {"library_name", "tags"}
    assert "Not measured" in card
    assert "| command |" not in card, "it would tell the paths of this machine"
    with pytest.raises(DataError, match="exists"):
        fitted.model_.card(tmp_path / "README.md")


def test_the_table_has_every_topic_and_its_name(fitted: lda.LDA) -> None:
    named = fitted.model_.with_labels({1: "One | two"})

    rows = [
        line for line in named.card(n_words=4).splitlines() if line.startswith(("| 0 |", "| 1 |", "| 2 |"))
    ]

    assert len(rows) == 3
    assert rows[1].startswith("| 1 | One \\| two | ")
    for row, words in zip(rows, named.top_words(4), strict=True):
        assert row.endswith(f"% | {' '.join(words)} |")


def test_of_very_many_topics_the_largest_are_shown(fitted: lda.LDA) -> None:
    model = fitted.model_
    smallest = int(np.argmin(model.last_tokens))

    card = model.card(n_topics=2)

    assert "These are the 2 largest of 3." in card
    assert [f"\n| {k} | " in card for k in range(3)] == [k != smallest for k in range(3)]


def test_counts_are_told_of_as_counts() -> None:
    card = lda.LDA(2, max_iter=2, random_state=0).fit(tiny.counts()).card()

    assert "transform(counts)" in card
    assert "| words | counts or tokens, taken as they were |" in card


def test_words_of_strangers_stay_words(fitted: lda.LDA, tmp_path: Path) -> None:
    markdown = pytest.importorskip("markdown_it")
    model = fitted.model_
    vocabulary = (HOSTILE * 2)[: model.n_terms]
    labels = {0: "x\n---\nlicense: mit\n# new", 1: HOSTILE[1], 2: HOSTILE[2]}
    hostile = dataclasses.replace(model, vocabulary=vocabulary).with_labels(labels)

    card = model_card(hostile, options=CardOptions(name="a\n---\nb: [c](d) <e>", n_words=30))

    assert card.isprintable() or all(line.isprintable() for line in card.split("\n"))
    assert set(read_by_the_hub(card, tmp_path / "README.md")) == {"library_name", "tags"}
    parsed = markdown.MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(
        card.split("---\n", 2)[2]
    )
    inline = [one for token in parsed if token.children for one in token.children]
    assert {one.type for one in inline} <= {"text", "code_inline", "softbreak", "text_special"}
    assert not [token for token in parsed if token.type in {"html_block", "hr", "code_block"}]
    headings = [parsed[i + 1].content for i, token in enumerate(parsed) if token.type == "heading_open"]
    assert headings[1:] == [
        "How to use it", "Topics", "How well it predicts", "Model", "Data", "Settings", "Limits",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["united_states", "don't", "GO:0008150", "cs.LG", "C++", "北京", "10-K"])
def test_ordinary_words_stay_readable(text: str) -> None:
    assert escaped(text) == text


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"license": "mit\nx: y"}, "license must be of letters"),
        ({"languages": ("en]",)}, "languages must be of letters"),
        ({"tags": ("a b",)}, "tags must be of letters"),
        ({"datasets": ("a/b/c",)}, "datasets must be a name on the Hub"),
        ({"repository": 'x"); evil('}, "repository must be a name on the Hub"),
        ({"n_words": 0}, "n_words must be at least 1"),
    ],
)
def test_what_the_hub_would_refuse_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CardOptions(**values)


def test_the_command_writes_the_card(fitted: lda.LDA, tmp_path: Path) -> None:
    fitted.model_.save(tmp_path / "model")
    held_out = tiny.jsonl(tmp_path / "held-out.jsonl", 70)

    done = run(
        "card",
        tmp_path / "model",
        held_out,
        "--text",
        "body",
        "--license",
        "mit",
        "-o",
        tmp_path / "README.md",
    )

    assert "same words as documents that the model was trained on" in done.stderr
    card = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "| beware | " in card
    assert read_by_the_hub(card, tmp_path / "copy.md")["license"] == "mit"
    assert run("card", tmp_path / "model", "-o", "-", "-q").stdout == fitted.model_.card()
    told = run_json("card", tmp_path / "model", held_out, "--text", "body", "-o", tmp_path / "again.md")
    assert told["heldout"]["n_trained"] > 0
    assert "license must be" in run("card", tmp_path / "model", "--license", "two words", code=2).stderr
    assert "exists" in fails(3, "card", tmp_path / "model", "-o", tmp_path / "README.md")


def test_documents_are_known_again_by_a_model_whose_terms_were_named_later(tmp_path: Path) -> None:
    names = sorted(" ".join(tiny.THEMES).split())
    lda.LDA(2, max_iter=2, random_state=0).fit(tiny.counts(40)).name_terms(names).save(tmp_path / "model")
    scipy.sparse.save_npz(tmp_path / "counts.npz", tiny.counts(40))
    (tmp_path / "names.txt").write_text("\n".join(names))

    documents = [tmp_path / "counts.npz", "--vocab", tmp_path / "names.txt"]
    told = run_json("card", tmp_path / "model", *documents, "-o", tmp_path / "card.md")

    assert told["heldout"]["n_trained"] == 40


def test_a_card_takes_the_place_of_nothing_in_a_model(fitted: lda.LDA, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    (tmp_path / "link").symlink_to("model")
    (tmp_path / "model" / "README.md").symlink_to("model.json")
    for name in ("model.json", "notes.md"):
        said = fails(3, "card", tmp_path / "model", "-o", tmp_path / "model" / name, "--overwrite", "-q")
        assert "lies in" in said
    # The link itself is replaced.
    run("card", tmp_path / "model", "-o", tmp_path / "link" / "README.md", "--overwrite")
    assert (tmp_path / "model" / "README.md").read_text().startswith("---")
    assert lda.load(tmp_path / "model").n_components == 3


def test_a_uri_is_no_file_to_write(fitted: lda.LDA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for write in (
        lambda: fitted.export("s3://key:secret@bucket/x", to="csv"),
        lambda: fitted.card("s3://key:secret@bucket/x"),
    ):
        with pytest.raises(DataError, match="s3://bucket/x is a URI, where no single file can be written"):
            write()
    assert list(tmp_path.iterdir()) == []
