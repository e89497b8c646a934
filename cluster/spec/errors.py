"""Errors that a fit may end with."""

from __future__ import annotations

from typing import ClassVar

from lda.corpus.presentable import presentable


class ClusterError(RuntimeError):
    """No cluster there, one too small, or one that failed too often.

    exit_code, kind: how a command ends for it, and what `--json` calls it.
    """

    exit_code: ClassVar[int] = 4
    kind: ClassVar[str] = "cluster"

    def __init__(self, message: str) -> None:
        super().__init__(presentable(message))


class AbruptEndError(KeyboardInterrupt):
    """An interrupt that ends a fit without a model: an actor needed for it does not answer, or has not begun."""


class CheckpointError(RuntimeError):
    """A checkpoint that cannot be written, or belongs to another fit.

    exit_code, kind: how a command ends for it, and what `--json` calls it.
    """

    exit_code: ClassVar[int] = 1
    kind: ClassVar[str] = "checkpoint"

    def __init__(self, message: str) -> None:
        super().__init__(presentable(message))


class OtherFitError(CheckpointError):
    """A checkpoint that belongs to another fit."""

    exit_code: ClassVar[int] = 3


class InUseError(OtherFitError):
    """A place for checkpoints where another run is at work.

    who: its process and host, in words; "" where nothing is known of it.
    """

    def __init__(self, message: str, who: str = "") -> None:
        super().__init__(message)
        self.who = who


class PlaceError(CheckpointError):
    """A place for checkpoints that is of no use: no such bucket or folder, or no right to write there."""

    exit_code: ClassVar[int] = 3  # as for any other place that a command is told to write to
