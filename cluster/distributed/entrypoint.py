"""What Ray records of the command that connects to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lda.corpus.presentable import without_keys


@contextmanager
def recorded_without_keys() -> Iterator[None]:
    """Within the block, in which `ray.init` is called, Ray takes down this process's command without keys.

    It shows the command to everybody who sees the cluster, in its list of jobs and on its dashboard, and has no option
    for what it takes down. So its own function is replaced; a version of Ray without that function is left alone.
    """
    from ray._private import utils

    recorded = getattr(utils, "get_entrypoint_name", None)
    if recorded is None:
        yield
        return
    utils.get_entrypoint_name = lambda: without_keys(recorded())
    try:
        yield
    finally:
        utils.get_entrypoint_name = recorded
