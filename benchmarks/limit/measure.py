"""One row of the comparison: the C program, raylda and tomotopy in turns of a few sweeps, on one corpus at one K.

All three have made the same number of sweeps when the clocks begin. raylda makes them, with its defaults, and its
topics and priors are what the C program begins from; it then sweeps on its own, as raylda does, and what it says at
its end of how well its topics fit shows that it samples what it should. tomotopy begins from topics of its own.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.limit.programs import TURNS, Program, build
from benchmarks.limit.state import write_state
from benchmarks.peers.protocol import __file__ as peers
from lda.cluster import FitSettings
from lda.cluster.loop.local_engine import Engine
from lda.cluster.resources.threads import Threads
from lda.samplers.counts.row_layout import FEW_TOPICS

if TYPE_CHECKING:
    from lda.corpus import Corpus

TURN: Final = 5
"""Sweeps of a turn; alpha is learned after the last, as a fit does."""

ENDLESS: Final = 10**9
TOMOTOPY: Final = Path(peers).parent / "tomotopy_sweeps.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What was measured: nanoseconds of a core a token, medians over turns; `_all` with every core busy.

    sampling, counting: of the C program, counting with phi. kernel: raylda's sampling calls. sweep: all that raylda
    does in a sweep, alpha learned. tomotopy: a sweep of one worker, None where it was not measured. log_phi,
    ours_log_phi: mean log phi of the tokens' topics at the end. turns: documents that the C program resamples in turns.
    """

    corpus: str
    k: int
    documents: int
    tokens: int
    terms: int
    sampler: str
    cores: int
    turns: int
    sampling: float
    counting: float
    sampling_all: float
    counting_all: float
    kernel: float
    sweep: float
    kernel_all: float
    sweep_all: float
    tomotopy: float | None
    log_phi: float
    ours_log_phi: float


class Ours:
    """raylda, whose sampling calls are timed within its sweeps."""

    def __init__(self, corpus: Corpus, settings: FitSettings) -> None:
        self.engine = Engine(corpus, settings, lambda: False)
        self._sampling = 0.0
        for shard in self.engine.documents.shards:
            vars(shard)["sample"] = self._timed(shard.sample)

    def begin(self, sweeps: int) -> None:
        """The start, and sweeps with priors learned as in a fit."""
        settings = self.engine.settings
        self.engine.start()
        for done in range(1, sweeps + 1):
            self.engine.sweep()
            if done >= settings.burn_in and done % settings.optimize_interval == 0:
                self.engine.learn_priors()

    def turn(self, threads: int) -> tuple[float, float]:
        """Nanoseconds of a core a token of a turn by so many threads: (sampling calls, all)."""
        engine = self.engine
        with Threads(threads) as pool:
            engine.threads = engine.sweeper.threads = pool
            self._sampling = 0.0
            before = time.perf_counter()
            for _ in range(TURN):
                engine.sweep()
            engine.learn_priors()
            seconds = time.perf_counter() - before
        each = 1e9 * threads / (TURN * engine.n_tokens)
        return self._sampling * each, seconds * each

    def mean_log_phi(self) -> float:
        """Mean over tokens of log phi of their topic."""
        counts = self.engine.matrix()
        totals, beta = np.asarray(counts.sum(axis=0)).ravel(), self.engine.priors.beta
        phi = (counts.data + beta) / (totals[counts.indices] + beta * counts.shape[0])
        return float(counts.data @ np.log(phi) / counts.data.sum())

    def _timed(self, sample: Any) -> Any:  # noqa: ANN401 - whatever a shard's method takes
        def timed(*arguments: Any, **named: Any) -> None:  # noqa: ANN401
            before = time.perf_counter()
            sample(*arguments, **named)
            self._sampling += time.perf_counter() - before

        return timed


def fastest(folder: Path, state: Path, n_topics: int) -> tuple[int, list[str]]:
    """(documents in turns, command) of the C program that is fastest with this state. Raises NoProgram."""
    found = []
    ways = (False, True) if n_topics > FEW_TOPICS else (False,)
    for turns, gather in product(TURNS, ways):
        command = [*build(folder, n_topics, turns, gather=gather), str(state)]
        with Program(command) as program:
            program.wait_until_ready()
            program.ask(1)
            first = program.answer()["sampling"]
            program.ask(1)
            found.append((min(first, program.answer()["sampling"]), turns, command))
    _, turns, command = min(found)
    return turns, command


def measure(
    name: str,
    corpus: Corpus,
    settings: FitSettings,
    *,
    cores: int,
    sweeps: int,
    repeats: int,
    tomotopy: Path | None,
) -> Limit:
    """The row of a corpus. tomotopy: the interpreter that has it; None leaves it out.

    Raises NoProgram, ValueError.
    """
    k = settings.n_topics
    with tempfile.TemporaryDirectory(prefix="raylda-limit-") as folder, ExitStack() as stack:
        ours = Ours(corpus, settings)
        stack.callback(ours.engine.close)
        ours.begin(sweeps)
        state = Path(folder) / "state"
        write_state(ours.engine, state)
        turns, command = fastest(Path(folder), state, k)
        programs = [stack.enter_context(Program(command)) for _ in range(cores)]
        theirs = None
        if tomotopy is not None:
            theirs = stack.enter_context(Program([str(tomotopy), str(TOMOTOPY), str(state), str(sweeps)]))
        for program in [*programs, *([theirs] if theirs else [])]:
            program.wait_until_ready()
        ours.turn(cores)
        rows = [_turns(ours, programs, theirs, cores) for _ in range(repeats)]
        found = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        said = programs[0].last_words()["mean_log_phi"]
        return Limit(
            corpus=name, k=k, documents=corpus.n_documents, tokens=corpus.n_tokens, terms=corpus.n_terms,
            sampler=str(settings.sampler), cores=cores, turns=turns, log_phi=said, ours_log_phi=ours.mean_log_phi(),
            **({"tomotopy": None} | found),
        )  # fmt: skip


def _turns(ours: Ours, programs: Sequence[Program], theirs: Program | None, cores: int) -> dict[str, Any]:
    """A turn of each: the C program alone and one on each core, raylda by one thread and by all, tomotopy."""
    found: dict[str, Any] = {}
    for suffix, busy in (("", programs[:1]), ("_all", programs)):
        for program in busy:
            program.ask(TURN)
        answers = [program.answer() for program in busy]
        for part in ("sampling", "counting"):
            found[part + suffix] = statistics.mean(answer[part] for answer in answers)
        found["kernel" + suffix], found["sweep" + suffix] = ours.turn(1 if not suffix else cores)
    if theirs is not None:
        theirs.ask(TURN)
        found["tomotopy"] = theirs.answer()["sweep"]
    return found
