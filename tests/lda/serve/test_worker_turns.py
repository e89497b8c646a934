"""Who takes a connection: the worker that has the fewest, as far as others know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.serve.host.worker_turns import MOST, WorkerTurns

if TYPE_CHECKING:
    from pathlib import Path


def test_a_connection_is_left_to_who_has_fewer_for_longer_the_fewer_they_have(tmp_path: Path) -> None:
    file = tmp_path / "turns"
    WorkerTurns.make(file, 3)
    first, second = (WorkerTurns(file, seat) for seat in range(2))
    assert first.patience(5) == 0, "nobody else takes any"
    second.tell(3)
    assert first.patience(3) == 0
    assert first.patience(5) == 2 * first.courtesy
    assert first.patience(1_000) == MOST * first.courtesy
    assert second.patience(4) == 0
    second.leave()
    second.tell(0)
    assert first.patience(5) == 0, "who has left is waited for no more"
    WorkerTurns(file, 1).tell(0)
    assert first.patience(1) == first.courtesy
    WorkerTurns.vacate(file, 1)
    assert first.patience(1) == 0
