"""Checkpoints of `lda fit`: what an earlier run left behind, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Self

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option

if TYPE_CHECKING:
    from lda.cli.fit.outputs import Targets
    from lda.cluster import Beginning, Checkpointing, FitSettings
    from lda.cluster.checkpoints.identity import Identity
    from lda.cluster.checkpoints.store import CheckpointStore
    from lda.cluster.counts.word_prior import WordPrior
    from lda.corpus import Corpus
    from lda.model.model import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointOptions:
    """Where checkpoints lie, None for beside the model, how many sweeps apart, and whether to go on from them.

    keep_checkpoint: whether the last one stays when the model is written.
    """

    checkpoint: str | None
    checkpoint_every: int
    resume: bool
    keep_checkpoint: bool = False


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
        option(
            "--keep-checkpoint",
            is_flag=True,
            heading=Heading.CHECKPOINTS,
            help="Leave that of the last sweep when the model is written, so that --resume with a larger -n goes on.",
        ),
    )(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """Where the checkpoints of one command lie, whether it is to go on from them, and whether the last one stays."""

    path: str
    every: int
    resume: bool
    overwrite: bool
    stay: bool

    @classmethod
    def of(cls, options: CheckpointOptions, targets: Targets) -> Self:
        """What the options ask for, for a fit that writes to these targets."""
        return cls(
            path=_beside(targets.model) if options.checkpoint is None else options.checkpoint,
            every=options.checkpoint_every,
            resume=options.resume,
            overwrite=targets.overwrite,
            stay=options.keep_checkpoint,
        )

    @property
    def settings(self) -> Checkpointing:
        """Path, interval and --resume in the form that the engine takes."""
        from lda.cluster import Checkpointing

        return Checkpointing(path=self.path, every=self.every, resume=self.resume, at_end=self.stay)

    @property
    def _writes(self) -> bool:
        return self.every > 0 or self.stay

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

        if not self._writes:
            return
        if _within(self.path, targets.model):
            raise DataError(
                f"the checkpoints cannot lie in {targets.model}, which becomes the model; choose another place"
            )
        self._store().check_writable()

    @contextmanager
    def alone(self, warn: Callable[[str], None], model: str) -> Iterator[None]:
        """Hold the lock on the checkpoint folder; refuse to overwrite the checkpoints of a run that can go on.

        model: what the command writes.

        Raises:
            DataError: it holds checkpoints of a run that was cut off, and neither --resume nor --overwrite was
                given. OtherFitError: another run is using it.
        """
        from lda.corpus import DataError

        if not self._writes:
            yield
            return
        store = self._store(warn)
        with store.claimed():
            if not (self.resume or self.overwrite) and (last := store.last_sweep()) is not None:
                of = "an earlier run" if self.has_left_model(model) else "a run that was cut off"
                raise DataError(
                    f"{self.path} holds checkpoints of {of}, the last after sweep "
                    f"{last}; go on from there with --resume, or begin anew with --overwrite"
                )
            yield

    def finished(
        self,
        path: str,
        settings: FitSettings,
        corpus: Corpus,
        begin: Beginning | None = None,
        *,
        complete: bool,
        prior: WordPrior | None = None,
    ) -> Model | None:
        """The model, if an earlier run of this command finished it; None if there is still work to do.

        begin: where the chain begins. complete: whether the other files that this command writes are there. prior:
        tokens that topics begin with.

        Raises:
            DataError: there is a model of another fit where this one is to go, and no leave to overwrite it; or of this
                fit with fewer sweeps, and no checkpoint to go on from.
        """
        from lda.corpus import DataError
        from lda.experiments.fitted import differences_of
        from lda.model.model import Model
        from lda.model.read import is_model

        if not self.resume or not is_model(path):
            return None
        model = Model.load(path)
        differ = differences_of(model, settings.resolved(), corpus, prior=prior, begin=begin)
        if differ and not differences_of(
            model, settings.resolved(), corpus, prior=prior, begin=begin, going_on=True
        ):
            # The same fit with another end: with more sweeps it goes on from its last checkpoint.
            had, wanted = model.record.n_sweeps, settings.sweeps
            last = self._store().last_sweep()
            if last is not None and wanted > had:
                return None
            if wanted > had and not self.overwrite:
                raise DataError(
                    f"{path} is finished after {had} sweeps, and its checkpoint is gone, from which it could go on to "
                    f"{wanted}; go on from the model (--init-from {path}, another name with -o), or fit it again with "
                    "--overwrite, and with --keep-checkpoint"
                )
        if differ and not self.overwrite:
            raise DataError(
                f"{path} is a model of another fit: {differ}; choose another name, or allow overwriting (--overwrite)"
            )
        return model if complete and not differ and not model.record.interrupted else None

    def begin(
        self,
        settings: FitSettings,
        corpus: Corpus,
        beginning: Beginning | None,
        note: Callable[[str], None],
        warn: Callable[[str], None],
        *,
        on_cluster: bool,
        prior: WordPrior | None = None,
    ) -> int | None:
        """Say from where the fit goes on and return that sweep; None is the beginning.

        The engine looks for the checkpoint again, which reads it a second time; but a long fit should tell at
        once, not after its first sweep, whether it found one.

        beginning: where the chain begins. on_cluster: leave it to the workers to read all of it. prior: tokens that
        topics begin with.

        Raises:
            OtherFitError: the last checkpoint is of another corpus, or of other settings.
        """
        if not self.resume:
            return None
        from lda.cluster.checkpoints.identity import identity
        from lda.cluster.checkpoints.read import check_here, check_names

        store = self._store(warn, identity(settings.resolved(), corpus.content_hash, prior, beginning))
        found = store.latest(check_names if on_cluster else check_here)
        if found is None:
            warn(f"there is no checkpoint in {self.path} to resume; starting from the beginning")
            return None
        sweep = found.state.n_sweeps
        note(f"resuming after sweep {sweep}, from {self.path}")
        if lost := _missed(settings, sweep, found.state.sampled):
            warn(lost)
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

        if self.stay:
            return
        try:
            self.discard()
        except (CheckpointError, OSError) as error:
            warn(f"the model is written, but its checkpoints are left in {self.path}: {error}")

    def has_left_model(self, path: str) -> bool:
        """Whether there is a model where this command writes its own."""
        from lda.model.read import is_model

        return is_model(path)

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


def _missed(settings: FitSettings, sweep: int, sampled: Sequence[int]) -> str | None:
    """A line on states that belong to the mean of late ones, and were not sampled by a run that had fewer sweeps.

    settings: before they are resolved. sweep: after which the fit goes on. sampled: the sweeps in the mean so far.
    """
    from lda.cluster.loop.early_stopping import Samples

    def missed(sweeps: int) -> list[int]:
        plan = replace(settings, sweeps=sweeps).resolved()
        return Samples(plan.n_samples or 0, plan.sample_interval or 1, sweeps).missed(sweep, sampled)

    lost, wanted = missed(settings.sweeps), settings.resolved().n_samples or 0
    if not lost:
        return None
    least = next(n for n in count(settings.sweeps) if not missed(n))
    return (
        f"warning: the last state will be that of {settings.sweeps} sweeps at once, but the mean of late states one of "
        f"{wanted - len(lost)} and not of {wanted}, for that of sweep {lost[-1]} was not sampled then; -n {least} and "
        "more give the same model"
    )


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
