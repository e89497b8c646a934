"""The first pass over a part: its documents in term numbers of its own, and how often each term occurs."""

from __future__ import annotations

import base64
import socket
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, is_list, strings
from lda.corpus.documents.steps import StepTally
from lda.corpus.errors import DataError
from lda.corpus.ingest.singles_files import read_singles
from lda.corpus.ingest.skipped import leave_skipped
from lda.corpus.ingest.term_files import NUMBERED, sorted_forms, sorted_terms, write_terms
from lda.corpus.inputs.fetching import path_here
from lda.corpus.inputs.reading import PartRead, read_part
from lda.corpus.ordered_map import ordered_map
from lda.corpus.shard import make_batch
from lda.corpus.text.recipe import DEFAULT_PATTERN
from lda.corpus.text.word_loss import WordLoss

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from lda.corpus.batches import Forms, TokenBatch
    from lda.corpus.documents.steps import Stepped
    from lda.corpus.ingest.plan import BuildPlan
    from lda.corpus.ingest.work_folder import WorkFolder
    from lda.corpus.inputs.input_file import InputPart
    from lda.corpus.readers.base import TextBatch
    from lda.corpus.text.tokenizer import TextTokenizer

TERMS_AT_A_TIME: Final = 2**20
"""Distinct terms that are numbered together: a part with more has several numberings, each with a file of its own."""

NUMBER: Final = "number"
"""Column of the number of a record within its part, where it becomes the id of its document."""

ENDING: Final = "ending"
"""Column of what is put behind that number, where the document is in chunks."""


def scan_part(
    plan: BuildPlan, number: int, work: WorkFolder, tokenize: TextTokenizer, threads: int
) -> dict[str, Any]:
    """Scan a part, leave its documents and terms in the work folder, and write its record last; returns the record.

    Raises:
        DataError: the part is damaged, or its file is not the one of the plan.
    """
    part, key = plan.parts[number], plan.key(number, "scan")
    check_unchanged(part)
    loss, tally = WordLoss(plan.recipe.strip), StepTally()
    looked = plan.recipe.tokenizer is None and plan.recipe.pattern == DEFAULT_PATTERN
    with _Spill(work, key) as spill:
        options = plan.options.fresh()
        read = read_part(part, options)
        texts = stepped_texts(plan, number, read, work, tally, loss if looked else None)
        for stepped in ordered_map(lambda batch: plan.steps.tokens(batch, tokenize), texts, threads):
            tally.n_split += stepped.n_split
            spill.add(stepped)
        check_unchanged(part)
        record = spill.finish()
    if plan.steps:
        record["steps"] = tally.to_dict()
    record |= {"lines": read.lines, "loss": loss.counts() if looked else None, "boot": boot()}
    record["fields"] = options.seen.to_dict()
    leave_skipped(work, key, options.bad_records, record)
    work.write_record(f"{key}.json", record)
    return record


def stepped_texts(
    plan: BuildPlan,
    number: int,
    read: PartRead,
    work: WorkFolder,
    tally: StepTally,
    loss: WordLoss | None = None,
) -> Iterator[TextBatch]:
    """The documents of a part that are left by the steps of the plan, not yet cut into chunks.

    Args:
        plan: with what is known of duplicates, where they are looked for.
        number: of the part.
        read: its documents.
        work: the folder of the build.
        tally: told of them.
        loss: shown their texts; lists of tokens are none.
    """
    steps, start = plan.steps, 0
    singles = read_singles(work, number, plan.singles[number]) if plan.singles else None
    for batch in read:
        left = chosen = steps.chosen(batch)
        tally.saw(batch, chosen)
        if singles is not None:
            left = steps.single(chosen, singles, start)
            start += len(chosen.ids)
        if steps.kinds is not None:
            tally.seen.see(steps.looked_at(chosen, left).metadata, read.file.shown)
        if loss is not None and not is_list(left.texts.type):
            loss.look(left.texts)
        yield left
    tally.n_duplicates = 0 if singles is None else singles.n_duplicates


def terms_file(key: str, numbering: int) -> str:
    """Name of the file with the terms of one numbering of a part."""
    return f"{key}-{numbering:03d}.terms"


def forms_file(key: str, numbering: int) -> str:
    """Name of the file with the words that the terms of one numbering stand for."""
    return f"{key}-{numbering:03d}.forms"


def check_unchanged(part: InputPart) -> None:
    """Raise DataError where a file of a part is not as it was when the build was planned."""
    for file in part.files:
        path = path_here(file.place)
        if path is None or path.is_dir():
            continue  # an object is compared where it is fetched
        try:
            about = path.stat()
        except OSError as error:
            raise DataError(
                f"{file.shown} cannot be read any more ({error.strerror}); run the build again"
            ) from None
        if (about.st_size, str(about.st_mtime_ns)) != (file.size, file.version):
            raise DataError(
                f"{file.shown} has changed while it was read; let it be finished, and run the build again"
            )


def boot() -> list[str | None]:
    """Names this machine, and the time since it was started; None where that is not known."""
    try:
        since = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        since = None
    return [socket.gethostname(), since]


