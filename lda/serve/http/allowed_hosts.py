"""`AllowedHosts`: the names that the service may be asked by, where it is not open to all.

A browser may be made to ask what listens at this machine alone: a page's own name is pointed at 127.0.0.1 once the page
is loaded (DNS rebinding), and to the browser the service is part of the page's site. Its requests still say that name.
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final

from lda.serve.http.errors import RequestError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.serve.http.http_request import HttpRequest

MOST_KNOWN: Final = 1_000
"""Headers that are kept as good ones; they differ in the port, which anybody may write."""

_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^\s:\[\]/@]+))(?::\d*)?")


class AllowedHosts:
    """Looks at the header `Host`.

    hosts: as `ServeSettings.allowed_hosts`; beside them all names and addresses of loopback are good, which no stranger
    can point anywhere. None of them lets all in.
    """

    def __init__(self, hosts: Sequence[str]) -> None:
        self._any = not hosts or "*" in hosts
        self._names = {
            host.removeprefix("[").removesuffix("]") for host in hosts if not host.startswith("*.")
        } | {"localhost"}
        self._ends = (".localhost", *(host[1:] for host in hosts if host.startswith("*.")))
        self._known = set[bytes]()

    def check(self, request: HttpRequest) -> None:
        """Raise `RequestError` (421) for a request by another name. One without any is of no browser."""
        if self._any:
            return
        host = request.header(b"host")
        if host is None or host in self._known:
            return
        if not self._allowed(host.decode("latin-1").lower()):
            raise RequestError(
                421,
                f"requests must be for a name that this service goes by, got {shown(host.decode('latin-1'))}; ask for "
                "localhost, or start it with that name (--allowed-host), or with a token",
            )
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known.add(host)

    def _allowed(self, host: str) -> bool:
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = (found[1] or found[2]).removesuffix(".")
        if name in self._names or name.endswith(self._ends):
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False
