"""The exchange as a state machine: no Ray, no threads, no wall clock.

Workers go through the same numbered steps (a step is one phase of one pass). After step s a worker pushes what
it changed; before step s it asks for what has changed. Staleness says how old the answer may be:

    0       all workers' pushes of the steps before s, and nothing else: the same for all workers, reproducible
    n > 0   at least all pushes of the steps before s - n, and whatever else has come: a worker may run n ahead
    None    whatever has come: no worker ever waits

With staleness 0 a worker may name an earlier step than the one it is about to make. All name the same one then,
and no worker waits while what the last step changed is on its way.

`Exchange` is what one aggregator knows of this. A push that comes twice is dropped, so that senders may repeat.
What is handed out is cut into versions: all readers get the same ones, in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

D = TypeVar("D")


@dataclass(slots=True)
class Exchange(Generic[D]):
    """Pushes and versions of one aggregator for `workers` workers.

    pushed: next step expected of each worker. waiting: pushes not yet in a version, by step and worker.
    seen: newest version each worker has confirmed. version: number of versions so far.
    """

    workers: int
    staleness: int | None
    pushed: list[int] = field(init=False)
    waiting: dict[int, dict[int, D]] = field(init=False, default_factory=dict)
    seen: list[int] = field(init=False)
    version: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if self.workers < 1 or (self.staleness is not None and self.staleness < 0):
            raise ValueError(
                f"needs workers and a staleness of 0 or more, got {self.workers} and {self.staleness}"
            )
        self.pushed = [0] * self.workers
        self.seen = [0] * self.workers

    def push(self, worker: int, step: int, delta: D) -> bool:
        """Take a push; False when it has been taken before.

        Raises LookupError when the worker has skipped a step: what it skipped would be lost.
        """
        if step < self.pushed[worker]:
            return False
        if step > self.pushed[worker]:
            raise LookupError(
                f"worker {worker} pushed step {step}, but its step {self.pushed[worker]} never came"
            )
        self.pushed[worker] = step + 1
        self.waiting.setdefault(step, {})[worker] = delta
        return True

    def may_start(self, step: int) -> bool:
        """Whether enough has come for a worker to begin `step`."""
        return self.staleness is None or min(self.pushed) >= step - self.staleness

    @property
    def complete(self) -> int:
        """Steps that all workers have pushed."""
        return min(self.pushed)

    def take(self, step: int) -> list[D]:
        """Pushes for the next version, in the order of (step, worker); empty when there is nothing new.

        Called when a worker may begin `step`. With staleness 0 these are of one step before it, so that a version
        is a step: a worker that is ahead must not be visible to one that is not.
        """
        ready = sorted(self.waiting)
        if self.staleness == 0:
            ready = [s for s in ready[:1] if s < step]
        taken = [delta for s in ready for _, delta in sorted(self.waiting.pop(s).items())]
        if taken:
            self.version += 1
        return taken

    def newest(self, step: int) -> int:
        """The newest version for a worker that begins from the steps before `step`."""
        return min(self.version, step) if self.staleness == 0 else self.version

    def confirm(self, worker: int, version: int) -> int:
        """Note that a worker has all versions up to `version`; returns the version that all have."""
        self.seen[worker] = max(self.seen[worker], version)
        return min(self.seen)
