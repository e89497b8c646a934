"""`Followers`: several, told as one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lda.corpus.ingest.build import BuildProgress
    from lda.monitoring.follower import Follower


class Followers:
    """Tells each of its followers, in their order; there may be none."""

    def __init__(self, followers: Sequence[Follower]) -> None:
        self._all = tuple(followers)

    def __iter__(self) -> Iterator[Follower]:
        return iter(self._all)

    def stage(self, name: str) -> None:
        """See `Follower`."""
        for follower in self._all:
            follower.stage(name)

    def on_state(self, state: BuildProgress) -> None:
        """See `Follower`."""
        for follower in self._all:
            follower.on_state(state)

    def documents(self, n_documents: int) -> None:
        """See `Follower`."""
        for follower in self._all:
            follower.documents(n_documents)

    def on_parts(
        self, stage: str, parts: int, n_parts: int, *, workers: int = 0, seconds_left: float | None = None
    ) -> None:
        """See `Follower`."""
        for follower in self._all:
            follower.on_parts(stage, parts, n_parts, workers=workers, seconds_left=seconds_left)

    def on_warning(self, text: str) -> None:
        """See `Follower`."""
        for follower in self._all:
            follower.on_warning(text)
