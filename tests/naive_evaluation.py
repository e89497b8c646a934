"""Slow twins of the estimators of likelihood and of the counting of windows."""

from __future__ import annotations

import math
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import naive
import numpy as np
from naive_rules import Document, Model, draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

STREAM = 0x6C65667472696768


def log_likelihood(words: list[int], phi: NDArray[Any], alpha: NDArray[Any]) -> float:
    """Exact log p(words | phi, alpha): all K^N assignments listed. phi: (V, K)."""
    total = 0.0
    for z in product(range(len(alpha)), repeat=len(words)):
        n = np.bincount(np.array(z, dtype=int), minlength=len(alpha))
        prior = math.exp(naive.log_joint(n[None, :], np.zeros((1, 1)), alpha, np.ones(1)))
        total += prior * math.prod(float(phi[w, k]) for w, k in zip(words, z, strict=True))
    return math.log(total)


def word_mass(model: Model, doc: Document, w: int) -> float:
    """sum_k (n_dk + alpha_k) phi_kw."""
    if w in model.dense:
        row = model.dense[w]
        mass = model.masses[id(row)][1]
        for k in doc.topics:
            mass += float(doc.counts[k]) * float(row[k])
        return mass
    mass = model.masses[id(model.smooth)][1] + doc.smooth_sum
    weights = doc.weights()
    for topic, weight in zip(*model.sparse[w], strict=True):
        mass += float(weight) * float(weights[topic])
    return mass


def left_to_right(words: list[int], key: int, model: Model, seed: int, n_particles: int) -> float:
    """log p(words), estimated."""
    stream, drawn, score = naive.Stream(seed ^ STREAM, 0, key), 0, 0.0
    alpha_sum = sum(float(a) for a in model.alpha)
    particles: list[list[int]] = [[] for _ in range(n_particles)]
    for i, w in enumerate(words):
        p = []
        for r in range(n_particles):
            doc, z = Document(model), list(particles[r])
            for k in z:
                doc.add(k)
                doc.smooth_sum += doc.smooth(k)
            for j in [i - 1, *range(i)] if i else []:
                if len(z) == i:
                    doc.remove(z[j])
                    doc.smooth_sum -= doc.smooth(z[j])
                k = draw(model, words[j], -1, stream(drawn), doc, leave_out=False)
                drawn += 1
                z[j : j + 1] = [k]
                doc.add(k)
                doc.smooth_sum += doc.smooth(k)
            particles[r] = z
            p.append(word_mass(model, doc, w))
        score += math.log(sum(p) / n_particles / (i + alpha_sum))
        ends, step = np.cumsum(p), sum(p) / n_particles
        marks = (np.arange(n_particles) + stream(drawn)) * step
        drawn += 1
        chosen = np.minimum(np.searchsorted(ends, marks, side="right"), n_particles - 1)
        particles = [list(particles[c]) for c in chosen]
    return score


def windows(
    documents: list[list[int]], window: int
) -> tuple[int, dict[int, int], dict[tuple[int, int], int]]:
    """(number of windows, windows that hold each word, windows that hold each pair), listed one by one."""
    n, words, pairs = 0, dict[int, int](), dict[tuple[int, int], int]()
    for tokens in documents:
        size = min(window, len(tokens)) if window else len(tokens)
        for first in range(len(tokens) - size + 1):
            n += 1
            held = sorted(set(tokens[first : first + size]))
            for w in held:
                words[w] = words.get(w, 0) + 1
            for pair in combinations(held, 2):
                pairs[pair] = pairs.get(pair, 0) + 1
    return n, words, pairs
