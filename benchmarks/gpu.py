"""A GPU beside the processor it hangs on: the same fingerprints, tokens per second, time to a held-out score, memory.

Since both draw the same topics, a held-out score is reached after the same number of sweeps, and the time to it is a
matter of time alone. Rates are those of the engine, with all that a sweep takes (phi, counting, a learned alpha every
five sweeps); the kernels' own rate, by the device's clock, stands beside them.
"""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path
from typing import Any, Final

import click
import numpy as np
import scipy.sparse as sp

from benchmarks.corpora import COUNTED, SOURCES, prepared
from benchmarks.report import machine, table
from lda.cluster import FitSettings, fit
from lda.cluster.counts.fingerprint import fingerprint
from lda.cluster.loop.local_engine import Engine
from lda.cluster.sweeping.device_sweeper import DeviceShard
from lda.cluster.sweeping.frozen_model import FrozenModel
from lda.corpus import Corpus, as_corpus
from lda.samplers.cuda.available import DeviceError, check_device, device_name, free_bytes

WARM_SWEEPS: Final = 40
"""Sweeps before rates are taken: a document's topics grow fewer, and sweeps faster, during the first."""

LEARN_EVERY: Final = 5


@click.command()
@click.option("-k", "topics", type=int, multiple=True, default=(20, 100, 1000), help="Numbers of topics.")
@click.option("--copies", type=int, default=8, help="Copies of the largest corpus that rates are taken from.")
@click.option("--sweeps", type=int, default=20, help="Sweeps that are timed.")
@click.option("--heldout-sweeps", type=int, default=60, help="Sweeps of the fits on both devices.")
@click.option("--output", type=click.Path(path_type=Path), help="Write the figures there, as JSON.")
def gpu(topics: tuple[int, ...], copies: int, sweeps: int, heldout_sweeps: int, output: Path | None) -> None:
    """A GPU beside the processor: fingerprints, tokens per second, time to a held-out score."""
    try:
        check_device()
    except DeviceError as error:
        raise click.ClickException(str(error)) from error
    found: dict[str, Any] = {"machine": machine(), "device": device_name(), "began": time.time()}
    click.echo(f"{found['device']}; {found['machine']}\n")
    names = [n for n in ("nips", "arxiv") if (SOURCES | COUNTED)[n].path.exists()] or ["sotu"]
    corpora = {name: prepared(name) for name in names}
    found["fingerprints"] = equal_fingerprints(corpora, topics)
    save(found, output)
    corpus = corpora[names[-1]]
    found["rates"] = []
    for n, copied in ((copies, several(corpus, copies)), (1, corpus)):
        for k in topics:
            found["rates"].append(rates(copied, k, sweeps) | {"copies": n})
            save(found, output)
    click.echo("\n" + rate_table(found["rates"]))
    found["heldout"] = [time_to_heldout(corpus, k, heldout_sweeps) for k in topics]
    click.echo(
        "\n"
        + table(
            ["K", "sweeps", "held-out, both", "GPU, s", "processor, s", "times"],
            [
                [r["topics"], heldout_sweeps, f"{r['heldout']:.4f}", f"{r['cuda']:.2f}", f"{r['cpu']:.2f}",
                 f"{r['cpu'] / r['cuda']:.1f}"]
                for r in found["heldout"]
            ],
        )
    )  # fmt: skip
    save(found, output)
    found["inference"] = [inference(corpus, k) for k in topics]
    save(found, output)
    click.echo(
        "\n"
        + table(
            ["K", "documents", "theta: GPU, s", "processor, s", "times", "completion: GPU, s", "processor, s", "times"],
            [
                [r["topics"], f"{r['documents']:,}"]
                + [f"{r[what + device]:.2f}" if device != "times" else f"{r[what + 'cpu'] / r[what + 'cuda']:.1f}"
                   for what in ("theta ", "completion ") for device in ("cuda", "cpu", "times")]
                for r in found["inference"]
            ],
        )
    )  # fmt: skip
    found["turns"] = in_turns(several(corpus, copies))
    save(found, output)


def save(found: dict[str, Any], output: Path | None) -> None:
    """Write what there is so far: a lease of a machine may end at any time."""
    found["seconds"] = time.time() - found["began"]
    if output is not None:
        output.write_text(json.dumps(found, indent=1))


