"""Compiled kernels on disk: where they lie, and that none outlives a change of any source it was made of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
import small_disk

import lda.samplers
from lda.samplers.numerics.kernel_cache import SOURCES, digest_of_sources

if TYPE_CHECKING:
    from collections.abc import Callable


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


def beside_sources() -> set[Path]:
    """Files of compiled kernels among the sources; what Python itself keeps there comes and goes with other tests."""
    return {path for path in SOURCES.rglob("*") if ".nb" in path.name}


def fit_like(environment: dict[str, str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """A fresh process that calls two kernels of two files, once each."""
    code = (
        "import numpy as np\n"
        "from lda.samplers.start import document_shares\n"
        "from lda.samplers.numerics.atomic_flags import set_flag\n"
        "document_shares(np.uint64(0), np.uint64(0), 0, np.zeros(2))\n"
        "set_flag(np.zeros(16, dtype=np.int64), 0, 1)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"} | environment,
    )  # fmt: skip


@pytest.mark.parametrize("variable", ["NUMBA_CACHE_DIR", "XDG_CACHE_HOME"])
def test_kernels_lie_where_the_variables_say(variable: str, tmp_path: Path) -> None:
    found = fit_like({variable: str(tmp_path / "kept")}, tmp_path)
    assert found.stderr == ""
    kept = {path.name.split("-")[0] for path in (tmp_path / "kept").rglob("*.nbc")}
    assert kept == {"start.document_shares", "atomic_flags.set_flag"}  # no entry for what is inlined


def test_a_folder_that_cannot_be_written_is_said_once_and_nothing_lands_beside_the_sources(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("not a folder")
    before = beside_sources()
    found = fit_like({"NUMBA_CACHE_DIR": str(tmp_path / "file")}, tmp_path)
    assert found.stderr.count("compiled kernels cannot be kept in") == 1
    assert "set XDG_CACHE_HOME or NUMBA_CACHE_DIR" in found.stderr
    assert beside_sources() == before


def test_a_user_without_a_home_is_told_so(tmp_path: Path) -> None:
    found = fit_like({"XDG_CACHE_HOME": "~/none"}, tmp_path)
    assert "this user has no home folder" in found.stderr
    assert not (tmp_path / "~").exists()


HURT: Final[dict[str, Callable[[bytes], bytes]]] = {
    "empty": lambda held: b"",
    "cut short": lambda held: held[: len(held) // 2],
    "foreign": lambda held: b"not what was written",
    "one bit": lambda held: held[:-500] + bytes([held[-500] ^ 1]) + held[-499:],
}


@pytest.mark.parametrize(
    ("ending", "hurt"),
    [
        *((ending, hurt) for ending in ("nbi", "nbc") for hurt in ("empty", "cut short", "foreign")),
        ("nbc", "one bit"),
    ],
)
def test_a_damaged_file_is_compiled_anew_and_replaced(ending: str, hurt: str, tmp_path: Path) -> None:
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    fit_like(environment, tmp_path)
    files = list((tmp_path / "kept").rglob(f"*.{ending}"))
    assert len(files) == 2
    whole = {file: len(file.read_bytes()) for file in files}
    damaged = {file: HURT[hurt](file.read_bytes()) for file in files}
    for file in files:
        file.write_bytes(damaged[file])
    assert fit_like(environment, tmp_path).stderr == ""
    for file in files:
        assert file.read_bytes() != damaged[file]
        assert abs(len(file.read_bytes()) - whole[file]) < 100


def test_a_full_disk_is_said_once_with_the_folder_and_all_goes_on(full_disk: Path, tmp_path: Path) -> None:
    found = fit_like({"NUMBA_CACHE_DIR": str(full_disk)}, tmp_path)
    assert found.stderr.count(f"cannot be kept in '{full_disk}") == 1
    assert "(No space left on device)" in found.stderr
    assert "make room there, or set XDG_CACHE_HOME or NUMBA_CACHE_DIR" in found.stderr
    assert not list(full_disk.rglob("*.nb*"))  # no index that names what is not there


def test_kernels_that_can_only_be_read_are_used(tmp_path: Path) -> None:
    """As in an image that was filled by `lda warm`, of which a user may change nothing."""
    kept = tmp_path / "kept"
    environment = {"NUMBA_CACHE_DIR": str(kept)}
    fit_like(environment, tmp_path)
    before = {file: file.stat().st_mtime_ns for file in kept.rglob("*.nb*")}
    with small_disk.mounted(kept, ["--bind", str(kept)], ["-o", "remount,ro,bind"]):
        found = fit_like(environment, tmp_path)
    assert found.stderr == ""  # nothing was compiled, or it could not have been kept
    assert {file: file.stat().st_mtime_ns for file in kept.rglob("*.nb*")} == before


def test_nothing_lands_beside_the_sources_where_no_folder_can_be_made(tmp_path: Path) -> None:
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    fit_like(environment, tmp_path)
    for folder in {file.parent for file in (tmp_path / "kept").rglob("*.nbc")}:
        shutil.rmtree(folder)
        folder.write_bytes(b"")
    before = beside_sources()
    found = fit_like(environment, tmp_path)
    assert found.stderr.count("compiled kernels cannot be kept in") == 1
    assert beside_sources() == before
