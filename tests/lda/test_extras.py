"""A package that is missing is one line with the remedy, also where another package needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lda.extras import MissingPackageError, needed


def test_what_a_package_itself_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outer_of_test.py").write_text("import inner_of_test.part")
    (tmp_path / "broken_of_test.py").write_text("from json import nothing_there")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingPackageError, match="charts need the package inner_of_test; pip install"):
        needed("outer_of_test", "charts")
    with pytest.raises(MissingPackageError, match="charts need the package nowhere_of_test; get it"):
        needed("nowhere_of_test.part", "charts", "get it")
    with pytest.raises(ImportError, match="nothing_there") as error:
        needed("broken_of_test", "charts")
    assert not isinstance(error.value, MissingPackageError)


def test_what_is_too_old_is_told_by_its_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old_of_test.py").write_text("__version__ = '0.12.7rc1'")
    monkeypatch.syspath_prepend(tmp_path)
    assert needed("old_of_test", "charts", oldest="0.12.7")
    with pytest.raises(
        MissingPackageError, match=r"charts need old_of_test 0\.13 or later, got 0\.12\.7rc1; get it"
    ):
        needed("old_of_test", "charts", "get it", oldest="0.13")
