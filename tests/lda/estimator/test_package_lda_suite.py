"""The tests of the package `lda` itself, run against this one: the files of its wheel as they are.

`make test` fetches the wheel into a folder of its own, for it cannot be installed beside this package.
"""

from __future__ import annotations

import importlib.util
import sys
import types
import unittest
from pathlib import Path

import numpy as np
import pytest

import lda
import lda.datasets

ROOT = Path(__file__).parents[3]
TESTS = ROOT / ".peers" / "lda-3.0.2" / "lda" / "tests"

pytestmark = [
    pytest.mark.skipif(
        not TESTS.is_dir(), reason="the wheel of the package lda is not here: make .peers/lda-3.0.2"
    ),
    # Its tests leave files open.
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]

SUITE = {
    "test_datasets": 1,
    "test_lda": 4,
    "test_lda_reuters": 5,
    "test_lda_sparse": 2,
    "test_lda_transform": 3,
    "test_utils": 12,
}
"""Its files, and the number of tests in each."""

CANNOT_PASS = {
    "test_lda_random_seed": "compares `_rands`, a private table of random numbers that nothing here has; what it is to "
    "show besides, `test_the_same_seed_gives_the_same_topics` does",
}


def test_no_file_of_its_tests_is_left_out() -> None:
    assert {path.stem for path in TESTS.glob("test_*.py")} == set(SUITE)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name == "test_lda_transform")) for name in SUITE]
)
def test_its_tests_pass(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The class that its tests derive from captures what is printed, and comes with twenty packages.
    base = types.ModuleType("oslotest.base")
    base.BaseTestCase = unittest.TestCase  # type: ignore[attr-defined]
    package = types.ModuleType("oslotest")
    package.base = base  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "oslotest", package)
    monkeypatch.setitem(sys.modules, "oslotest.base", base)
    monkeypatch.setenv("LDA_REUTERS", str(TESTS))
    spec = importlib.util.spec_from_file_location(f"package_lda_{name}", TESTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.lda is lda if hasattr(module, "lda") else module.utils is lda.utils

    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    failed = {test.id().rpartition(".")[2]: trace for test, trace in result.failures + result.errors}
    told = "\n".join(trace for test, trace in failed.items() if test not in CANNOT_PASS)
    assert not told, told
    assert result.testsRun == SUITE[name]
    assert not result.skipped


def test_the_same_seed_gives_the_same_topics() -> None:
    X = lda.datasets.load_reuters(TESTS)
    first = lda.LDA(n_topics=10, n_iter=1, random_state=1)  # type: ignore[call-arg]
    again = lda.LDA(n_topics=10, n_iter=1, random_state=1)  # type: ignore[call-arg]
    np.testing.assert_array_equal(first.fit_transform(X), again.fit_transform(X))
    assert first.random_state == again.random_state == 1
