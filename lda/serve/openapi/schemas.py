"""JSON schemas of what goes in and comes out, by name, for the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from lda.serve.http.documents import LARGEST_COUNT, LARGEST_SEED
from lda.serve.protocols.binary_tensors import NUMBERS
from lda.serve.protocols.open_inference import LONGEST, OUTPUTS

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to one of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: Schema, *, needs: str = "", closed: bool = True, **more: Any) -> Schema:  # noqa: ANN401
    """needs: names of properties that must be there. closed: there may be no others."""
    return {
        "type": "object",
        "properties": properties,
        **({"required": needs.split()} if needs else {}),
        **({"additionalProperties": False} if closed else {}),
        **more,
    }


def _list(of: Schema, **more: Any) -> Schema:  # noqa: ANN401
    return {"type": "array", "items": of, **more}


_TEXT: Final = {"type": "string"}
_SHARE: Final = {"type": "number", "minimum": 0, "maximum": 1}
_COUNT: Final = {"type": "integer", "minimum": 0}
_SEED: Final = {
    "type": ["integer", "null"],
    "minimum": 0,
    "maximum": LARGEST_SEED,
    "description": "Of the inference; without it that of the fit.",
}
_NAME: Final = {"type": ["string", "null"], "description": "Of the model; without it the first one."}
_TOP: Final = {
    "type": ["integer", "null"],
    "minimum": 0,
    "maximum": 1 << 31,
    "description": "The heaviest topics of each document, at most so many.",
}
_MODEL: Final = {
    "name": _TEXT,
    "version": {"type": "string", "description": "The first digits of the fingerprint."},
    "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
}
_FROM: Final = {"model": _TEXT, **{name: _MODEL[name] for name in ("version", "fingerprint")}}
_ASKED: Final = {
    "model": _NAME,
    "top": _TOP,
    "shares": {
        "type": "boolean",
        "default": False,
        "description": "Whether to tell the shares of all K topics.",
    },
    "seed": _SEED,
}
_ROWS: Final = {
    "description": "Texts, lists of tokens, rows of counts, or records.",
    "anyOf": [
        _list({"anyOf": [{"type": ["string", "null"]}, _list(_TEXT)]}),
        _list(_list(_COUNT, minItems=1), minItems=1),
        ref("Records"),
    ],
}


def _tensor(datatypes: list[str], value: Schema, dimensions: int, row: Schema) -> Schema:
    """value: of the data, which may stand in a list of its row. dimensions: how many there may be."""
    length = {**_COUNT, "maximum": LONGEST}
    return _object(
        {
            "name": _TEXT,
            "shape": _list(length, minItems=1, maxItems=dimensions),
            "datatype": {"enum": datatypes},
            "data": _list({"anyOf": [value, row]}, description="Flat, or a list for each row."),
            "parameters": _object({"binary_data_size": _COUNT}, closed=False, type=["object", "null"]),
        },
        needs="name shape datatype data",
    )


SCHEMAS: Final[dict[str, Schema]] = {
    "Error": _object(
        {"error": {"type": "string", "description": "The rule, the value that came, and the remedy."}},
        needs="error",
    ),
    "Document": {
        "description": "A text; a list of tokens; or counts by term.",
        "anyOf": [
            _TEXT,
            _list(_TEXT),
            _object(
                {"counts": {"type": "object", "additionalProperties": {**_COUNT, "maximum": LARGEST_COUNT}}},
                needs="counts",
            ),
        ],
    },
    "TopicsRequest": {
        "oneOf": [
            _object({"documents": _list(ref("Document")), **_ASKED}, needs="documents"),
            _object({"document": ref("Document"), **_ASKED}, needs="document"),
        ],
        "examples": [{"documents": ["peace and trade with all nations"], "top": 3}],
    },
    "DocumentTopics": _object(
        {
            "topics": _list(
                _object(
                    {
                        "number": _COUNT,
                        "label": {"type": ["string", "null"]},
                        "share": _SHARE,
                        "words": _list(_TEXT),
                    },
                    needs="number label share words",
                )
            ),
            "known_words": _COUNT,
            "unknown_words": _COUNT,
            "shares": _list(_SHARE),
        },
        needs="topics known_words unknown_words",
    ),
    "TopicsAnswer": {
        "oneOf": [
            _object(
                {**_FROM, "documents": _list(ref("DocumentTopics"))},
                needs="model version fingerprint documents",
            ),
            _object({**_FROM, "document": ref("DocumentTopics")}, needs="model version fingerprint document"),
        ]
    },
    "Model": _object(
        {
            **_MODEL,
            "n_topics": _COUNT,
            "n_terms": _COUNT,
            "reads_texts": {"type": "boolean", "description": "Whether it knows how a text becomes words."},
            "topics": _list(
                _object(
                    {
                        "number": _COUNT,
                        "label": {"type": ["string", "null"]},
                        "share": _SHARE,
                        "words": _list(_TEXT),
                    },
                    needs="number label share words",
                )
            ),
        },
        needs="name version fingerprint n_topics n_terms reads_texts",
    ),
    "Models": _object({"models": _list(ref("Model"))}, needs="models"),
    "Ready": _object({"name": _TEXT, "ready": {"type": "boolean"}}, needs="ready"),
    "Live": _object({"live": {"type": "boolean"}}, needs="live"),
    "Server": _object(
        {"name": _TEXT, "version": _TEXT, "extensions": _list(_TEXT)}, needs="name version extensions"
    ),
    "Tensor": _object(
        {"name": _TEXT, "datatype": _TEXT, "shape": _list({"type": "integer"})}, needs="name datatype shape"
    ),
    "ModelTensors": _object(
        {
            "name": _TEXT,
            "versions": _list(_TEXT),
            "platform": _TEXT,
            "inputs": _list(ref("Tensor")),
            "outputs": _list(ref("Tensor")),
        },
        needs="name versions platform inputs outputs",
    ),
    "InferRequest": _object(
        {
            "id": {"type": ["string", "null"]},
            "parameters": _object(
                {"top": _TOP, "seed": _SEED, "binary_data_output": {"type": "boolean"}},
                closed=False,
                type=["object", "null"],
            ),
            "inputs": _list(
                {
                    "oneOf": [
                        _tensor(["BYTES"], _TEXT, 1, _list(_TEXT, minItems=1, maxItems=1)),
                        _tensor(list(NUMBERS), _COUNT, 2, _list(_COUNT)),
                    ]
                },
                minItems=1,
                maxItems=1,
            ),
            "outputs": {
                "type": ["array", "null"],
                "maxItems": len(OUTPUTS),
                "uniqueItems": True,
                "items": _object(
                    {
                        "name": {"enum": list(OUTPUTS)},
                        "parameters": _object(
                            {"binary_data": {"type": "boolean"}, "classification": {"enum": [0, None]}},
                            closed=False,
                            type=["object", "null"],
                        ),
                    },
                    needs="name",
                ),
                "description": "Each at most once; without them theta.",
            },
            "model_name": {"description": "Passed over: the path names the model."},
        },
        needs="inputs",
        examples=[
            {"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": ["peace and trade"]}]}
        ],
    ),
    "InferAnswer": _object(
        {
            "model_name": _TEXT,
            "model_version": _TEXT,
            "id": _TEXT,
            "outputs": _list(
                _object(
                    {
                        "name": {"enum": list(OUTPUTS)},
                        "shape": _list(_COUNT),
                        "datatype": {"enum": sorted(set(OUTPUTS.values()))},
                        "data": _list({"type": "number"}),
                        "parameters": _object({"binary_data_size": _COUNT}),
                    },
                    needs="name shape datatype",
                )
            ),
        },
        needs="model_name model_version outputs",
    ),
    "IndexRequest": _object({"ready": {"type": "boolean"}}, closed=False),
    "LoadRequest": _object({"parameters": {"type": ["object", "null"], "maxProperties": 0}}, closed=False),
    "Index": _list(
        _object(
            {"name": _TEXT, "version": _TEXT, "state": _TEXT, "reason": _TEXT},
            needs="name version state reason",
        )
    ),
    "Loaded": _object(
        {
            "name": _TEXT,
            "fingerprint": _TEXT,
            "changed": {"type": "boolean", "description": "Whether it is another model than before."},
            "seconds": {"type": "number"},
        },
        needs="name fingerprint changed seconds",
    ),
    "Unloaded": _object({"name": _TEXT}, needs="name"),
    "Records": {
        "description": "Of one column of texts; or of counts by term.",
        "anyOf": [
            _list({"type": "object", "additionalProperties": one, **more})
            for one, more in (
                ({"type": ["string", "null"]}, {"minProperties": 1, "maxProperties": 1}),
                ({"type": ["integer", "null"], "minimum": 0, "maximum": LARGEST_COUNT}, {}),
            )
        ],
    },
    "Invocations": _object(
        {
            "dataframe_split": {
                "description": "One column of texts; or a column of counts for each term, with a value in each row.",
                "anyOf": [
                    _object(
                        {
                            "columns": _list(_TEXT, uniqueItems=True, **width),
                            "data": _list(_list(one, **width)),
                            "index": _list({}),
                        },
                        needs="columns data",
                    )
                    for one, width in (
                        ({"type": ["string", "null"]}, {"minItems": 1, "maxItems": 1}),
                        ({"type": ["integer", "null"], "minimum": 0, "maximum": LARGEST_COUNT}, {}),
                    )
                ],
            },
            "dataframe_records": ref("Records"),
            "instances": {"anyOf": [_TEXT, _ROWS]},
            "inputs": {
                "anyOf": [
                    _TEXT,
                    _ROWS,
                    {
                        "type": "object",
                        "additionalProperties": {"anyOf": [_TEXT, _ROWS]},
                        "minProperties": 1,
                        "maxProperties": 1,
                    },
                ]
            },
            "params": {
                "type": ["object", "null"],
                "properties": {"model": _NAME, "seed": _SEED},
                "additionalProperties": False,
            },
        },
        description="One of dataframe_split, dataframe_records, instances and inputs: texts, or counts.",
        oneOf=[
            {"required": [form]} for form in ("dataframe_split", "dataframe_records", "instances", "inputs")
        ],
        examples=[{"instances": ["peace and trade with all nations"]}],
    ),
    "Predictions": _object({"predictions": _list(_list(_SHARE))}, needs="predictions"),
}
