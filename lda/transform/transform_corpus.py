"""`transform_corpus`: the topics of a whole corpus as a folder of Parquet parts, here or on a cluster, resumable."""

from __future__ import annotations

import os
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lda.corpus.errors import DataError
from lda.corpus.storage.places import is_uri

if TYPE_CHECKING:
    from collections.abc import Callable

    from lda.cluster import Cluster, Runtime
    from lda.cluster.spec.fit_settings import Device
    from lda.corpus.storage.places import Storage
    from lda.transform.parts import PartDone
    from lda.transform.parts_folder import PartsFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsState:
    """How far a run is; at its end, what it made.

    Attributes:
        parts: parts that are done.
        n_parts: parts of the whole output.
        kept: parts that an earlier run had made.
        documents: documents of the parts that are done.
        n_documents: documents of the whole corpus.
        new_documents: documents of the parts that this run made.
        empty: documents without known words.
        tokens: words that the model knows.
        unknown: other words.
        workers: workers that are at work; 0 where there was nothing to do.
        seconds: since the run began.
    """

    parts: int
    n_parts: int
    kept: int
    documents: int
    n_documents: int
    new_documents: int
    empty: int
    tokens: int
    unknown: int
    workers: int
    seconds: float

    @property
    def finished_before(self) -> bool:
        """Whether there was nothing to do."""
        return not self.workers


def transform_corpus(
    model: str | Path,
    corpus: str | Path,
    output: str | Path,
    *,
    top: int | None = None,
    threshold: float = 0.0,
    seed: int | None = None,
    threads: int | None = None,
    device: Device = "cpu",
    cluster: Cluster | None = None,
    resume: bool = False,
    overwrite: bool = False,
    verify: bool = True,
    on_part: Callable[[PartsState], None] | None = None,
    note: Callable[[str], None] = lambda text: None,
    warn: Callable[[str], None] = warnings.warn,
    runtime: Runtime | None = None,
) -> PartsState:
    """Find the topics of all documents of a corpus folder and write them as a folder of Parquet parts.

    Each part is written under another name and renamed, and recorded in `_manifest.json`; `_SUCCESS` stands there once
    all are. The numbers are those of `LDA.transform`, wherever and by however many workers they are made.

    Args:
        model: folder of a saved model; on a cluster, where all nodes see it, as corpus and output.
        corpus: folder of a corpus.
        output: folder or URI to write to.
        top: write only so many topics of a document, the heaviest.
        threshold: write only topics of at least this weight.
        seed: None takes the seed of the fit.
        threads: in this process; None for all cores.
        device: what samples in this process; "cuda" gives the same topics.
        cluster: where to run; None is this process. Aggregators and staleness do not matter.
        resume: go on from what an earlier call with the same arguments has left there.
        overwrite: replace topics that are there.
        verify: as for `Model.load`: whether to compare the model with its checksums.
        on_part: called after each part.
        note: told how many workers a cluster gives.
        warn: told of workers that were lost, and of parts that an earlier run recorded and that must be made again.
        runtime: what a cluster is; None for Ray's.

    Returns:
        What was made, by this run and by an earlier one that it went on from.

    Raises:
        DataError: model or corpus cannot be read, or the output may not be written.
        ClusterError: there is no cluster, it is too small or failing, or a worker cannot work.
        OSError: the output cannot be written; what has been recorded is kept.
    """
    from lda.cluster.tasks import run_tasks
    from lda.corpus import Corpus
    from lda.corpus.storage.places import storage
    from lda.model.model import Model
    from lda.transform.parts_folder import PartsFolder, check_target
    from lda.transform.parts_job import PartsJob, identity_of, part_bounds, parts_of
    from lda.transform.topic_writers import Selection

    selection = Selection(top=top, threshold=threshold)
    place = storage(absolute(output))
    check_place(place)
    if check_target(place, resume=resume, overwrite=overwrite) is None and resume:
        warn(f"there is nothing to resume in {place.root}; starting from the beginning")
    loaded, documents = Model.load(model, verify=verify), Corpus.open(corpus)
    seed = loaded.record.seed if seed is None else seed
    width = loaded.n_topics if top is None else min(loaded.n_topics, 2 * top)
    parts = parts_of(part_bounds(documents.shard_bounds, width))
    folder = PartsFolder(place, identity_of(loaded, documents.content_hash, seed, selection), parts)
    tally = _Tally(folder, documents.n_documents, on_part or (lambda state: None), warn)
    if not folder.begin(resume=resume, overwrite=overwrite):
        return tally.all_before()
    job = PartsJob(
        model=absolute(model),
        corpus=absolute(corpus),
        output=place.address,
        identity=folder.identity,
        run=folder.run,
        device=device if cluster is None else "cpu",
    )
    del loaded, documents
    try:
        run_tasks(
            job,
            folder.tasks(),
            tally.add,
            cluster=cluster,
            threads=threads,
            note=note,
            warn=warn,
            runtime=runtime,
        )
    except BaseException:
        folder.leave()
        raise
    folder.finish()
    return tally.state()


class _Tally:
    """Adds up what is done, and passes it on."""

    def __init__(
        self,
        folder: PartsFolder,
        n_documents: int,
        on_part: Callable[[PartsState], None],
        warn: Callable[[str], None],
    ) -> None:
        self.folder, self.n_documents, self.on_part, self.warn = folder, n_documents, on_part, warn
        self.started = time.perf_counter()
        self.parts = self.kept = self.new_documents = self.workers = 0
        self.totals = dict.fromkeys(("n_documents", "n_empty_documents", "n_tokens", "n_unknown"), 0)

    def add(self, part: PartDone, workers: int) -> None:
        """Take the next part that is done."""
        if part.index in self.folder.entries and not part.kept:
            self.warn(f"{part.entry['file']} was missing or damaged, and has been made again")
        self.folder.done(part)
        self.workers = workers
        self.new_documents += 0 if part.kept else part.entry["n_documents"]
        self._count(self.folder.entries[part.index], kept=part.kept)
        self.on_part(self.state())

    def all_before(self) -> PartsState:
        """The state of a run that found everything done."""
        for entry in self.folder.entries.values():
            self._count(entry, kept=True)
        return self.state()

    def _count(self, entry: dict[str, Any], *, kept: bool) -> None:
        self.parts += 1
        self.kept += kept
        for name in self.totals:
            self.totals[name] += int(entry[name])

    def state(self) -> PartsState:
        """How far the run is."""
        return PartsState(
            parts=self.parts,
            n_parts=len(self.folder.parts),
            kept=self.kept,
            documents=self.totals["n_documents"],
            n_documents=self.n_documents,
            new_documents=self.new_documents,
            empty=self.totals["n_empty_documents"],
            tokens=self.totals["n_tokens"],
            unknown=self.totals["n_unknown"],
            workers=self.workers,
            seconds=time.perf_counter() - self.started,
        )


def absolute(path: str | Path) -> str:
    """A path that means the same in another process: absolute; links stay, for nodes may resolve them otherwise."""
    text = os.fspath(path)
    return text if is_uri(text) else os.path.abspath(text)


def check_place(place: Storage) -> None:
    """Refuse an output that cannot be written. Raises `DataError`."""
    from lda.corpus.storage.output_target import check_parent
    from lda.corpus.storage.remote_target import check_writable

    if is_uri(place.address):
        check_writable(place)
        return
    target = Path(place.address)
    check_parent(target)
    if target.exists() and not target.is_dir():
        raise DataError(f"{target} is a file; name a folder for the parts")
