"""Coroutines in tests."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine


def run_alone(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns, in an event loop and a thread of its own.

    Playwright's loop runs in the main thread from the first test with a browser on, and `asyncio.run` refuses a second.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
