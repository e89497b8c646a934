"""Twins of the language model and of the token rules, to the bit."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from naive import PHI_STREAM, THETA_STREAM, Scan, Stream, f32, gamma, pick, scan

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUP, SHORT, FEW_TOPICS = 256, 8, 256


class Model:
    """phi of one phase: float32 rows of dense words, (topics, weights) of sparse ones, the alpha parts."""

    def __init__(
        self, n_wk: NDArray[Any], alpha: NDArray[Any], beta: float, phi: NDArray[np.float32] | None = None
    ) -> None:
        """n_wk: (V, K) counts. With `phi` (V, K) the model is a drawn one and all its rows are dense."""
        n_terms, self.n_topics = n_wk.shape
        self.stride = -(-self.n_topics // 16) * 16
        self.alpha = self.pad(alpha)
        self.denominator = n_wk.sum(axis=0) + n_terms * beta
        frequency = n_wk.sum(axis=1)
        few = self.n_topics <= FEW_TOPICS
        threshold = max(2, -(-self.n_topics // 32)) if few else max(16, -(-self.n_topics // 16))
        threshold = 0 if phi is not None else threshold
        self.dense, self.sparse = {}, {}
        inverse = 1.0 / self.denominator
        for w in range(n_terms):
            if frequency[w] >= threshold:
                self.dense[w] = self.pad((n_wk[w] + beta) * inverse if phi is None else phi[w])
            else:
                topics = np.flatnonzero(n_wk[w])
                self.sparse[w] = (topics, (n_wk[w] * inverse).astype(f32)[topics])
        self.smooth = self.pad(beta / self.denominator)
        self.paths: set[str] = set()  # which ways draws have gone
        self.masses = {id(row): self.alpha_part(row) for row in [*self.dense.values(), self.smooth]}

    def pad(self, row: NDArray[Any]) -> NDArray[np.float32]:
        out = np.zeros(self.stride, dtype=f32)
        out[: self.n_topics] = row
        return out

    def row(self, w: int) -> NDArray[np.float32]:
        """phi_kw of all topics, a sparse row written out."""
        if w in self.dense:
            return self.dense[w]
        row = self.smooth.copy()
        topics, weights = self.sparse[w]
        row[topics] += weights
        return row

    def alpha_part(self, row: NDArray[np.float32]) -> tuple[list[np.float32], float]:
        """(sum of alpha_k phi_k by group of 256 topics, their sum before rounding)."""
        groups, total = [], 0.0
        for low in range(0, self.stride, GROUP):
            lanes = np.zeros(16, dtype=f32)
            for b in range(low, min(low + GROUP, self.stride), 16):
                lanes = lanes + self.alpha[b : b + 16] * row[b : b + 16]
            mass = 0.0
            for x in lanes:
                mass += float(x)
            groups.append(f32(mass))
            total += mass
        return groups, total


class Document:
    """n_dk of the document at hand: topics in the order in which they came, the last filling any gap."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.topics: list[int] = []
        self.counts: dict[int, int] = {}
        self.smooth_sum = 0.0  # of n_dk phi0_k

    def add(self, k: int) -> None:
        if k not in self.counts:
            self.topics.append(k)
            self.counts[k] = 0
        self.counts[k] += 1

    def remove(self, k: int) -> None:
        self.counts[k] -= 1
        if not self.counts[k]:
            del self.counts[k]
            gap, last = self.topics.index(k), self.topics.pop()
            if last != k:
                self.topics[gap] = last

    def smooth(self, k: int) -> float:
        return float(self.model.smooth[k])

    def weights(self) -> NDArray[np.float32]:
        """n_dk + alpha_k."""
        weight = self.model.alpha.copy()
        for k, n in self.counts.items():
            weight[k] = f32(n) + self.model.alpha[k]
        return weight

    def gather(self, row: NDArray[np.float32], old: int, factor: float) -> Scan:
        """Scan of n_dk phi_k over the document's topics, that of `old` times `factor`."""
        n = np.array([f32(self.counts[k]) for k in self.topics], dtype=f32)
        if old in self.counts:
            n[self.topics.index(old)] = float(self.counts[old]) * factor
        return scan(n * row[self.topics])


