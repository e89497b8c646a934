"""All options of `lda fit`, as one object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import click

from lda.cli.fit.outputs import Targets

if TYPE_CHECKING:
    from lda.cli.console import Console
    from lda.cli.document_options import DocumentOptions
    from lda.cli.fit.beginnings import BeginOptions
    from lda.cli.fit.checkpoints import CheckpointOptions
    from lda.cli.fit.group_options import GroupOptions
    from lda.cli.fit.output_files import OutputFiles
    from lda.cli.fit.periods import PeriodOptions
    from lda.cli.fit.seeds import SeedOptions
    from lda.cli.fit.window import WindowOptions
    from lda.cli.monitor_options import MonitorOptions
    from lda.cli.sources import LineOptions, SourceOptions
    from lda.cli.text_options import TextOptions
    from lda.cluster import Cluster, FitSettings

TOP_WORDS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOptions:
    """What `lda fit` is asked for.

    align_to: the model whose topic numbers are wanted, or None. groups: a model for each of these, None for one of
    all documents. top_words: of each topic, printed at the end and in files; None for the usual. mlflow: address of
    the MLflow that keeps the run, or None.
    """

    inputs: tuple[str, ...]
    source: SourceOptions
    lines: LineOptions
    documents: DocumentOptions
    text: TextOptions
    settings: FitSettings
    seeds: SeedOptions
    begin: BeginOptions
    window: WindowOptions
    align_to: str | None
    groups: GroupOptions | None
    output: str
    periods: PeriodOptions
    files: OutputFiles
    overwrite: bool
    checkpoints: CheckpointOptions
    cluster: Cluster | None
    top_words: int | None
    mlflow: str | None
    monitoring: MonitorOptions
    console: Console

    def __post_init__(self) -> None:
        """See that topics get numbers, and documents a place, from one option only. Raises click.UsageError."""
        if self.window.window is not None and not self.inputs:
            raise click.UsageError("--window chooses among documents; name an INPUT, a state has no dates")
        if self.align_to is None:
            return
        reasons = {
            "--init-from": (
                self.begin.init_from,
                "topics keep the numbers of the model that the fit goes on from",
            ),
            "--input-state": (self.begin.input_state, "topics keep the numbers of the state"),
            "--seed-words": (self.seeds.seed_words, "seed words say which topic has which number"),
            "--group-by": (self.groups, "each group has a model of its own; align them with lda align"),
            "--address": (self.cluster, "a model of a cluster may be larger than one machine; use lda align"),
        }
        for name, (given, reason) in reasons.items():
            if given is not None:
                raise click.UsageError(f"--align-to does not go with {name}: {reason}")

    def targets(self) -> Targets:
        """What the command writes."""
        files = self.files
        if self.top_words:
            files = replace(files, choices=replace(files.choices, n_words=max(self.top_words, 1)))
        return Targets(model=self.output, files=files, overwrite=self.overwrite)

    @property
    def n_words(self) -> int:
        """Words of each topic that are printed."""
        return TOP_WORDS if self.top_words is None else max(self.top_words, 0)
