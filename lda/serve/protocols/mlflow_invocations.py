"""`POST /invocations`: MLflow's and SageMaker's way to ask, by tables in JSON or CSV, for the weights of all topics.

One column of texts, or a column of counts for each term, by its name; or rows of V counts in the model's order.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from lda.serve.http.answers import JSON, HttpAnswer
from lda.serve.http.documents import (
    asked_counts,
    asked_documents,
    asked_seed,
    asked_texts,
    check_columns,
    check_number,
)
from lda.serve.http.entity_tags import model_headers, unchanged
from lda.serve.http.errors import malformed, shown, unfit
from lda.serve.http.request_json import check_keys, parse_object
from lda.serve.http.service import check_type
from lda.serve.protocols.open_inference import flat_numbers

if TYPE_CHECKING:
    from lda.serve.http.documents import Asked
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.http.service import Service
    from lda.serve.settings import ServeSettings
    from lda.serve.shelf import ServedModel

FORMS: Final = ("dataframe_split", "dataframe_records", "instances", "inputs")
_KEYS: Final = (*FORMS, "params")
_PARAMS: Final = ("model", "seed")


async def invocations(service: Service, request: HttpRequest) -> HttpAnswer:
    """`POST /invocations`: `{"predictions": [[weight, ...], ...]}`."""
    media = (request.header(b"content-type") or JSON).partition(b";")[0].strip().lower()
    is_csv = media == b"text/csv"
    check_type(request, b"text/csv" if is_csv else JSON, "Content-Type: application/json, or text/csv")
    body = await service.waiting.body(request)
    asked: dict[str, Any] = {} if is_csv else parse_object(body)
    params = asked.get("params")
    params = {} if params is None else params
    if type(params) is not dict:
        raise unfit(f"params must be an object, got {shown(params)}")
    check_keys(params, _PARAMS, "params")
    model = service.model(params.get("model"))
    headers = model_headers(service, request, model, body)
    if unchanged(request, headers):
        return HttpAnswer(304, b"", headers=headers)
    documents = _of_csv(body, service.settings) if is_csv else _of_json(asked, model, service.settings)
    found = await service.gatherer.infer(request, model, documents, asked_seed(params.get("seed")))
    rows = await service.encoded_rows(found.theta)
    return HttpAnswer(200, b'{"predictions":[%b]}' % b",".join(rows), headers=headers)


def _of_json(asked: dict[str, Any], model: ServedModel, settings: ServeSettings) -> list[Asked]:
    check_keys(asked, _KEYS, "the request")
    forms = [form for form in FORMS if form in asked]
    if len(forms) != 1:
        raise unfit(f"the request must have one of {', '.join(FORMS)}, got {', '.join(forms) or 'none'}")
    (form,) = forms
    given = asked[form]
    if form == "dataframe_split":
        return _of_table(*_split(given, settings), settings)
    if form == "inputs" and type(given) is dict:
        if len(given) != 1:
            raise unfit(f"inputs by name must be one, texts or counts, got {shown(given)}")
        (given,) = given.values()
    if type(given) is str:
        given = [given]
    if type(given) is not list:
        raise unfit(f"{form} must be a list, got {shown(given)}")
    check_number(len(given), settings)
    first = given[0] if given else None
    if form == "dataframe_records" or type(first) is dict:
        return _of_records(given, form, settings)
    if type(first) is list and first and type(first[0]) is not str:
        check_columns(len(first), model)
        if any(type(row) is not list or len(row) != len(first) for row in given):
            raise unfit(f"rows of {form} must all have {len(first)} counts")
        return [asked_counts(flat_numbers(given, form).reshape(len(given), -1), settings)]
    return asked_documents([_text_of(one) for one in given], settings, where=form)


def _split(given: object, settings: ServeSettings) -> tuple[list[str], list[list[Any]]]:
    if type(given) is not dict:
        raise unfit(f"dataframe_split must be an object with columns and data, got {shown(given)}")
    check_keys(given, ("columns", "data", "index"), "dataframe_split")
    columns, data = given.get("columns"), given.get("data")
    if type(data) is not list:
        raise unfit(f"the data of dataframe_split must be a list of rows, got {shown(data)}")
    check_number(len(data), settings)
    if columns is None and data and type(data[0]) is list:
        columns = [str(number) for number in range(len(data[0]))]
    if type(columns) is not list:
        raise unfit(f"the columns of dataframe_split must be a list of names, got {shown(columns)}")
    for row in data:
        if type(row) is not list or len(row) != len(columns):
            raise unfit(f"a row of dataframe_split must have {len(columns)} values, got {shown(row)}")
    return [name if type(name) is str else str(name) for name in columns], data


def _of_records(given: list[Any], form: str, settings: ServeSettings) -> list[Asked]:
    for place, record in enumerate(given):
        if type(record) is not dict:
            raise unfit(f"{form}[{place}] must be an object, got {shown(record)}")
    columns = list(dict.fromkeys(name for record in given for name in record))
    if len(columns) == 1 and not any(map(_is_number, (next(iter(one.values()), None) for one in given))):
        return _of_table(columns, [[record.get(columns[0])] for record in given], settings)
    documents = [
        {"counts": {term: count for term, count in record.items() if count is not None and count != 0}}
        for record in given
    ]
    return asked_documents(documents, settings, where=form)


def _of_table(columns: list[str], rows: list[list[Any]], settings: ServeSettings) -> list[Asked]:
    """Documents of the rows of a table: texts of its one column, or counts by the names of its columns."""
    check_number(len(rows), settings)
    if len(columns) == 1 and not any(_is_number(row[0]) for row in rows):
        return asked_documents([_text_of(row[0]) for row in rows], settings, where=columns[0])
    if len(set(columns)) < len(columns):
        raise unfit("columns of counts must have different names, which are the model's terms")
    for place, row in enumerate(rows):
        for name, value in zip(columns, row, strict=True):
            if type(value) is str:
                raise unfit(
                    f"a table must be one column of texts, or columns of counts, got {len(columns)} columns with "
                    f"{shown(value)} in row {place}, {shown(name)}; leave the other columns out"
                )
    counts = [
        {"counts": {t: n for t, n in zip(columns, row, strict=True) if n is not None and n != 0}}
        for row in rows
    ]
    return asked_documents(counts, settings, where="row")


def _of_csv(body: bytes, settings: ServeSettings) -> list[Asked]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise malformed("CSV must be UTF-8; encode it so") from None
    # A text may be as long as a body. The limit is the module's, for all that read CSV.
    csv.field_size_limit(max(csv.field_size_limit(), settings.max_body))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = next(reader, None)
        if not columns:
            raise malformed("CSV must begin with a line of column names, got none")
        rows = list[list[str]]()
        for row in reader:
            if row and len(row) != len(columns):
                raise malformed(
                    f"a line of CSV must have {len(columns)} values, got {len(row)} at row {len(rows)}"
                )
            if row:
                rows.append(row)
                check_number(len(rows), settings)
    except csv.Error as error:
        raise malformed(f"the body must be CSV: {error!s:.100}") from None
    if len(columns) == 1:
        return [asked_texts([row[0] for row in rows], settings)]
    return _of_table(columns, [[_count(value) for value in row] for row in rows], settings)


def _count(value: str) -> int | float | str | None:
    if not value:
        return None
    if value.isdecimal() and len(value) < 20:
        return int(value)
    try:
        return float(value)
    except ValueError:
        return value


def _is_number(value: object) -> bool:
    return type(value) in (int, float)


def _text_of(value: object) -> object:
    """What a column of texts holds; nothing at all is an empty text, as `Model.transform_texts` has it."""
    return "" if value is None else value
