"""Fields of the input that are written beside the topics of a document, so that they can be told to belong together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from lda.corpus.plain_values import plain, plain_values
from lda.corpus.readers.options import EXACT

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

WRITTEN_ANYWAY: Final = frozenset(
    {"id", "weights", "topics", "names", "topic", "weight", "name", "known", "unknown"}
)
"""What outputs call their own."""


def carried_columns(metadata: pa.Table | None, fields: Sequence[str], n: int) -> list[list[object]]:
    """The values of these fields, a list of n plain values for each; None where a document has none.

    metadata: of the n documents. Those of JSON lines are what stands there, whatever stands in other lines.
    """
    names = [] if metadata is None else metadata.column_names
    if metadata is not None and EXACT in names:
        rows = [json.loads(row) for row in plain_values(metadata.column(EXACT))]
        return [[plain(row[field]) for row in rows] for field in fields]
    return [
        [plain(value) for value in plain_values(metadata.column(field))]
        if metadata is not None and field in names
        else [None] * n
        for field in fields
    ]
