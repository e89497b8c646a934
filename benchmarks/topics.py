"""The number of topics: time a token and memory from ten topics to a million, beside tomotopy.

A token should cost about as many terms as its document has topics or its word, not as there are.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import click

from benchmarks.corpora import SOURCES, built, default_source
from benchmarks.memory import measured
from benchmarks.report import machine, table

PEER = """
import resource, sys
from benchmarks.speed import tomotopy_rate
from lda.corpus import Corpus
corpus = Corpus.open(sys.argv[1])
rate = tomotopy_rate(corpus, int(sys.argv[2]), 1, 2, 0)
print(rate, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@click.command()
@click.option("--corpus", "name", type=click.Choice(list(SOURCES)), default=default_source(), help="Corpus.")
@click.option("-k", "numbers", type=int, multiple=True, default=[10**i for i in range(1, 7)], help="Topics.")
@click.option("--sampler", default="adlda", help="Sampler.")
@click.option("--sweeps", type=int, default=5, help="Sweeps a fit.")
@click.option(
    "--peer-up-to", type=int, default=10_000, help="Most topics that tomotopy is asked for; 0: none."
)
def topics(name: str, numbers: tuple[int, ...], sampler: str, sweeps: int, peer_up_to: int) -> None:
    """Time a token and peak memory by number of topics, two threads, beside two sweeps of tomotopy."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as scratch:
        folder = Path(scratch) / name
        corpus = built(name, folder)
        click.echo(f"{machine()}\n{name}: {corpus.n_tokens:,} tokens; {sampler}, {sweeps} sweeps\n")
        measured(folder, numbers[0], sampler, 1)  # kernels compile
        for n_topics in numbers:
            seen = measured(folder, n_topics, sampler, sweeps)
            peer = _peer(folder, n_topics) if n_topics <= peer_up_to else None
            theirs = [f"{1e9 / peer[0]:.0f}", f"{peer[1] / 1e6:.0f}"] if peer else ["-", "-"]
            ours = [f"{1e9 / seen['rate']:.0f}", f"{seen['start']:.0f}", f"{seen['peak'] / 1e6:.0f}"]
            rows.append([f"{n_topics:,}", *ours, *theirs])
            click.echo("  ".join(map(str, rows[-1])), err=True)
    click.echo(table(["K", "ns a token", "start, s", "peak MB", "tomotopy, ns", "its peak MB"], rows))


def _peer(folder: Path, n_topics: int) -> tuple[float, float] | None:
    """(tokens a second, peak bytes) of tomotopy's second sweep; None where it is not there, or ends without."""
    command = [sys.executable, "-c", PEER, str(folder), str(n_topics)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        click.echo(f"tomotopy, {n_topics:,} topics: {done.stderr.strip().splitlines()[-1:]}", err=True)
        return None
    rate, peak = map(float, done.stdout.split())
    return rate, peak
