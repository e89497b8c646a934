"""One sweep against the formula: many copies of one document, each copy an independent draw.

    p(z = k) ~ (n_dk + alpha_k) (n_kw + beta) / (n_k + bbar)

Own token counted or left out as the rule says. Formulas are in float64 and know of no parts or paths; each case
is built so that draws go a certain way through the kernel, which the twin confirms.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import naive_rules
import numpy as np
import pytest
from compiled import copies, dense_phi, drawn_model, mean_model
from goodness import accept, assert_fits, rejects
from scipy import stats
from scipy.integrate import quad

from lda.samplers.registry import sampler
from lda.samplers.rules import drawn_theta, sequential, simultaneous

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lda.samplers.phi.language_model import LanguageModel

SEED = np.uint64(2)
COPIES = 150_000
BETA = 0.4


@dataclass(frozen=True, kw_only=True)
class Case:
    """A document whose first token, of word 0, is looked at; the others are of frequent words."""

    n_topics: int
    row: dict[int, int]  # n_kw of word 0
    old: int
    others: tuple[int, ...]  # topics of the other tokens
    paths: tuple[str, ...]

    @property
    def z(self) -> list[int]:
        return [self.old, *self.others]

    @property
    def words(self) -> list[int]:
        return [0, *([1] * (len(self.others) // 2)), *([2] * (len(self.others) - len(self.others) // 2))]

    def alpha(self) -> NDArray[np.float64]:
        rng = np.random.default_rng(self.n_topics)
        return rng.gamma(0.6, 8.0 / self.n_topics, self.n_topics) + 1e-3

    def n_wk(self) -> NDArray[np.int64]:
        rng = np.random.default_rng(9)
        n = rng.poisson(3.0, (6, self.n_topics))
        n[0] = 0
        for k, count in self.row.items():
            n[0, k] = count
        for w, k in zip(self.words[1:], self.z[1:], strict=True):
            n[w, k] += 1  # the document's own tokens are among the counts
        return n


SPREAD = {k: 1 + k % 3 for k in range(0, 300, 4)}
SMOOTH = ("smooth document part", "smooth alpha part")
CASES = {
    "dense, document side": Case(
        n_topics=300, row={**SPREAD, 8: 1}, old=8, others=(8, 8, 4, 4, 4, 5, 290, 260),
        paths=("document side", "alpha part"),
    ),
    "dense, own topic nowhere else": Case(
        n_topics=300, row={**SPREAD, 280: 2}, old=280, others=(8, 4, 4, 4, 5, 290),
        paths=("document side", "alpha part"),
    ),
    "dense, three groups": Case(
        n_topics=600, row=dict.fromkeys(range(0, 600, 7), 2), old=259, others=(7, 14),
        paths=("document side", "alpha part"),
    ),
    "dense, all topics": Case(
        n_topics=20, row=dict.fromkeys(range(20), 2), old=3, others=(*range(20), 3, 3), paths=("all topics",),
    ),
    "dense, all of many topics": Case(
        n_topics=300, row=dict.fromkeys(range(300), 2), old=3, others=(*range(80), 3, 3), paths=("all topics",),
    ),
    "dense, alone in its document": Case(
        n_topics=20, row=dict.fromkeys(range(20), 2), old=3, others=(), paths=("alpha part",),
    ),
    "sparse, short row": Case(
        n_topics=300, row={8: 1, 4: 2, 270: 1}, old=8, others=(8, 8, 4, 5, 290), paths=("short word row", *SMOOTH),
    ),
    "sparse, only token of its word": Case(
        n_topics=300, row={8: 1}, old=8, others=(9, 9, 4), paths=("short word row", *SMOOTH),
    ),
    "sparse, long row": Case(
        n_topics=300, row=dict.fromkeys(range(8, 300, 20), 1), old=28, others=(28, 8, 48, 1, 1),
        paths=("long word row", *SMOOTH),
    ),
    "sparse, three blocks, three groups": Case(
        n_topics=700, row=dict.fromkeys(range(4, 700, 18), 1), old=22, others=(22, 40, 22, 1, 1),
        paths=("long word row", *SMOOTH),
    ),
}  # fmt: skip


def conditional(case: Case, *, in_document: bool, in_phi: bool, wrong: bool = False) -> NDArray[np.float64]:
    """Probabilities of the first token's topic; whether its own count is in n_dk, and in phi."""
    n_wk = case.n_wk().astype(np.float64)
    n_d = np.bincount(case.z, minlength=case.n_topics).astype(np.float64)
    n_k = n_wk.sum(axis=0)
    if not in_document:
        n_d[case.old] -= 1
    if not in_phi:
        n_wk[0, case.old] -= 1
        n_k[case.old] -= 0 if wrong else 1
    p = (n_d + case.alpha()) * (n_wk[0] + BETA) / (n_k + len(n_wk) * BETA)
    return p / p.sum()


