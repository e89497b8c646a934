"""From what was measured with a few logical workers to many nodes: a projection, and what would hold it up.

Sampling, netting, adding up and taking in cost what they cost here, a core each; bytes follow the formulas of
`lda.deploy.sizing`, with the cells of the measured model grown in proportion to the corpus. A node is one worker
and one aggregator. Sampling uses all cores of a node. So does taking in; encoding and aggregating use one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lda.deploy.sizing import Setup, delta_entries, network_seconds, traffic
from lda.samplers.counts.histograms import Histogram

if TYPE_CHECKING:
    from benchmarks.exchange import Measured


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Seconds of one core: for a token sampled, a changed cell netted and encoded, added up, and taken in.

    The last three are for each entry of a delta: of one worker's, of all that come to the aggregators, of the sum.
    """

    sample: float
    encode: float
    aggregate: float
    take_in: float

    @classmethod
    def of(cls, m: Measured) -> Costs:
        """From one sweep."""
        return cls(
            sample=m.seconds["sample"] / m.n_tokens,
            encode=m.seconds["net and encode"] / m.n_tokens,
            aggregate=m.seconds["aggregate"] / m.pushed_entries,
            take_in=m.seconds["take in"] / (m.merged_entries * m.workers),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """One sweep of many nodes: seconds by what they go to."""

    n_tokens: float
    seconds: dict[str, float]

    @property
    def in_step(self) -> float:
        """Tokens a second when nothing overlaps, as with staleness 0."""
        return self.n_tokens / sum(self.seconds.values())

    @property
    def overlapped(self) -> float:
        """Tokens a second when everything overlaps, as staleness allows."""
        return self.n_tokens / max(self.seconds.values())

    @property
    def bottleneck(self) -> str:
        """What takes longest."""
        return max(self.seconds, key=lambda name: self.seconds[name])


def project(
    m: Measured,
    setup: Setup,
    costs: Costs,
    *,
    cores: float,
    bits_per_second: float,
) -> Projection:
    """A sweep of `setup.workers` nodes with `cores` cores each over a corpus of `setup.n_tokens`.

    m: gives the cells of the model and the share of tokens that change. cores: as many of those measured on.
    """
    nodes, growth = setup.workers, setup.n_tokens / m.n_tokens
    cells = Histogram(np.maximum((m.cells.key * growth).astype(np.int64), 1), m.cells.times)
    moved = traffic(setup, m.changed, cells)
    most = 2 * m.changed * setup.n_tokens
    pushed = min(most, delta_entries(cells, m.changed, setup.phases, nodes))
    pulled = min(most, delta_entries(cells, m.changed, setup.phases, 1))
    each = setup.n_tokens / nodes
    return Projection(
        n_tokens=setup.n_tokens,
        seconds={
            "sampling": each * costs.sample / cores,
            "netting": each * costs.encode / cores,
            "network": network_seconds(setup, moved, bits_per_second),
            "aggregators": pushed / setup.aggregators * costs.aggregate,
            "taking in": pulled * costs.take_in / cores,
        },
    )
