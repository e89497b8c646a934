"""Command line of the benchmarks."""

from __future__ import annotations

import click

from benchmarks.charts import charts
from benchmarks.cluster import cluster
from benchmarks.compare import compare
from benchmarks.document_steps import document_steps
from benchmarks.following import following
from benchmarks.gpu import gpu
from benchmarks.inference import transform
from benchmarks.ingest import ingest
from benchmarks.limit.command import limit
from benchmarks.living import living
from benchmarks.locality import locality
from benchmarks.memory import memory
from benchmarks.number_of_topics import found_by_chance, planted
from benchmarks.phrases import phrases
from benchmarks.picture import picture
from benchmarks.pyldavis import pyldavis
from benchmarks.race.command import race
from benchmarks.ready import ready
from benchmarks.report_page import report
from benchmarks.report_picture import report_picture
from benchmarks.serving.command import serve
from benchmarks.single_documents import inference
from benchmarks.sizing import sizing
from benchmarks.sketches import sketches
from benchmarks.speed import speed
from benchmarks.study import study
from benchmarks.topics import topics
from benchmarks.words import words


@click.group(context_settings={"show_default": True, "help_option_names": ["-h", "--help"]})
def main() -> None:
    """Measure raylda beside what would be used instead, on this machine, in one run."""


main.add_command(charts)
main.add_command(speed)
main.add_command(study)
main.add_command(memory)
main.add_command(ingest)
main.add_command(sizing)
main.add_command(cluster)
main.add_command(compare)
main.add_command(race)
main.add_command(topics)
main.add_command(transform)
main.add_command(inference)
main.add_command(living)
main.add_command(locality)
main.add_command(limit)
main.add_command(following)
main.add_command(gpu)
main.add_command(phrases)
main.add_command(picture)
main.add_command(planted)
main.add_command(found_by_chance)
main.add_command(pyldavis)
main.add_command(ready)
main.add_command(report)
main.add_command(report_picture)
main.add_command(document_steps)
main.add_command(serve)
main.add_command(sketches)
main.add_command(words)

if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
