"""The samplers by name: each is a language model and a token rule, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

LanguageKind = Literal["mean", "drawn", "current"]
TokenRule = Literal["simultaneous", "sequential", "drawn-theta"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """One sampler.

    language: "mean" of the counts last exchanged, a Dirichlet draw, or the counts as they are at each token.
    rule: how z is drawn given the document and phi. leave_out: the own token is taken out of phi (and, by the
    sequential rule, always out of the document). phases: exchanges a sweep by default.
    """

    name: str
    language: LanguageKind
    rule: TokenRule
    leave_out: bool
    phases: int
    summary: str

    def lag(self, phases: int) -> int:
        """Phases just before a phase that its counts may lack: 1, or 0 where that would change what is sampled from.

        A mean of counts is out of date by half a phase anyhow. A draw of phi must be one given all topics as
        they are, or the sampler would no longer be exact.
        """
        return 1 if phases > 1 and self.language == "mean" else 0


SAMPLERS: Final[dict[str, Sampler]] = {
    s.name: s
    for s in (
        Sampler(
            name="adlda",
            language="mean",
            rule="sequential",
            leave_out=True,
            phases=4,
            summary="approximate distributed collapsed Gibbs (Newman et al. 2009)",
        ),
        Sampler(
            name="esca",
            language="mean",
            rule="simultaneous",
            leave_out=False,
            phases=1,
            summary="stochastic cellular automaton (Zaheer et al. 2016)",
        ),
        Sampler(
            name="esca-leave-out",
            language="mean",
            rule="simultaneous",
            leave_out=True,
            phases=4,
            summary="the cellular automaton with the own token left out of all counts",
        ),
        Sampler(
            name="pclda",
            language="drawn",
            rule="sequential",
            leave_out=False,
            phases=1,
            summary="partially collapsed Gibbs, exact (Magnusson et al. 2018)",
        ),
        Sampler(
            name="uncollapsed",
            language="drawn",
            rule="drawn-theta",
            leave_out=False,
            phases=1,
            summary="textbook uncollapsed Gibbs, exact",
        ),
        Sampler(
            name="collapsed",
            language="current",
            rule="sequential",
            leave_out=True,
            phases=1,
            summary="collapsed Gibbs, exact, one thread: the reference (Griffiths and Steyvers 2004)",
        ),
    )
}

DEFAULT_SAMPLER: Final = "adlda"


def sampler(name: str) -> Sampler:
    """The sampler called `name`; "auto" is the default. Raises ValueError naming those there are."""
    try:
        return SAMPLERS[DEFAULT_SAMPLER if name == "auto" else name]
    except KeyError:
        raise ValueError(f"no sampler is called {name!r}; there are auto, {', '.join(SAMPLERS)}") from None
