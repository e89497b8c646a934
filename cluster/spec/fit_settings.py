"""`FitSettings`: the settings of a fit, checked once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Any, Final, Literal

from lda.corpus.errors import DataError
from lda.corpus.machine import available_cores
from lda.samplers.cuda.available import check_sampler
from lda.samplers.limits import PRIOR_MAX, PRIOR_MIN
from lda.samplers.registry import SAMPLERS, Sampler, recorded_name, sampler

Device = Literal["cpu", "cuda"]
Start = Literal["auto", "random", "annealed", "growing", "given"]
MAX_TOPICS: Final = (1 << 31) - 1
ALWAYS_ALLOWED: Final = 100_000
"""Topics that a corpus of any size may have: `lda warm` fits so many to a small one."""
N_SAMPLES: Final = 5
SAMPLED_SHARE: Final = 20
MOST_SWEEPS_APART: Final = 20
"""States that are averaged by default, sweeps / SAMPLED_SHARE sweeps apart. Five states ten sweeps apart are as good as
ten that are five apart, and take half the time: -7.411 for -7.412 on arXiv abstracts at K = 100, -8.365 for -8.364 on
film reviews at K = 20. Short fits are still on their way: averages over 45 of 80 sweeps were worse than the last
state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """Settings of one fit; "auto" and None stand for a choice made by `resolved`.

    n_topics: K, 1 .. 2^31 - 1. sampler: a name of `lda.samplers.registry`, or a row of one's own. alpha: per topic,
    one number, K numbers, "auto" to learn an asymmetric prior, or "auto-symmetric" to learn one number for all topics.
    beta: a number, or "auto" to learn it.
    sweeps: passes over the corpus after the start. phases: exchanges of counts a sweep. threads: None for all cores.
    optimize_interval: sweeps between updates of learned priors, 0 to leave them where learning would begin;
    burn_in: sweeps before the first, though a start may learn beta sooner (`lda.cluster.sweeping.start_schedule`).
    start: how topics begin; "given" is that of a fit which
    is told where (`lda.cluster.spec.beginning`), and no choice of its own.
    n_samples, sample_interval: average the soft counts of this many late sweeps, so far apart; 0 keeps the
    counts of the last state alone. None is 5, or 0 for a sampler without averages, and a twentieth of the sweeps, from
    1 to 20.
    validation_fraction: share of documents kept out of training to score. tol, n_iter_no_change: stop when
    that many evaluations in a row gained less than tol nats a token. evaluate_every: sweeps between evaluations.
    memory: bytes that a process may hold; documents beyond it stay on disk. model_memory: bytes of them that the
    model may take; a larger one is walked range by range of the vocabulary. device: "cpu", or "cuda" for a GPU, which
    draws the same topics; for the samplers that `lda.samplers.cuda` offers. None of the three changes the result.

    Raises ValueError naming the rule, the value and the remedy.
    """

    n_topics: int
    sampler: str | Sampler = "auto"
    alpha: float | Sequence[float] | Literal["auto", "auto-symmetric"] = "auto"
    beta: float | Literal["auto"] = "auto"
    sweeps: int = 200
    phases: int | None = None
    start: Start = "auto"
    seed: int = 0
    threads: int | None = None
    optimize_interval: int = 5
    burn_in: int = 10
    n_samples: int | None = None
    sample_interval: int | None = None
    validation_fraction: float = 0.0
    tol: float | None = None
    n_iter_no_change: int = 5
    evaluate_every: int = 10
    memory: int | None = None
    model_memory: int | None = None
    device: Device = "cpu"

    def __post_init__(self) -> None:
        chosen = sampler(self.sampler)
        _whole("the number of topics", self.n_topics, 1, MAX_TOPICS)
        _whole("the number of sweeps", self.sweeps, 0)
        _whole("the seed", self.seed, 0, (1 << 64) - 1)
        for name in ("n_iter_no_change", "evaluate_every"):
            _whole(name, getattr(self, name), 1)
        for name in ("optimize_interval", "burn_in"):
            _whole(name, getattr(self, name), 0)
        if self.phases is not None:
            _whole("phases", self.phases, 1, 1024)
        if self.threads is not None:
            _whole("threads", self.threads, 1, 4096)
        self._check_samples()
        self._check_memory()
        self._check_device()
        if self.start not in ("auto", "random", "annealed", "growing", "given"):
            raise ValueError(f"start must be auto, random, annealed or growing, got {self.start!r}")
        _prior("alpha", self.alpha, "auto-symmetric")
        if not chosen.learns_priors and (isinstance(self.alpha, str) or isinstance(self.beta, str)):
            raise ValueError(
                f"the sampler {chosen.name} keeps its priors, got alpha {self.alpha!r} and beta {self.beta!r}; "
                "give numbers"
            )
        if isinstance(self.beta, Sequence) and not isinstance(self.beta, str):
            raise ValueError(
                f"beta must be one number for all terms and topics, got {len(self.beta)} numbers"
            )
        _prior("beta", self.beta)
        if (
            not isinstance(self.alpha, str)
            and isinstance(self.alpha, Sequence)
            and len(self.alpha) != self.n_topics
        ):
            raise ValueError(
                f"alpha must be one number or one per topic ({self.n_topics}), got {len(self.alpha)} numbers"
            )
        if not (isinstance(self.validation_fraction, Real) and 0 <= self.validation_fraction < 1):
            raise ValueError(f"validation_fraction must lie in [0, 1), got {self.validation_fraction!r}")
        if self.tol is not None and not (isinstance(self.tol, Real) and self.tol >= 0):
            raise ValueError(f"tol must not be negative, got {self.tol!r}")

    def check_tokens(self, n_tokens: int) -> None:
        """Refuse topics that no token could be left for: their counts would fill the memory before it shows.

        n_tokens: of the corpus. Up to `ALWAYS_ALLOWED` are never refused: a first try may have few documents.

        Raises:
            DataError: there are more topics than tokens.
        """
        if self.n_topics > max(n_tokens, ALWAYS_ALLOWED):
            raise DataError(
                f"there may be no more topics than tokens, got {self.n_topics:,} topics for {n_tokens:,} tokens; "
                "take fewer topics"
            )

    def _check_samples(self) -> None:
        chosen = sampler(self.sampler)
        for name, least in (("n_samples", 0), ("sample_interval", 1)):
            if getattr(self, name) is not None:
                _whole(name, getattr(self, name), least)
        if not chosen.averages and self.n_samples:
            raise ValueError(
                f"the sampler {chosen.name} takes no averages over sweeps, got n_samples {self.n_samples}; "
                "leave n_samples out, or give 0"
            )

    def _check_memory(self) -> None:
        for name in ("memory", "model_memory"):
            if getattr(self, name) is not None:
                _whole(f"{name} (bytes)", getattr(self, name), 1)
        if self.model_memory is None:
            return
        if sampler(self.sampler).by_range is None:
            raise ValueError(
                f"model_memory needs a sampler that reads counts, as adlda does, got {self.sampler}: a draw of phi "
                "is of the whole vocabulary; leave model_memory out"
            )
        if self.validation_fraction > 0:
            raise ValueError(
                f"model_memory goes without validation documents, got validation_fraction "
                f"{self.validation_fraction}: they would need the whole model; score the finished one instead"
            )

    def _check_device(self) -> None:
        if self.device not in ("cpu", "cuda"):
            raise ValueError(f"the device must be cpu or cuda, got {self.device!r}")
        if self.device == "cpu":
            return
        check_sampler(sampler(self.sampler))
        for name in ("memory", "model_memory"):
            if getattr(self, name) is not None:
                raise ValueError(
                    f"{name} goes without the device cuda, where documents and model stay on the GPU; "
                    f"leave {name} out, or take the device cpu"
                )

    def resolved(self) -> FitSettings:
        """These settings with every choice made, except for priors that are to be learned."""
        chosen = sampler(self.sampler)
        return replace(
            self,
            sampler=chosen.name if chosen.name in SAMPLERS else chosen,
            # Counts that are current at each token leave nothing to exchange.
            phases=1 if chosen.language == "current" else (self.phases or chosen.phases),
            threads=(self.threads or available_cores()) if chosen.parallel else 1,
            start="growing" if self.start == "auto" else self.start,
            n_samples=(N_SAMPLES if chosen.averages else 0) if self.n_samples is None else self.n_samples,
            sample_interval=self.sample_interval
            or min(max(self.sweeps // SAMPLED_SHARE, 1), MOST_SWEEPS_APART),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values by name; a sampler of one's own by its `recorded_name`."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "sampler": recorded_name(self.sampler)
        }


def _whole(what: str, value: Any, low: int, high: int | None = None) -> None:  # noqa: ANN401
    wanted = f"at least {low}" if high is None else f"between {low} and {high}"
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"{what} must be a whole number {wanted}, got {value!r}")
    if int(value) < low or (high is not None and int(value) > high):
        raise ValueError(f"{what} must be {wanted}, got {value}")


def _prior(what: str, value: Any, *words: str) -> None:  # noqa: ANN401
    if isinstance(value, str):
        if value not in ("auto", *words):
            raise ValueError(f'{what} must be a positive number or "auto", got {value!r}')
        return
    for number in value if isinstance(value, Sequence) else [value]:
        if not (isinstance(number, Real) and PRIOR_MIN <= float(number) <= PRIOR_MAX):
            raise ValueError(f"{what} must be positive, from {PRIOR_MIN:g} to {PRIOR_MAX:g}, got {number}")