def first_topics(case: Case, rule: str) -> NDArray[np.int64]:
    """How often the first token got each topic, by one sweep over all copies."""
    docs, z = copies(case.words, case.z, COPIES, case.n_topics)
    model = mean_model(case.n_wk(), case.alpha(), BETA)
    arguments = (docs.tokens(z), 0, docs.n, model, SEED, np.uint64(3))
    if rule in ("adlda", "frozen"):
        sequential.sweep_documents(*arguments, rule == "adlda", False)
    else:
        simultaneous.sweep_documents(*arguments, rule == "esca-leave-out")
    return np.bincount(z[:: len(case.z)], minlength=case.n_topics)


# rule: own token in (n_dk, phi)
RULES = {
    "adlda": (False, False),
    "esca": (True, True),
    "esca-leave-out": (False, False),
    "frozen": (False, True),  # inference, and the drawn model of pclda
}


@pytest.mark.parametrize("name", CASES)
def test_first_token(name: str) -> None:
    case = CASES[name]
    for rule, (in_document, in_phi) in RULES.items():
        expected = conditional(case, in_document=in_document, in_phi=in_phi)
        assert_fits(first_topics(case, rule), expected, f"{name}, {rule}")


@pytest.mark.parametrize("name", CASES)
def test_cases_go_their_way(name: str) -> None:
    case = CASES[name]
    twin = naive_rules.Model(case.n_wk(), case.alpha(), BETA)
    doc = naive_rules.Document(twin)
    for k in case.others:
        doc.add(k)
        doc.smooth_sum += doc.smooth(k)
    for u in np.linspace(0, 0.999999, 60):
        naive_rules.draw(twin, 0, case.old, u, doc, leave_out=True)
    assert twin.paths == set(case.paths)


@pytest.mark.parametrize(
    "name", ["dense, document side", "dense, all topics", "sparse, short row", "sparse, long row"]
)
def test_of_the_test(name: str) -> None:
    # Each rule's draws are refused by every other rule's formula, and by one that forgets n_k.
    case = CASES[name]
    for rule, own in RULES.items():
        seen = first_topics(case, rule)
        for other in {(False, False), (True, True), (False, True)} - {own}:
            assert rejects(seen, conditional(case, in_document=other[0], in_phi=other[1])), (rule, other)


@pytest.mark.parametrize("topics", [30, 5], ids=["dense", "sparse"])
@pytest.mark.parametrize("rule", ["adlda", "esca-leave-out"])
@pytest.mark.parametrize("beta", [0.25, 0.2])
def test_first_token_of_a_topic_that_stale_counts_call_empty(rule: str, topics: int, beta: float) -> None:
    # V beta = 1, so that n_k - 1 + bbar is 0, or less: what is left of the own topic's phi is nothing, not 0 / 0.
    n_topics, own = 300, 7
    n_wk = np.zeros((4, n_topics), dtype=np.int64)
    n_wk[0, 10 : 10 + topics] = 1
    n_wk[1:, 8:] = 2
    alpha = np.linspace(0.02, 0.08, n_topics)
    model = mean_model(n_wk, alpha, beta)
    assert model.denominator[own] == 4 * beta
    assert model.denominator[own] <= 1
    assert (model.start[0] >= 0) == (topics == 30)
    docs, z = copies([0, 1, 1], [own, own, 12], COPIES, n_topics)
    arguments = (docs.tokens(z), 0, docs.n, model, SEED, np.uint64(4), True)
    sampler(rule).load_rule()(*arguments)
    n_d = np.bincount([own, 12], minlength=n_topics)
    p = (n_d + alpha) * (n_wk[0] + beta) / (n_wk.sum(axis=0) + 4 * beta)
    p[own] = 0
    assert_fits(np.bincount(z[::3], minlength=n_topics), p / p.sum(), f"{rule}, {topics} topics")


# Whole documents: the joint law of all new topics, by the chain rule

