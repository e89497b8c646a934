"""One short document at a time: how long a request waits for its topics, and what processes that share a model hold.

Documents are stretches of `--tokens` kept words of speeches, the same for all systems, one at a time, on one core. Each
system has a model of its own, fitted to the same words, and infers as it does by default.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np
import scipy.sparse as sp

import lda
from benchmarks.report import machine, table
from lda.cluster import FrozenModel
from lda.inference.facts import ModelFacts
from lda.inference.prepared import write_prepared
from lda.model.model import Topic

SPEECHES = Path(__file__).parent / "data" / "sotu.jsonl.gz"
SHARED_TOPICS, SHARED_TERMS = 200, 50_000
"""Size of the model that processes share."""

FIRST_ANSWER = """
import sys
import lda
topics = lda.Inferencer.open_prepared(sys.argv[1]) if sys.argv[2] == "prepared" else lda.Inferencer(sys.argv[1])
topics.texts(["peace and trade with all nations"])
"""

WORKER = """
import sys
import lda
topics = lda.Inferencer.open_prepared(sys.argv[1])
for seed in range(50):
    topics.tokens([[f"w{(seed * 977 + i * 7919) % 50_000}" for i in range(1000)]], seed=seed)
print("ready", flush=True)
sys.stdin.read()
"""


@click.command("inference")
@click.option("-k", "n_topics", type=int, default=100, help="Topics.")
@click.option("--tokens", "length", type=int, default=100, help="Tokens of a document.")
@click.option("--documents", "n_documents", type=int, default=500, help="Documents.")
@click.option(
    "--sweeps", type=int, default=50, help="Sweeps of training; gensim and scikit-learn take a pass or two."
)
@click.option("--peers/--no-peers", default=True, help="Whether other systems are measured, too.")
@click.option("--workers", type=int, default=4, help="Processes that share a model; 0 leaves them out.")
def inference(n_topics: int, length: int, n_documents: int, sweeps: int, peers: bool, workers: int) -> None:
    """Milliseconds of one short document, of the first answer, and megabytes of processes that share a model."""
    corpus = lda.read_corpus(SPEECHES, recipe=lda.Recipe(text="text", stop_words="en"))
    model = lda.LDA(n_topics, max_iter=sweeps, random_state=0).fit(corpus).model_
    documents = stretches(corpus, length, n_documents)
    click.echo(f"{machine()}\n{len(documents):,} documents of {length} tokens, K = {n_topics}, one core\n")
    rows = [(name, *milliseconds(ask, documents)) for name, ask in ours(model).items()]
    for name, made in (PEERS if peers else {}).items():
        try:
            rows.append((name, *milliseconds(made(corpus, n_topics, sweeps), documents)))
        except ImportError:
            click.echo(f"{name} is not installed here, so it is left out", err=True)
    click.echo(table(("system", "p50, ms", "p99, ms", "p50, ms of processor"), rows) + "\n")
    with tempfile.TemporaryDirectory(prefix="raylda-benchmark-") as folder:
        model.save(Path(folder) / "model")
        lda.Inferencer(model).save_prepared(Path(folder) / "prepared")
        firsts = [(kind, f"{first_answer(Path(folder) / kind, kind):.2f}") for kind in ("model", "prepared")]
        click.echo(table(("a process from nothing to its first answer", "seconds"), firsts) + "\n")
        if workers:
            shared(Path(folder) / "shared", SHARED_TOPICS, SHARED_TERMS)
            shared(Path(folder) / "tiny", SHARED_TOPICS, 100)
            alone, many = (extra(Path(folder), n) for n in (1, workers))
            memory = [(1, f"{alone:.1f}", "1.00"), (workers, f"{many:.1f}", f"{many / alone:.2f}")]
            header = (
                "processes",
                f"MB beyond those with a tiny model, K = {SHARED_TOPICS}, V = {SHARED_TERMS}",
                "times",
            )
            click.echo(table(header, memory))


def stretches(corpus: lda.Corpus, length: int, most: int) -> list[list[str]]:
    """Documents of `length` words each, taken from the documents of a corpus."""
    names, found = corpus.vocabulary, list[list[str]]()
    for number in range(corpus.n_shards):
        words = [names[w] for w in corpus.shard(number)[3].tolist()]
        found += [words[at : at + length] for at in range(0, len(words) - length, 7 * length)]
    return found[:most]


def ours(model: lda.Model) -> dict[str, Callable[[list[str]], object]]:
    """Ways to ask for one document."""
    topics = lda.Inferencer(model)
    ids = {term: number for number, term in enumerate(model.vocabulary)}
    rows: dict[int, Any] = {}

    def counts(document: list[str]) -> object:
        return topics.counts(rows[id(document)])

    def texts(document: list[str]) -> object:
        return topics.texts([rows[-id(document)]])

    def prepared(ask: Callable[[list[str]], object], make: Callable[[list[str]], Any], sign: int) -> Any:  # noqa: ANN401
        def asked(document: list[str]) -> object:
            return ask(document)

        asked.before = lambda documents: rows.update({sign * id(d): make(d) for d in documents})  # type: ignore[attr-defined]
        return asked

    def row(document: list[str]) -> Any:  # noqa: ANN401
        found = np.bincount([ids[word] for word in document], minlength=len(ids))
        return sp.csr_matrix(found)

    return {
        "raylda, tokens": lambda document: topics.tokens([document]),
        "raylda, texts": prepared(texts, " ".join, -1),
        "raylda, counts (sparse)": prepared(counts, row, 1),
    }


def tomotopy(corpus: lda.Corpus, n_topics: int, sweeps: int) -> Callable[[list[str]], object]:
    """The infer of tomotopy, 100 iterations (its default)."""
    from benchmarks.speed import tomotopy_model

    model = tomotopy_model(corpus, n_topics, seed=0)
    model.train(sweeps, workers=1, show_progress=False)
    return lambda document: model.infer(model.make_doc(document), workers=1)


def gensim(corpus: lda.Corpus, n_topics: int, sweeps: int) -> Callable[[list[str]], object]:
    """The lda[bow] of gensim, 50 iterations at most (its default)."""
    from gensim.corpora import Dictionary
    from gensim.models import LdaModel

    documents = stretches(corpus, 200, 10**6)
    dictionary = Dictionary(documents)
    model = LdaModel([dictionary.doc2bow(d) for d in documents], num_topics=n_topics, id2word=dictionary)
    return lambda document: model[dictionary.doc2bow(document)]


def sklearn(corpus: lda.Corpus, n_topics: int, sweeps: int) -> Callable[[list[str]], object]:
    """The transform of scikit-learn, 100 iterations at most (its default)."""
    from sklearn.decomposition import LatentDirichletAllocation
    from sklearn.feature_extraction.text import CountVectorizer

    documents = stretches(corpus, 200, 10**6)
    words = CountVectorizer(analyzer=lambda document: document)
    model = LatentDirichletAllocation(n_topics, max_iter=2, learning_method="online", random_state=0)
    model.fit(words.fit_transform(documents))
    return lambda document: model.transform(words.transform([document]))


PEERS = {"tomotopy, infer": tomotopy, "gensim, lda[bow]": gensim, "scikit-learn, transform": sklearn}


def milliseconds(ask: Callable[[list[str]], object], documents: Sequence[list[str]]) -> tuple[str, str, str]:
    """(p50, p99, p50 of this thread's processor time) of one document, in ms."""
    getattr(ask, "before", lambda documents: None)(documents)
    ask(documents[0])
    walls, threads = [], []
    for document in documents:
        wall, thread = time.perf_counter(), time.thread_time()
        ask(document)
        walls.append(1e3 * (time.perf_counter() - wall))
        threads.append(1e3 * (time.thread_time() - thread))
    p50, p99 = np.quantile(walls, [0.5, 0.99])
    return f"{p50:.3f}", f"{p99:.3f}", f"{statistics.median(threads):.3f}"


def first_answer(folder: Path, kind: str) -> float:
    """Seconds of a process from its start to its first answer and end, kernels on disk: the best of three."""
    seconds = []
    for _ in range(4):  # the first one reads files that are in no cache, and may have to compile
        before = time.perf_counter()
        subprocess.run([sys.executable, "-c", FIRST_ANSWER, str(folder), kind], check=True)
        seconds.append(time.perf_counter() - before)
    return min(seconds[1:])


def shared(folder: Path, n_topics: int, n_terms: int) -> None:
    """Write a prepared model of a given size, as full as real ones are, with the terms w0, w1, ..."""
    rng = np.random.default_rng(0)
    counts = sp.csr_matrix(sp.random(n_terms, n_topics, density=0.2, random_state=rng))
    counts.data = np.ceil(counts.data * 20)
    frozen = FrozenModel(counts.astype(np.int32), np.full(n_topics, 0.1), 0.01, threads=1)
    facts = ModelFacts(
        fingerprint="0" * 64,
        content="0" * 64,
        seed=0,
        n_terms=n_terms,
        named_terms=True,
        recipe=None,
        topics=tuple(Topic(k, 0.1, 1, 1 / n_topics, []) for k in range(n_topics)),
        labels=(None,) * n_topics,
    )
    write_prepared(folder, frozen, facts, [f"w{w}" for w in range(n_terms)])


def extra(folder: Path, n: int) -> float:
    """MB that n processes hold together of a shared model, beyond as many with a tiny one."""
    return held(folder / "shared", n) - held(folder / "tiny", n)


def held(folder: Path, n: int) -> float:
    """MB of n processes that have inferred by a prepared model, shared pages divided among them (Pss)."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"MALLOC_ARENA_MAX": "1"},
        )
        for _ in range(n)
    ]
    try:
        for process in started:
            if process.stdout is None or process.stdout.readline() != b"ready\n":
                raise RuntimeError("a worker did not begin")
        return sum(pss(process.pid) for process in started) / 1e3
    finally:
        for process in started:
            process.kill()
            process.communicate()


def pss(pid: int) -> int:
    """Pss of a process, kB."""
    rows = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return int(next(row for row in rows if row.startswith("Pss:")).split()[1])