class _Spill:
    """Writes the documents of a part as they come: a new file where columns change, or the numbering of terms."""

    def __init__(self, work: WorkFolder, key: str) -> None:
        self._work, self._key = work, key
        self._stack = ExitStack()
        self._writer: Any = None
        self._schema: pa.Schema | None = None
        self._ids: dict[str, int] = {}
        self._counts = np.zeros((2, 0), dtype=np.int64)
        self._forms: list[dict[str, int]] = []
        self._has_forms = False
        self._files: list[dict[str, Any]] = []
        self._n_terms: list[int] = []
        self._schemas: dict[str, None] = {}
        self._totals = dict.fromkeys(("n_documents", "n_stopped", "n_without_text", "n_tokens"), 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None and self._writer is not None:
            self._writer.close()
            self._writer = None
            self._stack.__exit__(type(error), error, error.__traceback__)

    def add(self, stepped: Stepped) -> None:
        """Take the next documents."""
        batch = stepped.tokens
        assert batch.terms is not None
        if len(self._ids) + len(batch.terms) > TERMS_AT_A_TIME and self._ids:
            self._close_file()
            self._close_terms()
        numbered = self._number(batch)
        if batch.forms is not None:
            self._has_forms = True
            self._remember(batch.forms, numbered)
        made = make_batch(batch.ids, batch.doc_offsets, numbered[batch.words], batch.metadata)
        if stepped.numbers is not None and batch.ids.null_count:
            made = made.append_column(NUMBER, array(stepped.numbers))
            if stepped.endings is not None:
                made = made.append_column(ENDING, stepped.endings)
        if batch.metadata is not None:
            schema = base64.b64encode(batch.metadata.schema.serialize()).decode("ascii")
            self._schemas[schema] = None
        if self._schema is None or not made.schema.equals(self._schema):
            self._close_file()
            self._open_file(made.schema)
        self._writer.write_batch(made)
        self._files[-1]["documents"] += made.num_rows
        for name, value in (
            ("n_documents", made.num_rows),
            ("n_stopped", batch.n_stopped),
            ("n_without_text", batch.n_without_text),
            ("n_tokens", len(batch.words)),
        ):
            self._totals[name] += value

    def _number(self, batch: TokenBatch) -> npt.NDArray[np.int32]:
        """Numbers (len(terms),) of the batch's terms, whose frequencies are added up."""
        known, terms = self._ids, batch.terms or []
        # Three passes that Python makes in C take a third of the time of one with a call for each term.
        new = dict.fromkeys([term for term in terms if term not in known])
        known.update(zip(new, range(len(known), len(known) + len(new)), strict=True))
        ids = np.fromiter(map(known.__getitem__, terms), dtype=np.int32, count=len(terms))
        if len(known) > self._counts.shape[1]:
            grown = np.zeros((2, 2 * len(known)), dtype=np.int64)
            grown[:, : self._counts.shape[1]] = self._counts
            self._counts = grown
        # Unbuffered, for an n-gram may be spelled like a token of one's own tokeniser: an id may come twice.
        np.add.at(self._counts[0], ids, batch.term_frequencies)
        np.add.at(self._counts[1], ids, batch.document_frequencies)
        return ids

    def _remember(self, forms: Forms, ids: npt.NDArray[np.int32]) -> None:
        """Add up how often the words of each key stand in the texts."""
        self._forms += [{} for _ in range(len(self._ids) - len(self._forms))]
        rows = zip(forms.names, ids[forms.keys].tolist(), forms.frequencies.tolist(), strict=True)
        for name, key, tokens in rows:
            counts = self._forms[key]
            counts[name] = counts.get(name, 0) + tokens

    def _open_file(self, schema: pa.Schema) -> None:
        name = f"{self._key}-{len(self._files):03d}.arrow"
        self._files.append({"file": name, "numbering": len(self._n_terms), "documents": 0})
        self._stack = ExitStack()
        path = self._stack.enter_context(self._work.new_file(name))
        self._writer = pa.ipc.new_file(str(path), schema)
        self._schema = schema

    def _close_file(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = self._schema = None
            self._stack.close()

    def _close_terms(self) -> None:
        """Write the terms of this numbering, sorted, with their numbers."""
        terms = strings(list(self._ids))
        counts = self._counts[:, : len(terms)]
        with self._work.new_file(terms_file(self._key, len(self._n_terms))) as path:
            write_terms(path, [sorted_terms(terms, counts[0], counts[1])], NUMBERED)
        if self._has_forms:
            with self._work.new_file(forms_file(self._key, len(self._n_terms))) as path:
                write_terms(path, [sorted_forms(list(self._ids), self._forms)])
        self._n_terms.append(len(terms))
        self._forms = []
        self._ids, self._counts = {}, np.zeros((2, 0), dtype=np.int64)

    def finish(self) -> dict[str, Any]:
        """No documents follow; returns what the record says of them."""
        self._close_file()
        self._close_terms()
        names = [file["file"] for file in self._files]
        numberings = range(len(self._n_terms))
        names += [terms_file(self._key, number) for number in numberings]
        names += [forms_file(self._key, number) for number in numberings if self._has_forms]
        return {
            **self._totals,
            "files": self._files,
            "n_terms": self._n_terms,
            "has_forms": self._has_forms,
            "schemas": list(self._schemas),
            "sizes": {name: self._work.place.size(name) for name in names},
        }
