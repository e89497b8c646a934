"""Pairs of neighbours of a part, counted before the scan where phrases are to be found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, string_list, strings
from lda.corpus.documents.steps import StepTally
from lda.corpus.ingest.scan import boot, check_unchanged, stepped_texts
from lda.corpus.inputs.reading import read_part
from lda.corpus.ordered_map import ordered_map
from lda.corpus.text.phrase_counts import PairCounter, PairCounts, count_pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lda.corpus.ingest.plan import BuildPlan
    from lda.corpus.ingest.work_folder import WorkFolder
    from lda.corpus.readers.base import TextBatch
    from lda.corpus.text.tokenizer import TextTokenizer

_WORDS: Final[list[tuple[str, Any]]] = [("term", pa.large_string()), ("count", pa.int64())]
WORDS: Final = pa.schema(_WORDS)
PAIRS: Final = pa.schema([("pair", pa.int64()), ("count", pa.int64())])
ROWS: Final = 2**18


def count_part(
    plan: BuildPlan, number: int, work: WorkFolder, tokenize: TextTokenizer, threads: int
) -> dict[str, Any]:
    """Count words and pairs of a part, leave them in the work folder, and write the record last; returns it."""
    part, key = plan.parts[number], plan.key(number, "pairs")
    check_unchanged(part)

    def counts(batch: TextBatch) -> PairCounts:
        return count_pairs(*plan.steps.words(batch, tokenize))

    read = read_part(part, plan.options.without_notes())
    texts = stepped_texts(plan, number, read, work, StepTally())
    with PairCounter() as counter:
        for batch in ordered_map(counts, texts, threads):
            counter.add(batch)
        check_unchanged(part)
        terms, word_counts = counter.words()
        with work.new_file(f"{key}.words") as path, pa.ipc.new_file(str(path), WORDS) as writer:
            writer.write_table(pa.table([strings(terms), array(word_counts)], schema=WORDS))
        with work.new_file(f"{key}.pairs") as path, pa.ipc.new_file(str(path), PAIRS) as writer:
            for codes, times in counter.pairs():
                writer.write_table(pa.table([array(codes), array(times)], schema=PAIRS), max_chunksize=ROWS)
    names = [f"{key}.words", f"{key}.pairs"]
    record = {
        "boot": boot(),
        "sizes": {name: work.place.size(name) for name in names},
    }
    work.write_record(f"{key}.json", record)
    return record


def counted_pairs(work: WorkFolder, key: str) -> Iterator[PairCounts]:
    """What a part has left, in pieces for `PairCounter.add`."""
    table = work.opened(f"{key}.words").read_all()
    terms = string_list(table.column("term"))
    counts = table.column("count").to_numpy()
    none = np.zeros(0, dtype=np.int64)
    yield PairCounts(terms, counts, none, none)
    file = work.opened(f"{key}.pairs")
    nothing = np.zeros(len(terms), dtype=np.int64)
    for number in range(file.num_record_batches):
        batch = file.get_batch(number)
        yield PairCounts(terms, nothing, batch.column("pair").to_numpy(), batch.column("count").to_numpy())
