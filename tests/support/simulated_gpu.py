"""Runs the kernels for GPUs in Numba's simulator and compares them with the processor's, to the bit.

A process of its own, with NUMBA_ENABLE_CUDASIM=1 from its beginning: `python tests/support/simulated_gpu.py NAME...`
prints a line of JSON for each case of `CASES` or `FITS`: its name, what differs (nothing, if all is well), and what
was covered.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from itertools import count, pairwise
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from lda.samplers.counts.histograms import document_topics, values
from lda.samplers.counts.row_layout import WordRows, empty_counts, topic_dtype, word_rows
from lda.samplers.counts.word_counts import Moves, add_delta, index_by_word, net_delta
from lda.samplers.cuda import document_groups as device_documents
from lda.samplers.cuda import sequential_many_topics
from lda.samplers.cuda.document_groups import DeviceCounts, DeviceDocuments, Rule
from lda.samplers.cuda.door import cuda
from lda.samplers.cuda.model import DeviceModel
from lda.samplers.cuda.turns import DocumentsInTurns
from lda.samplers.phi.language_model import LanguageModel, empty_model, set_priors
from lda.samplers.phi.posterior_mean import fill_mean
from lda.samplers.registry import SAMPLERS
from lda.samplers.rules.sequential import draw_first_topics
from lda.samplers.tokens import Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Documents of these lengths over n_terms words, swept once by a sampler.

    asymmetric: alpha differs by topic. shared_bytes: shared memory that documents may take; with it, a block's worth of
    other memory, with anything in it. turn: tokens that go to the device at a time. prior: of topics, and of words
    a tenth. stale: counts are of other topics than the tokens have.
    """

    sampler: str
    topics: int
    lengths: tuple[int, ...]
    n_terms: int
    fresh: bool = False
    asymmetric: bool = False
    shared_bytes: int | None = None
    turn: int | None = None
    prior: float = 0.1
    stale: bool = False


CASES = {
    "three topics, ragged and empty": Case(
        sampler="adlda", topics=3, lengths=(5, 0, 17, 40), n_terms=20
    ),
    "in turns": Case(sampler="adlda", topics=3, lengths=(7, 0, 0, 21, 4, 1, 6), n_terms=9, turn=10),
    "first topics": Case(sampler="adlda", topics=20, lengths=(33, 4, 1, 16), n_terms=30, fresh=True),
    "a hundred topics": Case(
        sampler="adlda", topics=100, lengths=(30, 21), n_terms=40, asymmetric=True
    ),
    "document and alpha part": Case(
        sampler="adlda", topics=300, lengths=(30, 20, 0, 15), n_terms=3, asymmetric=True
    ),
    "rare words": Case(sampler="adlda", topics=300, lengths=(30, 20), n_terms=12, asymmetric=True),
    "all topics of a long document": Case(
        sampler="adlda", topics=300, lengths=(90, 5), n_terms=3, asymmetric=True
    ),
    "first topics of many": Case(
        sampler="adlda", topics=300, lengths=(30, 25), n_terms=25, fresh=True
    ),
    "beyond shared memory": Case(
        sampler="adlda", topics=300, lengths=(20, 17, 3), n_terms=3, shared_bytes=0
    ),
    "a warp's other team without a document": Case(
        sampler="adlda", topics=300, lengths=(20,), n_terms=1, shared_bytes=0
    ),
    "stale counts, rare words, tiny priors": Case(
        sampler="adlda", topics=257, lengths=(18, 13), n_terms=9, prior=1e-12, stale=True
    ),
    "stale counts, few topics": Case(
        sampler="adlda", topics=16, lengths=(18, 3), n_terms=6, stale=True
    ),
    "stale counts, all topics": Case(
        sampler="esca-leave-out", topics=17, lengths=(22, 3), n_terms=9, stale=True
    ),
    "esca": Case(sampler="esca", topics=20, lengths=(33, 4, 1, 16), n_terms=12),
    "esca, many topics, rare words": Case(sampler="esca", topics=300, lengths=(20, 15), n_terms=9),
    "esca-leave-out": Case(
        sampler="esca-leave-out", topics=300, lengths=(20, 15), n_terms=8, asymmetric=True
    ),
}  # fmt: skip

