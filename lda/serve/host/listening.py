"""The socket that a service listens at, and who may reach it."""

from __future__ import annotations

import errno
import ipaddress
import resource
import socket
from contextlib import suppress
from typing import Final

from lda.corpus.presentable import presentable

BACKLOG: Final = 2048
"""Connections that wait to be taken; the system may allow fewer."""


class AddressError(OSError):
    """An address that cannot be listened at.

    exit_code, kind: how a command ends for it, and what `--json` calls it.
    """

    exit_code = 2
    kind = "usage"

    def __str__(self) -> str:
        return str(self.args[0])


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise AddressError(
            f"the host {presentable(repr(host)[:100])} is not known ({why}); give an address of this machine (--host)"
        ) from None
    family, _, _, _, address = found[0]
    return family, (str(address[0]), int(address[1]))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens at the host. Raises AddressError for one that is not known."""
    _, (address, _) = _resolved(host, 0)
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there.

    port: 0 takes a free one.

    Raises:
        AddressError: the port is in use, or not for this user, or the host is not one of this machine.
    """
    family, address = _resolved(host, port)
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # "::" takes IPv4, too, whatever the system's default is.
            with suppress(OSError):
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address[0] != "::"))
        made.bind(address)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        if error.errno == errno.EADDRNOTAVAIL:
            raise AddressError(
                f"the host {presentable(host)} is not an address of this machine; name another (--host)"
            ) from None
        why = {
            errno.EADDRINUSE: "is in use",
            errno.EACCES: "is not for this user",
        }.get(error.errno or 0, f"cannot be opened ({error.strerror or error})")
        raise AddressError(
            f"port {port} of {presentable(host)} {why}; name another, or 0 for a free one (--port)"
        ) from None
    made.setblocking(False)
    return made


def raise_file_limit() -> int:
    """Let this process, and those it begins, open as many files as its user may; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS has a limit of its own below an "infinite" one
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return 1 << 20 if soft == resource.RLIM_INFINITY else soft
