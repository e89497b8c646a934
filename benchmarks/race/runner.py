"""All runs of a race, one after the other, and what is written of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.race.data import Prepared, prepare
from benchmarks.race.environments import NotInstalled, python_of, version_of
from benchmarks.race.job import BETA, Job, System, first_alpha, points
from benchmarks.race.results import Key, Result, append, finished, load
from benchmarks.race.run import Outcome, run
from benchmarks.race.score import Scorer
from benchmarks.race.summary import OURS
from benchmarks.report import processor
from lda.corpus import DataError

RESULTS: Final = "results.jsonl"
AHEAD: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be raced, and where it is written.

    levels: sweeps after which systems are compared. seconds: training seconds of a run at most. limit: wall-clock
    seconds after which a run is ended. tokens: size of a synthetic corpus.
    """

    corpora: Sequence[str]
    topics: Sequence[int]
    systems: Sequence[System]
    levels: Sequence[int]
    seconds: float
    spacing: float
    seeds: int
    threads: int
    limit: float
    tokens: int
    output: Path


def race(plan: Plan, say: Callable[[str], None]) -> list[Result]:
    """Run what has no result yet; returns all results there are in the folder."""
    plan.output.mkdir(parents=True, exist_ok=True)
    file = plan.output / RESULTS
    pythons: dict[str, Path | NotInstalled] = {}
    for name in plan.corpora:
        try:
            corpus = prepare(name, _folder(plan, name), plan.tokens)
        except (FileNotFoundError, DataError) as error:
            say(f"{name} is left out: {error}")
            continue
        say(f"{name}: {corpus.n_documents:,} documents, {corpus.n_tokens:,} tokens, {corpus.n_terms:,} terms")
        scorer = Scorer(corpus.heldout(), corpus.vocabulary())
        for system, k, seed in _order(plan):
            key = Key(corpus.name, corpus.digest, k, system.name, seed, plan.threads, max(plan.levels))
            if key in finished(load(file)):
                continue
            say(f"{name}, K = {k}, seed {seed}: {system.name}")
            result = _one(plan, corpus, system, key, scorer, pythons)
            append(file, result)
            say(f"  {told(result)}")
    return load(file)


def _order(plan: Plan) -> Iterator[tuple[System, int, int]]:
    """Systems alternate, and each seed begins with another one: a slow hour of the machine falls on all."""
    for k in plan.topics:
        for seed in range(plan.seeds):
            turn = seed % len(plan.systems)
            for system in (*plan.systems[turn:], *plan.systems[:turn]):
                yield system, k, seed


def _folder(plan: Plan, name: str) -> Path:
    if name == "synthetic":
        return plan.output / "data" / f"synthetic-{plan.tokens}"
    if "/" in name or Path(name).is_dir():
        tag = hashlib.sha256(str(Path(name).resolve()).encode()).hexdigest()[:8]
        return plan.output / "data" / f"{Path(name).resolve().name}-{tag}"
    return plan.output / "data" / name


def _one(
    plan: Plan, corpus: Prepared, system: System, key: Key, scorer: Scorer,
    pythons: dict[str, Path | NotInstalled],
) -> Result:  # fmt: skip
    if system.name not in pythons:
        try:
            pythons[system.name] = python_of(system)
        except NotInstalled as why:
            pythons[system.name] = why
    python = pythons[system.name]
    outcome, version = Outcome("failed"), ""
    if isinstance(python, NotInstalled):
        outcome.reason = str(python)
    else:
        version = version_of(system, python) if system.package else ""
        out = plan.output / "runs" / f"{corpus.name}-k{key.k}-{system.name}-{key.seed}"
        job = Job(
            data=str(Path(corpus.folder).absolute()), out=str(out.absolute()), k=key.k, seed=key.seed,
            threads=plan.threads, alpha=first_alpha(key.k), beta=BETA,
            points=_points(plan, system), levels=sorted(plan.levels), seconds=plan.seconds, variant=system.variant,
            config=None if system.config is None else str(system.config),
        )  # fmt: skip
        outcome = run(system, python, job, plan.limit, scorer)
        if (out / "work").exists():
            shutil.rmtree(out / "work")
    return Result(
        **key._asdict(), **asdict(outcome), version=version or str(outcome.settings.get("version", "")),
        date=str(dt.datetime.now(tz=dt.UTC).date()), machine=f"{processor()}, Python {sys.version.split()[0]}",
        n_documents=corpus.n_documents, n_tokens=corpus.n_tokens, n_terms=corpus.n_terms,
        n_heldout=corpus.n_heldout,
    )  # fmt: skip


def _points(plan: Plan, system: System) -> list[int]:
    """Sweeps of the snapshots: raylda goes twice as far, for it may be asked later what it reaches in equal time."""
    levels = [*plan.levels, AHEAD * max(plan.levels)] if system.name == OURS else plan.levels
    return points(levels, plan.spacing)


def told(result: Result) -> str:
    """A run in a line."""
    if not result.curve:
        return f"{result.status}: {result.reason}"
    seconds, value = result.curve[-1]
    sweeps = max(int(point["sweeps"]) for point in result.points)
    note = f" ({result.status}: {result.reason})" if result.status != "done" else ""
    peak = f"peak {result.peak_bytes / 1e6:,.0f} MB"
    return f"{value:.4f} nats a token after {sweeps} sweeps, {seconds:.1f} s, {peak}{note}"
