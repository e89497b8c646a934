"""`SteppedTexts`: the documents of inputs as they are to be tokenised, read in order and in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from lda.corpus.assembly.spill import FolderSpill, MemorySpill
from lda.corpus.documents.duplicates import find_duplicates
from lda.corpus.documents.join import Joiner
from lda.corpus.documents.steps import StepTally
from lda.corpus.ordered_map import ordered_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from lda.corpus.assembly.spill import Spill
    from lda.corpus.documents.duplicates import Singles
    from lda.corpus.documents.steps import DocumentSteps
    from lda.corpus.readers.base import TextBatch
    from lda.corpus.text.tokenizer import TextTokenizer


class Located(NamedTuple):
    """A batch, and the file that it is from."""

    batch: TextBatch
    file: str


class SteppedTexts:
    """Reads documents, as often as needed: to find duplicates, to join them, to find phrases, to count terms."""

    def __init__(
        self,
        read: Callable[[bool], Iterator[Located]],
        steps: DocumentSteps,
        tokenizer: Callable[[], TextTokenizer],
        threads: int,
        folder: Path | None = None,
    ) -> None:
        """Prepare; nothing is read yet.

        Args:
            read: gives all documents, from the beginning each time, and tells of bad records if it is given true.
            steps: what is done with them.
            tokenizer: makes one by the recipe without its phrases, for near-duplicates.
            threads: that look at batches.
            folder: where things wait; None keeps them in memory.
        """
        self._read, self._steps, self._tokenizer = read, steps, tokenizer
        self._threads, self._folder = threads, folder
        self._singles: Singles | None = None
        self._joiner: Joiner | None = None
        self.tally = StepTally()
        self._counted = False

    def batches(self) -> Iterator[TextBatch]:
        """The documents that are left, in order.

        Raises:
            DataError: as readers and `DocumentSteps`.
        """
        self._look_ahead()
        if self._joiner is not None:
            yield from self._joiner.batches()
            return
        yield from self._single()

    def _look_ahead(self) -> None:
        """What must be known of all documents before the first is handed on."""
        steps = self._steps
        if steps.fingerprints is not None and self._singles is None:
            fingerprints, tokenizer = steps.fingerprints, self._tokenizer()
            fingerprints.check()
            spill = self._spill("fingerprints")

            def prints(batch: TextBatch) -> pa.RecordBatch:
                return fingerprints.of_texts(steps.chosen(batch), tokenizer)

            for made in ordered_map(prints, (located.batch for located in self._read(False)), self._threads):
                spill.append(made)
            self._singles = find_duplicates(
                fingerprints.dedupe, list(spill.peek()), names=steps.mark_duplicates
            )
        if steps.join_by is not None and self._joiner is None:
            self._joiner = Joiner(steps.join_by, self._spill("joined"))
            for batch in self._single():
                self._joiner.add(batch)
            self.tally.n_joined = self._joiner.n_joined

    def _single(self) -> Iterator[TextBatch]:
        """Documents that are chosen and no duplicates. The first time they are counted."""
        steps, start, tally = self._steps, 0, StepTally()
        for batch, file in self._read(not self._counted):
            chosen = steps.chosen(batch)
            tally.saw(batch, chosen)
            left = chosen
            if self._singles is not None:
                left = steps.single(chosen, self._singles, start)
                start += len(chosen.ids)
            if steps.kinds is not None:
                tally.seen.see(steps.looked_at(chosen, left).metadata, file)
            yield left
        if not self._counted:
            self._counted = True
            tally.n_duplicates = 0 if self._singles is None else self._singles.n_duplicates
            tally.check(steps)
            self.tally.add(tally)

    def _spill(self, name: str) -> Spill:
        if self._folder is None:
            return MemorySpill()
        folder = self._folder / name
        folder.mkdir()
        return FolderSpill(folder)
