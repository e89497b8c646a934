"""Jobs for the processes of a pool, which import them from here: quick ones, and such as die."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lda.cluster.spec.job import threads_now
from lda.corpus import DataError
from lda.corpus.machine import available_cores


@dataclass(frozen=True, slots=True)
class Squares:
    """Squares of numbers, with what the worker knows of itself; opening leaves a note in `folder`.

    The task `fatal` kills its worker `times` times; `bad` is refused.
    """

    folder: str
    fatal: int | None = None
    times: int = 0
    bad: int | None = None

    def open(self, threads: int) -> Callable[[int], tuple[int, int, int]]:
        with open(Path(self.folder, f"opened-{os.getpid()}"), "a", encoding="ascii") as note:
            note.write("x")

        def work(task: int) -> tuple[int, int, int]:
            if task == self.bad:
                raise DataError(f"{task} is bad")
            deaths = Path(self.folder, "deaths")
            if task == self.fatal and len(died := deaths.read_text() if deaths.exists() else "") < self.times:
                deaths.write_text(died + "x")
                os.kill(os.getpid(), signal.SIGKILL)
            assert available_cores() <= threads_now()
            return task * task, os.getpid(), threads_now()

        return work


@dataclass(frozen=True, slots=True)
class Fits:
    """Fingerprints, and sweeps that this process has made, of fits of a corpus by seed; with checkpoints in `folder`.

    The fit with seed 0 kills its process after sweep 7, once.
    """

    corpus: str
    folder: str

    def open(self, threads: int) -> Callable[[int], tuple[int, str, int]]:
        from lda.cluster import Checkpointing, FitSettings, SweepRecord, fingerprint, fit
        from lda.corpus import Corpus

        corpus = Corpus.open(self.corpus)

        def work(seed: int) -> tuple[int, str, int]:
            made = 0

            def on_sweep(record: SweepRecord) -> None:
                nonlocal made
                made += 1
                killed = Path(self.folder, "killed")
                if seed == 0 and record.sweep == 7 and not killed.exists():
                    killed.touch()
                    os.kill(os.getpid(), signal.SIGKILL)

            wanted = FitSettings(n_topics=4, sweeps=10, seed=seed, threads=threads_now())
            keep = Checkpointing(path=str(Path(self.folder, str(seed))), every=5, resume=True)
            result = fit(corpus, wanted, checkpointing=keep, on_sweep=on_sweep, warn=lambda text: None)
            assert result.topic_word_counts is not None
            return seed, fingerprint(result.topic_word_counts), made

        return work


@dataclass(frozen=True, slots=True)
class Endless:
    """Tasks that do not end by themselves. Each leaves a note of its process, and a temporary file that it removes."""

    folder: str

    def open(self, threads: int) -> Callable[[int], None]:
        def work(task: int) -> None:
            temporary = Path(self.folder, f"temporary-{task}")
            try:  # it may be ended from the moment on in which it leaves its note
                temporary.touch()
                Path(self.folder, f"busy-{os.getpid()}").touch()
                while True:
                    time.sleep(0.05)
            finally:
                temporary.unlink(missing_ok=True)

        return work


@dataclass(frozen=True, slots=True)
class Forks:
    """Tasks that end their worker and leave a process of its own behind, whose number stands in `folder`."""

    folder: str

    def open(self, threads: int) -> Callable[[int], None]:
        def work(task: int) -> None:
            left = os.fork()
            if left == 0:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                time.sleep(600)
            Path(self.folder, f"busy-{left}").touch()
            os._exit(1)

        return work


@dataclass(frozen=True, slots=True)
class Libraries:
    """How many threads the libraries of a worker would begin."""

    def open(self, threads: int) -> Callable[[None], dict[str, Any]]:
        def work(task: None) -> dict[str, Any]:
            import numba
            import pyarrow as pa

            return {
                "Arrow": pa.cpu_count(),
                "Numba": numba.get_num_threads(),
                "BLAS": os.environ["OPENBLAS_NUM_THREADS"],
                "fit": available_cores(),
            }

        return work
