"""Other libraries behind the handler that one would write: `uvicorn peer:app`. Run as a script, it trains tomotopy.

It imports nothing of ours, for it runs in an environment that has the other library. PEER names it, PEER_MODEL its
file; without a library the handler answers with numbers that are ready, which is what HTTP and JSON alone cost.
"""

from __future__ import annotations

import gc
import os
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

TOKEN = re.compile(r"[^\W\d_]{2,}")

Infer = Callable[[list[list[str]]], Any]
"""Words of each document to theta, (D, K)."""

Loaded = tuple[Infer, list[list[str]]]
"""Inference, and the top words of each topic."""


def nothing(path: str) -> Loaded:
    """Ready numbers, for 200 topics."""
    theta = np.random.default_rng(0).dirichlet(np.full(200, 0.05), 1000).astype(np.float32)
    return lambda documents: theta[: len(documents)], [[f"word{i}" for i in range(5)]] * 200


def gensim(path: str) -> Loaded:
    """`lda[bow]`, with the 50 iterations that it has by default."""
    from gensim.models import LdaModel

    model = LdaModel.load(path)
    ids = {word: i for i, word in model.id2word.items()}

    def bag(words: list[str]) -> list[tuple[int, int]]:
        known = [ids[word] for word in words if word in ids]
        return [(int(w), int(n)) for w, n in zip(*np.unique(known, return_counts=True), strict=True)]

    def infer(documents: list[list[str]]) -> Any:  # noqa: ANN401
        if len(documents) == 1:
            theta = np.zeros((1, model.num_topics), np.float32)
            for topic, weight in model[bag(documents[0])]:
                theta[0, topic] = weight
            return theta
        gamma, _ = model.inference([bag(words) for words in documents])
        return (gamma / gamma.sum(axis=1, keepdims=True)).astype(np.float32)

    return infer, [[word for word, _ in model.show_topic(k, 5)] for k in range(model.num_topics)]


def tomotopy(path: str) -> Loaded:
    """`infer`, with the 100 sweeps that it has by default, in one thread: the workers are processes.

    Each call copies the model, so the documents of a batch are inferred together, which makes one copy for all. The
    topics of a document then depend on the others of its batch; each for itself would take as long as single requests.
    """
    import tomotopy

    model = tomotopy.LDAModel.load(path)

    def infer(documents: list[list[str]]) -> Any:  # noqa: ANN401
        made = [model.make_doc(words) for words in documents]
        return np.array(model.infer(made, workers=1, together=len(made) > 1)[0], np.float32)

    return infer, [[word for word, _ in model.get_topic_words(k, 5)] for k in range(model.k)]


def make_app() -> Any:  # noqa: ANN401
    """The application: one path, the JSON of `POST /v1/topics`."""
    import orjson
    from starlette.applications import Starlette
    from starlette.responses import Response
    from starlette.routing import Route

    peers = {"gensim": gensim, "tomotopy": tomotopy, "nothing": nothing}
    infer, words = peers[os.environ["PEER"]](os.environ.get("PEER_MODEL", ""))

    async def topics(request: Any) -> Response:  # noqa: ANN401
        asked = orjson.loads(await request.body())
        documents, whole = asked["documents"], asked.get("shares", False)
        theta = infer([TOKEN.findall(text.lower()) for text in documents])
        found = []
        for shares in theta:
            top = np.argpartition(shares, -5)[-5:]
            top = top[np.argsort(-shares[top])]
            best = [{"topic": int(k), "share": float(shares[k]), "words": words[k]} for k in top]
            found.append({"top": best, "shares": shares} if whole else {"top": best})
        return Response(
            orjson.dumps({"documents": found}, option=orjson.OPT_SERIALIZE_NUMPY),
            media_type="application/json",
        )

    gc.collect()
    gc.freeze()
    return Starlette(routes=[Route("/v1/topics", topics, methods=["POST"])])


def train(words: str, path: str, topics: int, sweeps: int) -> None:
    """A model of tomotopy from a file of words, a document a line."""
    import tomotopy

    model = tomotopy.LDAModel(k=topics, alpha=0.1, eta=0.01, seed=1)
    with open(words, encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                model.add_doc(line.split())
    model.train(sweeps, show_progress=False)
    model.save(path, full=False)


if __name__ == "__main__":
    train(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
