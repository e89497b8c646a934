"""Where topics lie on the map of a page, and which are related."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from lda.report.reported_model import ReportedModel

    Floats = npt.NDArray[np.float64]

RELATED: Final = 8
"""Topics that are listed beside another one."""


class TopicMap(NamedTuple):
    """distances: (K, K). x, y: (K,). related: of each topic the nearest others and how far, nearest first."""

    distances: Floats
    x: Floats
    y: Floats
    related: list[list[tuple[int, float]]]


def topic_map(model: ReportedModel) -> TopicMap:
    """Distances between topics, and places in the plane that keep them as well as two dimensions can."""
    distances = _distances(model)
    places = _places(distances)
    return TopicMap(distances, places[:, 0], places[:, 1], related(distances))


def related(distances: Floats, n: int = RELATED) -> list[list[tuple[int, float]]]:
    """Of each topic the `n` nearest others and their distances; of equal ones the first."""
    found = []
    for k, row in enumerate(distances):
        order = [int(other) for other in np.argsort(row, kind="stable") if other != k][:n]
        found.append([(other, float(row[other])) for other in order])
    return found


def _distances(model: ReportedModel) -> Floats:
    p = model.topic_word
    n = len(p)
    entropy = -(p * np.log2(p)).sum(axis=1)
    found = np.zeros((n, n))
    for k in range(n):
        middle = (p[k] + p[k + 1 :]) / 2
        divergence = -(middle * np.log2(middle)).sum(axis=1) - (entropy[k] + entropy[k + 1 :]) / 2
        found[k, k + 1 :] = found[k + 1 :, k] = np.sqrt(np.maximum(divergence, 0))
    return found


def _places(distances: Floats) -> Floats:
    """Classical scaling."""
    n = len(distances)
    centre = np.eye(n) - 1 / n
    values, vectors = np.linalg.eigh(-0.5 * centre @ distances**2 @ centre)
    return np.pad(
        vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0)), ((0, 0), (0, max(0, 2 - n)))
    )
