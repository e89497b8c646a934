"""The build as whoever directs it sees it: what is left to do, in which order, and what becomes of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import string_list, strings
from lda.corpus.assembly.assembler import removed_by_options, why_empty
from lda.corpus.assembly.shard_bounds import shard_bounds
from lda.corpus.documents.steps import StepTally
from lda.corpus.errors import DataError
from lda.corpus.files.folder import new_corpus, write_description
from lda.corpus.ingest.kept_records import is_sound
from lda.corpus.ingest.pair_files import counted_pairs
from lda.corpus.ingest.plan import BuildPlan, bytes_of, changed_files
from lda.corpus.ingest.print_files import find_singles
from lda.corpus.ingest.scan import boot, forms_file, terms_file
from lda.corpus.ingest.shards import VOCABULARY, ScannedPart, packed_schema, shard_tasks, unpacked_schema
from lda.corpus.ingest.singles_files import write_singles
from lda.corpus.ingest.skipped import check_limit, gather_skipped
from lda.corpus.ingest.vocabulary import Merged, groups_to_merge, select, select_fixed
from lda.corpus.ingest.worker import (
    PHRASES,
    SINGLES,
    CountTask,
    LengthsTask,
    MergeTask,
    PrintTask,
    ScanTask,
    Task,
    WriteTask,
    with_phrases,
)
from lda.corpus.metadata import unify
from lda.corpus.presentable import presentable
from lda.corpus.readers.seen_fields import SeenFields
from lda.corpus.skipped_records import skipped_lines
from lda.corpus.summary import Summary, stop_word_share, vocabulary_table
from lda.corpus.text.markup import markup_hint
from lda.corpus.text.phrase_counts import PairCounter
from lda.corpus.text.word_loss import WordLoss

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from lda.corpus.documents.types import Typing
    from lda.corpus.ingest.work_folder import WorkFolder
    from lda.corpus.readers.bad_records import BadRecords

PLAN: Final = "plan.json"

STAGES: Final = {"prints": "finding duplicates", "pairs": "counting pairs", "scan": "scanning"}
"""What a pass over the parts is called, by the kind of what it leaves."""


class Runner(Protocol):
    """Does tasks of a build somewhere, by a `BuildWorker` of the same plan."""

    def __call__(self, tasks: Sequence[Task], on_done: Callable[[Any, int], None]) -> None:
        """Do all tasks, each at least once; `on_done` is called here with each result and the number of workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildProgress:
    """How far a build is.

    Attributes:
        stage: what is being done: "finding duplicates", "counting pairs", "scanning", "merging", "writing", ...
        parts, n_parts: of this stage, done and in all; kept: of those done, by a run before this one.
        bytes, n_bytes: of the inputs, as they lie there; 0 in stages that read none.
        documents: that have been read.
        workers: at work.
    """

    stage: str
    parts: int
    n_parts: int
    kept: int = 0
    bytes: int = 0
    n_bytes: int = 0
    documents: int = 0
    workers: int = 0


