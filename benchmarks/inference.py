"""New documents: documents a second of `transform` at equal quality, beside tomotopy and gensim.

Each system trains its own model, infers the proportions of one half of each held-out document, and these are scored on
the other half under that model. It does so with more and more effort. Counted is the speed of the least effort that
comes within `--close` nats of the best that the system reaches, so a system is not charged for sweeps it does not need.
Beside it stands the speed of raylda at the least effort that is as good as that under its own model.
"""

from __future__ import annotations

import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks import speed
from benchmarks.corpora import documents
from benchmarks.race.data import NAMES, prepare
from benchmarks.report import machine, table
from lda.cluster import FitSettings, FrozenModel, fit
from lda.corpus import Corpus

EFFORTS = {
    "raylda": ((1, 1), (2, 2), (4, 4), (8, 8), (12, 12), (24, 24)),  # burn-in, samples
    # sweeps (100 is the default), whether documents are inferred as one collection (by default each by itself)
    "tomotopy": tuple(itertools.product((5, 10, 20, 50, 100, 200), (False, True))),
    "gensim": (5, 10, 20, 50, 100, 200),  # iterations; 50 is the default
}


@dataclass(frozen=True, slots=True)
class Halves:
    """Held-out documents cut in two at random: what is shown, and what is scored."""

    shown: list[NDArray[np.int32]]
    scored: list[NDArray[np.int32]]

    @classmethod
    def of(cls, offsets: NDArray[np.int64], words: NDArray[np.int32]) -> Halves:
        """Cut every document; of an odd number of tokens one more is shown."""
        rng = np.random.default_rng(0)
        shown, scored = [], []
        for begin, end in itertools.pairwise(offsets):
            mixed = rng.permutation(words[begin:end])
            shown.append(np.sort(mixed[: -(-len(mixed) // 2)]))
            scored.append(np.sort(mixed[-(-len(mixed) // 2) :]))
        return cls(shown, scored)

    def score(self, theta: NDArray[Any], phi: NDArray[Any]) -> float:
        """Log-likelihood of the scored halves, nats a token; theta (D, K), phi (K, V)."""
        total = sum(
            float(np.log(theta[d].astype(np.float64) @ phi[:, w]).sum()) for d, w in enumerate(self.scored)
        )
        return total / sum(map(len, self.scored))


Infer = Callable[[list[NDArray[np.int32]], Any], NDArray[Any]]


def raylda_model(corpus: Corpus, k: int, sweeps: int, threads: int) -> tuple[Infer, NDArray[Any]]:
    """(inference of documents at some effort, phi)."""
    settings = FitSettings(n_topics=k, sweeps=sweeps, threads=threads, evaluate_every=10**6)
    result = fit(corpus, settings, document_topics=False)
    if result.topic_word_counts is None:
        raise RuntimeError("a fit that is not written gives its counts back")
    model = FrozenModel(result.topic_word_counts, result.alpha, result.beta, threads=threads)
    phi = result.topic_word_counts.toarray().T + result.beta

    def infer(shown: list[NDArray[np.int32]], effort: tuple[int, int]) -> NDArray[Any]:
        offsets = np.concatenate([[0], np.cumsum([len(d) for d in shown])]).astype(np.int64)
        return model.transform(offsets, np.concatenate(shown), burn_in=effort[0], samples=effort[1])

    return infer, phi / phi.sum(axis=1, keepdims=True)


def tomotopy_model(corpus: Corpus, k: int, sweeps: int, threads: int) -> tuple[Infer, NDArray[Any]]:
    """The same of tomotopy, which infers a list of documents with several workers."""
    model = speed.tomotopy_model(corpus, k, seed=0)
    model.train(sweeps, workers=threads, show_progress=False)
    names = corpus.vocabulary
    ids = {name: w for w, name in enumerate(names)}
    phi = np.full((k, corpus.n_terms), speed.BETA)
    columns = np.array([ids[word] for word in model.used_vocabs])
    for topic in range(k):
        phi[topic, columns] = model.get_topic_word_dist(topic, normalize=False)

    def infer(shown: list[NDArray[np.int32]], effort: tuple[int, bool]) -> NDArray[Any]:
        made = [model.make_doc([names[w] for w in document]) for document in shown]
        found, _ = model.infer(made, iterations=effort[0], workers=threads, together=effort[1])
        return np.array(found)

    return infer, phi / phi.sum(axis=1, keepdims=True)


def gensim_model(corpus: Corpus, k: int, sweeps: int, threads: int) -> tuple[Infer, NDArray[Any]]:
    """The same of gensim, which infers in one process. A pass takes it a minute where others sweep in a second."""
    from gensim.models import LdaMulticore

    bags = [_bag(document) for document in documents(corpus)]
    model = LdaMulticore(
        bags, num_topics=k, id2word={w: str(w) for w in range(corpus.n_terms)}, workers=threads,
        passes=max(1, sweeps // 50), random_state=0, eta=speed.BETA,
    )  # fmt: skip

    def infer(shown: list[NDArray[np.int32]], effort: int) -> NDArray[Any]:
        model.iterations = effort
        gamma, _ = model.inference([_bag(document) for document in shown])
        return np.asarray(gamma / gamma.sum(axis=1, keepdims=True))

    return infer, np.asarray(model.get_topics(), dtype=np.float64)


def _bag(document: NDArray[np.int32]) -> list[tuple[int, int]]:
    words, counts = np.unique(document, return_counts=True)
    return list(zip(words.tolist(), counts.tolist(), strict=True))


MODELS = {"raylda": raylda_model, "tomotopy": tomotopy_model, "gensim": gensim_model}


def label(effort: Any) -> str:  # noqa: ANN401 - a number, or a pair of what the system takes
    """How an effort stands in the table."""
    if isinstance(effort, int):
        return str(effort)
    first, second = effort
    return f"{first}{' together' if second else ''}" if isinstance(second, bool) else f"{first}+{second}"


def curve(
    name: str, infer: Infer, phi: NDArray[Any], halves: Halves, repeats: int
) -> list[tuple[str, float, float]]:
    """(effort, documents a second, log-likelihood) for each effort of a system."""
    points = []
    for effort in EFFORTS[name]:
        rates = []
        for _ in range(repeats):
            before = time.perf_counter()
            theta = infer(halves.shown, effort)
            rates.append(len(halves.shown) / (time.perf_counter() - before))
        points.append((label(effort), statistics.median(rates), halves.score(theta, phi)))
    return points


@click.command()
@click.option("--corpus", "name", type=click.Choice(NAMES), default="sotu", help="Corpus.")
@click.option("-k", "n_topics", type=int, default=100, help="Topics.")
@click.option(
    "--sweeps", type=int, default=100, help="Sweeps of training; a fiftieth as many passes of gensim."
)
@click.option("--threads", type=int, default=2, help="Threads, and workers of tomotopy.")
@click.option("--system", "systems", type=click.Choice(list(MODELS)), multiple=True, help="All if not given.")
@click.option("--repeats", type=int, default=3, help="Inferences of which the median is taken.")
@click.option("--close", type=float, default=0.01, help="Nats from a system's best that are good enough.")
def transform(
    name: str, n_topics: int, sweeps: int, threads: int, systems: tuple[str, ...], repeats: int, close: float
) -> None:
    """Documents a second of inference at equal quality, beside tomotopy and gensim."""
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as folder:
        made = prepare(name, Path(folder) / name, 10**7)
        corpus, held = Corpus.open(Path(made.folder) / "corpus"), made.heldout()
        halves = Halves.of(held.doc_offsets, held.words)
        click.echo(
            f"{machine()}\n{name}: {made.n_heldout:,} held-out documents, K = {n_topics}, {threads} threads\n"
        )
        best, ours = {}, list[tuple[str, float, float]]()
        for system in systems or MODELS:
            try:
                infer, phi = MODELS[system](corpus, n_topics, sweeps, threads)
            except ImportError:
                click.echo(
                    f"{system} is not installed here (pip install {system}), so it is left out", err=True
                )
                continue
            infer(halves.shown[:50], EFFORTS[system][0])  # compiled, threads started
            points = curve(system, infer, phi, halves, repeats)
            top = max(value for _, _, value in points)
            best[system] = max((p for p in points if p[2] >= top - close), key=lambda p: p[1])
            ours = points if system == "raylda" else ours
            rows = [(system, effort, f"{rate:,.0f}", f"{value:.4f}") for effort, rate, value in points]
            click.echo(table(("system", "effort", "documents/s", "nats a token"), rows) + "\n")
    equals = []
    for system, (effort, rate, value) in best.items():
        equal = max((p for p in ours if p[2] >= value), key=lambda p: p[1], default=("-", float("nan"), 0.0))
        said = equal[0], f"{equal[1]:,.0f}", f"{equal[1] / rate:.1f}"
        equals.append((system, effort, f"{rate:,.0f}", f"{value:.4f}", *said))
    click.echo(f"least effort within {close} nats of a system's own best, and raylda's least that is as good")
    header = "system", "effort", "documents/s", "nats a token", "raylda's effort", "documents/s", "faster by"
    click.echo(table(header, equals))
