"""Command line of the benchmarks."""

from __future__ import annotations

import click

from benchmarks.charts import charts
from benchmarks.cluster import cluster
from benchmarks.gpu import gpu
from benchmarks.inference import transform
from benchmarks.ingest import ingest
from benchmarks.limit.command import limit
from benchmarks.locality import locality
from benchmarks.memory import memory
from benchmarks.picture import picture
from benchmarks.race.command import race
from benchmarks.ready import ready
from benchmarks.report_page import report
from benchmarks.report_picture import report_picture
from benchmarks.sizing import sizing
from benchmarks.speed import speed
from benchmarks.topics import topics


@click.group(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure raylda beside what would be used instead, on this machine, in one run."""


main.add_command(charts)
main.add_command(speed)
main.add_command(memory)
main.add_command(ingest)
main.add_command(sizing)
main.add_command(cluster)
main.add_command(race)
main.add_command(topics)
main.add_command(transform)
main.add_command(locality)
main.add_command(limit)
main.add_command(gpu)
main.add_command(picture)
main.add_command(ready)
main.add_command(report)
main.add_command(report_picture)

if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
