"""The Open Inference Protocol, version 2, as clients of KServe and Triton speak it.

One tensor goes in: of BYTES (n), texts; or of numbers (n, V), counts of the model's terms in its order. Out come those
of `OUTPUTS` that are asked for, else theta.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import orjson

from lda.serve.http.answers import BINARY, JSON, HttpAnswer, json_answer
from lda.serve.http.documents import (
    asked_counts,
    asked_seed,
    asked_texts,
    asked_top,
    check_columns,
    check_number,
)
from lda.serve.http.entity_tags import model_headers, unchanged
from lda.serve.http.errors import RequestError, malformed, shown, unfit, whole_number
from lda.serve.http.request_json import check_keys, parse_object
from lda.serve.http.service import check_type
from lda.serve.protocols.binary_tensors import NUMBERS, read_numbers, read_texts, split_body

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from lda.serve.http.batching import Found
    from lda.serve.http.documents import Asked
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service import Service
    from lda.serve.shelf import ServedModel

OUTPUTS: Final = {
    "theta": "FP32",
    "topics": "INT32",
    "weights": "FP32",
    "known_words": "INT64",
    "unknown_words": "INT64",
}
"""Datatypes of what can be asked for: all weights (n, K); numbers of the heaviest topics and their weights (n, top);
tokens (n) that the model knows, and does not know."""

PLATFORM: Final = "raylda"
EXTENSIONS: Final = ("binary_tensor_data", "model_repository")

LONGEST: Final = 1 << 31
"""A length in a shape."""

_KEYS: Final = ("id", "parameters", "inputs", "outputs", "model_name")
"""KServe's client says once more which model it means; that in the path is."""

_INPUT_KEYS: Final = ("name", "shape", "datatype", "data", "parameters")


class _Output(NamedTuple):
    name: str
    binary: bool