FITS = {
    "fit adlda": {"sampler": "adlda", "n_topics": 3, "start": "annealed", "phases": 2},
    "fit esca": {"sampler": "esca", "n_topics": 4, "start": "random"},
    "fit that goes on from topics": {"sampler": "adlda", "n_topics": 3, "phases": 2, "begin": "topics"},
    "fit that goes on from counts": {"sampler": "esca", "n_topics": 3, "phases": 2, "begin": "counts"},
    "fit with tokens of the topics": {"sampler": "adlda", "n_topics": 3, "beta": "auto", "begun": True},
}


INFERENCE = "new documents"
RESUMED = "resumed on the other device"


class State(NamedTuple):
    """Documents with topics, and what the processor makes of them."""

    words: NDArray[np.int32]
    offsets: NDArray[np.int64]
    keys: NDArray[np.uint64]
    z: NDArray[Any]
    counted: NDArray[Any]
    rows: WordRows
    model: LanguageModel
    totals: NDArray[np.int64]
    alpha: NDArray[np.float64]
    beta: float


def state_of(case: Case) -> State:
    """A corpus with Zipf's words and random topics."""
    rng = np.random.default_rng(len(case.sampler) * 1000 + case.topics)
    offsets = np.concatenate([[0], np.cumsum(case.lengths)]).astype(np.int64)
    n = int(offsets[-1])
    share = 1 / np.arange(1, case.n_terms + 1)
    words = rng.choice(case.n_terms, n, p=share / share.sum()).astype(np.int32)
    for begin, end in pairwise(offsets):
        words[begin:end].sort()
    z = rng.integers(0, case.topics, n).astype(topic_dtype(case.topics))
    counted = rng.integers(0, case.topics, n).astype(z.dtype) if case.stale else z
    rows = word_rows(np.bincount(words, minlength=case.n_terms).astype(np.int64), case.topics)
    counts = empty_counts(rows)
    start, order = np.zeros(case.n_terms + 1, dtype=np.int64), np.zeros(n, dtype=np.int32)
    index_by_word(words, 0, n, start, order)
    moves = Moves(np.full_like(z, case.topics), counted, order, start, words)
    delta = net_delta(moves, 0, case.n_terms, case.topics)
    assert add_delta(counts, delta) == -1
    alpha = rng.random(case.topics) * 0.3 + 1e-3 if case.asymmetric else np.full(case.topics, case.prior)
    beta = case.prior / 10
    model = empty_model(rows, counts.topic)
    set_priors(model, delta.totals, alpha, beta)
    fill_mean(model, counts, beta, 0, case.n_terms, True)
    keys = np.arange(len(case.lengths), dtype=np.uint64)
    return State(words, offsets, keys, z, counted, rows, model, delta.totals, alpha, beta)


def differences(case: Case) -> tuple[list[str], dict[str, int]]:
    """(what differs between the two, what the case covers)."""
    if case.shared_bytes is None:
        return _differences(case)
    with (
        patch.object(sequential_many_topics, "SHARED_BYTES", case.shared_bytes),
        patch.object(device_documents, "SCRATCH_BYTES", 1),
    ):
        return _differences(case)