def equal_fingerprints(corpora: dict[str, Corpus], topics: tuple[int, ...]) -> list[dict[str, Any]]:
    """Short fits of both devices by several samplers; raises ClickException where fingerprints differ."""
    found = []
    runs = [(name, k, "adlda") for name in corpora for k in topics]
    runs += [(next(iter(corpora)), 100, "esca"), (next(iter(corpora)), 100, "esca-leave-out")]
    for name, k, sampler in runs:
        prints = []
        for device in ("cpu", "cuda"):
            settings = FitSettings(
                n_topics=k, sampler=sampler, sweeps=6, seed=1, optimize_interval=2, burn_in=1, evaluate_every=3,
                device=device,
            )  # fmt: skip
            result = fit(corpora[name], settings, document_topics=False)
            assert result.topic_word_counts is not None
            prints.append((fingerprint(result.topic_word_counts), result.history[-1].log_likelihood))
        click.echo(f"{name}, K = {k}, {sampler}: {prints[0][0][:12]} {prints[1][0][:12]}")
        if prints[0] != prints[1]:
            raise click.ClickException(f"the devices differ: {prints}")
        found.append({"corpus": name, "topics": k, "sampler": sampler, "fingerprint": prints[0][0]})
    return found


def time_to_heldout(corpus: Corpus, n_topics: int, sweeps: int) -> dict[str, Any]:
    """Seconds of training on each device, kernels compiled, and the score that both end with."""
    found: dict[str, Any] = {"topics": n_topics}
    scores = []
    for device in ("cpu", "cuda"):
        settings = FitSettings(
            n_topics=n_topics,
            sweeps=sweeps,
            seed=2,
            validation_fraction=0.01,
            evaluate_every=sweeps,
            device=device,
        )
        result = fit(corpus, settings, document_topics=False)
        found[device] = result.history[-1].seconds
        scores.append(result.history[-1].heldout)
    if scores[0] != scores[1]:
        raise click.ClickException(f"held-out scores differ: {scores}")
    return found | {"heldout": scores[0], "sweeps": sweeps}


def inference(corpus: Corpus, n_topics: int) -> dict[str, Any]:
    """Seconds of topics, and of document completion, for all documents; raises ClickException where devices differ."""
    settings = FitSettings(n_topics=n_topics, sweeps=30, seed=4, n_samples=0, device="cuda")
    result = fit(corpus, settings, document_topics=False)
    assert result.topic_word_counts is not None
    words, offsets = all_documents(corpus)
    found: dict[str, Any] = {"topics": n_topics, "documents": len(offsets) - 1, "tokens": len(words)}
    answers: dict[str, list[Any]] = {}
    for device in ("cpu", "cuda"):
        frozen = FrozenModel(result.topic_word_counts, result.alpha, result.beta, device=device)
        few = offsets[:100], words[: offsets[:100][-1]]
        frozen.transform(*few)  # kernels are compiled
        frozen.completion(*few)
        answers[device] = []
        for what, asked in (("theta ", frozen.transform), ("completion ", frozen.completion)):
            begin = time.perf_counter()
            answer = asked(offsets, words)
            found[what + device] = time.perf_counter() - begin
            answers[device].append(answer if isinstance(answer, np.ndarray) else answer[0])
    if not all(np.array_equal(*pair) for pair in zip(answers["cpu"], answers["cuda"], strict=True)):
        raise click.ClickException(f"topics of new documents differ between the devices, K = {n_topics}")
    return found


def all_documents(corpus: Corpus) -> tuple[Any, Any]:
    """(words, doc_offsets) of all shards."""
    shards = [corpus.shard(i) for i in range(corpus.n_shards)]
    lengths = np.concatenate([np.diff(shard.doc_offsets) for shard in shards])
    return np.concatenate([np.asarray(shard.words) for shard in shards]), np.concatenate(
        [[0], np.cumsum(lengths)]
    )


def in_turns(large: Corpus) -> dict[str, Any]:
    """A fit whose documents do not fit beside what others have taken of the device; raises where its bits differ."""
    from numba import cuda

    settings = FitSettings(n_topics=100, sweeps=6, seed=5, n_samples=0, device="cuda")
    found: dict[str, Any] = {"tokens": large.n_tokens}
    prints = []
    for left in (None, 700 << 20):
        gc.collect()
        cuda.current_context().deallocations.clear()
        taken = None
        if left is not None:
            taken = cuda.device_array((free_bytes() or 0) - left, dtype=np.uint8)
        try:
            result = fit(large, settings, document_topics=False)
        except DeviceError as error:
            click.echo(f"in turns: {error}")
            found["refused"] = str(error)
            return found
        finally:
            del taken
        assert result.topic_word_counts is not None
        prints.append(fingerprint(result.topic_word_counts))
        found["seconds" if left is None else "seconds in turns"] = result.history[-1].seconds
    if prints[0] != prints[1]:
        raise click.ClickException(f"documents in turns have other topics: {prints}")
    click.echo(
        f"documents in turns: {prints[1][:12]}, {found['seconds in turns']:.2f} s for {found['seconds']:.2f}"
    )
    return found


