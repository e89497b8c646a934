"""The files that `lda fit` writes beside the model: a row each, under the names that MALLET gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option
from lda.interop.mallet_defaults import DOCUMENTS, WORDS

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from lda.cluster import FitResult
    from lda.corpus import Corpus
    from lda.interop.mallet_state import StateDocuments
    from lda.model.model import Model


DOCUMENTS_WRITTEN: Final = 1024  # at a time, so that the dense weights stay small


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What is written into the files.

    n_words: of each topic. n_documents: of each topic. threshold: the least weight of a topic in a document that is
    written; most: how many topics of a document, None for all. mallet_form: write the documents' topics in MALLET's
    form, however the file is called; else its ending chooses.
    """

    n_words: int = WORDS
    n_documents: int = DOCUMENTS
    threshold: float = 0.0
    most: int | None = None
    mallet_form: bool = False

    def is_mallet(self, path: Path) -> bool:
        """Whether a file with documents' topics is in MALLET's form."""
        return self.mallet_form or path.suffix.lower() == ".txt"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A finished fit: its model, as it was written, and its documents."""

    model: Model
    corpus: Corpus
    result: FitResult
    choices: Choices
    overwrite: bool

    @cached_property
    def names(self) -> list[str]:
        """Of all documents."""
        return [str(name) for name in self.corpus.document_ids().to_pylist()]

    @property
    def document_topics(self) -> csr_matrix:
        """(D, K), n_dk of the last state."""
        assert self.result.doc_topic_counts is not None
        return self.result.doc_topic_counts

    def tokens(self) -> Iterator[StateDocuments]:
        """Offsets, words in the order of the text, and their topics, shard by shard."""
        topics = self.result.token_topics
        assert topics is not None
        at = 0
        for index in range(self.corpus.n_shards):
            shard = self.corpus.shard(index)
            yield shard.doc_offsets, shard.words, topics[at : at + len(shard.words)]
            at += len(shard.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """One file.

    flag: of the option. needs: what of the fit. help: of the option. write: writes the file at a path. kind: "model"
    for a folder with a model, where MALLET writes an object of Java.
    """

    flag: str
    needs: Literal["counts", "documents", "tokens"]
    help: str
    write: Callable[[Finished, Path], None]
    kind: Literal["file", "model"] = "file"

    @property
    def name(self) -> str:
        """Its name among the options that click hands over."""
        return self.flag.removeprefix("--").replace("-", "_")


def _doc_topics(fit: Finished, path: Path) -> None:
    """(n_dk + alpha_k) / (N_d + sum(alpha)) of the last state for each training document."""
    import numpy as np

    from lda.interop.mallet_documents import write_doc_topics
    from lda.transform.topic_writers import Selection, open_writer

    alpha, counts, choices = np.asarray(fit.result.alpha), fit.document_topics, fit.choices
    if choices.is_mallet(path):
        with _new(fit, path) as temporary:
            write_doc_topics(
                temporary, fit.names, counts, alpha, threshold=choices.threshold, most=choices.most
            )
        return
    selection = Selection(top=choices.most, threshold=choices.threshold)
    with open_writer(path, len(alpha), selection, overwrite=fit.overwrite) as writer:
        for first in range(0, len(fit.names), DOCUMENTS_WRITTEN):
            theta = counts[first : first + DOCUMENTS_WRITTEN].toarray() + alpha
            theta /= theta.sum(axis=1, keepdims=True)
            writer.write(fit.names[first : first + DOCUMENTS_WRITTEN], theta.astype("float32"))


def _topic_keys(fit: Finished, path: Path) -> None:
    from lda.interop.mallet_topics import write_topic_keys

    model = fit.model
    with _new(fit, path) as temporary:
        write_topic_keys(temporary, model.alpha, model.counts, model.vocabulary, fit.choices.n_words)


def _topic_report(fit: Finished, path: Path) -> None:
    from lda.interop.mallet_topics import write_topic_report

    model = fit.model
    with _new(fit, path) as temporary:
        write_topic_report(temporary, model.alpha, model.counts, model.vocabulary, fit.choices.n_words)


def _word_topic_counts(fit: Finished, path: Path) -> None:
    from lda.interop.mallet_topics import write_word_topic_counts

    with _new(fit, path) as temporary:
        write_word_topic_counts(temporary, fit.model.counts, fit.model.vocabulary)


def _topic_word_weights(fit: Finished, path: Path) -> None:
    from lda.interop.mallet_topics import write_topic_word_weights

    model = fit.model
    with _new(fit, path) as temporary:
        write_topic_word_weights(temporary, model.last_language_counts, model.beta, model.vocabulary)


def _state(fit: Finished, path: Path) -> None:
    from lda.interop.mallet_state import write_state

    model = fit.model
    with _new(fit, path) as temporary:
        write_state(temporary, model.alpha, model.beta, model.vocabulary, fit.tokens())


def _topic_docs(fit: Finished, path: Path) -> None:
    from lda.interop.mallet_documents import write_topic_docs

    with _new(fit, path) as temporary:
        write_topic_docs(temporary, fit.names, fit.document_topics, fit.choices.n_documents)


def _diagnostics(fit: Finished, path: Path) -> None:
    from lda.interop.mallet_diagnostics import write_diagnostics

    model = fit.model
    with _new(fit, path) as temporary:
        write_diagnostics(
            temporary,
            model.alpha,
            model.beta,
            model.counts,
            model.vocabulary,
            fit.tokens(),
            fit.choices.n_words,
        )


def _phrase_report(fit: Finished, path: Path) -> None:
    from lda.interop.mallet_phrases import write_phrase_report

    model, n_words = fit.model, fit.choices.n_words
    with _new(fit, path) as temporary:
        write_phrase_report(temporary, model.alpha, model.counts, model.vocabulary, fit.tokens(), n_words)


def _model(fit: Finished, path: Path) -> None:
    fit.model.save(path, overwrite=fit.overwrite)


def _new(fit: Finished, path: Path) -> AbstractContextManager[Path]:
    from lda.corpus.storage.output_target import new_file

    return new_file(path, overwrite=fit.overwrite)


OUTPUT_FILES: Final = (
    OutputFile(
        flag="--output-doc-topics",
        needs="documents",
        write=_doc_topics,
        help="The documents' topics: .txt as MALLET writes them; .parquet, .jsonl, .csv, .tsv, .npy.",
    ),
    OutputFile(
        flag="--output-topic-keys",
        needs="counts",
        write=_topic_keys,
        help="Number, alpha and most frequent words of each topic (tab-separated).",
    ),
    OutputFile(
        flag="--output-state",
        needs="tokens",
        write=_state,
        help="The topic of each token, as MALLET's state (.gz).",
    ),
    OutputFile(
        flag="--word-topic-counts-file",
        needs="counts",
        write=_word_topic_counts,
        help="The topics of each term, with counts.",
    ),
    OutputFile(
        flag="--topic-word-weights-file",
        needs="counts",
        write=_topic_word_weights,
        help="Count + beta of each topic and term.",
    ),
    OutputFile(
        flag="--diagnostics-file",
        needs="tokens",
        write=_diagnostics,
        help="Numbers about topics and their words, as XML.",
    ),
    OutputFile(
        flag="--xml-topic-report",
        needs="counts",
        write=_topic_report,
        help="The topics' words with counts, as XML.",
    ),
    OutputFile(
        flag="--xml-topic-phrase-report",
        needs="tokens",
        write=_phrase_report,
        help="The topics' words and runs of words, as XML.",
    ),
    OutputFile(
        flag="--output-topic-docs",
        needs="documents",
        write=_topic_docs,
        help="The best documents of each topic.",
    ),
    OutputFile(
        flag="--inferencer-filename",
        needs="counts",
        write=_model,
        kind="model",
        help="A second copy of the model, where MALLET writes its inferencer.",
    ),
    OutputFile(
        flag="--evaluator-filename",
        needs="counts",
        write=_model,
        kind="model",
        help="Another, where MALLET writes its evaluator.",
    ),
)
"""In the order of the help, and of writing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFiles:
    """The files that are asked for, by the names of their options, and what is written into them."""

    paths: Mapping[str, Path] = field(default_factory=dict)
    choices: Choices = field(default_factory=Choices)

    def wanted(self) -> list[tuple[OutputFile, Path]]:
        """The rows of `OUTPUT_FILES` that are asked for, with their paths."""
        return [(row, self.paths[row.name]) for row in OUTPUT_FILES if row.name in self.paths]

    @property
    def needs(self) -> set[str]:
        """What of the fit they take: "counts", "documents", "tokens"."""
        return {row.needs for row, _ in self.wanted()}

    def all_exist(self) -> bool:
        """Whether all that are asked for are there."""
        return all(path.exists() for path in self.paths.values())

    def check(self, read: list[object], *, overwrite: bool) -> None:
        """Refuse what could not be written at the end. Raises `DataError`.

        read: places that the command reads, which its files must not replace.
        """
        from lda.corpus.storage.output_target import check_apart, check_file_target
        from lda.model.write import check_model_target
        from lda.transform.topic_writers import Selection, check_format

        for row, path in self.wanted():
            if row.name == "output_doc_topics" and not self.choices.is_mallet(path):
                check_format(path, Selection(top=self.choices.most, threshold=self.choices.threshold))
            if row.kind == "model":
                check_model_target(path, overwrite=overwrite)
            else:
                check_file_target(path, overwrite=overwrite)
            check_apart(path, read)

    def write(self, fit: Finished) -> None:
        """Write them all. Raises OSError, and `DataError` for a file that may not be replaced."""
        for row, path in self.wanted():
            row.write(fit, path)