def _differences(case: Case) -> tuple[list[str], dict[str, int]]:
    sampler, s = SAMPLERS[case.sampler], state_of(case)
    n_docs, seed, sweep = len(case.lengths), np.uint64(5), np.uint64(3)
    expected = s.z.copy()
    documents = (Tokens(s.words, s.offsets, s.keys, expected), 0, n_docs, s.model, seed, sweep)
    if case.fresh:
        draw_first_topics(*documents)
    else:
        sampler.load_rule()(*documents, sampler.leave_out)
    rule = Rule.of(sampler, fresh=case.fresh)
    every_row = rule.reads_every_row(case.topics)
    whole = s.words, s.offsets, s.keys, s.counted.copy(), case.topics
    device: DeviceDocuments | DocumentsInTurns
    device = DeviceDocuments(*whole) if case.turn is None else DocumentsInTurns(*whole, case.turn)
    counts = DeviceCounts(case.n_terms, case.topics, s.rows.stride)
    device.count(counts, 0, len(s.z))
    if case.stale:
        device.put(0, len(s.z), s.z)
    if case.shared_bytes is not None and isinstance(device, DeviceDocuments):
        device._room = cuda.to_device(np.full(1 << 16, 1e30, dtype=np.float32))
    built, taken = (DeviceModel(s.rows, every_row=every_row) for _ in range(2))
    built.build(counts.counts, counts.totals, s.alpha, s.beta)
    taken.take(s.model)
    device.sample(0, n_docs, rule, built, int(seed), int(sweep))
    device.count(counts, 0, len(s.z))
    z = whole[3]
    device.fetch(0, len(z), z)
    pairs: dict[str, tuple[NDArray[Any], NDArray[Any]]] = {
        "topics": (z, expected),
        "phi, built and taken": (built.phi.copy_to_host(), taken.phi.copy_to_host()),
        "totals": (counts.totals.copy_to_host(), np.bincount(expected, minlength=case.topics)),
    }
    if not every_row:
        pairs |= {
            "phi": (built.phi.copy_to_host(), s.model.phi),
            "weights of rare words": (built.weight.copy_to_host(), s.model.weight),
            "alpha parts": (built.group_mass.copy_to_host(), s.model.group_mass),
            "rows' alpha parts": (built.row_mass.copy_to_host(), s.model.row_mass),
        }
    ours, theirs = device.topic_histogram(), document_topics(expected, s.offsets, 0, n_docs, case.topics)
    cells, cells_expected = counts.cell_histogram(), values(counts.counts.copy_to_host())
    pairs |= {
        "topic histogram": (np.stack(ours), np.stack(theirs)),
        "cell histogram": (np.stack(cells), np.stack(cells_expected)),
    }
    bad = [name for name, (a, b) in pairs.items() if a.shape != b.shape or a.tobytes() != b.tobytes()]
    return bad, {
        "tokens": len(z),
        "changed": int((expected != s.z).sum()),
        "rare": int(np.sum(s.rows.start[s.words] < 0)),
    }


def fits_differ(settings: dict[str, Any]) -> tuple[list[str], dict[str, int]]:
    """A whole fit on each device: counts, priors, likelihoods. settings: and `begin`, where it goes on from another."""
    from lda.cluster import Beginning, FitSettings, fit
    from lda.corpus import as_corpus

    counts = np.random.default_rng(0).poisson(0.3, (7, 20)).astype(np.int32)
    corpus, ends = as_corpus(sp.csr_matrix(counts)), []
    settings, begin, begun = dict(settings), None, None
    if (kind := settings.pop("begin", None)) == "topics":
        begin = Beginning(topics=np.arange(corpus.n_tokens) % settings["n_topics"])
    elif kind == "counts":
        begin = Beginning(counts=sp.csr_matrix(np.arange(20 * settings["n_topics"]).reshape(20, -1) % 7))
    if settings.pop("begun", False):
        begun = sp.csr_matrix(np.random.default_rng(1).poisson(0.5, (20, settings["n_topics"])))
    for device in ("cpu", "cuda"):
        chosen = FitSettings(
            sweeps=2, seed=3, optimize_interval=1, burn_in=1, evaluate_every=1, device=device, **settings
        )
        result = fit(corpus, chosen, word_prior=begun, begin=begin)
        assert result.topic_word_counts is not None
        assert result.doc_topic_counts is not None
        ends.append(
            (
                result.topic_word_counts.toarray().tolist(),
                result.doc_topic_counts.toarray().tolist(),
                result.alpha.tolist(),
                [record.log_likelihood for record in result.history],
            )
        )
    names = ("counts", "documents' topics", "alpha", "likelihoods")
    bad = [name for name, a, b in zip(names, *ends, strict=True) if a != b]
    return bad, {"tokens": corpus.n_tokens}


