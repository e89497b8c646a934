"""Texts without names of hosts: a status and a log are looked at, and passed on, by more people than a terminal is."""

from __future__ import annotations

import re
import socket
from typing import Final

from lda.corpus.presentable import presentable

HOST: Final = "HOST"
"""What stands in the place of each."""

_ADDRESS: Final = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])|\[[0-9a-fA-F:]{2,}\]")
_WHEREABOUTS: Final = re.compile(r"\b((?:process|worker|aggregator) \d+ on )[^\s,;()]+")
"""Where actors of a cluster ran, as our own messages say it."""

_ENDPOINT: Final = re.compile(r"(endpoint_override=)[^&\s]+")


def without_hosts(text: str) -> str:
    """The text, `presentable` and on one line, in which addresses and names of hosts are HOST."""
    line = presentable(" ".join(text.split()))
    line = _ENDPOINT.sub(rf"\1{HOST}", _WHEREABOUTS.sub(rf"\1{HOST}", line))
    if (own := _own_name()) is not None:
        line = own.sub(HOST, line)
    return _ADDRESS.sub(HOST, line)


def _own_name() -> re.Pattern[str] | None:
    name = socket.gethostname()
    if len(name) < 4 or name == "localhost":  # it would be found within words
        return None
    return re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
