"""Where `lda fit` begins: at a model, at a state of MALLET, or, without either, anew."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import click
from click.core import ParameterSource

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, Option, option
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from lda.cli.console import Console
    from lda.cluster import Beginning, FitSettings
    from lda.corpus import Corpus
    from lda.interop.mallet_state import MalletState
    from lda.labels.labels import Labels
    from lda.model.model import Model

OF_DOCUMENTS: Final = (Heading.INPUT, Heading.TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginOptions:
    """Where to begin: folder or URI of a model, with topics to be added, or file with a state."""

    init_from: str | None
    input_state: str | None
    add_topics: int = 0

    def __post_init__(self) -> None:
        if self.add_topics and self.init_from is None:
            raise click.UsageError(
                "--add-topics adds to those of a model; name it with --init-from, or choose their number with -k"
            )


def begin_options(command: Function) -> Function:
    """--init-from and --input-state; the command gets them as `begin`."""
    return gathered(
        "begin",
        BeginOptions,
        option(
            "--init-from",
            "--input-model",
            metavar="MODEL",
            heading=Heading.MODEL,
            help="Go on from a model: first topics are drawn under its counts, terms matched by name. Topics keep "
            "their numbers and names; priors that are learned begin at the model's.",
        ),
        option(
            "--add-topics",
            type=click.IntRange(min=0),
            default=0,
            heading=Heading.MODEL,
            help="Topics to have beside those of the model, for what is new in the documents.",
        ),
        option(
            "--input-state",
            metavar="FILE",
            heading=Heading.MODEL,
            help="Go on from the topics of all tokens that MALLET's --output-state has written: of the INPUT, which "
            "must be the same documents, or without any of the documents in the state.",
        ),
    )(command)


class Origin(Protocol):
    """What a fit goes on from."""

    @property
    def n_topics(self) -> int:
        """Topics that it has, and the fit must have."""
        ...

    @property
    def name(self) -> str:
        """What it is, for messages."""
        ...

    @property
    def labels(self) -> Labels | None:
        """Names of the topics, which they keep."""
        ...

    @property
    def parent(self) -> dict[str, str]:
        """What the record of the fit says of it."""
        ...

    def known_documents(self, corpus: Corpus) -> int:
        """How many documents at the beginning of a corpus it is of; 0 where that is not known."""
        ...

    def new_from(self, first: int) -> Origin:
        """The same for a fit whose documents are new from number `first` on."""
        ...

    def beginning(self, corpus: Corpus, note: Callable[[str], None]) -> Beginning:
        """Where the chain begins on this corpus. Raises DataError when they do not belong together."""
        ...


def check_inputs(ctx: click.Context) -> None:
    """Raise click.UsageError where a command `lda fit` has neither documents nor a state, which holds some."""
    if not ctx.params["inputs"] and ctx.params["input_state"] is None:
        inputs = next(parameter for parameter in ctx.command.params if parameter.name == "inputs")
        raise click.MissingParameter(ctx=ctx, param=inputs)


def origin_of(options: BeginOptions, inputs: tuple[str, ...]) -> Origin | None:
    """What a fit is to go on from, read and checked; None for nothing.

    Raises:
        click.UsageError: there is neither input nor a state, or too much of either. DataError: a model or a state is
            missing or damaged.
    """
    ctx = click.get_current_context()
    check_inputs(ctx)
    if options.init_from is not None and options.input_state is not None:
        raise click.UsageError("--init-from and --input-state exclude each other")
    if options.input_state is not None and not inputs and (odd := _given(ctx, OF_DOCUMENTS)):
        raise click.UsageError(
            f"{odd} is about INPUT; without any the documents are those of the state, whose words are what they are"
        )
    return read_origin(options)


def read_origin(
    options: BeginOptions, n_topics: int | None = None, new_from: int | None = None
) -> Origin | None:
    """What the options name to go on from, read; None for nothing. Raises DataError for what is missing or damaged.

    n_topics: of a fit that is known, by which it is known how many were added; None takes the options' word for it.
    new_from: the first document of it that was new; None to find out.
    """
    if options.init_from is not None:
        from lda.model.model import Model

        model = Model.load(options.init_from)
        added = options.add_topics if n_topics is None else max(n_topics - model.n_topics, 0)
        return _FromModel(options.init_from, model, added, new_from)
    if options.input_state is not None:
        from hashlib import file_digest

        from lda.corpus.errors import DataError
        from lda.corpus.storage.places import is_uri
        from lda.interop.mallet_state import read_state

        if is_uri(options.input_state):
            raise DataError(
                f"{options.input_state} is a URI, and a state is read from a file; copy it here first"
            )
        state = Path(options.input_state)
        found = read_state(state)
        # Its checksum is taken now: the file need not be there any more when the fit ends.
        with state.open("rb") as file:
            return _FromState(found, file_digest(file, "sha256").hexdigest())
    return None


def settings_for(origin: Origin | None, settings: FitSettings) -> FitSettings:
    """The settings of a fit that goes on from there: as many topics, and no start of its own.

    Raises click.UsageError when another number of topics, or a start, was asked for.
    """
    if origin is None:
        return settings
    ctx = click.get_current_context()
    if settings.start != "auto":
        raise click.UsageError(
            f"--start cannot be chosen: topics begin as {origin.name} has them; leave it out"
        )
    if settings.n_topics != origin.n_topics:
        if ctx.get_parameter_source("topics") is not ParameterSource.DEFAULT:
            more = "" if isinstance(origin, _FromState) else "; --add-topics N adds some"
            raise click.UsageError(
                f"{origin.name} has {origin.n_topics} topics, got -k {settings.n_topics}; leave -k out, or give "
                f"{origin.n_topics}{more}"
            )
        total = ctx.params.get("alpha_sum")  # of the topics that there are
        alpha = settings.alpha if total is None else float(total) / origin.n_topics
        try:
            settings = replace(settings, n_topics=origin.n_topics, alpha=alpha)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
    return replace(settings, start="given")


class Known(NamedTuple):
    """Documents of a fit that are those of the origin: the first `first` of `total`."""

    first: int
    total: int


def known_to(origin: Origin | None, corpus: Corpus, inside: NDArray[np.bool_] | None) -> Known:
    """How many documents of a fit its origin is of.

    corpus: before a window was chosen. inside: (D,) the documents in the window; None for all.
    """
    known, total = 0 if origin is None else origin.known_documents(corpus), corpus.n_documents
    return Known(known, total) if inside is None else Known(int(inside[:known].sum()), int(inside.sum()))


def onward_settings(settings: FitSettings, known: Known, note: Callable[[str], None]) -> FitSettings:
    """The settings, with fewer sweeps where -n was not typed and most of the documents are those of the origin.

    Priors then stay as the model has them, unless it was typed how they are learned: see `SWEEPS_ONWARD`.
    """
    from lda.model.going_on import KNOWN_ENOUGH, SAMPLED_ONWARD, SWEEPS_ONWARD
    from lda.samplers.registry import sampler

    ctx = click.get_current_context()
    if not known.first or ctx.get_parameter_source("sweeps") is not ParameterSource.DEFAULT:
        return settings
    if (
        known.first < KNOWN_ENOUGH * known.total
        or settings.sweeps <= SWEEPS_ONWARD
        or settings.tol is not None
    ):
        return settings
    typed = any(
        ctx.get_parameter_source(name) is not ParameterSource.DEFAULT
        for name in ("optimize_interval", "burn_in")
    )
    learned = any(isinstance(prior, str) for prior in (settings.alpha, settings.beta))
    holds = learned and settings.optimize_interval > 0 and not typed
    note(
        f"{SWEEPS_ONWARD} sweeps will do in place of {settings.sweeps}, since {known.first:,} of {known.total:,} "
        f"documents are those of the model{', whose priors stay' if holds else ''}; -n says otherwise"
    )
    if holds:
        settings = replace(settings, optimize_interval=0)
    apart = settings.sample_interval
    if apart is None and settings.n_samples is None and sampler(settings.sampler).averages:
        apart = SAMPLED_ONWARD
    return replace(settings, sweeps=SWEEPS_ONWARD, sample_interval=apart)


@contextmanager
def state_corpus(origin: Origin, console: Console) -> Iterator[tuple[Corpus, float]]:
    """(the documents of a state, 0.0: it has been read), where nothing else is given."""
    from lda.cli.sources import size_of
    from lda.interop.state_corpus import corpus_of_state

    assert isinstance(origin, _FromState)
    corpus = corpus_of_state(origin.state)
    console.progress.note(f"the state has {size_of(corpus)}")
    yield corpus, 0.0


@dataclass(frozen=True, slots=True)
class _FromModel:
    place: str
    model: Model
    added: int
    first_new: int | None = None

    @property
    def n_topics(self) -> int:
        return self.model.n_topics + self.added

    @property
    def name(self) -> str:
        return f"the model {self.place}" + (f" and {self.added} more topics" if self.added else "")

    @property
    def labels(self) -> Labels | None:
        from lda.model.going_on import labels_for

        return labels_for(self.model, self.added)

    @property
    def parent(self) -> dict[str, str]:
        from lda.model.going_on import NEW_FROM
        from lda.model.run_record import parent_model

        told = {NEW_FROM: str(self.first_new or 0)} if self.added else {}
        return parent_model(self.model.fingerprint()) | told

    def new_from(self, first: int) -> Origin:
        return replace(self, first_new=first)

    def known_documents(self, corpus: Corpus) -> int:
        from lda.model.going_on import known_documents

        return known_documents(self.model, corpus)

    def beginning(self, corpus: Corpus, note: Callable[[str], None]) -> Beginning:
        from lda.model.going_on import beginning_from, new_themes

        added = None
        if self.added:
            first = self.first_new or 0
            new = corpus.n_documents - first if first < corpus.n_documents else corpus.n_documents
            note(f"new topics begin at what is least like the model's in {plural(new, 'document')}")
            added = new_themes(self.model, corpus, corpus.vocabulary, self.added, first)
        begin, matched = beginning_from(self.model, corpus.vocabulary, added)
        note(f"going on from {self.name}: {matched}")
        return begin


@dataclass(frozen=True, slots=True)
class _FromState:
    state: MalletState
    sha256: str

    @property
    def n_topics(self) -> int:
        return self.state.n_topics

    @property
    def name(self) -> str:
        return f"the state {self.state.path}"

    @property
    def labels(self) -> Labels | None:
        return None

    @property
    def parent(self) -> dict[str, str]:
        return {"kind": "state", "sha256": self.sha256}

    def known_documents(self, corpus: Corpus) -> int:
        return 0

    def new_from(self, first: int) -> Origin:
        return self

    def beginning(self, corpus: Corpus, note: Callable[[str], None]) -> Beginning:
        import numpy as np

        from lda.cluster import Beginning

        shards = [corpus.shard(i) for i in range(corpus.n_shards)]
        offsets = np.concatenate([[0], np.cumsum(corpus.document_lengths())]).astype(np.int64)
        words = np.concatenate([shard.words for shard in shards])
        topics = self.state.topics_of(corpus.vocabulary, offsets, words)
        note(f"going on from {self.name}: {len(topics):,} tokens in {self.n_topics:,} topics")
        return Beginning(topics=topics, alpha=self.state.alpha, beta=self.state.beta)


def _given(ctx: click.Context, headings: tuple[Heading, ...]) -> str | None:
    """The first option of these headings that was typed."""
    return next(
        (
            parameter.own_names[-1]
            for parameter in ctx.command.params
            if isinstance(parameter, Option)
            and parameter.heading in headings
            and ctx.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
        ),
        None,
    )