def resumed_differs() -> tuple[list[str], dict[str, int]]:
    """A fit that begins on one device and goes on, from its checkpoint, on the other: what a whole one gives."""
    from lda.cluster import Checkpointing, FitSettings, fit
    from lda.corpus import as_corpus

    counts = np.random.default_rng(0).poisson(0.25, (9, 18)).astype(np.int32)
    corpus = as_corpus(sp.csr_matrix(counts))
    settings = FitSettings(
        n_topics=3, sweeps=4, seed=3, optimize_interval=1, burn_in=1, evaluate_every=1, start="growing",
        validation_fraction=0.3, n_samples=2, sample_interval=1,
    )  # fmt: skip
    whole, bad = fit(corpus, settings), []
    for devices in (("cpu", "cuda"), ("cuda", "cpu")):
        first, second = (replace(settings, device=device) for device in devices)  # type: ignore[arg-type]
        with TemporaryDirectory() as folder:
            keep = Checkpointing(path=f"{folder}/c", every=1)
            phases = count()
            fit(corpus, first, interrupted=lambda phases=phases: next(phases) >= 7, checkpointing=keep)  # type: ignore[misc]
            end = fit(corpus, second, checkpointing=replace(keep, resume=True))
        for name, a, b in (
            ("counts", end.topic_word_counts, whole.topic_word_counts),
            ("soft counts", end.soft_counts, whole.soft_counts),
            ("documents' topics", end.doc_topic_counts, whole.doc_topic_counts),
        ):
            assert a is not None
            assert b is not None
            if (a != b).nnz:  # type: ignore[attr-defined]
                bad.append(f"{name}, {devices}")
        if end.alpha.tolist() != whole.alpha.tolist() or [r.log_likelihood for r in end.history] != [
            r.log_likelihood for r in whole.history
        ]:
            bad.append(f"alpha or history, {devices}")
    return bad, {"tokens": corpus.n_tokens}


def inference_differs() -> tuple[list[str], dict[str, int]]:
    """New documents on each device: proportions, completion, topics of tokens."""
    from lda.cluster.sweeping.frozen_model import FrozenModel

    rng = np.random.default_rng(4)
    counts, alpha = sp.csr_matrix(rng.poisson(0.6, (15, 3)).astype(np.int32)), np.array([0.1, 0.2, 0.3])
    offsets, words = np.array([0, 6, 6, 11]), rng.integers(0, 15, 11).astype(np.int32)
    found = []
    for device in ("cpu", "cuda"):
        frozen = FrozenModel(counts, alpha, 0.01, device=device)  # type: ignore[arg-type]
        how: dict[str, int] = {"seed": 2, "burn_in": 1, "samples": 2}
        scores, tokens = frozen.completion(offsets, words, **how)
        found.append((frozen.transform(offsets, words, **how), scores, tokens))
    names = ("proportions", "scores", "scored tokens")
    bad = [name for name, a, b in zip(names, *found, strict=True) if a.tobytes() != b.tobytes()]
    return bad, {"tokens": len(words)}


class _MadeOnce(dict[Any, Any]):
    """Shared arrays by the line that makes them: threads ask for one at a time, so that each gets the same.

    The simulator looks one up and makes it where there is none, and two threads at once would make two.
    """

    def __init__(self) -> None:
        super().__init__()
        self._making = Lock()

    def get(self, line: Any, default: Any = None) -> Any:
        """The array; where there is none, all others wait until it is stored."""
        self._making.acquire()
        if line in self:
            self._making.release()
        return super().get(line, default)

    def __setitem__(self, line: Any, array: Any) -> None:
        super().__setitem__(line, array)
        self._making.release()


def make_shared_arrays_once() -> None:
    """Mend the simulator, see `_MadeOnce`."""
    from numba.cuda.simulator.kernelapi import FakeCUDAShared

    begin = FakeCUDAShared.__init__

    def mended(self: Any, size: int) -> None:
        begin(self, size)
        self._allocations = _MadeOnce()

    patch.object(FakeCUDAShared, "__init__", mended).start()


def main(names: list[str]) -> None:
    """Print a line for each case."""
    sys.setswitchinterval(1e-5)  # lanes are threads that wait for one another all the time
    make_shared_arrays_once()
    for name in names:
        if name in (INFERENCE, RESUMED):
            bad, covered = inference_differs() if name == INFERENCE else resumed_differs()
        else:
            bad, covered = differences(CASES[name]) if name in CASES else fits_differ(FITS[name])
        print(json.dumps({"name": name, "bad": bad, "covered": covered}), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:] or [*CASES, *FITS, INFERENCE, RESUMED])