WORDS, OLD = [0, 0, 1, 3], [0, 1, 1, 2]
ALPHA = np.array([0.3, 1.1, 0.6])
COUNTS = np.array([[7, 9, 4], [1, 2, 0], [0, 3, 9], [0, 1, 1]])


def sequential_law(
    phi: NDArray[np.float64],
    left_out: NDArray[np.float64],
    words: list[int] = WORDS,
    old: list[int] = OLD,
    alpha: NDArray[np.float64] = ALPHA,
    *,
    fresh: bool,
) -> NDArray[np.float64]:
    """p(new topics of the whole document), K^N cells; left_out: (tokens,) phi of each old topic without the token."""
    n, n_topics = len(words), len(alpha)
    law = np.zeros([n_topics] * n)
    for new in product(range(n_topics), repeat=n):
        n_d = np.zeros(n_topics) if fresh else np.bincount(old, minlength=n_topics).astype(float)
        p = 1.0
        for i, k in enumerate(new):
            row = phi[words[i]].copy()
            if not fresh:
                n_d[old[i]] -= 1
                row[old[i]] = left_out[i]
            weight = (n_d + alpha) * row
            p *= weight[k] / weight.sum()
            n_d[k] += 1
        law[new] = p
    return law.ravel()


def joint(z: NDArray[Any], n: int = len(WORDS), n_topics: int = 3) -> NDArray[np.int64]:
    """How often each assignment of a whole document of n tokens came up."""
    code = z.reshape(-1, n).astype(np.int64) @ (n_topics ** np.arange(n)[::-1])
    return np.bincount(code, minlength=n_topics**n)


def swept(model: LanguageModel, *flags: bool) -> NDArray[np.int64]:
    docs, z = copies(WORDS, OLD, 3 * COPIES, model.n_topics)
    sequential.sweep_documents(docs.tokens(z), 0, docs.n, model, SEED, np.uint64(1), *flags)
    return joint(z)


@pytest.mark.parametrize("unused", [0, 300], ids=["few topics", "many topics"])
def test_whole_documents_sequential(unused: int) -> None:
    # Topics without tokens and all but without prior change the way of a draw, not its law.
    n_k, bbar = COUNTS.sum(axis=0), len(COUNTS) * BETA
    phi = (COUNTS + BETA) / (n_k + bbar)
    own = np.array([(COUNTS[w, k] - 1 + BETA) / (n_k[k] - 1 + bbar) for w, k in zip(WORDS, OLD, strict=True)])
    kept = np.array([phi[w, k] for w, k in zip(WORDS, OLD, strict=True)])
    alpha = np.concatenate([ALPHA, np.full(unused, 1e-12)])
    model = mean_model(np.pad(COUNTS, ((0, 0), (0, unused))), alpha, BETA)
    adlda, frozen = swept(model, True, False), swept(model, False, False)
    assert_fits(adlda, sequential_law(phi, own, fresh=False), "adlda")
    assert_fits(frozen, sequential_law(phi, kept, fresh=False), "frozen phi")
    assert_fits(swept(model, False, True), sequential_law(phi, kept, fresh=True), "first topics")
    assert rejects(adlda, sequential_law(phi, kept, fresh=False))
    assert rejects(frozen, sequential_law(phi, own, fresh=False))


@pytest.mark.parametrize("leave_out", [False, True])
def test_whole_documents_of_more_tokens(leave_out: bool) -> None:
    words, old, counts, alpha = [0, 0, 1, 1, 2, 3, 3], [0, 1, 1, 0, 0, 1, 1], COUNTS[:, :2] + 1, ALPHA[:2]
    n_k, bbar = counts.sum(axis=0), len(counts) * BETA
    phi = (counts + BETA) / (n_k + bbar)
    own = [
        (counts[w, k] - leave_out + BETA) / (n_k[k] - leave_out + bbar)
        for w, k in zip(words, old, strict=True)
    ]
    docs, z = copies(words, old, 3 * COPIES, 2)
    sequential.sweep_documents(
        docs.tokens(z), 0, docs.n, mean_model(counts, alpha, BETA), SEED, np.uint64(1), leave_out, False
    )
    seen = joint(z, len(words), 2)
    assert_fits(seen, sequential_law(phi, np.array(own), words, old, alpha, fresh=False), f"{leave_out=}")
    assert rejects(seen, sequential_law(phi, np.array(own), words, old, alpha * 1.1, fresh=False))