def output_file_options(command: Function) -> Function:
    """An option for each row of `OUTPUT_FILES`, and what goes into the files; the command gets them as `files`."""
    options = [
        option(
            row.flag,
            metavar="FILE" if row.kind == "file" else "FOLDER",
            heading=Heading.MALLET,
            help=row.help,
        )
        for row in OUTPUT_FILES
    ]
    names = (*(row.name for row in OUTPUT_FILES), *_CHOICES)
    return gathered("files", _asked_for, *options, *_choice_options(), names=names)(command)


_CHOICES: Final = ("num_top_docs", "doc_topics_threshold", "doc_topics_max", "doc_topics_format")


def _choice_options() -> list[Callable[[Any], Any]]:
    return [
        option(
            "--num-top-docs",
            type=click.IntRange(min=1),
            default=DOCUMENTS,
            heading=Heading.MALLET,
            help="Documents of each topic in --output-topic-docs.",
        ),
        option(
            "--doc-topics-threshold",
            type=click.FloatRange(0, 1),
            metavar="X",
            default=0.0,
            heading=Heading.MALLET,
            help="Only topics of this weight or more in --output-doc-topics,",
        ),
        option(
            "--doc-topics-max",
            type=int,
            metavar="N",
            heading=Heading.MALLET,
            help="and only so many of each document (a .txt heeds it beside a threshold only, as MALLET does).",
        ),
        option(
            "--doc-topics-format",
            type=click.Choice(["auto", "mallet"]),
            default="auto",
            heading=Heading.MALLET,
            help="mallet: MALLET's form, however the file is called; auto goes by its ending.",
        ),
    ]


def _asked_for(
    *,
    num_top_docs: int,
    doc_topics_threshold: float,
    doc_topics_max: int | None,
    doc_topics_format: str,
    **paths: str | None,
) -> OutputFiles:
    """The files that the options name. Raises DataError for one at a URI, click.UsageError for what cannot be."""
    from lda.corpus.storage.output_target import local_path

    if doc_topics_threshold != doc_topics_threshold:  # NaN, which the range lets pass
        raise click.UsageError("--doc-topics-threshold must lie in 0 to 1, got nan")
    if doc_topics_max == 0:
        raise click.UsageError("--doc-topics-max must be at least 1, or negative for all, got 0")
    return OutputFiles(
        paths={name: local_path(path) for name, path in paths.items() if path is not None},
        choices=Choices(
            n_documents=num_top_docs,
            threshold=doc_topics_threshold,
            most=None if doc_topics_max is None or doc_topics_max < 0 else doc_topics_max,
            mallet_form=doc_topics_format == "mallet",
        ),
    )