def draw(model: Model, w: int, old: int, u: float, doc: Document, *, leave_out: bool) -> int:
    """A topic for one token that is no longer counted in `doc`; old: its topic, or -1."""
    leaving = leave_out and old >= 0
    if w in model.sparse:
        return _word_side(model, w, old, u, doc, leaving)
    row = model.dense[w]
    factor = 1.0
    if leaving:
        t = float(model.denominator[old])
        factor = 0.0 if t <= 1 else max(1.0 - 1.0 / (float(row[old]) * t), 0.0) * t / (t - 1.0)
    if 5 * -(-len(doc.topics) // 16) > model.stride // 16 + 5:
        model.paths.add("all topics")
        weight = doc.weights()
        if leaving:
            weight[old] = float(weight[old]) * factor
        s = scan(weight * row)
        return pick(s, u * s.total)
    s = doc.gather(row, old, factor)
    surplus = float(model.alpha[old] * row[old]) * (1.0 - factor) if old >= 0 else 0.0
    target = u * (s.total + max(model.masses[id(row)][1] - surplus, 0.0))
    if target < s.total:
        model.paths.add("document side")
        return doc.topics[pick(s, target)]
    model.paths.add("alpha part")
    return _alpha_part(model, row, old, factor, surplus, target - s.total)


def _alpha_part(
    model: Model, row: NDArray[np.float32], old: int, factor: float, surplus: float, target: float
) -> int:
    masses = [float(m) for m in model.masses[id(row)][0]]
    if old >= 0:
        masses[old // GROUP] = max(masses[old // GROUP] - surplus, 0.0)
    groups = [g for g, mass in enumerate(masses) if mass > 0]
    for g in groups:
        if target < masses[g] or g == groups[-1]:
            break
        target -= masses[g]
    low = g * GROUP
    weight = model.alpha.copy()
    if factor != 1.0:
        weight[old] = float(weight[old]) * factor
    s = scan((weight * row)[low : low + GROUP])
    return low + pick(s, min(target / masses[g], 1.0) * s.total)


def _word_side(model: Model, w: int, old: int, u: float, doc: Document, leaving: bool) -> int:
    topics, weight_w = model.sparse[w]
    weight = doc.weights()
    factor, gained = 1.0, 0.0
    if leaving:
        t = float(model.denominator[old])
        factor = 0.0 if t <= 1 else t / (t - 1.0)
        gained = float(model.smooth[old]) * (factor - 1.0)
        if old in topics:
            n_kw = float(weight_w[topics.tolist().index(old)]) * t
            weight[old] = float(weight[old]) * max(1.0 - 1.0 / n_kw, 0.0) * factor
    products = weight_w * weight[topics]
    short = len(topics) <= SHORT
    # Adding up one by one is what NumPy's running sum does.
    running = np.cumsum(products, dtype=f32)
    s = None if short else scan(products)
    total = (float(running[-1]) if len(running) else 0.0) if s is None else s.total
    in_document = max(doc.smooth_sum, 0.0)
    if old in doc.counts:
        in_document += float(doc.counts[old]) * gained
    surplus = -float(model.alpha[old]) * gained if old >= 0 else 0.0
    target = u * (total + in_document + max(model.masses[id(model.smooth)][1] - surplus, 0.0))
    if target < total:
        model.paths.add("short word row" if short else "long word row")
        j = min(int(np.sum(running <= target)), len(topics) - 1) if s is None else pick(s, target)
        return int(topics[j])
    target -= total
    if target < in_document and doc.topics:
        model.paths.add("smooth document part")
        s = doc.gather(model.smooth, old, factor)
        return doc.topics[pick(s, target / in_document * s.total)]
    model.paths.add("smooth alpha part")
    return _alpha_part(model, model.smooth, old, factor, surplus, max(target - in_document, 0.0))


def _documents(doc_offsets: NDArray[Any]) -> list[range]:
    return [range(a, b) for a, b in pairwise(doc_offsets)]


def sequential(
    words: NDArray[Any],
    doc_offsets: NDArray[Any],
    keys: list[int],
    z: NDArray[Any],
    model: Model,
    seed: int,
    sweep: int,
    *,
    leave_out: bool,
    fresh: bool,
) -> list[int]:
    """New topics by the sequential rule; `fresh` tokens have none yet."""
    new = [int(k) for k in z]
    if model.n_topics <= FEW_TOPICS:
        for tokens, key in zip(_documents(doc_offsets), keys, strict=True):
            _few_topics(words, tokens, new, model, Stream(seed, sweep, key), leave_out=leave_out, fresh=fresh)
        return new
    for tokens, key in zip(_documents(doc_offsets), keys, strict=True):
        doc, stream = Document(model), Stream(seed, sweep, key)
        for i in tokens if not fresh else ():
            doc.add(new[i])
            doc.smooth_sum += doc.smooth(new[i])
        for i in tokens:
            old = -1
            if not fresh:
                old = new[i]
                doc.remove(old)
                doc.smooth_sum -= doc.smooth(old)
            new[i] = draw(model, int(words[i]), old, stream(i - tokens[0]), doc, leave_out=leave_out)
            doc.add(new[i])
            doc.smooth_sum += doc.smooth(new[i])
    return new


def _few_topics(
    words: NDArray[Any],
    tokens: range,
    z: list[int],
    model: Model,
    stream: Stream,
    *,
    leave_out: bool,
    fresh: bool,
) -> None:
    """One document by the sequential rule, in place in z, every draw from a scan of all topics."""
    n: NDArray[np.float32] = np.zeros(model.stride, dtype=f32)
    for i in tokens if not fresh else ():
        n[z[i]] += f32(1)
    for i in tokens:
        row = model.row(int(words[i]))
        if not fresh:
            old = z[i]
            n[old] -= f32(1)
            if leave_out:
                t, row = float(model.denominator[old]), row.copy()
                left, lost = (t / (t - 1.0), 1.0 / (t - 1.0)) if t > 1 else (0.0, 0.0)
                row[old] = max(float(row[old]) * left - lost, 0.0)
        s = scan(row * (n + model.alpha))
        z[i] = pick(s, stream(i - tokens[0]) * s.total)
        n[z[i]] += f32(1)


def simultaneous(
    words: NDArray[Any],
    doc_offsets: NDArray[Any],
    keys: list[int],
    z: NDArray[Any],
    model: Model,
    seed: int,
    sweep: int,
    *,
    leave_out: bool,
) -> list[int]:
    """New topics by the simultaneous rule."""
    new = [int(k) for k in z]
    for tokens, key in zip(_documents(doc_offsets), keys, strict=True):
        doc, stream = Document(model), Stream(seed, sweep, key)
        for i in tokens:
            doc.add(int(z[i]))
            doc.smooth_sum += doc.smooth(int(z[i]))
        whole = doc.smooth_sum
        for i in tokens:
            old, u = int(z[i]), stream(i - tokens[0])
            if leave_out:
                doc.remove(old)
                doc.smooth_sum = whole - doc.smooth(old)
            new[i] = draw(model, int(words[i]), old if leave_out else -1, u, doc, leave_out=leave_out)
            if leave_out:
                doc.add(old)
    return new


def drawn_theta(
    words: NDArray[Any],
    doc_offsets: NDArray[Any],
    keys: list[int],
    z: NDArray[Any],
    model: Model,
    seed: int,
    sweep: int,
) -> list[int]:
    """New topics given theta_d ~ Dirichlet(alpha + n_d.)."""
    new = [int(k) for k in z]
    for tokens, key in zip(_documents(doc_offsets), keys, strict=True):
        n_dk = (
            np.bincount(z[list(tokens)], minlength=model.n_topics)
            if len(tokens)
            else np.zeros(model.n_topics)
        )
        stream, j = Stream(seed ^ THETA_STREAM, sweep, key), 0
        theta = np.zeros(model.stride, dtype=f32)
        for k in range(model.n_topics):
            theta[k], j = gamma(float(model.alpha[k]) + float(n_dk[k]), stream, j)
        stream = Stream(seed, sweep, key)
        for i in tokens:
            s = scan(theta * model.dense[int(words[i])])
            new[i] = pick(s, stream(i - tokens[0]) * s.total)
    return new


def drawn_phi(n_wk: NDArray[Any], beta: float, seed: int, phase: int) -> NDArray[np.float32]:
    """phi_k ~ Dirichlet(beta + n_k.) as (V, K)."""
    n_terms, n_topics = n_wk.shape
    g = np.zeros((n_terms, n_topics), dtype=f32)
    for w in range(n_terms):
        stream, i = Stream(seed ^ PHI_STREAM, phase, w), 0
        for k in range(n_topics):
            g[w, k], i = gamma(float(n_wk[w, k]) + beta, stream, i)
    for k in np.flatnonzero(g.sum(axis=0) == 0).tolist():
        g[int(Stream(seed ^ PHI_STREAM, phase, n_terms + k)(0) * n_terms), k] = 1
    blocks = [g[b : b + 512].astype(np.float64) for b in range(0, n_terms, 512)]
    totals = np.zeros(n_topics)
    for block in blocks:
        part = np.zeros(n_topics)
        for row in block:
            part = part + row
        totals = totals + part
    return (g / totals).astype(f32)


def collapsed(
    words: NDArray[Any],
    doc_offsets: NDArray[Any],
    keys: list[int],
    z: NDArray[Any],
    n_wk: NDArray[Any],
    alpha: NDArray[Any],
    beta: float,
    seed: int,
    sweep: int,
) -> list[int]:
    """New topics by collapsed Gibbs sampling, all counts current."""
    new, n_wk = [int(k) for k in z], n_wk.copy()
    n_terms, n_topics = n_wk.shape
    n_k, alpha = n_wk.sum(axis=0), np.asarray(alpha, dtype=f32)
    for tokens, key in zip(_documents(doc_offsets), keys, strict=True):
        stream, n_dk = Stream(seed, sweep, key), np.zeros(n_topics, dtype=np.int64)
        for i in tokens:
            n_dk[new[i]] += 1
        for i in tokens:
            w, old = int(words[i]), new[i]
            n_dk[old], n_wk[w, old], n_k[old] = n_dk[old] - 1, n_wk[w, old] - 1, n_k[old] - 1
            document = ((n_dk + alpha.astype(np.float64)) / (n_k + n_terms * beta)).astype(f32)
            s = scan(document * (n_wk[w] + beta).astype(f32))
            k = new[i] = pick(s, stream(i - tokens[0]) * s.total)
            n_dk[k], n_wk[w, k], n_k[k] = n_dk[k] + 1, n_wk[w, k] + 1, n_k[k] + 1
    return new
