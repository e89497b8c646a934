"""gensim's corpora and Dictionaries, in memory, streamed and on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from commands import run

import lda
from lda.corpus import DataError, as_corpus, read_corpus

if TYPE_CHECKING:
    from pathlib import Path

corpora: Any = pytest.importorskip("gensim.corpora", reason="gensim has no wheel for Python 3.14")
models: Any = pytest.importorskip("gensim.models", reason="gensim has no wheel for Python 3.14")

TEXTS = [["pear", "fig", "pear"], [], ["lime", "fig"], ["pear"]]
DICTIONARY = corpora.Dictionary(TEXTS)
BOWS = [DICTIONARY.doc2bow(text) for text in TEXTS]
NAMES = [DICTIONARY[number] for number in range(3)]


def dense(corpus: lda.Corpus, names: list[str] = NAMES) -> list[list[int]]:
    """Counts of these terms, whatever their order in the corpus."""
    return corpus.to_csr().toarray()[:, [corpus.vocabulary.index(name) for name in names]].tolist()


COUNTS = dense(as_corpus(BOWS, vocabulary=DICTIONARY))


class Streamed:
    """A corpus that hands out one document after the other, and is no list."""

    def __iter__(self) -> Any:
        return iter(BOWS)


def written(folder: Path) -> dict[str, Path]:
    """The corpus in gensim's own files."""
    found = {}
    for kind in (
        corpora.MmCorpus,
        corpora.BleiCorpus,
        corpora.UciCorpus,
        corpora.SvmLightCorpus,
        corpora.LowCorpus,
        corpora.MalletCorpus,
    ):
        suffix = {"BleiCorpus": "lda-c", "MmCorpus": "mm"}.get(kind.__name__, kind.__name__[:-6].lower())
        found[kind.__name__] = folder / f"fruit.{suffix}"
        kind.serialize(str(found[kind.__name__]), BOWS, id2word=DICTIONARY)
    return found


def test_streams_are_what_lists_are() -> None:
    assert dense(as_corpus(Streamed(), vocabulary=DICTIONARY)) == COUNTS
    assert as_corpus(Streamed()).vocabulary == ["0", "1", "2"]
    assert dense(as_corpus(iter(BOWS), vocabulary=dict(DICTIONARY.items()))) == COUNTS
    for bad, message in (
        ([[(0, 1)], [(3, 1)]], r"0 \.\.\. 2, got 3 in document 1; give the Dictionary of this corpus"),
        ([[(0, 1)], None], "got None for document 1"),
        ([[(0, 1)], [(0, 0.5)]], "the fraction 0.5 at row 1"),
    ):
        with pytest.raises(DataError, match=message):
            as_corpus(iter(bad), vocabulary=DICTIONARY)


def test_a_long_stream_is_taken_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lda.corpus.readers.bow.DOCUMENTS_PER_BATCH", 2)
    assert dense(as_corpus(Streamed(), vocabulary=DICTIONARY)) == COUNTS
    # Without names the width is that of the piece with the highest id.
    assert as_corpus(iter([[(0, 1)], [], [(5, 1)], [(2, 2)]])).to_csr().toarray()[2:].tolist() == [
        [0, 0, 0, 0, 0, 1],
        [0, 0, 2, 0, 0, 0],
    ]
    with pytest.raises(DataError, match="got 3 in document 3"):
        as_corpus(iter([*BOWS[:3], [(3, 1)]]), vocabulary=DICTIONARY)


def test_corpora_of_files_bring_their_names(tmp_path: Path) -> None:
    for name, path in written(tmp_path).items():
        corpus = getattr(corpora, name)(str(path))
        if name in ("MmCorpus", "SvmLightCorpus"):
            assert as_corpus(corpus).vocabulary == ["0", "1", "2"]
            assert dense(as_corpus(corpus, vocabulary=DICTIONARY)) == COUNTS
        else:
            assert dense(as_corpus(corpus)) == COUNTS, name
    # Opened without their Dictionary, these number the words anew.
    low = corpora.LowCorpus(str(tmp_path / "fruit.low"))
    if [low.id2word[number] for number in range(3)] != NAMES:
        with pytest.raises(DataError, match="the same in the Dictionary and in the corpus"):
            as_corpus(low, vocabulary=DICTIONARY)
    assert dense(as_corpus(corpora.LowCorpus(str(tmp_path / "fruit.low"), id2word=DICTIONARY))) == COUNTS


