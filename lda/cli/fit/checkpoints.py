"""Checkpoints of `lda fit`: what an earlier run left behind, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option

if TYPE_CHECKING:
    from lda.cli.fit.outputs import Targets
    from lda.cluster import Checkpointing, FitSettings
    from lda.cluster.checkpoints.identity import Identity
    from lda.cluster.checkpoints.store import CheckpointStore
    from lda.corpus import Corpus
    from lda.model.model import Model

DECIDE_END: Final = frozenset({"sweeps", "tol", "n_iter_no_change", "n_samples", "sample_interval"})
"""Settings that may change on --resume; once the run is finished, a change means a different model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointOptions:
    """Where checkpoints lie, None for beside the model, how many sweeps apart, and whether to go on from them."""

    checkpoint: str | None
    checkpoint_every: int
    resume: bool


def checkpoint_options(command: Function) -> Function:
    """--checkpoint-every, --checkpoint and --resume; the command gets them as `checkpoints`."""
    return gathered(
        "checkpoints",
        CheckpointOptions,
        option(
            "--checkpoint-every",
            type=click.IntRange(min=0),
            metavar="N",
            default=10,
            heading=Heading.CHECKPOINTS,
            help="Sweeps between checkpoints, from which --resume goes on; 0: none.",
        ),
        option(
            "--checkpoint",
            metavar="PATH",
            heading=Heading.CHECKPOINTS,
            help="Folder (or s3://, gs:// URI) for checkpoints.  [default: MODEL.checkpoint]",
        ),
        option(
            "--resume",
            is_flag=True,
            heading=Heading.CHECKPOINTS,
            help="Go on from the last checkpoint of this command, if it was cut off.",
            brief="Go on from the last checkpoint, if cut off.",
        ),
    )(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """Where the checkpoints of one command lie, and whether it is to go on from them."""

    path: str
    every: int
    resume: bool
    overwrite: bool

    @classmethod
    def of(cls, options: CheckpointOptions, targets: Targets) -> Self:
        """What the options ask for, for a fit that writes to these targets."""
        return cls(
            path=_beside(targets.model) if options.checkpoint is None else options.checkpoint,
            every=options.checkpoint_every,
            resume=options.resume,
            overwrite=targets.overwrite,
        )

    @property
    def settings(self) -> Checkpointing:
        """Path, interval and --resume in the form that the engine takes."""
        from lda.cluster import Checkpointing

        return Checkpointing(path=self.path, every=self.every, resume=self.resume)

    def _store(
        self, warn: Callable[[str], None] = lambda text: None, identity: Identity | None = None
    ) -> CheckpointStore:
        from lda.cluster.checkpoints.store import CheckpointStore

        return CheckpointStore(self.settings, identity, warn)

    def check(self, targets: Targets) -> None:
        """Refuse, before anything is read, a place that cannot be used.

        Raises:
            DataError: it lies in the model's folder. CheckpointError: nothing can be written there.
        """
        from lda.corpus import DataError

        if not self.every:
            return
        if _within(self.path, targets.model):
            raise DataError(
                f"the checkpoints cannot lie in {targets.model}, which becomes the model; choose another place"
            )
        self._store().check_writable()

    @contextmanager
    def alone(self, warn: Callable[[str], None]) -> Iterator[None]:
        """Hold the lock on the checkpoint folder; refuse to overwrite the checkpoints of an unfinished run.

        Raises:
            DataError: it holds checkpoints of a run that was cut off, and neither --resume nor --overwrite was
                given. OtherFitError: another run is using it.
        """
        from lda.corpus import DataError

        if not self.every:
            yield
            return
        store = self._store(warn)
        with store.claimed():
            if not (self.resume or self.overwrite) and (last := store.last_sweep()) is not None:
                raise DataError(
                    f"{self.path} holds checkpoints of a run that was cut off, the last after sweep "
                    f"{last}; go on from there with --resume, or begin anew with --overwrite"
                )
            yield

    def finished(self, path: str, settings: FitSettings, corpus: Corpus, *, complete: bool) -> Model | None:
        """The model, if an earlier run of this command finished it; None if there is still work to do.

        complete: whether the other files that this command writes are there.

        Raises:
            DataError: there is a model of another fit where this one is to go, and no leave to overwrite it.
        """
        from lda.corpus import DataError
        from lda.model.model import Model
        from lda.model.read import is_model

        if not self.resume or not is_model(path):
            return None
        model = Model.load(path)
        differ = _differences(model, settings.resolved(), corpus)
        if differ and not self.overwrite:
            raise DataError(
                f"{path} is a model of another fit: {differ}; choose another name, or allow overwriting (--overwrite)"
            )
        return model if complete and not differ and not model.record.interrupted else None

    def begin(
        self,
        settings: FitSettings,
        corpus: Corpus,
        note: Callable[[str], None],
        warn: Callable[[str], None],
        *,
        on_cluster: bool,
    ) -> int | None:
        """Say from where the fit goes on and return that sweep; None is the beginning.

        The engine looks for the checkpoint again, which reads it a second time; but a long fit should tell at
        once, not after its first sweep, whether it found one. on_cluster: leave it to the workers to read all of it.

        Raises:
            OtherFitError: the last checkpoint is of another corpus, or of other settings.
        """
        if not self.resume:
            return None
        from lda.cluster.checkpoints.identity import identity
        from lda.cluster.checkpoints.read import check_here, check_names

        store = self._store(warn, identity(settings.resolved(), corpus.content_hash))
        found = store.latest(check_names if on_cluster else check_here)
        if found is None:
            warn(f"there is no checkpoint in {self.path} to resume; starting from the beginning")
            return None
        sweep = found.state.n_sweeps
        note(f"resuming after sweep {sweep}, from {self.path}")
        if sweep > settings.sweeps:
            warn(
                f"the checkpoint has {sweep} sweeps, more than the {settings.sweeps} asked for; all are kept"
            )
        return sweep

    def swept(self) -> None:
        """Called after the first sweep: if this run started over, delete the old run's checkpoints now, not earlier.

        Raises:
            OtherFitError: they are another run's.
        """
        if not self.resume:
            self.discard()

    def discard(self) -> None:
        """Delete the checkpoints; does nothing if checkpoints are off and --resume is not given.

        Raises:
            OtherFitError: they are another run's.
        """
        if self.every or self.resume:
            self._store().discard()

    def discard_at_end(self, warn: Callable[[str], None]) -> None:
        """Remove the checkpoints of a fit whose model is written; what keeps them from being removed is told."""
        from lda.cluster.spec.errors import CheckpointError

        try:
            self.discard()
        except (CheckpointError, OSError) as error:
            warn(f"the model is written, but its checkpoints are left in {self.path}: {error}")

    def has_model(self, path: str) -> bool:
        """Whether an earlier run of this command, which is to be resumed, has left a model."""
        from lda.model.read import is_model

        return self.resume and is_model(path)

    @contextmanager
    def remedied(self, command: str, warn: Callable[[str], None]) -> Iterator[None]:
        """Say how to go on when a fit on a cluster ends in the block without a model.

        Raises:
            ClusterError: as raised in the block, with the remedy.
            AbruptEndError: as raised in the block, after a warning with the remedy.
        """
        from lda.cluster.spec.errors import AbruptEndError, ClusterError

        try:
            yield
        except ClusterError as error:
            with suppress(OSError):  # the first error counts
                if self.every and self._store().last_sweep() is not None:
                    raise ClusterError(f"{error}; {self.remedy(command)}") from error
            raise
        except AbruptEndError as error:
            warn(f"interrupted, without a model: {error}; {self.remedy(command)}")
            raise

    def remedy(self, command: str) -> str:
        """How to go on after an interrupt."""
        last = self._store().last_sweep()
        if last is None:
            return "there is no checkpoint to resume from"
        return f"to go on after sweep {last}: {command} --resume"


def _beside(model: str) -> str:
    from lda.corpus.storage.places import beside

    return beside(model, ".checkpoint")


def _within(path: str, model: str) -> bool:
    """Whether a place for checkpoints lies in what becomes the model."""
    from lda.corpus.storage.places import is_uri

    if is_uri(path) or is_uri(model):
        # In an object store models and checkpoints do not disturb each other, whatever lies beside them.
        return False
    checkpoints = Path(path).absolute()
    return Path(model).absolute() in (checkpoints, *checkpoints.parents)


def once(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Wrap `tell` so that it drops messages it has passed on before."""
    told: set[str] = set()

    def tell_once(text: str) -> None:
        if text not in told:
            told.add(text)
            tell(text)

    return tell_once


def _differences(model: Model, settings: FitSettings, corpus: Corpus) -> str:
    from lda.cluster.checkpoints.identity import differences, identity

    was = {**model.record.settings, "corpus": model.record.corpus_hash}
    now = identity(settings, corpus.content_hash)
    if not model.record.interrupted:
        now |= {name: value for name, value in asdict(settings).items() if name in DECIDE_END}
    return differences(was, now)
