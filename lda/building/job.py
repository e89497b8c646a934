"""What the workers of a build begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.corpus.ingest.plan import BuildPlan


@dataclass(frozen=True, slots=True)
class BuildJob:
    """A plan, and where its work folder is."""

    plan: BuildPlan
    work: str

    def open(self, threads: int) -> Callable[[Any], Any]:
        """What does one task of the build."""
        from lda.cluster.spec.job import threads_now
        from lda.corpus.ingest.worker import BuildWorker

        worker = BuildWorker(self.plan, self.work)
        return lambda task: worker.do(task, threads_now())