def test_files_are_read_without_gensim(tmp_path: Path) -> None:
    files = written(tmp_path)
    DICTIONARY.save_as_text(str(tmp_path / "names.txt"))
    DICTIONARY.save_as_text(str(tmp_path / "words_wordids.txt"), sort_by_word=False)
    for name in ("MmCorpus", "BleiCorpus", "UciCorpus", "LowCorpus", "MalletCorpus"):
        vocabulary = tmp_path / "names.txt" if name == "MmCorpus" else None
        assert dense(read_corpus([files[name]], vocabulary=vocabulary)) == COUNTS, name
    assert read_corpus([files["LowCorpus"]]).ordered
    corpora.MmCorpus.serialize(str(tmp_path / "words_bow.mm"), BOWS)
    assert dense(read_corpus([tmp_path / "words_bow.mm"])) == COUNTS
    run("corpus", "build", files["MmCorpus"], "--vocabulary", tmp_path / "names.txt", "-o", tmp_path / "c")
    assert dense(lda.Corpus.open(tmp_path / "c")) == COUNTS


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("pear fig\n", "line 1: must be the number of documents, got 'pear fig'"),
        ("9" * 5000 + "\npear\n", "line 1: must be the number of documents, got '99"),
        ("2\npear\n", "has 1 documents, but its first line says 2; it is cut off"),
        ("1\npear\nfig\n", "line 3: its first line says 1 documents, got one more"),
    ],
)
def test_bad_lists_of_words(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "a.low").write_text(content)
    with pytest.raises(DataError, match=message):
        read_corpus([tmp_path / "a.low"])


def test_bad_dictionaries(tmp_path: Path) -> None:
    other = corpora.Dictionary([["a"], ["b"], ["c"], ["c", "d"]])
    with pytest.warns(
        UserWarning, match="'a' in 1 of its 4 documents, but 2 of as many documents here have its id"
    ):
        as_corpus(BOWS, vocabulary=other)
    with pytest.raises(TypeError, match="a corpus brings its own words"):
        as_corpus(as_corpus(BOWS), vocabulary=DICTIONARY)
    with pytest.raises(DataError, match=r"fraction .* tf-idf"):
        as_corpus(models.TfidfModel(BOWS)[BOWS], vocabulary=DICTIONARY)
    DICTIONARY.save(str(tmp_path / "a.dict"))
    corpora.MmCorpus.serialize(str(tmp_path / "a.mm"), BOWS)
    with pytest.raises(DataError, match=r"is a pickle.*save_as_text"):
        read_corpus([tmp_path / "a.mm"], vocabulary=tmp_path / "a.dict")
    with pytest.raises(DataError, match=r"is a pickle.*MmCorpus.serialize"):
        read_corpus([tmp_path / "a.dict"])
    for text, message in (
        ("4\n0\tfig\t2\n2\tpear\t2\n", "got none for 1; compactify"),
        ("4\n0\tfig\t2\nlime 1\n", "line 3: must be an id, a term and a number"),
    ):
        (tmp_path / "a.txt").write_text(text)
        with pytest.raises(DataError, match=message):
            read_corpus([tmp_path / "a.mm"], vocabulary=tmp_path / "a.txt")


def test_a_part_of_the_documents_and_new_ones_are_nothing_to_tell_of() -> None:
    as_corpus(BOWS[:2], vocabulary=DICTIONARY)
    as_corpus([[(0, 1)], [(0, 2)], [(0, 1)]], vocabulary=DICTIONARY)
    as_corpus([[], [], [], [(0, 1)]], vocabulary=DICTIONARY)  # as many, with words that were dropped


def test_a_fit_takes_a_corpus_and_its_dictionary() -> None:
    texts = tiny.documents()
    dictionary = corpora.Dictionary(texts)
    bows = [dictionary.doc2bow(text) for text in texts]
    fitted = lda.LDA(3, max_iter=40, random_state=1).fit(bows, vocabulary=dictionary)
    assert tiny.themes_found(fitted.top_words(5))
    assert [dictionary[number] for number in range(15)] == fitted.model_.vocabulary
    np.testing.assert_array_equal(fitted.transform(bows[:4]), fitted.transform(texts[:4]))
    again = lda.LDA(3, max_iter=40, random_state=1).fit_transform(bows, vocabulary=dictionary)
    np.testing.assert_array_equal(again, fitted.transform(bows))
