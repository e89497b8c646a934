"""What `lda transform` is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from lda.cli.console import Console
    from lda.cli.monitor_options import MonitorOptions
    from lda.cli.sources import SourceOptions
    from lda.cluster import Cluster
    from lda.cluster.spec.fit_settings import Device
    from lda.transform.topic_writers import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformOptions:
    """What `lda transform` is asked for.

    output: "-" is standard output. top, threshold: which topics of a document are written. threads: None for all cores.
    unknown, keep: counts of words, and fields of the input, that are written beside the topics. output_state: file
    for the topic of each token, or None. seed: None for the model's. labels: file with names of topics, or None.
    cluster: None for this process.
    """

    model: str
    inputs: tuple[str, ...]
    output: str
    top: int | None
    threshold: float
    doc_topics_format: str
    unknown: bool
    keep: tuple[str, ...]
    output_state: str | None
    threads: int | None
    seed: int | None
    device: Device
    source: SourceOptions
    where: tuple[str, ...]
    labels: str | None
    no_verify: bool
    cluster: Cluster | None
    resume: bool
    overwrite: bool
    monitoring: MonitorOptions
    console: Console

    def __post_init__(self) -> None:
        from lda.transform.carried_fields import WRITTEN_ANYWAY

        for field in self.keep:
            if field in WRITTEN_ANYWAY:
                raise click.UsageError(
                    f"--keep {field}: the output has its own {field}; leave it out, or rename the field"
                )

    @property
    def further(self) -> tuple[str, ...]:
        """Names of columns that are written beside the topics."""
        return (*self.keep, *(("known", "unknown") if self.unknown else ()))

    @property
    def mallet_form(self) -> bool:
        """Whether the file is to be in MALLET's form, however it is called."""
        return self.doc_topics_format == "mallet"

    def condition(self) -> str | None:
        """What a document must fulfil, or None. Raises click.UsageError."""
        from lda.cli.document_options import condition_of

        return condition_of(self.where)

    def selection(self) -> Selection:
        """Which topics of a document are written. Raises click.UsageError for what cannot be."""
        from lda.transform.topic_writers import Selection

        try:
            return Selection(top=self.top, threshold=self.threshold)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
