"""`ServeSettings`: what a service allows, and whom."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final

from lda.corpus.presentable import presentable

MIB: Final = 1 << 20

MOST_WORDS: Final = 50
"""Of a topic: as many as models that are prepared for workers have."""

_HOST: Final = re.compile(r"\*|(?:\*\.)?[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What a service allows, and whom.

    Attributes:
        max_body: bytes of a request's body; more is 413, noticed while it arrives.
        max_documents: of one request; more is 413.
        max_tokens: of one request; more is 413. Of a text they are words between blanks, counted before it is cut.
        max_waiting: requests that are read, wait or are inferred in this process; more are 429 with `Retry-After`.
        max_waiting_bytes: of all their bodies together; more are 429.
        timeout_s: seconds from the first byte of a request to its answer; after them it is 504, or 408 where the
            body has not come.
        top: topics of a document where the request does not say.
        n_words: most probable words that are shown of a topic, at most 50.
        token: that all but questions after health must carry (`Authorization: Bearer ...`); None asks for none.
        no_auth: in so many words: without a token even models may be loaded and unloaded by whoever asks.
        allowed_hosts: names and addresses, without ports, that requests may be for (`Host`), beside those of loopback;
            "*.example.com" for all below, "*" for any; none lets all in. Health is told by whatever name.
        inline_tokens: a request of at most so many tokens (estimated) is inferred between two others in the event
            loop, where a hop to a thread would cost more than the inference; a larger one goes to the thread.
        batch_tokens: tokens (estimated) that the thread takes at a time, from as many requests as wait.

    Raises:
        ValueError: a limit is below 1, `top` below 0, the token is empty, or holds what no header can; or a host
            is no name.
    """

    max_body: int = 16 * MIB
    max_documents: int = 10_000
    max_tokens: int = 1_000_000
    max_waiting: int = 1_000
    max_waiting_bytes: int = 256 * MIB
    timeout_s: float = 10.0
    top: int = 5
    n_words: int = 10
    token: str | None = field(default=None, repr=False)
    no_auth: bool = False
    allowed_hosts: tuple[str, ...] = ()
    inline_tokens: int = 1_000
    batch_tokens: int = 50_000

    def __post_init__(self) -> None:
        for name in (
            "max_body",
            "max_documents",
            "max_tokens",
            "max_waiting",
            "max_waiting_bytes",
            "n_words",
            "batch_tokens",
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.n_words > MOST_WORDS:
            raise ValueError(f"n_words must be at most {MOST_WORDS}, got {self.n_words}")
        if not self.timeout_s > 0:
            raise ValueError(f"timeout_s must be more than 0 seconds, got {self.timeout_s}")
        for name in ("top", "inline_tokens"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be at least 0, got {getattr(self, name)}")
        if self.token is not None:
            check_token(self.token)
        object.__setattr__(self, "allowed_hosts", tuple(map(check_host, self.allowed_hosts)))


def check_host(host: str) -> str:
    """The name or address in small letters. Raises ValueError where no header `Host` could match it."""
    if not _HOST.fullmatch(host) and not _is_ipv6(host):
        raise ValueError(
            "a host must be a name or an address, without http:// and without a port, got "
            f"{presentable(repr(host)[:100])}; give it as topics.example.com, *.example.com or 10.0.0.7"
        )
    return host.lower()


def _is_ipv6(host: str) -> bool:
    try:
        return bool(IPv6Address(host.removeprefix("[").removesuffix("]") if host.endswith("]") else host))
    except ValueError:
        return False


def check_token(token: str) -> None:
    """Raise ValueError where no client could send the token; the message does not hold it."""
    if not token:
        raise ValueError("the token must not be empty")
    if not all("!" <= character <= "~" for character in token):
        raise ValueError(
            "the token must be of printable ASCII characters without blanks, for it travels in a header; "
            "make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
