"""The table of samplers, by name: a row says which kernels a sampler runs and what it can do.

A new sampler is a file with its token rule and a row of the table below. The rule is named, not imported, so that this
table can be read without compiling anything: `lda fit --help` must not wait for Numba.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, cast

if TYPE_CHECKING:
    import numpy as np

    from lda.samplers.rules.by_word_range import Paused
    from lda.samplers.tokens import Tokens

OWN: Final = "own:"
"""Begins the recorded name of a sampler that is not in the table."""

_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")

LanguageKind = Literal["mean", "drawn", "current"]
"""What a rule is given for phi: a `LanguageModel` of the posterior mean, one that is a Dirichlet draw (all rows dense),
or the counts themselves, `collapsed.CurrentCounts`, which it keeps up to date."""


class TokenRule(Protocol):
    """How topics are resampled, given phi and the document's other topics."""

    def __call__(
        self,
        tokens: Tokens,
        first: int,
        last: int,
        model: Any,  # noqa: ANN401 - as the sampler's `language` says
        seed: np.uint64,
        pass_number: np.uint64,
        leave_out: bool,
        /,
    ) -> None:
        """Resample documents first .. last - 1, in place in `tokens.z`.

        The topics drawn must depend on (seed, pass_number, the document's key, its tokens, model) alone; the random
        numbers among these are keyed by the first three, see `numerics/streams.py`. Several threads may call the rule
        at the same time, each for other documents.
        """
        ...


class RangeRule(Protocol):
    """A token rule that can stop between two words of a document: see `rules/by_word_range.py`."""

    def __call__(
        self,
        tokens: Tokens,
        first: int,
        last: int,
        span: tuple[int, int],
        model: Any,  # noqa: ANN401 - a `LanguageModel` of the words of `span`
        paused: Paused,
        seed: np.uint64,
        pass_number: np.uint64,
        leave_out: bool,
        /,
    ) -> None:
        """Resample the tokens of the words span[0] .. span[1] - 1, to the bits of the whole document's rule."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """One sampler: a language model, a token rule, and what they allow.

    Attributes:
        name: what users call it. summary: one line about it.
        language: what stands for phi.
        rule: the token rule, itself or as "module:function".
        leave_out: the own token is taken out of phi (and, by the sequential rule, always out of the document).
        phases: exchanges of counts a sweep, by default.
        lag: phases just before a phase that its counts may lack. 0 where that would change what is sampled from: a
            draw of phi must be one given all topics as they are. Posterior-mean phi is already half a phase stale on
            average.
        by_range: the rule range by range of the vocabulary, for models larger than memory; None where phi must be
            whole.
        cuda: the rule's kernels on a GPU, a function of leave_out that returns a `cuda.document_groups.Rule`; None
            where a GPU would round otherwise, and so draw other topics.
        parallel: whether documents may be sampled by several threads, and by several workers.
        learns_priors: whether alpha and beta may change between sweeps.
        averages: whether the counts of late sweeps may be averaged.
        alpha_parts_of_few: whether the rule reads the alpha parts of dense rows (`phi/language_model.py`) where topics
            are few, at most `row_layout.FEW_TOPICS`.

    Raises ValueError for a row that contradicts itself.
    """

    name: str
    summary: str
    language: LanguageKind
    rule: TokenRule | str
    leave_out: bool = False
    phases: int = 1
    lag: int = 0
    by_range: RangeRule | str | None = None
    cuda: Callable[..., Any] | str | None = None
    parallel: bool = True
    learns_priors: bool = True
    averages: bool = True
    alpha_parts_of_few: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ValueError(
                "a sampler's name is up to 40 of a-z, 0-9 and hyphens, a letter first, "
                f"got {self.name!r:.60}; rename it"
            )
        if self.language != "mean" and (self.by_range or self.cuda or self.lag):
            raise ValueError(
                f"by_range, cuda and lag are for the language mean, got them for {self.language} in the sampler "
                f"{self.name}; leave them out"
            )
        if self.language == "current" and (self.parallel or self.phases != 1):
            raise ValueError(
                f"counts that are current leave nothing to divide or to exchange; the sampler {self.name} needs "
                "parallel=False and one phase"
            )

    def __str__(self) -> str:
        return self.name

    def unseen_phases(self, phases: int) -> int:
        """Phases just before a phase that its counts may lack, when a sweep has so many phases."""
        return min(self.lag, phases - 1)

    def reads_alpha_parts(self, n_topics: int) -> bool:
        """Whether the rule reads the alpha parts of dense rows, of which making takes time."""
        from lda.samplers.counts.row_layout import FEW_TOPICS  # which loads Numba

        return self.alpha_parts_of_few or n_topics > FEW_TOPICS

    def load_rule(self) -> TokenRule:
        """The token rule; imports its kernels."""
        return cast("TokenRule", _load(self.rule))

    def load_range_rule(self) -> RangeRule:
        """The rule by range. Raises ValueError where there is none."""
        if self.by_range is None:
            raise ValueError(
                f"the sampler {self.name} needs the whole vocabulary at once; leave model_memory out"
            )
        return cast("RangeRule", _load(self.by_range))

    def load_cuda(self) -> Callable[..., Any]:
        """What makes the device's rule. Raises ValueError where there is none."""
        if self.cuda is None:
            raise ValueError(f"the sampler {self.name} does not run on a GPU; take the device cpu")
        return _load(self.cuda)


