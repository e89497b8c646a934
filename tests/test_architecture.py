"""The rooms and their doors: who may import whom, checked on the source."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
MAY_IMPORT: dict[str, set[str]] = {"cluster": {"samplers", "corpus"}, "samplers": set(), "corpus": set()}
ONLY_IN = {"ray": "cluster", "numba": "samplers", "llvmlite": "samplers"}


def imported(path: Path) -> Iterator[str]:
    """Dotted names imported anywhere in the file, at any depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the absolute name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("folder", ["lda", *MAY_IMPORT])
def test_imports_point_down(folder: str) -> None:
    files = list((ROOT / folder).rglob("*.py"))  # before Python 3.13 the links inside lda/ are not followed
    assert files
    for path in files:
        for name in imported(path):
            top, target = (name + ".").split(".")[:2]
            if top == "lda" and folder in MAY_IMPORT:
                assert target in MAY_IMPORT[folder] | {folder}, f"{path}: imports {name}"
            assert ONLY_IN.get(top, folder) == folder, f"{path}: {top} belongs in {ONLY_IN.get(top)}/"


def test_kernels_for_the_processor_know_no_gpu() -> None:
    for path in (ROOT / "samplers").rglob("*.py"):
        if path.parent.name != "cuda":
            assert not [name for name in imported(path) if ".cuda" in name], path