def several(corpus: Corpus, copies: int) -> Corpus:
    """The documents of a corpus `copies` times, as documents of their own."""
    words, lengths = [], []
    for i in range(corpus.n_shards):
        shard = corpus.shard(i)
        words.append(np.asarray(shard.words))
        lengths.append(np.diff(shard.doc_offsets))
    terms, sizes = np.concatenate(words), np.concatenate(lengths)
    rows = np.repeat(np.arange(len(sizes)), sizes)
    once = sp.csr_matrix(
        (np.ones(len(terms), dtype=np.int32), (rows, terms)), shape=(len(sizes), corpus.n_terms)
    )
    return as_corpus(sp.vstack([once] * copies, format="csr"))


def rates(corpus: Corpus, n_topics: int, sweeps: int) -> dict[str, Any]:
    """Tokens per second of the engine and of the sampling kernels alone; milliseconds of a sweep; memory."""
    from numba import cuda

    gc.collect()
    cuda.current_context().deallocations.clear()  # what earlier engines held is given back late
    before = free_bytes() or 0
    settings = FitSettings(n_topics=n_topics, sweeps=1, seed=3, start="random", device="cuda")
    engine = Engine(corpus, settings.resolved(), lambda: False)
    engine.start()
    for sweep in range(WARM_SWEEPS):
        engine.sweep()
        if sweep >= WARM_SWEEPS // 2 and sweep % LEARN_EVERY == 0:
            engine.learn_priors()
    used = before - (free_bytes() or 0)
    cuda.synchronize()
    begin = time.perf_counter()
    learning = 0.0
    for sweep in range(1, sweeps + 1):
        engine.sweep()
        if sweep % LEARN_EVERY == 0:
            cuda.synchronize()
            start = time.perf_counter()
            engine.learn_priors()
            learning += time.perf_counter() - start
    cuda.synchronize()
    seconds = time.perf_counter() - begin
    (shard,) = engine.sweeper.documents.shards
    assert isinstance(shard, DeviceShard)
    watch = Stopwatch(shard)
    for _ in range(sweeps):
        engine.sweep()
    kernel = watch.seconds()
    lengths = shard.topic_histogram(engine.threads)
    found = {
        "topics": n_topics,
        "tokens": engine.n_tokens,
        "documents": len(shard.doc_ids),
        "topics_a_document": int(lengths.times.sum()) / max(len(shard.doc_ids), 1),
        "engine_tokens_per_second": engine.n_tokens * sweeps / seconds,
        "kernel_tokens_per_second": engine.n_tokens * sweeps / kernel,
        "learning_share": learning / seconds,
        "gigabytes": used / 1e9,
    }
    click.echo(
        f"K = {n_topics}, {engine.n_tokens / 1e6:.1f} M tokens: engine {found['engine_tokens_per_second'] / 1e9:.2f}, "
        f"kernels {found['kernel_tokens_per_second'] / 1e9:.2f} G tokens/s"
    )
    engine.close()
    return found


class Stopwatch:
    """Times the sampling kernels of a shard by the device's own events."""

    def __init__(self, shard: DeviceShard) -> None:
        from numba import cuda

        self._cuda, self._events = cuda, []  # type: ignore[var-annotated]
        documents = shard.on_device
        sample = documents.sample

        def timed(*args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on
            first, last = cuda.event(), cuda.event()
            first.record()
            sample(*args, **kwargs)
            last.record()
            self._events.append((first, last))

        documents.sample = timed  # type: ignore[method-assign]

    def seconds(self) -> float:
        """Seconds of all calls so far."""
        self._cuda.synchronize()
        return float(sum(first.elapsed_time(last) for first, last in self._events)) / 1e3


def rate_table(found: list[dict[str, Any]]) -> str:
    """The rates as a Markdown table."""
    return table(
        ["million tokens", "K", "topics a document", "engine, G tokens/s", "kernels, G tokens/s", "share", "learning",
         "GB"],
        [
            [
                f"{r['tokens'] / 1e6:.1f}", r["topics"], f"{r['topics_a_document']:.0f}",
                f"{r['engine_tokens_per_second'] / 1e9:.2f}", f"{r['kernel_tokens_per_second'] / 1e9:.2f}",
                f"{r['engine_tokens_per_second'] / r['kernel_tokens_per_second']:.0%}",
                f"{r['learning_share']:.0%}", f"{r['gigabytes']:.1f}",
            ]
            for r in found
        ],
    )  # fmt: skip
