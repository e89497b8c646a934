"""Where topics lie on the map of a page, and which are related."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from lda.charts.coordinates import map_coordinates
from lda.charts.distances import nearest_topics, topic_distances

if TYPE_CHECKING:
    import numpy as np
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


def topic_map(model: ReportedModel, *, threads: int | None = None) -> TopicMap:
    """Distances between topics, and places in the plane that keep them as well as two dimensions can."""
    distances = topic_distances(model, threads=threads)
    places = map_coordinates(distances)
    nearest = nearest_topics(distances, RELATED)
    related = [
        list(zip(map(int, topics), map(float, far), strict=True))
        for topics, far in zip(nearest.topics, nearest.distances, strict=True)
    ]
    return TopicMap(distances, places[:, 0], places[:, 1], related)
