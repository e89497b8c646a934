"""Requests to an object store, asked again when the network or the store fails for a moment.

A fit of days makes millions of requests: a connection that is cut, a name server that is busy or a store that asks
for patience must not end it. What would fail again (no right, no such bucket, no room) is raised at once.
"""

from __future__ import annotations

import errno
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tenacity import RetryCallState

_watchers: Final[list[Callable[[str], object]]] = []

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS: Final = 6
LONGEST_WAIT: Final = 8.0
"""Seconds between two attempts at most; each is random below a bound that doubles from half a second on, so that
workers that were cut off together do not come back together. All waits together are about 8 seconds, beside those
of the store's own client within an attempt."""

MOMENTARY: Final = frozenset(
    {
        errno.ECONNABORTED, errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTDOWN, errno.EHOSTUNREACH,
        errno.ENETDOWN, errno.ENETRESET, errno.ENETUNREACH, errno.EPIPE, errno.ETIMEDOUT,
    }
)  # fmt: skip
WORDS: Final = re.compile(
    r"NETWORK_CONNECTION|SLOW_?DOWN|THROTTLING|REQUEST_TIMEOUT|INTERNAL_FAILURE|INTERNAL_ERROR"
    r"|SERVICE_UNAVAILABLE|\bUNAVAILABLE\b|DEADLINE_EXCEEDED|curlCode|Too ?Many ?Requests|Server ?Busy"
    r"|time[d ]? ?-?out|connection (was )?(reset|refused|aborted|closed|lost)|couldn't (connect|resolve)"
    r"|HTTP (status |response )?(code:? )?(429|5\d\d)",
    re.IGNORECASE,
)
"""What pyarrow says of S3, Google Cloud Storage, Azure and HDFS in such cases: it has no classes for them."""

_QUOTED: Final = re.compile(r"'[^']*'")
"""Names of files, whose words say nothing."""


class NetworkError(OSError):
    """The network, or the store behind it, failed at each of several attempts."""


def momentary(error: BaseException) -> bool:
    """Whether what failed may well succeed when it is asked for again."""
    if isinstance(error, NetworkError) or not isinstance(error, OSError):
        return False
    if isinstance(error, (ConnectionError, TimeoutError)):
        return True
    if error.errno is not None:
        return error.errno in MOMENTARY
    return WORDS.search(_QUOTED.sub("", str(error))) is not None


@contextmanager
def watching_retries(tell: Callable[[str], object]) -> Iterator[None]:
    """Within the block, `tell` is called with the reason, on one line, before anything is asked for again.

    It is called in the thread that asks, of this process only, and must neither raise nor wait.
    """
    _watchers.append(tell)
    try:
        yield
    finally:
        _watchers.remove(tell)


def _tell(state: RetryCallState) -> None:
    if _watchers and state.outcome is not None:
        reason = " ".join(str(state.outcome.exception()).split()).rstrip(" :.")
        for tell in tuple(_watchers):
            tell(reason)


def retried(function: Callable[P, R], *args: P.args, **options: P.kwargs) -> R:
    """What the function returns; it is called again, after longer and longer waits, while `momentary` says so.

    Raises:
        NetworkError: it failed each time. Anything else that the function raises is raised as it is.
    """
    began = time.monotonic()
    attempts = Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_random_exponential(multiplier=0.5, max=LONGEST_WAIT),
        retry=retry_if_exception(momentary),
        before_sleep=_tell,
        reraise=True,
    )
    try:
        return attempts(function, *args, **options)
    except OSError as error:
        if not momentary(error):
            raise
        reason = " ".join(str(error).split()).rstrip(" :.")
        raise NetworkError(
            f"the network or the store failed {ATTEMPTS} times in {time.monotonic() - began:.0f} s, at last: {reason}"
        ) from error