class Build:
    """A build under way: plan, work folder, and who is told."""

    def __init__(
        self,
        plan: BuildPlan,
        work: WorkFolder,
        run: Runner,
        *,
        most: int | None = None,
        tell: Callable[[str], None] = lambda text: None,
        on_state: Callable[[BuildProgress], None] = lambda state: None,
    ) -> None:
        """Begin.

        Args:
            plan: what is to be done; without phrase pairs where they are still to be found.
            work: the folder, which nobody else uses.
            run: does tasks.
            most: bytes of the vocabulary, see `lda.corpus.ingest.vocabulary`; None for any number.
            tell: receives lines for the user.
            on_state: receives how far it is, where a stage begins and after each part.
        """
        self._plan, self._work, self._run = plan, work, run
        self._most, self._tell, self._on_state = most, tell, on_state

    def build(self, target: str | Path, *, overwrite: bool) -> BadRecords | None:
        """Do it all, and leave the corpus at the target; the work folder is to be removed by the caller.

        Returns what was skipped; None where nothing was to be.

        Raises:
            DataError: an input is damaged, has changed, or all of them are empty; or the target may not be written.
        """
        self._begin()
        plan = self._joined(self._single())
        records = self._scans(plan, "scan")
        parts = _scanned(plan, records)
        n_documents = sum(record["n_documents"] for record in records)
        tally = _tally(plan, records)
        bad = gather_skipped(plan, self._work, [part.key for part in parts], records)
        if not n_documents:
            raise DataError("the corpus must have at least one document, got none; check the input")
        _warn(_loss(plan, records))
        _warn(_seen(plan, records))
        made = self._vocabulary(plan, parts, records)
        if not made.tokens.sum():
            n_tokens = sum(record["n_tokens"] for record in records)
            n_stopped = sum(record["n_stopped"] for record in records)
            raise DataError(why_empty(n_tokens, n_stopped, made.removed))
        if made.floor:
            self._tell(floor_told(made))
        vocabulary = vocabulary_table(made.terms, made.tokens, made.documents)
        self._write_terms(made.keys)
        names = string_list(vocabulary.column("term").slice(0, 100))
        _warn(None if plan.recipe.strip else markup_hint(names))
        lengths = self._lengths(parts)
        summary = Summary(
            n_documents=n_documents,
            n_terms=vocabulary.num_rows,
            n_tokens=int(lengths.sum()),
            n_empty_documents=int((lengths == 0).sum()),
            n_without_text=sum(record["n_without_text"] for record in records),
            ordered=True,
            recipe=plan.recipe,
            stop_word_share=stop_word_share(string_list(vocabulary.column("term")), made.tokens),
            removed=removed_by_options(
                plan.recipe,
                made.removed,
                n_stopped=sum(record["n_stopped"] for record in records),
                stops=bool(made.floor),
            ),
            steps=tally.record(plan.steps),
            n_skipped=0 if bad is None else bad.n_skipped,
            too_frequent=made.too_frequent,
        )
        typed = tally.typed(plan.steps)
        schema = packed_schema(unify(_schemas(records)))
        bounds, lines = shard_bounds(lengths), skipped_lines(bad)
        self._write(target, vocabulary, summary, parts, records, bounds, schema, typed, overwrite, lines)
        return bad

    def _begin(self) -> None:
        """Look at what an earlier run has left here, and tell of it."""
        self._work.make()
        before, now = (
            self._work.record(PLAN),
            {"settings": self._plan.settings(), "files": self._plan.files()},
        )
        if before is not None and (
            before.get("settings") != now["settings"] or not isinstance(before.get("files"), dict)
        ):
            self._tell(
                f"{self._work.place.root} is of a build with other options, or of another version; starting anew"
            )
            before = None
        elif before is not None:
            for place in changed_files(before["files"], now["files"]):
                self._tell(f"{place} has changed since the interrupted build read it, and is read again")
        if before is None:
            self._work.clear()
        self._work.write_record(PLAN, now)

    def _scans(self, plan: BuildPlan, kind: str) -> list[dict[str, Any]]:
        """The records of all parts, those of an earlier run and those that are made now."""
        keys = [plan.key(number, kind) for number in range(len(plan.parts))]
        records = self._kept(keys)
        todo = [number for number, key in enumerate(keys) if key not in records]
        stage = STAGES[kind]
        if len(todo) < len(keys):
            self._tell(
                f"going on with an interrupted build ({stage}): {len(keys) - len(todo):,} of {len(keys):,} parts "
                "are done"
            )
        sizes = [bytes_of(part) for part in plan.parts]
        n_kept = len(keys) - len(todo)
        progress = _Stage(self._on_state, stage, len(keys), sum(sizes), n_kept)
        progress.add(
            size=sum(sizes) - sum(sizes[number] for number in todo),
            documents=sum(records[key].get("n_documents", 0) for key in keys if key in records),
        )
        # Those that take longest first, so that all workers end at about the same time.
        todo.sort(key=lambda number: -sizes[number])
        tasks = [_task(kind, number, plan, phrases=plan.recipe is not self._plan.recipe) for number in todo]

        def done(result: Any, workers: int) -> None:  # noqa: ANN401 - Scanned
            records[keys[result.number]] = result.record
            check_limit(plan, self._work, records, kind)
            documents = result.record.get("n_documents", 0)
            progress.add(parts=1, size=sizes[result.number], documents=documents, workers=workers)

        if tasks:
            self._run(tasks, done)
        return [records[key] for key in keys]

    def _kept(self, keys: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Records of parts that are done, with all that they speak of."""
        there, found = self._work.sizes(), dict[str, dict[str, Any]]()
        here, now = boot()
        for key in dict.fromkeys(keys):
            if f"{key}.json" not in there:
                continue
            record = self._work.record(f"{key}.json")
            if record is None or not is_sound(record, key, self._plan):
                continue
            host, since = record["boot"]
            if self._work.local is not None and host == here and since != now:
                continue  # a crash of the system may have spoilt files that were not flushed
            if record.get("n_skipped") and self._plan.options.bad_records is None:
                continue  # read by a build that left out what is to stop this one
            if all(there.get(name) == size for name, size in record["sizes"].items()):
                found[key] = record
        return found

    def _single(self) -> BuildPlan:
        """The plan with what is known of duplicates."""
        plan = self._plan
        if plan.steps.fingerprints is None:
            return plan
        plan.steps.fingerprints.check()
        found = find_singles(plan, self._scans(plan, "prints"), self._work)
        digests = [write_singles(self._work, number, singles) for number, singles in enumerate(found)]
        self._work.write_record(SINGLES, {"digests": digests})
        return replace(plan, singles=tuple(digests))

    def _joined(self, plan: BuildPlan) -> BuildPlan:
        """The plan with the phrases that these documents have."""
        recipe = plan.recipe
        if recipe.phrases is None or recipe.phrase_pairs is not None:
            return plan
        assert recipe.phrase_min_count is not None
        assert recipe.phrase_threshold is not None
        self._scans(plan, "pairs")
        with PairCounter(self._work.local) as counter:
            for number in range(len(plan.parts)):
                for piece in counted_pairs(self._work, plan.key(number, "pairs")):
                    counter.add(piece)
            found = counter.phrases(
                recipe.phrases, min_count=recipe.phrase_min_count, threshold=recipe.phrase_threshold
            )
        pairs = sorted((phrase.first, phrase.second) for phrase in found)
        self._work.write_record(PHRASES, {"pairs": pairs})
        return with_phrases(plan, pairs)

    def _vocabulary(
        self, plan: BuildPlan, parts: Sequence[ScannedPart], records: Sequence[dict[str, Any]]
    ) -> Merged:
        names = [terms_file(part.key, number) for part in parts for number in range(part.n_numberings)]
        names = self._merged(names, "terms")
        if plan.terms is not None:
            return select_fixed(self._work, names, strings(plan.terms))
        forms = [
            forms_file(part.key, number)
            for part, record in zip(parts, records, strict=True)
            for number in range(part.n_numberings)
            if record["has_forms"]
        ]
        n_documents = sum(record["n_documents"] for record in records)
        return select(self._work, names, self._merged(forms, "forms"), plan.recipe, n_documents, self._most)

    def _merged(self, names: list[str], kind: str) -> list[str]:
        """So few files, made of these, that they can be merged in one step."""
        level = 0
        while groups := groups_to_merge(names, level, kind):
            tasks: list[Task] = [MergeTask(*group) for group in groups]
            self._run(tasks, self._stage("merging", len(tasks)).done)
            names, level = [output for _, output in groups], level + 1
        return names

    def _stage(self, stage: str, n_parts: int) -> _Stage:
        made = _Stage(self._on_state, stage, n_parts)
        made.add()
        return made

    def _write_terms(self, terms: pa.Array[Any]) -> None:
        schema = pa.schema([("term", pa.large_string())])
        with self._work.new_file(VOCABULARY) as path, pa.ipc.new_file(str(path), schema) as writer:
            writer.write_batch(pa.RecordBatch.from_arrays([terms], schema=schema))

    def _lengths(self, parts: Sequence[ScannedPart]) -> npt.NDArray[np.int64]:
        found: list[Any] = [None] * len(parts)

        def done(result: Any, workers: int) -> None:  # noqa: ANN401 - PartLengths
            found[result.number] = result.lengths

        self._run([LengthsTask(number, part) for number, part in enumerate(parts)], done)
        return np.concatenate(found, dtype=np.int64)

    def _write(
        self,
        target: str | Path,
        vocabulary: pa.Table,
        summary: Summary,
        parts: Sequence[ScannedPart],
        records: Sequence[dict[str, Any]],
        bounds: npt.NDArray[np.int64],
        schema: str | None,
        typed: Typing | None,
        overwrite: bool,
        skipped: bytes | None,
    ) -> None:
        groups = shard_tasks(parts, [record["n_documents"] for record in records], bounds)
        filled = None if self._work.local is None else self._work.local / "corpus"
        with new_corpus(target, overwrite=overwrite, temporary=filled) as (place, folder):
            tasks: list[Task] = [WriteTask(group, schema, place.address, folder, typed) for group in groups]
            progress, results = self._stage("writing", len(tasks)), list[Any]()

            def done(result: Any, workers: int) -> None:  # noqa: ANN401 - ShardsDone
                results.append(result)
                progress.done(result, workers)

            self._run(tasks, done)
            results.sort(key=lambda result: result.first)
            entries = [entry for result in results for entry in result.entries]
            digests = [digest for result in results for digest in result.digests]
            write_description(place, folder, vocabulary, summary, entries, digests, skipped)


class _Stage:
    """Tells of one stage. kept: parts that an earlier run has done."""

    def __init__(
        self,
        on_state: Callable[[BuildProgress], None],
        stage: str,
        n_parts: int,
        n_bytes: int = 0,
        kept: int = 0,
    ) -> None:
        self._on_state = on_state
        self._now = BuildProgress(stage=stage, parts=kept, n_parts=n_parts, kept=kept, n_bytes=n_bytes)

    def add(self, *, parts: int = 0, size: int = 0, documents: int = 0, workers: int = 0) -> None:
        """Some parts are done."""
        now = self._now
        self._now = replace(
            now,
            parts=now.parts + parts,
            bytes=now.bytes + size,
            documents=now.documents + documents,
            workers=workers,
        )
        self._on_state(self._now)

    def done(self, result: object, workers: int) -> None:
        """A task is done."""
        self.add(parts=1, workers=workers)


def _task(kind: str, number: int, plan: BuildPlan, *, phrases: bool) -> Task:
    """A task for a part, done by the plan as far as it is known. phrases: whether pairs were found since it began."""
    singles = bool(plan.singles)
    if kind == "prints":
        return PrintTask(number)
    if kind == "pairs":
        return CountTask(number, singles)
    return ScanTask(number, singles, phrases)


def _tally(plan: BuildPlan, records: Sequence[dict[str, Any]]) -> StepTally:
    """What happened to the documents of all parts. Raises DataError as `StepTally.check`."""
    tally = StepTally()
    for record in records if plan.steps else ():
        tally.add(StepTally.from_dict(record["steps"]))
    tally.check(plan.steps)
    return tally


def _scanned(plan: BuildPlan, records: Sequence[dict[str, Any]]) -> list[ScannedPart]:
    """The parts with the number of lines before each in its file, where its documents are named by them."""
    made, before = list[ScannedPart](), 0
    for number, (part, record) in enumerate(zip(plan.parts, records, strict=True)):
        if part.begins_file:
            before = 0
        made.append(
            ScannedPart(
                plan.key(number, "scan"), record["files"], len(record["n_terms"]), part.file.prefix, before
            )
        )
        before += record["lines"]
    return made


def _schemas(records: Sequence[dict[str, Any]]) -> list[pa.Schema | None]:
    return [unpacked_schema(text) for record in records for text in record["schemas"]]


def _seen(plan: BuildPlan, records: Sequence[dict[str, Any]]) -> str | None:
    """What differs between the fields of the files."""
    seen = SeenFields()
    for record in records:
        seen.add(record["fields"])
    return seen.told(typed=plan.steps.kinds is not None)


def _loss(plan: BuildPlan, records: Sequence[dict[str, Any]]) -> str | None:
    loss = WordLoss(plan.recipe.strip)
    for record in records:
        if record["loss"] is not None:
            loss.add_counts(record["loss"])
    return loss.warning()


def _warn(text: str | None) -> None:
    if text is not None:
        warnings.warn(presentable(text), stacklevel=4)


def floor_told(made: Merged) -> str:
    """What was left out for want of room, in words."""
    lost = made.removed["vocabulary_memory"]
    return (
        f"the vocabulary has no room for all {made.n_distinct:,} terms: {lost['terms']:,} that stand in {made.floor:,} "
        f"documents or fewer were left out ({lost['tokens']:,} tokens); the counts of the others are exact"
    )
