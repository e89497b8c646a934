"""What is done of a build in one place: the tasks, each of which may be done anywhere, and again."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from lda.corpus.ingest.pair_files import count_part
from lda.corpus.ingest.print_files import print_part
from lda.corpus.ingest.scan import scan_part
from lda.corpus.ingest.shards import (
    Numbering,
    ScannedPart,
    ShardsDone,
    ShardTask,
    lengths_of,
    write_shards,
)
from lda.corpus.ingest.vocabulary import merge_files
from lda.corpus.ingest.work_folder import WorkFolder
from lda.corpus.storage.places import storage
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from lda.corpus.documents.types import Typing
    from lda.corpus.ingest.plan import BuildPlan

PHRASES = "phrases.json"
"""Record of the pairs that have been found, which workers read: a job has left before they are known."""


SINGLES = "singles.json"
"""Record of which documents repeat no earlier one, likewise: a digest for each part."""


class PrintTask(NamedTuple):
    """Find what tells duplicates in a part."""

    number: int

    def __str__(self) -> str:
        return f"the prints of part {self.number + 1}"


class CountTask(NamedTuple):
    """Count the pairs of neighbours in a part; singles: whether duplicates have been found."""

    number: int
    singles: bool

    def __str__(self) -> str:
        return f"the count of pairs in part {self.number + 1}"


class ScanTask(NamedTuple):
    """Scan a part; singles: see `CountTask`; phrases: whether pairs have been found, and are to be joined."""

    number: int
    singles: bool
    phrases: bool

    def __str__(self) -> str:
        return f"the scan of part {self.number + 1}"


class MergeTask(NamedTuple):
    """Merge files of terms."""

    names: tuple[str, ...]
    output: str

    def __str__(self) -> str:
        return f"the merge of {len(self.names)} files of terms"


class LengthsTask(NamedTuple):
    """Count what is left of the documents of a part."""

    number: int
    part: ScannedPart

    def __str__(self) -> str:
        return f"the lengths of part {self.number + 1}"


class WriteTask(NamedTuple):
    """Write shards. folder: in the target; schema: of the metadata, as text; typed: gives these their types."""

    shards: ShardTask
    schema: str | None
    target: str
    folder: str
    typed: Typing | None

    def __str__(self) -> str:
        return f"the writing of shards from {self.shards.first} on"


Task = PrintTask | CountTask | ScanTask | MergeTask | LengthsTask | WriteTask


class Scanned(NamedTuple):
    """A part is done: its record."""

    number: int
    record: dict[str, Any]


class PartLengths(NamedTuple):
    """Tokens of each document of a part: (n,) int32."""

    number: int
    lengths: npt.NDArray[np.int32]


class BuildWorker:
    """Does tasks of one build, and keeps between them what several need."""

    def __init__(self, plan: BuildPlan, work: str) -> None:
        """work: the address of the work folder."""
        self._plan, self._work = plan, WorkFolder(work)
        self._single: BuildPlan | None = None
        self._joined: BuildPlan | None = None
        self._numbering = Numbering(self._work)
        self._tokenizer: TextTokenizer | None = None  # that of the phase of counting, or of the scan
        self._counts_pairs = False

    def do(self, task: Task, threads: int) -> Any:  # noqa: ANN401 - each kind of task has its own
        """Do a task. Raises DataError, OSError."""
        if isinstance(task, PrintTask):
            return Scanned(task.number, print_part(self._plan, task.number, self._work, threads))
        if isinstance(task, CountTask):
            plan = self._with_singles() if task.singles else self._plan
            tokenize = self._tokenizer_of(plan, pairs=True)
            return Scanned(task.number, count_part(plan, task.number, self._work, tokenize, threads))
        if isinstance(task, ScanTask):
            plan = self._with_singles() if task.singles else self._plan
            plan = self._with_phrases(plan) if task.phrases else plan
            tokenize = self._tokenizer_of(plan, pairs=False)
            return Scanned(task.number, scan_part(plan, task.number, self._work, tokenize, threads))
        if isinstance(task, MergeTask):
            merge_files(self._work, task.names, task.output)
            return task.output
        if isinstance(task, LengthsTask):
            return PartLengths(task.number, lengths_of(task.part, self._work, self._numbering))
        return self._write(task)

    def _write(self, task: WriteTask) -> ShardsDone:
        target = storage(task.target)
        return write_shards(
            task.shards, self._work, self._numbering, task.schema, target, task.folder, task.typed
        )

    def _tokenizer_of(self, plan: BuildPlan, *, pairs: bool) -> TextTokenizer:
        """The tokenizer of a pass, which is kept for all its parts: some take long to begin."""
        if self._tokenizer is None or self._counts_pairs != pairs:
            recipe = plan.recipe.without_phrases() if pairs else plan.recipe
            self._tokenizer = TextTokenizer(recipe, plan.tokenizer, vocabulary=plan.terms)
            self._counts_pairs = pairs
        return self._tokenizer

    def _with_singles(self) -> BuildPlan:
        if self._single is None:
            record = self._work.record(SINGLES) or {}
            self._single = dataclasses.replace(self._plan, singles=tuple(record["digests"]))
        return self._single

    def _with_phrases(self, plan: BuildPlan) -> BuildPlan:
        if self._joined is None:
            record = self._work.record(PHRASES) or {}
            self._joined = with_phrases(plan, [(a, b) for a, b in record["pairs"]])
        return self._joined


def with_phrases(plan: BuildPlan, pairs: list[tuple[str, str]]) -> BuildPlan:
    """The plan with the pairs that are to be joined."""
    recipe = dataclasses.replace(plan.recipe, phrase_pairs=tuple(pairs))
    return dataclasses.replace(plan, recipe=recipe)
