"""The service's own way to ask: `POST /v1/topics`, and `GET /v1/models`."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from lda.serve.http.answers import HttpAnswer, json_answer
from lda.serve.http.documents import asked_documents, asked_seed, asked_top
from lda.serve.http.entity_tags import model_headers, unchanged
from lda.serve.http.errors import shown, unfit
from lda.serve.http.request_json import check_keys, parse_object

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lda.serve.http.batching import Found
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service import Service
    from lda.serve.shelf import ServedModel

_KEYS: Final = ("documents", "document", "model", "top", "shares", "seed")


async def topics(service: Service, request: HttpRequest) -> HttpAnswer:
    """`POST /v1/topics`: topics of documents."""
    body = await service.json_body(request)
    asked = parse_object(body)
    check_keys(asked, _KEYS, "the request")
    single = "document" in asked
    if single == ("documents" in asked):
        raise unfit(
            'the request must have either "documents", a list, or "document", got '
            + ("both" if single else "neither")
        )
    model = service.model(asked.get("model"))
    headers = model_headers(service, request, model, body)
    if unchanged(request, headers):
        return HttpAnswer(304, b"", headers=headers)
    top = asked_top(asked.get("top"), model, service.settings)
    whole = asked.get("shares", False)
    if type(whole) is not bool:
        raise unfit(f"shares must be true or false, got {shown(whole)}")
    seed = asked_seed(asked.get("seed"))
    if single:
        documents = asked_documents([asked["document"]], service.settings, where="document")
    else:
        documents = asked_documents(asked["documents"], service.settings)
    found = await service.gatherer.infer(request, model, documents, seed)
    rows = await service.encoded(found, lambda part: _rows(model, part, top, whole=whole))
    return HttpAnswer(200, _answer(model, rows, single=single), headers=headers)


async def models(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /v1/models`: all models, in short."""
    return json_answer({"models": [_in_short(model) for model in service.shelf.models()]})


async def model(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /v1/models/{name}`: one model with its topics."""
    served = service.model(request.params["name"])
    request.model = served
    headers = model_headers(service, request, served, b"")
    if unchanged(request, headers):
        return HttpAnswer(304, b"", headers=headers)
    topics = [
        {"number": k, "label": label, "share": share, "words": words}
        for k, (label, share, words) in enumerate(
            zip(served.labels, served.training_shares.tolist(), served.words, strict=True)
        )
    ]
    return json_answer({**_in_short(served), "topics": topics}, headers=headers)


def _in_short(model: ServedModel) -> dict[str, Any]:
    return {
        "name": model.name,
        "version": model.version,
        "fingerprint": model.fingerprint,
        "n_topics": model.n_topics,
        "n_terms": model.n_terms,
        "reads_texts": model.inferencer.can_read_texts,
    }


def _answer(model: ServedModel, rows: list[bytes], *, single: bool) -> bytes:
    head = b'{"model":"%b","version":"%b","fingerprint":"%b",' % (
        model.name.encode(),
        model.version.encode(),
        model.fingerprint.encode(),
    )
    if single:
        return b'%b"document":%b}' % (head, rows[0])
    return b'%b"documents":[%b]}' % (head, b",".join(rows))


def _rows(model: ServedModel, found: Found, top: int, *, whole: bool) -> list[bytes]:
    """Each document's object. Shares are written by the shortest digits that give the float32 back."""
    theta = np.ascontiguousarray(found.theta, dtype=np.float32)
    chosen = list[bytes]()
    parts = model.topic_parts
    if top:
        order = heaviest(theta, top)
        numbers = order.ravel().tolist()
        shares = digits(np.take_along_axis(theta, order, axis=1).ravel())
        written = [parts[k][0] + share + parts[k][1] for k, share in zip(numbers, shares, strict=True)]
        ends = range(0, len(written) + 1, top)
        chosen = [b",".join(written[start:stop]) for start, stop in pairwise(ends)]
    else:
        chosen = [b""] * len(theta)
    tails = (
        [b',"shares":%b}' % orjson.dumps(row, option=orjson.OPT_SERIALIZE_NUMPY) for row in theta]
        if whole
        else [b"}"] * len(theta)
    )
    return [
        b'{"topics":[%b],"known_words":%d,"unknown_words":%d%b' % (topics, known, unknown, tail)
        for topics, known, unknown, tail in zip(
            chosen, found.n_known.tolist(), found.n_unknown.tolist(), tails, strict=True
        )
    ]


def heaviest(theta: NDArray[np.float32], top: int) -> NDArray[np.int64]:
    """(D, top) int64, the topics of most weight, heaviest first and ties by number, as `lda transform --top` has them.

    theta: (D, K) float32, none negative. Bits of such numbers are in their order, so one number holds weight and topic.
    100 rows, K = 200: 1 us a row, where a stable sort of all takes 8; that is quicker for one row, 4 us for 7.
    """
    if len(theta) == 1:
        return np.argsort(-theta, axis=1, kind="stable")[:, :top]
    keys = np.uint64(0xFFFFFFFF) - theta.view(np.uint32)
    keys <<= np.uint64(32)
    keys |= np.arange(theta.shape[1], dtype=np.uint64)
    if top < theta.shape[1]:
        keys = np.partition(keys, top - 1, axis=1)[:, :top]
    keys.sort(axis=1)
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)


def digits(numbers: np.ndarray[Any, np.dtype[np.float32]]) -> list[bytes]:
    """(n,) float32 as JSON has them, each by the shortest digits that give it back."""
    return orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY)[1:-1].split(b",") if len(numbers) else []
