"""`Checkpointing`: where and how often a fit stores checkpoints, and whether it resumes from one."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpointing:
    """Where checkpoints go, and how often.

    Attributes:
        path: folder or URI.
        every: sweeps between two, 0 for never.
        keep: how many.
        resume: go on from the last one, if any.
        at_end: have one of the last sweep, too, so that the fit can go on to more sweeps; not of a fit that has ended
            before, by itself or from outside.
    """

    path: str = field(repr=False)  # it may hold keys
    every: int = 10
    keep: int = 2
    resume: bool = False
    at_end: bool = False

    def __post_init__(self) -> None:
        if self.every < 0:
            raise ValueError(
                f"checkpoint-every must not be negative, got {self.every}; 0 turns checkpoints off"
            )
        if self.keep < 1:
            raise ValueError(f"at least one checkpoint must be kept, got {self.keep}")
