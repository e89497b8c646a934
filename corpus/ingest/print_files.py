"""What tells duplicates, found of each part before its documents are counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from lda.corpus.arrow import array, pc
from lda.corpus.documents.duplicates import Singles, find_duplicates
from lda.corpus.ingest.scan import boot, check_unchanged
from lda.corpus.inputs.reading import read_part
from lda.corpus.ordered_map import ordered_map
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.corpus.documents.steps import DocumentSteps
    from lda.corpus.ingest.plan import BuildPlan
    from lda.corpus.ingest.work_folder import WorkFolder
    from lda.corpus.readers.base import TextBatch

ID, NUMBER = "id", "number"


def print_part(plan: BuildPlan, number: int, work: WorkFolder, threads: int) -> dict[str, Any]:
    """Leave what tells the documents of a part from others in the work folder, and write its record last; returns it.

    Raises:
        DataError: the part is damaged, or its file is not the one of the plan.
    """
    part, key, steps = plan.parts[number], plan.key(number, "prints"), plan.steps
    check_unchanged(part)
    tokenize = TextTokenizer(plan.recipe.without_phrases(), plan.tokenizer)
    fingerprints = steps.fingerprints
    assert fingerprints is not None

    def prints(batch: TextBatch) -> pa.RecordBatch:
        chosen = steps.chosen(batch)
        made = fingerprints.of_texts(chosen, tokenize)
        numbers = pa.nulls(len(chosen.ids), pa.int64()) if chosen.numbers is None else array(chosen.numbers)
        return made.append_column(NUMBER, numbers)

    n_documents, writer = 0, None
    read = read_part(part, plan.options.without_notes())
    with work.new_file(f"{key}.prints") as path:
        for batch in ordered_map(prints, read, threads):
            if writer is None:
                writer = pa.ipc.new_file(str(path), batch.schema)
            writer.write_batch(batch)
            n_documents += batch.num_rows
        if writer is None:  # a part without a record
            writer = pa.ipc.new_file(str(path), pa.schema([]))
        writer.close()
        check_unchanged(part)
    record = {
        "documents": n_documents,
        "lines": read.lines,
        "boot": boot(),
        "sizes": {f"{key}.prints": work.place.size(f"{key}.prints")},
    }
    work.write_record(f"{key}.json", record)
    return record


def find_singles(plan: BuildPlan, records: Sequence[dict[str, Any]], work: WorkFolder) -> list[Singles]:
    """Of each part, which of its documents repeat no earlier one; from what all parts have left."""
    steps: DocumentSteps = plan.steps
    assert steps.dedupe is not None
    batches, before = list[pa.RecordBatch](), 0
    for number, (part, record) in enumerate(zip(plan.parts, records, strict=True)):
        before = 0 if part.begins_file else before
        file = work.opened(f"{plan.key(number, 'prints')}.prints")
        found = [file.get_batch(i) for i in range(file.num_record_batches)]
        if steps.mark_duplicates:
            found = [_named(batch, part.file.prefix, before) for batch in found]
        batches += found
        before += record["lines"]
    whole = find_duplicates(steps.dedupe, batches, names=steps.mark_duplicates)
    made, start = list[Singles](), 0
    for record in records:
        made.append(whole.slice(start, record["documents"]))
        start += record["documents"]
    return made


def _named(batch: pa.RecordBatch, prefix: str, before: int) -> pa.RecordBatch:
    """The batch with the ids that are numbers of records filled in."""
    ids: Any = batch.column(ID)
    if not ids.null_count:
        return batch
    numbers = pc.cast(pc.add(batch.column(NUMBER), before), pa.large_string())
    start, nothing = (pa.scalar(text, pa.large_string()) for text in (prefix, ""))
    filled = pc.coalesce(ids, pc.binary_join_element_wise(start, numbers, nothing))
    return batch.set_column(batch.schema.get_field_index(ID), ID, filled)