def test_whole_documents_with_drawn_phi() -> None:
    model = drawn_model(COUNTS, ALPHA, BETA, 0, 0)
    phi = dense_phi(model)
    kept = np.array([phi[w, k] for w, k in zip(WORDS, OLD, strict=True)])
    assert_fits(swept(model, False, False), sequential_law(phi, kept, fresh=False), "pclda")


@pytest.mark.parametrize("leave_out", [False, True])
def test_whole_documents_simultaneous(leave_out: bool) -> None:
    bbar, tokens = len(COUNTS) * BETA, []
    for w, k in zip(WORDS, OLD, strict=True):
        own = np.eye(3)[k] * leave_out
        n_d = np.bincount(OLD, minlength=3) - own
        row = (n_d + ALPHA) * (COUNTS[w] - own + BETA) / (COUNTS.sum(axis=0) - own + bbar)
        tokens.append(row / row.sum())
    # Tokens must be independent of each other, repeats of a word included.
    law = np.array(
        [np.prod([tokens[i][k] for i, k in enumerate(new)]) for new in product(range(3), repeat=4)]
    )
    docs, z = copies(WORDS, OLD, 3 * COPIES, 3)
    simultaneous.sweep_documents(
        docs.tokens(z), 0, docs.n, mean_model(COUNTS, ALPHA, BETA), SEED, np.uint64(1), leave_out
    )
    assert_fits(joint(z), law, f"simultaneous, {leave_out=}")


def test_whole_documents_with_drawn_theta() -> None:
    alpha, counts, words, old = ALPHA[:2], COUNTS[:, :2], [0, 0, 1], [0, 1, 1]
    model = drawn_model(counts, alpha, BETA, 0, 0)
    phi = dense_phi(model)
    a, b = alpha + np.bincount(old, minlength=2)

    def law(new: tuple[int, ...]) -> float:
        def density(theta: float) -> float:
            shares = np.array([theta, 1 - theta])
            tokens = [shares[k] * phi[w, k] / (shares @ phi[w]) for w, k in zip(words, new, strict=True)]
            return float(np.prod(tokens) * stats.beta.pdf(theta, a, b))

        return float(quad(density, 0, 1)[0])

    docs, z = copies(words, old, 3 * COPIES, 2)
    drawn_theta.sweep_documents(docs.tokens(z), 0, docs.n, model, SEED, np.uint64(1))
    code = z.reshape(-1, 3).astype(np.int64) @ np.array([4, 2, 1])
    expected = np.array([law(new) for new in product(range(2), repeat=3)])
    assert_fits(np.bincount(code, minlength=8), expected, "uncollapsed")


# The drawn language model


def test_drawn_phi_is_dirichlet() -> None:
    n_wk = np.array([[0, 5], [3, 0], [0, 1], [40, 0]])
    phi = np.array([dense_phi(drawn_model(n_wk, ALPHA[:2], 0.3, 4, phase)) for phase in range(4000)])
    np.testing.assert_allclose(phi.sum(axis=1), 1, rtol=1e-6)
    for w, k in product(range(4), range(2)):
        law = stats.beta(n_wk[w, k] + 0.3, n_wk[:, k].sum() - n_wk[w, k] + 3 * 0.3)
        accept(float(stats.kstest(phi[:, w, k], law.cdf).pvalue), f"phi of word {w}, topic {k}")
    accept(float(stats.pearsonr(phi[:, 0, 0], phi[:, 0, 1])[1]), "topics are independent")
    accept(float(stats.pearsonr(phi[1:, 0, 0], phi[:-1, 0, 0])[1]), "phases are independent")


def test_drawn_phi_of_an_empty_topic_is_never_nothing() -> None:
    # V beta = 0.0003: all draws of most empty topics underflow, and Dirichlet draws are one-hot.
    n_wk = np.zeros((3, 500), dtype=np.int64)
    n_wk[:, 0] = 1
    words = np.zeros(3)
    for phase in range(20):
        phi = dense_phi(drawn_model(n_wk, np.ones(500), 1e-4, 4, phase))
        np.testing.assert_allclose(phi.sum(axis=0), 1, rtol=1e-6)
        words += (phi[:, 1:] > 0.5).sum(axis=1)
    assert_fits(words, np.full(3, 1 / 3), "word of an empty topic")
    assert np.all(dense_phi(drawn_model(n_wk[:1], np.ones(500), 0.01, 4, 0)) == 1)
