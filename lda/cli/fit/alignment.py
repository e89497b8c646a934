"""`lda fit --align-to`: the topic numbers of another model, in everything that the fit writes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from lda.cli.option import Function, Heading, option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scipy.sparse import csr_matrix

    from lda.cluster import FitResult
    from lda.cluster.spec.part_file import PartFile
    from lda.corpus import Corpus
    from lda.labels.labels import Labels
    from lda.model.model import Model
    from lda.model.run_record import RunRecord
    from lda.model.write import ModelWriter


def align_option(command: Function) -> Function:
    """--align-to."""
    return option(
        "--align-to",
        metavar="MODEL",
        heading=Heading.MODEL,
        help="Give topics the numbers and names of those of a model that they are near, once the fit is done. It has "
        "no part in the fit itself (--init-from has).",
    )(command)


def check_finished(done: Model, other: Model | None, path: str, *, overwrite: bool) -> bool:
    """Whether a model that is there already has the numbers that are asked for.

    Raises:
        DataError: it has others, and may not be replaced.
    """
    from lda.corpus.errors import DataError
    from lda.model.renumbered import ALIGNED

    parent = done.record.parent or {}
    has = parent.get("to") if parent.get("kind") == ALIGNED else None
    if has == (None if other is None else other.fingerprint()):
        return True
    if not overwrite:
        raise DataError(
            f"{path} has its topic numbers from {'no other model' if has is None else f'the model {has[:12]}'}; choose "
            "another name, or allow overwriting (--overwrite)"
        )
    return False


class Aligned(NamedTuple):
    """What a fit has found, under other numbers; the counts are written anew."""

    result: FitResult
    record: RunRecord
    labels: Labels


def align_result(
    result: FitResult,
    corpus: Corpus,
    record: RunRecord,
    writer: ModelWriter,
    other: Model,
    n_words: int,
) -> Aligned:
    """Give all that a fit has found the numbers of another model.

    result: with its counts in the files of the writer, which are replaced. n_words: of each topic, in `stored.tops`.

    Raises:
        DataError: the vocabularies share too little. OSError: the disk or the store refused.
    """
    import numpy as np

    from lda.cluster.counts.columns import columns_renumbered
    from lda.cluster.counts.top_words import top_words
    from lda.cluster.spec.results import StoredCounts
    from lda.model.alignment import aligned, alignment
    from lda.model.fields import ModelFields
    from lda.model.model import Model

    assert result.stored is not None
    model = Model(
        counts=_read(writer.place, result.stored.counts, result),
        alpha=np.asarray(result.alpha, dtype=np.float64),
        beta=float(result.beta),
        vocabulary=list(corpus.vocabulary),
        record=record,
        soft_counts=_read(writer.place, result.stored.soft_counts, result)
        if result.stored.soft_counts
        else None,
    )
    how = alignment(model, other)
    found = Model(**aligned(ModelFields.of(model), how, other.fingerprint(), other.labels).arguments())
    writer.clear()
    stored = StoredCounts(
        counts=(_written(writer.place, "counts", found.counts),),
        soft_counts=()
        if found.soft_counts is None
        else (_written(writer.place, "soft_counts", found.soft_counts),),
        n_terms=found.n_terms,
        fingerprint=found.fingerprint(),
        tops=top_words(found.counts, found.language_counts, n_words),
    )
    documents, tokens = result.doc_topic_counts, result.token_topics
    return Aligned(
        replace(
            result,
            alpha=found.alpha,
            stored=stored,
            doc_topic_counts=None
            if documents is None
            else columns_renumbered(documents, how.numbers, found.n_topics),
            token_topics=None if tokens is None else how.numbers[tokens].astype(tokens.dtype),
        ),
        found.record,
        found.labels,
    )


def _read(place: str, parts: Sequence[PartFile], result: FitResult) -> csr_matrix:
    """(V, K), of files that were written a moment ago."""
    from scipy.sparse import csr_matrix, vstack

    from lda.cluster.counts.sparse_npz import read_csr
    from lda.corpus.storage.places import storage

    files = storage(place)
    found = [read_csr(part.file, files.read(part.file), (part.words, len(result.alpha))) for part in parts]
    return found[0] if len(found) == 1 else csr_matrix(vstack(found, format="csr"))


def _written(place: str, kind: str, matrix: csr_matrix) -> PartFile:
    from lda.cluster.counts.part_files import part_name, write_matrix
    from lda.corpus.presentable import presentable

    file, problem = write_matrix(place, part_name(kind, 0, 1), matrix)
    if problem is not None:
        raise OSError(presentable(f"the model could not be written: {problem}"))
    return file
