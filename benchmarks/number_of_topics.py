"""What criteria make of documents whose number of topics is known, and which topics are found again by chance alone."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import numpy as np

from benchmarks.corpora import SOURCES, built
from benchmarks.report import machine, table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scipy.sparse import csr_matrix

    from lda.corpus import Corpus
    from lda.experiments.study.judging.candidates import CandidateSummary
    from lda.experiments.study.judging.readings import FallOff
    from lda.experiments.study.judging.summary import StudySummary

KS: Final = (5, 10, 15, 20, 25, 30, 40, 80)


@dataclass(frozen=True, slots=True)
class Kind:
    """Documents to draw: how many, of how many tokens, over how many terms, and their priors."""

    documents: int
    length: int
    terms: int
    alpha: float
    beta: float


KINDS: Final = {
    "abstracts": Kind(2500, 100, 1000, 0.1, 0.05),
    "short": Kind(2500, 30, 1000, 0.1, 0.05),
    "few, mixed": Kind(600, 200, 2000, 0.3, 0.05),
}


def drawn(kind: Kind, n_topics: int, seed: int) -> csr_matrix:
    """(D, V) counts of documents from phi_k ~ Dirichlet(beta), theta_d ~ Dirichlet(alpha), lengths by Poisson."""
    from scipy.sparse import csr_matrix

    rng = np.random.default_rng(seed)
    phi = rng.dirichlet(np.full(kind.terms, kind.beta), n_topics)
    theta = rng.dirichlet(np.full(n_topics, kind.alpha), kind.documents)
    lengths = rng.poisson(kind.length, kind.documents)
    return csr_matrix([rng.multinomial(n, p) for n, p in zip(lengths, theta @ phi, strict=True)])


@click.command()
@click.option("-k", "numbers", type=int, multiple=True, default=KS, help="Numbers of topics to try.")
@click.option("--topics", "n_topics", type=int, default=20, help="Topics that documents are drawn from.")
@click.option("--seeds", type=int, default=3, help="Fits of each.")
@click.option("--sweeps", type=int, default=200, help="Sweeps a fit.")
def planted(numbers: tuple[int, ...], n_topics: int, seeds: int, sweeps: int) -> None:
    """What each criterion picks where the number of topics is known: synthetic documents of three kinds."""
    import lda

    click.echo(f"{machine()}\n{n_topics} topics; {seeds} seeds, {sweeps} sweeps\n")
    picks: dict[str, list[str]] = {}
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        for name, kind in KINDS.items():
            study = lda.tune(
                drawn(kind, n_topics, seed=1),
                list(numbers),
                output=Path(scratch) / name,
                max_iter=sweeps,
                n_seeds=seeds,
                test_fraction=0.2,
                criteria=True,
                page=False,
            )
            summary = study.summary()
            click.echo(f"{name}: {kind}\n\n{_of_study(summary)}\n")
            for criterion, found in chosen(summary).items():
                picks.setdefault(criterion, []).append(found)
    click.echo(table(["criterion", *KINDS], [[name, *found] for name, found in picks.items()]))


def chosen(summary: StudySummary) -> dict[str, str]:
    """The K that each criterion of a study picks."""
    rows, told = summary.candidates, summary.recommendation

    def best(value: Callable[[CandidateSummary], float | None], *, lowest: bool = False) -> str:
        known = [(found, row.n_topics) for row in rows if (found := value(row)) is not None]
        return str((min if lowest else max)(known)[1]) if known else "-"

    def of(name: str, *, lowest: bool = False) -> str:
        return best(lambda row: (row.criteria or {}).get(name), lowest=lowest)

    elbow = told.elbow
    undead = [row.n_topics or 0 for row in rows if not row.dead]
    return {
        "held-out likelihood, highest": best(lambda row: row.heldout),
        "within one standard error of it": ", ".join(str(rows[i].n_topics) for i in told.within),
        "elbow, logarithmic / linear axis": "-" if elbow is None else f"{elbow.k} / {elbow.k_linear}",
        "NPMI: highest / before it falls off": _fall(told.coherence),
        "stability: highest / before it falls off": _fall(told.stability),
        "diversity, highest": best(lambda row: row.diversity),
        "exclusivity, highest": best(lambda row: row.exclusivity),
        "no dead topics up to": str(max(undead, default="-")),
        "Griffiths and Steyvers 2004, highest": of("log_likelihood"),
        "Cao Juan 2009, lowest": of("cao_juan_2009", lowest=True),
        "Arun 2010, lowest": of("arun_2010", lowest=True),
        "Deveaud 2014, highest": of("deveaud_2014"),
    }


def _fall(found: FallOff | None) -> str:
    if found is None:
        return "-"
    return f"{found.best_k} / {found.fall.from_k if found.fall else '-'}"


def _of_study(summary: StudySummary) -> str:
    rows = [
        [
            row.n_topics,
            _written(row.heldout, ".4f"),
            _written(row.difference, "+.4f") + " ± " + _written(row.margin, ".4f"),
            _written(row.npmi, ".3f"),
            _written(row.stability, ".0%"),
            _written(row.diversity, ".2f"),
            _written(row.dead, ".1f"),
            _written(row.duplicates, ".1f"),
        ]
        for row in summary.candidates
    ]
    return table(["K", "held-out", "to the best", "NPMI", "again", "diverse", "dead", "alike"], rows)


def _written(value: float | None, digits: str) -> str:
    return "-" if value is None else format(value, digits)


def dealt_out(corpus: Corpus, seed: int) -> csr_matrix:
    """(D, V): the tokens of a corpus dealt out to its documents at random; lengths and frequencies stay, topics go."""
    from scipy.sparse import csr_matrix

    counts = corpus.to_csr()
    lengths = np.asarray(counts.sum(axis=1)).ravel()
    words = np.repeat(np.arange(corpus.n_terms), np.asarray(counts.sum(axis=0)).ravel())
    np.random.default_rng(seed).shuffle(words)
    rows = np.repeat(np.arange(corpus.n_documents), lengths)
    return csr_matrix((np.ones(len(words), dtype=np.int32), (rows, words)), shape=counts.shape)


@click.command(name="found-again")
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default="sotu", help="Corpus.")
@click.option("-k", "numbers", type=int, multiple=True, default=(10, 20, 50), help="Numbers of topics.")
@click.option("--seeds", type=int, default=2, help="Fits of each.")
@click.option("--sweeps", type=int, default=200, help="Sweeps a fit.")
def found_by_chance(name: str, numbers: Sequence[int], seeds: int, sweeps: int) -> None:
    """Share of topics found again by another seed, in a corpus and in its tokens dealt out at random."""
    import lda
    from lda.evaluation.found_again import found_again
    from lda.evaluation.wasted_topics import dead_topics

    rows = []
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        corpus = built(name, Path(scratch) / name)
        click.echo(f"{machine()}\n{name}: {corpus.n_tokens:,} tokens; {seeds} seeds, {sweeps} sweeps\n")
        for k in numbers:
            shares = []
            for documents in (corpus, dealt_out(corpus, seed=1)):
                models = [
                    lda.LDA(k, max_iter=sweeps, random_state=seed).fit(documents).model_
                    for seed in range(seeds)
                ]
                found = found_again(models, [dead_topics(model.last_tokens) for model in models])
                shares.append(f"{found.share:.0%}, overlap {found.overlap:.2f}")
            rows.append([k, *shares])
    click.echo(table(["K", name, "tokens dealt out"], rows))
