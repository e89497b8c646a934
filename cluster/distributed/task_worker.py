"""`TaskActor`: the actor that does tasks of a `Job`, one at a time."""

from __future__ import annotations

from typing import Any

from lda.cluster.distributed.actor_report import Ready, introduce, one_line
from lda.cluster.distributed.actor_system import concurrency_group
from lda.cluster.exchange.actor_calls import Calls
from lda.cluster.spec.job import Job, with_threads


class TaskActor:
    """A worker. What keeps it from working is told by `begin`: an error would only say that it died."""

    def __init__(self, calls: Calls, job: Job[Any, Any], threads: int) -> None:
        self.calls, self.job, self.threads = calls, job, threads

    def begin(self) -> Ready:
        """Read what the work needs; returns where this worker runs, and whether it can work."""
        problem: str | None = None
        try:
            self.work = self.job.open(self.threads)
        except Exception as error:  # noqa: BLE001 - whatever it is, the driver tells of it
            problem = one_line(error)
        return introduce(self.calls, problem)

    @concurrency_group("pulse")
    def alive(self) -> None:
        """Answer, whatever else this worker is doing."""

    def do(self, task: Any) -> Any:  # noqa: ANN401 - the job knows what its tasks and results are
        """Do one task."""
        with with_threads(self.threads):
            return self.work(task)
