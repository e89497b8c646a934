"""File systems that are really small, or really cannot be written: mounted for one test, where that is allowed."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path


@contextmanager
def mounted(folder: Path, *commands: list[str]) -> Iterator[Path]:
    """What `mount` makes of `folder` by these arguments, until the block ends; skips the test that may not mount."""
    folder.mkdir(exist_ok=True)
    mount = shutil.which("mount")
    for number, arguments in enumerate(commands):
        if not mount or subprocess.run([mount, *arguments, folder], capture_output=True).returncode:
            if number:
                subprocess.run(["umount", "--lazy", folder], check=True)
            pytest.skip("needs the right to mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # a process may still have a file open there


def of_size(folder: Path, size: str) -> AbstractContextManager[Path]:
    """A file system of `size`, as mount writes it, such as 128k; as `mounted`."""
    return mounted(folder, ["-t", "tmpfs", "-o", f"size={size}", "raylda"])
