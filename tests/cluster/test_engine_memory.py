"""Less memory, the same bits: the vocabulary range by range, documents on disk in turns."""

from __future__ import annotations

import errno
import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp
from compiled import range_model
from problems import CASES, SEED, problem
from small_fits import MANY_TOPICS, counts, same, settings

from lda.cluster import fit
from lda.cluster.documents.shard_groups import BYTES_PER_TOKEN
from lda.cluster.resources import arrays
from lda.cluster.resources.budget import PROGRAM_BYTES, cut_ranges, model_bytes, program_bytes
from lda.cluster.sweeping.sweeper import count_rows
from lda.corpus import as_corpus
from lda.samplers.counts.row_layout import slice_rows, word_bytes, word_rows
from lda.samplers.rules import sequential, simultaneous
from lda.samplers.rules.by_word_range import Paused, begin_documents, sweep_range

if TYPE_CHECKING:
    from pathlib import Path

    from lda.corpus import Corpus


def test_ranges_to_the_bit() -> None:
    """Against the kernels that see all words at once, which have twins of their own."""
    for name in CASES.keys() - {"wide topics"}:  # compiled for one width of topics: it takes a while
        p = problem(name)
        n_terms = len(p.n_wk)
        whole = range_model(p.n_wk, p.alpha, p.beta, 0, n_terms)
        keys = (np.uint64(SEED), np.uint64(3))
        rng = np.random.default_rng(n_terms)
        for at_once, leave_out, fresh in [(0, 1, 0), (0, 0, 0), (0, 1, 1), (1, 0, 0), (1, 1, 0)]:
            expected = p.z.copy()
            if at_once:
                simultaneous.sweep_documents(
                    p.docs.tokens(expected), 0, p.docs.n, whole, *keys, bool(leave_out)
                )
            else:
                sequential.sweep_documents(
                    p.docs.tokens(expected), 0, p.docs.n, whole, *keys, bool(leave_out), bool(fresh)
                )
            for cuts in ([], [n_terms // 2], sorted(set(rng.integers(1, n_terms + 1, 5).tolist()))):
                z = p.z.copy()
                first = 1  # the first document stays as it is: positions need not begin at 0
                paused = Paused(
                    first,
                    int(p.docs.doc_offsets[first]),
                    np.zeros(p.docs.n, dtype=np.int64),
                    np.zeros(p.docs.n, dtype=np.int32),
                    np.zeros(p.docs.n),
                    np.zeros_like(z),
                    p.z[int(p.docs.doc_offsets[first]) :].copy(),
                )
                begin_documents(p.docs.doc_offsets, first, p.docs.n, paused)
                edges = [0, *(c for c in cuts if 0 < c < n_terms), n_terms]
                for low, high in pairwise(edges):
                    model = range_model(p.n_wk, p.alpha, p.beta, low, high)
                    sweep_range(
                        p.docs.tokens(z), first, p.docs.n, (low, high), model, paused, *keys,
                        bool(at_once), bool(leave_out), bool(fresh),
                    )  # fmt: skip
                expected[: paused.first_token] = p.z[: paused.first_token]
                np.testing.assert_array_equal(
                    z, expected, f"{name}, {at_once=}, {leave_out=}, {fresh=}, {cuts}"
                )


@pytest.fixture
def corpus(monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.setattr("lda.cluster.sweeping.start_schedule.FIRST_STAGE", 40)
    return as_corpus(counts())


def little(corpus: Corpus, model_memory: int | None = None, **more: Any) -> dict[str, Any]:
    """Memory for the largest logical shard at a time, and with model_memory for a part of the model."""
    model = model_memory or model_bytes(count_rows(corpus, settings(**more).resolved()))
    largest = max(len(corpus.shard(i).words) for i in range(corpus.n_shards))
    needed = program_bytes() + model + (largest + 1) * BYTES_PER_TOKEN
    return {"memory": needed, "model_memory": model_memory, **more}


@pytest.mark.parametrize(
    ("sampler", "start", "n_topics"),
    [
        ("adlda", "growing", 24),
        ("adlda", "growing", MANY_TOPICS),
        ("adlda", "random", 24),
        ("esca", "growing", 24),
        ("esca-leave-out", "random", 24),
        ("pclda", "random", 24),
        ("uncollapsed", "growing", 24),
        ("collapsed", "random", 24),
    ],
)
def test_memory_changes_nothing(corpus: Corpus, sampler: str, start: str, n_topics: int) -> None:
    more: dict[str, Any] = {
        "sampler": sampler,
        "start": start,
        "n_topics": n_topics,
        "threads": 2,
        "evaluate_every": 1,
    }
    whole = fit(corpus, settings(**more))
    in_turns = settings(**little(corpus, **more))
    same(whole, fit(corpus, in_turns))
    if sampler in ("adlda", "esca", "esca-leave-out"):
        rows = count_rows(corpus, in_turns.resolved())
        part = 2 * int(word_bytes(rows).max()) + model_bytes(rows) // 3
        assert len(cut_ranges(rows, [(0, 200), (200, 600)], part)) > 4
        same(whole, fit(corpus, settings(**little(corpus, part, **more))))


def test_documents_take_turns(corpus: Corpus) -> None:
    from lda.cluster.loop.local_engine import Engine

    engine = Engine(corpus, settings(**little(corpus)).resolved(), lambda: False)
    assert 1 < len(engine.documents.shards) <= corpus.n_shards
    assert sum(len(s.parts) for s in engine.documents.shards) == corpus.n_shards
    engine.close()


def test_checkpoint_of_little_memory(corpus: Corpus, tmp_path: Path) -> None:
    from lda.cluster import Checkpointing

    more: dict[str, Any] = {"evaluate_every": 1}
    whole = fit(corpus, settings(sweeps=6, **more))
    place = str(tmp_path / "c")
    first = settings(sweeps=4, **little(corpus, **more))
    fit(corpus, first, checkpointing=Checkpointing(path=place, every=2))
    part = model_bytes(count_rows(corpus, first.resolved())) // 2
    again = Checkpointing(path=place, every=2, resume=True)
    same(whole, fit(corpus, settings(sweeps=6, **little(corpus, part, **more)), checkpointing=again))


def test_layout_of_ranges() -> None:
    rows = word_rows(np.array([500, 3, 90, 0, 20, 7]), 64)
    size = word_bytes(rows)
    assert [int(word_bytes(slice_rows(rows, w, w + 1))[0]) for w in range(6)] == size.tolist()
    room = 2 * int(size.max())
    cut = cut_ranges(rows, [(0, 4), (4, 6)], room)
    assert [w for first, last in cut for w in range(first, last)] == list(range(6))
    assert all(first < 4 <= last for first, last in cut if first < 4 < last) is True
    assert all(int(size[first:last].sum()) <= room // 2 for first, last in cut)
    with pytest.raises(ValueError, match="model_memory must be at least 1 MiB for 64 topics"):
        cut_ranges(rows, [(0, 6)], room - 2)


def test_too_little(corpus: Corpus, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"memory must exceed \d+ MiB for the program and \d+ for the model"):
        fit(corpus, settings(memory=1 << 20))
    with pytest.raises(ValueError, match="allow more memory"):
        fit(corpus, settings(**{**little(corpus), "memory": little(corpus)["memory"] - 40 * BYTES_PER_TOKEN}))
    with pytest.raises(ValueError, match="model_memory needs a sampler that reads counts"):
        settings(sampler="pclda", model_memory=1 << 30)
    with pytest.raises(ValueError, match="score the finished one instead"):
        settings(validation_fraction=0.1, model_memory=1 << 30)
    with pytest.raises(ValueError, match=r"memory \(bytes\) must be at least 1, got 0"):
        settings(memory=0)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(arrays.os, "posix_fallocate", full)
    with pytest.raises(OSError, match="make room, or set TMPDIR"):
        fit(corpus, settings(**little(corpus)))


RESIDENT = """
import sys, numpy as np
from lda.cluster import FitSettings, fingerprint, fit
from lda.corpus import Corpus

def held():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) >> 10

path, memory, model_memory = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
given = dict(memory=memory, model_memory=model_memory) if memory else {}
result = fit(Corpus.open(path), FitSettings(n_topics=100, sweeps=2, threads=2, **given), document_topics=False)
print(fingerprint(result.topic_word_counts), held())
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_resident_memory_stays_under(tmp_path: Path) -> None:
    """Documents and a model that do not fit, by the kernel's own account of the peak."""
    rng = np.random.default_rng(0)
    n_docs, length, n_terms = 30_000, 400, 30_000
    words = np.minimum(rng.zipf(1.2, n_docs * length) - 1, n_terms - 1)
    matrix = sp.csr_matrix(
        (np.ones(len(words), np.int32), words, np.arange(n_docs + 1) * length), (n_docs, n_terms)
    )
    as_corpus(matrix).save(tmp_path / "corpus")
    limits = (0, 0), ((PROGRAM_BYTES >> 20) + 60, 24)
    runs = [
        subprocess.run(
            [sys.executable, "-c", RESIDENT, tmp_path / "corpus", *(str(m << 20) for m in limit)],
            capture_output=True, text=True, check=True,
        ).stdout.split()
        for limit in limits
    ]  # fmt: skip
    (print_whole, peak_whole), (print_part, peak_part) = runs
    assert print_part == print_whole
    assert int(peak_part) < limits[1][0] < int(peak_whole), (peak_part, limits[1][0], peak_whole)
