"""The table of the limit, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from benchmarks.limit.measure import Limit
from benchmarks.report import table

HEADER = (
    "K", "C: sampling + counting", "kernel", "sweep", "kernel / C", "sweep / C", "not the kernel",
    "tomotopy", "times tomotopy", "fit: raylda, C",
)  # fmt: skip


def pair(one: float, every: float, form: str) -> str:
    """Two numbers in a cell: one core busy, all of them."""
    return f"{one:{form}} / {every:{form}}"


def cells(row: Limit) -> list[str]:
    """A row of the table."""
    whole, whole_all = row.sampling + row.counting, row.sampling_all + row.counting_all
    outside = [
        1 - kernel / sweep for kernel, sweep in ((row.kernel, row.sweep), (row.kernel_all, row.sweep_all))
    ]
    return [
        f"{row.k:,}",
        f"{row.sampling:.1f} + {row.counting:.1f} / {row.sampling_all:.1f} + {row.counting_all:.1f}",
        pair(row.kernel, row.kernel_all, ".1f"),
        pair(row.sweep, row.sweep_all, ".1f"),
        pair(row.kernel / row.sampling, row.kernel_all / row.sampling_all, ".2f"),
        pair(row.sweep / whole, row.sweep_all / whole_all, ".2f"),
        pair(outside[0], outside[1], ".0%"),
        "-" if row.tomotopy is None else f"{row.tomotopy:.1f}",
        "-" if row.tomotopy is None else f"{row.tomotopy / row.sweep:.2f}",
        f"{row.ours_log_phi:.3f}, {row.log_phi:.3f}",
    ]


def markdown(rows: Sequence[Limit]) -> str:
    """A table for each corpus, and how to read it."""
    parts = [explanation(rows[0].cores)]
    for _, group in groupby(rows, key=lambda row: (row.corpus, row.sampler)):
        found = list(group)
        one = found[0]
        parts.append(
            f"**{one.corpus}: {one.documents:,} documents, {one.tokens:,} tokens, {one.terms:,} terms; {one.sampler}**"
        )
        parts.append(table(HEADER, [cells(row) for row in found]))
    return "\n\n".join(parts)


def explanation(cores: int) -> str:
    """What the numbers are."""
    return (
        f"Nanoseconds of a core a token, medians; before the slash one core is busy, after it all {cores}: of the C "
        "program a process on each core, of raylda one process by as many threads. C counts all tokens and makes phi "
        'once a sweep, raylda four times. "kernel" is raylda\'s sampling calls, "sweep" all that a sweep takes, alpha '
        'learned every five. "times tomotopy": its nanoseconds with one worker over those of a sweep of raylda by one '
        'thread. "fit": mean log phi of the tokens\' topics at the end, which shows that both sample the same.'
    )
