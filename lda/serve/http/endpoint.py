"""`Endpoint`: what happens to every request, whatever it asks for."""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final

from lda.corpus.presentable import presentable
from lda.serve.control import LoadRefusedError, NotServedError
from lda.serve.http.answers import HttpAnswer, error_answer
from lda.serve.http.auth import Access, check_access
from lda.serve.http.errors import RequestError, shown
from lda.serve.http.http_request import HttpRequest
from lda.serve.http.limits import ClientGoneError
from lda.serve.shelf import UnknownModelError

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from lda.serve.http.access_log import AccessLog
    from lda.serve.http.operation import Operation
    from lda.serve.http.service import Service

GONE: Final = 499
"""What log and metrics say of a request whose client went before it was answered; nobody is sent it."""

NO_ROUTE: Final = "(none)"
"""Stands for all paths that nothing answers, however many are tried."""

_TROUBLE: Final = logging.getLogger("lda.serve")
_NOWHERE: Final = nullcontext()


class Endpoint:
    """An ASGI application for one path: finds the method's operation, lets it in, answers, counts and logs.

    Args:
        path: of the route; None for all that have none.
        operations: of the path.
    """

    def __init__(
        self, path: str | None, operations: list[Operation], service: Service, log: AccessLog
    ) -> None:
        self._path, self._service, self._log = path, service, log
        self._operations = {operation.method: operation for operation in operations}
        if "GET" in self._operations:
            self._operations["HEAD"] = self._operations["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        request = HttpRequest(scope, receive)
        status = GONE
        try:
            answer = await self._answer(request)
            if answer is not None:
                status = answer.status
                await answer.send(send)
        except OSError:  # it went while it was answered
            status = GONE
        finally:
            seconds = request.seconds()
            self._service.meters.answered(request, self._path or NO_ROUTE, status, seconds)
            self._log.write(request, status, seconds)

    async def _answer(self, request: HttpRequest) -> HttpAnswer | None:
        """The answer, whatever happens; None where there is nobody for it."""
        try:
            operation = self._operation(request)
            with self._service.waiting.enter(request) if operation.takes else _NOWHERE:
                return await operation.handler(self._service, request)
        except RequestError as error:
            return error_answer(error.status, error.message, error.headers)
        except UnknownModelError as error:
            return error_answer(404, f"{error}; GET /v1/models tells more")
        except NotServedError as error:
            return error_answer(404, presentable(str(error)))
        except LoadRefusedError as error:
            return error_answer(409, presentable(f"the model was not loaded: {error.reason}"))
        except (ClientGoneError, ConnectionError):
            return None
        except asyncio.CancelledError:
            raise
        except Exception:  # noqa: BLE001 - the next request is answered
            _TROUBLE.exception("a request for %s failed", self._path)
            return error_answer(500, "the service failed at this request; its log says why")

    def _operation(self, request: HttpRequest) -> Operation:
        """What is asked for. Raises `RequestError`: 404, 405; 421, 401 or 403 before anything is told."""
        operation = self._operations.get(request.method)
        access = operation.access if operation is not None else self._strictest()
        if access is not Access.ANYBODY:
            self._service.hosts.check(request)
        check_access(request, access, self._service.settings)
        if operation is not None:
            return operation
        if not self._operations:
            raise RequestError(
                404, f"there is nothing at {shown(request.path)}; GET /docs describes what there is"
            )
        allowed = ", ".join(sorted(self._operations))
        raise RequestError(
            405,
            f"{self._path} takes {allowed}, got {shown(request.method)}; GET /docs describes it",
            (b"allow", allowed.encode()),
        )

    def _strictest(self) -> Access:
        open_to_all = self._operations and all(
            operation.access is Access.ANYBODY for operation in self._operations.values()
        )
        return Access.ANYBODY if open_to_all else Access.TOKEN
