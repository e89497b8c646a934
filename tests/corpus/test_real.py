"""Real corpora of each format, with the figures known of them; skipped where they are absent."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lda.corpus import DataError, Recipe, read_corpus

if TYPE_CHECKING:
    from collections.abc import Callable

    Shared = Callable[[str], Path]

ASCII_WORDS = r"[a-z]{2,}"
SPEECHES = Path(__file__).parents[2] / "benchmarks" / "data" / "sotu.jsonl.gz"


def unpack(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as tar:
        # Python 3.11 up to 3.11.3 knows no filter.
        tar.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))  # type: ignore[arg-type]
    return folder


def test_speeches_of_the_demo() -> None:
    corpus = read_corpus([SPEECHES], recipe=Recipe(pattern=ASCII_WORDS))
    assert (corpus.n_documents, corpus.n_tokens, corpus.n_empty_documents) == (237, 1_931_225, 0)
    assert corpus.stop_word_share is not None
    assert corpus.stop_word_share > 0.4
    metadata = corpus.metadata()
    assert metadata is not None
    assert metadata.column_names == ["year", "president", "party"]
    assert str(metadata.schema.field("year").type) == "int64"
    assert corpus.document_ids()[0].as_py() == "1790-Washington-1"


def test_stop_words_leave_content_at_the_top() -> None:
    corpus = read_corpus([SPEECHES], recipe=Recipe(stop_words="en"))
    assert {"government", "states", "congress", "people", "country", "war"} < set(corpus.vocabulary[:40])
    assert not {"the", "of", "shall", "upon", "don"} & set(corpus.vocabulary)


def test_reuters_ldac(shared_data: Shared) -> None:
    corpus = read_corpus([shared_data("reuters.ldac")])
    assert (corpus.n_documents, corpus.n_tokens, corpus.n_terms) == (395, 84_010, 4_258)
    assert corpus.vocabulary[:3] == ["church", "pope", "years"]


def test_nips_docword(shared_data: Shared) -> None:
    corpus = read_corpus([shared_data("docword.nips-freq20.txt.gz")])
    assert (corpus.n_documents, corpus.n_tokens, corpus.n_terms) == (1_500, 1_870_706, 7_605)
    assert corpus.to_csr().nnz == 709_477
    assert corpus.vocabulary[0] == "aaai"


def test_ap_by_content(shared_data: Shared, tmp_path: Path) -> None:
    folder = unpack(shared_data("ap.tgz"), tmp_path)
    corpus = read_corpus([folder / "ap" / "ap.dat"])
    assert (corpus.n_documents, corpus.n_tokens, corpus.n_terms) == (2_246, 435_838, 10_473)


def test_arxiv_tsv_with_bare_quotes(shared_data: Shared) -> None:
    recipe = Recipe(text="title,abstract", pattern=ASCII_WORDS)
    corpus = read_corpus([shared_data("arxiv-cs-to2016.tsv.xz")], recipe=recipe)
    assert (corpus.n_documents, corpus.n_tokens) == (75_959, 11_637_350)
    metadata = corpus.metadata()
    assert metadata is not None
    assert metadata.column_names == ["date", "primary_category", "categories"]


def test_debian_joins_two_fields(shared_data: Shared) -> None:
    recipe = Recipe(text="summary,text", pattern=ASCII_WORDS)
    corpus = read_corpus([shared_data("debian-descriptions.jsonl.xz")], recipe=recipe)
    assert (corpus.n_documents, corpus.n_tokens) == (63_666, 3_838_282)


def test_speeches_of_the_united_nations(shared_data: Shared) -> None:
    corpus = read_corpus([shared_data("ungd-2000-2024.jsonl.xz")], recipe=Recipe(pattern=ASCII_WORDS))
    assert (corpus.n_documents, corpus.n_tokens) == (4_793, 9_333_272)


def test_bbc_has_one_file_in_latin1(shared_data: Shared, tmp_path: Path) -> None:
    folder = unpack(shared_data("bbc-news.tar.xz"), tmp_path)
    with pytest.raises(DataError, match=r"sport/199\.txt, line 5 is not valid utf-8: byte 0xa3 at position"):
        read_corpus([folder])
    corpus = read_corpus([folder], errors="replace", recipe=Recipe(pattern=ASCII_WORDS))
    assert (corpus.n_documents, corpus.n_tokens) == (2_225, 822_387)
    assert corpus.document_ids()[0].as_py() == "bbc-news/business/001.txt"


def test_newsgroups_without_suffixes(shared_data: Shared, tmp_path: Path) -> None:
    folder = unpack(shared_data("20newsgroups.tar.xz"), tmp_path)
    corpus = read_corpus([folder / "20newsgroups" / "20_newsgroups"], encoding="latin-1")
    assert corpus.n_documents == 19_997
    assert corpus.document_ids()[0].as_py() == "alt.atheism/49960"
