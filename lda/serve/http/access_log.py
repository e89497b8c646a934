"""The access log: a JSON line a request, with nothing in it that a document says, and no token."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson

from lda.corpus.presentable import printable

if TYPE_CHECKING:
    from lda.serve.http.http_request import HttpRequest

NAME: Final = "lda.serve.access"
"""Of the logger, whose handlers say where lines go."""

LONGEST_PATH: Final = 200


class AccessLog:
    """Writes a line for each answer, at level INFO. Nothing is made where nobody takes it.

    log: None for that of `NAME`.
    """

    def __init__(self, log: logging.Logger | None = None) -> None:
        self._log = log or logging.getLogger(NAME)

    def write(self, request: HttpRequest, status: int, seconds: float) -> None:
        """Tell of an answer. seconds: that it took."""
        if not self._log.isEnabledFor(logging.INFO):
            return
        model = request.model
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": printable(request.method[:20]),
            "path": printable(request.path[:LONGEST_PATH]),
            "status": status,
            "documents": request.n_documents,
            "ms": round(seconds * 1000, 3),
            "model": None if model is None else model.name,
            "version": None if model is None else model.version,
        }
        self._log.info("%s", orjson.dumps(line).decode())