async def server(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /v2`: who is asked."""
    return json_answer({"name": PLATFORM, "version": version("raylda"), "extensions": EXTENSIONS})


async def metadata(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /v2/models/{name}`: which tensors go in and out."""
    model = _model(service, request)
    top = min(service.settings.top, model.n_topics)
    shapes = {"theta": [-1, model.n_topics], "topics": [-1, top], "weights": [-1, top]}
    inputs = [{"name": "text", "datatype": "BYTES", "shape": [-1]}] if model.inferencer.can_read_texts else []
    return json_answer(
        {
            "name": model.name,
            "versions": [model.version],
            "platform": PLATFORM,
            "inputs": [*inputs, {"name": "counts", "datatype": "INT32", "shape": [-1, model.n_terms]}],
            "outputs": [
                {"name": name, "datatype": datatype, "shape": shapes.get(name, [-1])}
                for name, datatype in OUTPUTS.items()
            ],
        },
        headers=model.headers,
    )


async def model_ready(service: Service, request: HttpRequest) -> HttpAnswer:
    """`GET /v2/models/{name}/ready`: whether it can be asked."""
    model = _model(service, request)
    is_ready = service.ready()
    return json_answer(
        {"name": model.name, "ready": is_ready}, status=200 if is_ready else 503, headers=model.headers
    )


async def infer(service: Service, request: HttpRequest) -> HttpAnswer:
    """`POST /v2/models/{name}/infer`: tensors in, tensors out."""
    behind = request.header(b"inference-header-content-length")
    if behind is None:
        check_type(request, JSON, "Content-Type: application/json")
    else:
        check_type(request, BINARY, "Content-Type: application/octet-stream")
    body = await service.waiting.body(request)
    model = _model(service, request)
    head, raw = split_body(body, behind)
    asked = parse_object(head)
    check_keys(asked, _KEYS, "the request")
    parameters = _object(asked.get("parameters"), "the request's parameters")
    headers = model_headers(service, request, model, body)
    if unchanged(request, headers):
        return HttpAnswer(304, b"", headers=headers)
    outputs = _outputs(asked.get("outputs"), binary=parameters.get("binary_data_output") is True)
    top = asked_top(parameters.get("top"), model, service.settings)
    seed = asked_seed(parameters.get("seed"))
    documents = _input(asked.get("inputs"), raw, model, service)
    found = await service.gatherer.infer(request, model, [documents], seed)
    said = {"model_name": model.name, "model_version": model.version}
    if asked.get("id") is not None:
        said["id"] = _text(asked["id"], "the id")
    return await _answered(service, said, outputs, _tensors(found, outputs, top), headers)


def _model(service: Service, request: HttpRequest) -> ServedModel:
    """The model that the path names, in the version it may name, which must be the one that is served."""
    model = service.model(request.params["name"])
    wanted = request.params.get("version")
    if wanted is not None and wanted not in (model.version, model.fingerprint):
        raise RequestError(
            404,
            f"model {model.name} has no version {shown(wanted)}; it is served in version {model.version}, "
            "which is asked for without /versions, too",
        )
    request.model = model
    return model


def _input(given: object, raw: memoryview, model: ServedModel, service: Service) -> Asked:
    settings = service.settings
    if type(given) is not list or len(given) != 1:
        raise unfit(
            f'"inputs" must be a list of one tensor, texts (BYTES, [n]) or counts ([n, {model.n_terms}]), '
            f"got {shown(given)}"
        )
    tensor = _object(given[0], "an input")
    check_keys(tensor, _INPUT_KEYS, "an input")
    name = _text(tensor.get("name"), "the name of an input")
    datatype, shape = tensor.get("datatype"), _shape(tensor.get("shape"), name)
    size = _object(tensor.get("parameters"), f"the parameters of input {name}").get("binary_data_size")
    part = None
    if size is not None:
        # A single tensor has all that stands behind the JSON.
        whole_number(size, f"binary_data_size of input {name}", len(raw), len(raw))
        part = raw
    elif len(raw):
        raise malformed(
            f"input {name} must tell its binary_data_size, for {len(raw)} bytes stand behind the JSON"
        )
    if datatype == "BYTES":
        if len(shape) == 0 or any(length != 1 for length in shape[1:]):
            raise unfit(f"texts must have the shape [n], got {shape} of input {name}")
        check_number(shape[0], settings)
        texts = _flat_texts(tensor.get("data"), name) if part is None else read_texts(part, name, shape[0])
        _check_size(len(texts), shape, name)
        return asked_texts(texts, settings)
    if type(datatype) is not str or datatype not in NUMBERS:
        raise unfit(
            f"the datatype of input {name} must be BYTES, for texts, or for counts one of {', '.join(NUMBERS)}, "
            f"got {shown(datatype)}"
        )
    if len(shape) not in (1, 2):
        raise unfit(f"counts must have the shape [n, {model.n_terms}], got {shape} of input {name}")
    check_columns(shape[-1], model)
    check_number(shape[0] if len(shape) == 2 else 1, settings)
    numbers = flat_numbers(tensor.get("data"), f"the data of input {name}") if part is None else None
    counts = read_numbers(part, name, datatype) if numbers is None and part is not None else numbers
    assert counts is not None
    _check_size(len(counts), shape, name)
    return asked_counts(counts.reshape(-1, shape[-1]), settings)


def _flat_texts(data: object, name: str) -> list[str]:
    texts = list[str]()
    for one in data if type(data) is list else [data]:
        inner = one[0] if type(one) is list and len(one) == 1 else one
        if type(inner) is not str:
            raise unfit(f"the data of input {name} must be a list of strings, got {shown(inner)}")
        texts.append(inner)
    return texts


def flat_numbers(data: object, what: str) -> NDArray[Any]:
    """Numbers of a list of JSON, or of lists in it, in one row: int64, or float64 where one has a fraction.

    Raises:
        RequestError: 422 for what is no number, or no int64.
    """
    if type(data) is not list:
        raise unfit(f"{what} must be a list of numbers, got {shown(data)}")
    flat = data
    if data and type(data[0]) is list:
        flat = list[Any]()
        for row in data:
            if type(row) is not list:
                raise unfit(f"{what} must be a list of lists of numbers, got {shown(row)} in it")
            flat += row
    kinds = set(map(type, flat))
    if not kinds <= {int, float}:
        wrong = next(value for value in flat if type(value) not in (int, float))
        raise unfit(f"{what} must be numbers, got {shown(wrong)}")
    try:
        return np.array(flat, dtype=np.float64 if float in kinds else np.int64)
    except OverflowError:
        raise unfit(f"{what} must be counts below 2^63") from None


def _shape(shape: object, name: str) -> list[int]:
    if type(shape) is not list or len(shape) > 8:
        raise unfit(f"the shape of input {name} must be a list of lengths, got {shown(shape)}")
    return [whole_number(length, f"a length in the shape of input {name}", 0, LONGEST) for length in shape]


def _check_size(found: int, shape: list[int], name: str) -> None:
    wanted = 1
    for length in shape:
        wanted *= length
    if found != wanted:
        raise unfit(f"input {name} of shape {shape} must have {wanted} values, got {found}")


def _outputs(given: object, *, binary: bool) -> list[_Output]:
    if given is None or given == []:
        return [_Output("theta", binary)]
    if type(given) is not list:
        raise unfit(f'"outputs" must be a list, got {shown(given)}')
    outputs = list[_Output]()
    for one in given:
        output = _object(one, "an output")
        check_keys(output, ("name", "parameters"), "an output")
        name = _text(output.get("name"), "the name of an output")
        if name not in OUTPUTS:
            raise unfit(f"an output must be one of {', '.join(OUTPUTS)}, got {shown(name)}")
        if any(name == other.name for other in outputs):
            raise unfit(f"output {name} must be asked for once, got it twice")
        parameters = _object(output.get("parameters"), f"the parameters of output {name}")
        if parameters.get("classification"):
            raise unfit('classification is not known here; ask for the outputs "topics" and "weights"')
        outputs.append(_Output(name, parameters.get("binary_data", binary) is True))
    return outputs


def _tensors(found: Found, outputs: list[_Output], top: int) -> dict[str, NDArray[Any]]:
    """What may be asked for, by name, each of the type in `OUTPUTS`."""
    theta = np.ascontiguousarray(found.theta, dtype="<f4")
    tensors: dict[str, NDArray[Any]] = {
        "theta": theta,
        "known_words": found.n_known.astype("<i8"),
        "unknown_words": found.n_unknown.astype("<i8"),
    }
    if any(output.name in ("topics", "weights") for output in outputs):
        order = np.argsort(-theta, axis=1, kind="stable")[:, :top]
        tensors["topics"] = order.astype("<i4")
        tensors["weights"] = np.ascontiguousarray(np.take_along_axis(theta, order, axis=1))
    return tensors


async def _answered(
    service: Service,
    said: dict[str, Any],
    outputs: list[_Output],
    tensors: dict[str, NDArray[Any]],
    headers: tuple[tuple[bytes, bytes], ...],
) -> HttpAnswer:
    told, behind = list[dict[str, Any]](), list[bytes]()
    for name, binary in outputs:
        tensor = tensors[name]
        one: dict[str, Any] = {"name": name, "datatype": OUTPUTS[name], "shape": tensor.shape}
        if binary:
            behind.append(tensor.tobytes())
            one["parameters"] = {"binary_data_size": len(behind[-1])}
        else:
            rows = await service.encoded_rows(tensor)
            one["data"] = orjson.Fragment(b"[%b]" % b",".join(row[1:-1] for row in rows if len(row) > 2))
        told.append(one)
    head = orjson.dumps({**said, "outputs": told})
    if not behind:
        return HttpAnswer(200, head, JSON, headers)
    split = (b"inference-header-content-length", b"%d" % len(head))
    return HttpAnswer(200, b"".join((head, *behind)), BINARY, (*headers, split))


def _object(value: object, what: str) -> dict[str, Any]:
    if value is None:
        return {}
    if type(value) is not dict:
        raise unfit(f"{what} must be an object, got {shown(value)}")
    return value


def _text(value: object, what: str) -> str:
    if type(value) is not str:
        raise unfit(f"{what} must be a string, got {shown(value)}")
    return value