def _load(entry: Callable[..., Any] | str) -> Callable[..., Any]:
    return _imported(entry) if isinstance(entry, str) else entry


@cache
def _imported(entry: str) -> Callable[..., Any]:
    module, _, function = entry.partition(":")
    return cast("Callable[..., Any]", getattr(import_module(module), function))


_RULES: Final = "lda.samplers.rules"
_CUDA: Final = "lda.samplers.cuda.document_groups"

SAMPLERS: Final[dict[str, Sampler]] = {
    s.name: s
    for s in (
        Sampler(
            name="adlda",
            summary="approximate distributed collapsed Gibbs (Newman et al. 2009)",
            language="mean",
            rule=f"{_RULES}.sequential:resample_documents",
            by_range=f"{_RULES}.by_word_range:resample_one_by_one",
            cuda=f"{_CUDA}:one_by_one",
            leave_out=True,
            phases=4,
            lag=1,
            alpha_parts_of_few=False,
        ),
        Sampler(
            name="esca",
            summary="stochastic cellular automaton (Zaheer et al. 2016)",
            language="mean",
            rule=f"{_RULES}.simultaneous:sweep_documents",
            by_range=f"{_RULES}.by_word_range:resample_at_once",
            cuda=f"{_CUDA}:at_once",
            lag=1,
        ),
        Sampler(
            name="esca-leave-out",
            summary="the cellular automaton with the own token left out of all counts",
            language="mean",
            rule=f"{_RULES}.simultaneous:sweep_documents",
            by_range=f"{_RULES}.by_word_range:resample_at_once",
            cuda=f"{_CUDA}:at_once",
            leave_out=True,
            phases=4,
            lag=1,
        ),
        Sampler(
            name="pclda",
            summary="partially collapsed Gibbs, exact (Magnusson et al. 2018)",
            language="drawn",
            rule=f"{_RULES}.sequential:resample_documents",
        ),
        Sampler(
            name="uncollapsed",
            summary="textbook uncollapsed Gibbs, exact",
            language="drawn",
            rule=f"{_RULES}.drawn_theta:resample_documents",
        ),
        Sampler(
            name="collapsed",
            summary="collapsed Gibbs, exact, one thread: the reference (Griffiths and Steyvers 2004)",
            language="current",
            rule=f"{_RULES}.collapsed:resample_documents",
            leave_out=True,
            parallel=False,
        ),
    )
}

DEFAULT_SAMPLER: Final = "adlda"


def sampler(wanted: str | Sampler) -> Sampler:
    """The sampler called `wanted`, "auto" being the default; or `wanted` itself, a row that is not in the table.

    Raises ValueError for an unknown name, listing the known ones, and for a row that takes another's name.
    """
    if isinstance(wanted, Sampler):
        if wanted.name == "auto" or SAMPLERS.get(wanted.name, wanted) != wanted:
            raise ValueError(
                f"the name {wanted.name!r} is taken by another sampler; give yours a name of its own"
            )
        return wanted
    try:
        return SAMPLERS[DEFAULT_SAMPLER if wanted == "auto" else wanted]
    except (KeyError, TypeError):
        raise ValueError(f"no sampler is called {wanted!r}; there are auto, {', '.join(SAMPLERS)}") from None


def choice_of(rows: Iterable[Sampler]) -> str:
    """Their names as a sentence lists them: a, b or c."""
    names = [row.name for row in rows]
    return " or ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def recorded_name(wanted: str | Sampler) -> str:
    """What models and checkpoints call a sampler: its name, marked where it is a row that is not in the table."""
    row = sampler(wanted)
    if row.name in SAMPLERS:
        return "auto" if wanted == "auto" else row.name
    return OWN + row.name


def is_own(name: object) -> bool:
    """Whether `recorded_name` may have called a row that is not in the table so."""
    return isinstance(name, str) and name.startswith(OWN) and bool(_NAME.fullmatch(name.removeprefix(OWN)))
