"""Compiled kernels on disk: none outlives a change of any source it was made of."""

from __future__ import annotations

from pathlib import Path

import lda.samplers
from lda.samplers.numerics.jit import SOURCES, digest_of_sources


def test_the_cache_is_named_after_all_sources(tmp_path: Path) -> None:
    assert SOURCES.resolve() == Path(lda.samplers.__path__[0]).resolve()
    for source in SOURCES.rglob("*.py"):
        copy = tmp_path / source.relative_to(SOURCES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(source.read_bytes())
    digests = {digest_of_sources(tmp_path)}
    assert digests == {digest_of_sources(SOURCES)}
    for source in tmp_path.rglob("*.py"):
        source.write_bytes(source.read_bytes() + b"\n")
        digests.add(digest_of_sources(tmp_path))
    assert len(digests) == 1 + len(list(tmp_path.rglob("*.py")))
