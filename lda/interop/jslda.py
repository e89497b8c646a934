"""jsLDA's files: documents as it reads them, and their topics as it downloads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lda.corpus.terms import joined_words
from lda.interop.mallet_words import document_names

if TYPE_CHECKING:
    from pathlib import Path

    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel

_LABELS: Final = ("label", "date", "year")
"""Fields that may stand in the middle column, which jsLDA shows over time; the first that there is."""


def write(model: ExportedModel, documents: InferredDocuments, path: Path) -> None:
    """Fill the folder with documents.txt, stoplist.txt and state.csv.

    Documents hold the words that the model knows, between blanks, so the list of stop words is empty. jsLDA leaves out
    words of one or two letters all the same. It begins at topics of its own: it reads no state.
    """
    words = joined_words(model.vocabulary)
    tokens, topics, bounds = (
        documents.words.tolist(), documents.topics.tolist(), documents.doc_offsets.tolist()
    )  # fmt: skip
    labels = document_names(_labels(documents))
    names = document_names(documents.ids)
    with (
        (path / "documents.txt").open("w", encoding="utf-8", newline="\n") as texts,
        (path / "state.csv").open("w", encoding="utf-8", newline="\n") as state,
    ):
        state.write("DocID,Word,Topic\n")
        for number, (name, label) in enumerate(zip(names, labels, strict=True)):
            span = slice(bounds[number], bounds[number + 1])
            its = [words[term] for term in tokens[span]]
            texts.write(f"{name}\t{label}\t{' '.join(its)}\n")
            quoted = ['"' + word.replace('"', '""') + '"' for word in its]
            state.writelines(
                f"{number},{word},{topic}\n" for word, topic in zip(quoted, topics[span], strict=True)
            )
    (path / "stoplist.txt").write_text("", encoding="utf-8")


def _labels(documents: InferredDocuments) -> list[str]:
    table = documents.metadata
    found = next((name for name in _LABELS if table is not None and name in table.column_names), None)
    if table is None or found is None:
        return ["none"] * documents.n_documents
    return ["none" if value is None else str(value) for value in table.column(found).to_pylist()]
