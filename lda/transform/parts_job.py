"""The topics of a corpus part by part: what a worker does, wherever it runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.errors import DataError
from lda.corpus.storage.checksum import checksum, checksum_of_file
from lda.transform.parts import OutputPart, PartDone
from lda.transform.topic_writers import Parquet, Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from lda.cluster.spec.fit_settings import Device
    from lda.model.model import Model

WEIGHTS_AT_A_TIME: Final = 2**22  # 16 MB of float32, whatever the number of topics
WEIGHTS_IN_A_PART: Final = 2**24  # a part is put together in memory before it is written
SHARDS_IN_A_PART: Final = 8  # some two million tokens: a few files for Spark, minutes of work lost at worst
FEWEST_PARTS: Final = 64  # as far as there are shards, so that a cluster has something to share out


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsJob:
    """Everything a worker must know: where model, corpus and output lie, and what they must be found to be.

    identity: as `identity_of`. run: what the manifest at the output says of this run; a worker that
    does not find it there sees another place than the driver.
    """

    model: str = field(repr=False)  # places may hold keys
    corpus: str = field(repr=False)
    output: str = field(repr=False)
    identity: dict[str, Any]
    run: str
    device: Device = "cpu"

    def open(self, threads: int) -> Callable[[OutputPart], PartDone]:
        """Read model and corpus; returns the function that makes a part. Raises DataError, OSError."""
        from lda.corpus.storage.places import storage
        from lda.transform.parts_folder import run_at

        if run_at(storage(self.output)) != self.run:
            raise DataError(
                f"{self.output} is not the place that the driver writes to; name one that all nodes share"
            )
        return PartMaker(self, threads).make


class PartMaker:
    """A model and a corpus, ready to make any part."""

    def __init__(self, job: PartsJob, threads: int) -> None:
        from lda.corpus import Corpus
        from lda.corpus.storage.places import storage
        from lda.corpus.stream import term_lookup
        from lda.model.model import Model
        from lda.model.text_recipe import own_recipe

        model = Model.load(job.model, verify=False)  # its digest, of all that matters here, is compared below
        self.corpus = Corpus.open(job.corpus)
        found = {"language": language_digest(model), "corpus": self.corpus.content_hash}
        for what, path in (("language", job.model), ("corpus", job.corpus)):
            if found[what] != job.identity[what]:
                raise DataError(f"{path} is not what the driver found there; name one that all nodes share")
        self.lookup = term_lookup(self.corpus, model.vocabulary, own_recipe(model))
        self.frozen = model.frozen(threads=threads, device=job.device)
        self.place = storage(job.output)
        self.seed = int(job.identity["seed"])
        self.selection = Selection(top=job.identity["top"], threshold=job.identity["threshold"])

    def make(self, part: OutputPart) -> PartDone:
        """Make a part and write it, unless it stands there as it was recorded."""
        if part.sha256 is not None and self._stands(part):
            return PartDone(index=part.index, entry={}, kept=True)
        import pyarrow as pa

        from lda.corpus.stream import iter_range

        sink = pa.BufferOutputStream()
        writer = Parquet(sink, self.frozen.n_topics, self.selection)
        at_a_time = max(1, min(4096, WEIGHTS_AT_A_TIME // self.frozen.n_topics))
        counts = dict.fromkeys(("n_documents", "n_empty_documents", "n_tokens", "n_unknown"), 0)
        for batch in iter_range(self.corpus, self.lookup, part.first, part.last, batch_documents=at_a_time):
            writer.write(batch.ids, self.frozen.transform(batch.doc_offsets, batch.words, seed=self.seed))
            counts["n_documents"] += len(batch.ids)
            counts["n_empty_documents"] += int((batch.doc_offsets[1:] == batch.doc_offsets[:-1]).sum())
            counts["n_tokens"] += len(batch.words)
            counts["n_unknown"] += batch.n_unknown
        writer.close()
        data = memoryview(sink.getvalue())
        self.place.write(part.file, data)
        written = {"file": part.file, "bytes": data.nbytes, "sha256": checksum(data)}
        return PartDone(
            index=part.index, entry={**written, "first_document": part.first, **counts}, kept=False
        )

    def _stands(self, part: OutputPart) -> bool:
        try:
            return checksum_of_file(self.place, part.file) == part.sha256
        except FileNotFoundError:
            return False


def part_bounds(shard_bounds: npt.NDArray[np.int64], n_weights: int) -> list[int]:
    """Where the documents are cut into parts: from 0 to D, P + 1 numbers.

    A part is some shards, or an even piece of them where the weights would be too many. It depends on corpus and
    topics alone, so that a run can be resumed by any number of workers.

    Args:
        shard_bounds: (S + 1,) as of a corpus.
        n_weights: written for each document.
    """
    n_shards = len(shard_bounds) - 1
    together = min(SHARDS_IN_A_PART, max(n_shards // FEWEST_PARTS, 1))
    ends = [*range(0, n_shards, together), n_shards]
    bounds = [0]
    for first, last in zip(shard_bounds[ends[:-1]].tolist(), shard_bounds[ends[1:]].tolist(), strict=True):
        pieces = min(max(-(-(last - first) * n_weights // WEIGHTS_IN_A_PART), 1), last - first)
        bounds += [first + (last - first) * piece // pieces for piece in range(1, pieces + 1)]
    return bounds


def parts_of(bounds: list[int]) -> list[OutputPart]:
    """The parts; their names sort in the order of the documents."""
    width = max(5, len(str(len(bounds) - 2)))
    return [
        OutputPart(index=i, file=f"part-{i:0{width}d}.parquet", first=bounds[i], last=bounds[i + 1])
        for i in range(len(bounds) - 1)
    ]


def identity_of(model: Model, corpus_hash: str, seed: int, selection: Selection) -> dict[str, Any]:
    """What decides about the bits of all parts; two runs may share a folder if they agree in it."""
    from lda.model.run_record import package_versions

    return {
        "model": model.fingerprint(),
        "language": language_digest(model),
        "corpus": corpus_hash,
        "seed": seed,
        "top": selection.top,
        "threshold": selection.threshold,
        "raylda": package_versions()["raylda"],
    }


def language_digest(model: Model) -> str:
    """sha256 in hex of all that inference goes by: the fingerprint of a model leaves out averages and priors."""
    counts = model.language_counts
    digest = hashlib.sha256(np.array(counts.shape, dtype="<i8").tobytes())
    for array, kind in (
        (counts.indptr, "<i8"),
        (counts.indices, "<i4"),
        (counts.data, counts.data.dtype.newbyteorder("<")),
        (model.alpha, "<f8"),
        (np.float64(model.beta), "<f8"),
    ):
        digest.update(np.ascontiguousarray(array, dtype=kind).data)
    for term in model.vocabulary:
        digest.update(term.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
