"""Where a build keeps what it has found, until the corpus is complete: a folder, or a place in an object store."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lda.corpus.storage.leftovers import forget, remember
from lda.corpus.storage.places import LocalStorage, Storage, beside, is_uri, storage
from lda.corpus.storage.signed_record import read_record, write_record

if TYPE_CHECKING:
    from collections.abc import Iterator

FORM: Final = "raylda-build"
SUFFIX: Final = ".build"
LOCKS: Final = "running"
"""How the names of files begin that show who is at work here; they come and go with that."""


def place_of_work(output: str | Path) -> str:
    """Beside the output: `.NAME.build` in its folder, `URI.build` of a URI."""
    if is_uri(output):
        return beside(str(output), SUFFIX)
    target = Path(output).absolute()
    return str(target.with_name(f".{target.name}{SUFFIX}"))


class WorkFolder:
    """Files of Arrow and records by name, at a path or URI; several processes may write, each its own names.

    What is written appears whole. It is not flushed to the disk: a killed process loses nothing by that, and what a
    crash of the system spoils is told by the boot that a record names.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._place: Storage = storage(address)
        self._local = Path(self._place.address) if isinstance(self._place, LocalStorage) else None

    @property
    def place(self) -> Storage:
        """The storage itself."""
        return self._place

    @property
    def local(self) -> Path | None:
        """The folder; None where it is not one of this machine."""
        return self._local

    def make(self) -> None:
        """Let it be there."""
        if self._local is not None:
            self._local.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def new_file(self, name: str) -> Iterator[Path]:
        """A path to write; at the end of the block the file stands here under its name."""
        if self._local is not None:
            partial = self._local / f"{name}.{_token()}.partial"
            remember(partial)
            try:
                yield partial
                partial.replace(self._local / name)
            finally:
                partial.unlink(missing_ok=True)
                forget(partial)
            return
        with tempfile.TemporaryDirectory(prefix="raylda-", suffix=".build") as folder:
            remember(folder)
            try:
                path = Path(folder) / "file"
                yield path
                with pa.memory_map(str(path)) as source:
                    self._place.write(name, memoryview(source.read_buffer()))
            finally:
                forget(folder)

    def opened(self, name: str) -> Any:  # noqa: ANN401 - a RecordBatchFileReader, which the stubs call otherwise
        """An Arrow file: mapped, or read whole from an object store. Raises FileNotFoundError, ArrowException."""
        if self._local is not None:
            with pa.memory_map(str(self._local / name)) as source:
                return pa.ipc.open_file(source.read_buffer())
        return pa.ipc.open_file(pa.py_buffer(self._place.read(name)))

    def write_record(self, name: str, values: dict[str, Any]) -> None:
        """Write a signed record; what it speaks of must stand here already."""
        write_record(self._place, name, values, form=FORM, version=1)

    def record(self, name: str) -> dict[str, Any] | None:
        """The record of that name; None where there is none that can be read."""
        try:
            return read_record(self._place, name, form=FORM, version=1)
        except FileNotFoundError:
            return None
        except ValueError:
            return None

    def sizes(self) -> dict[str, int]:
        """Bytes of the files here by name."""
        return self._place.files()

    def has_parts(self) -> bool:
        """Whether a part is done, so that another run has less to do."""
        return any(
            name.startswith(("scan-", "pairs-", "prints-")) and name.endswith(".json")
            for name in self.sizes()
        )

    def delete(self, name: str) -> None:
        """Remove a file."""
        self._place.delete(name)

    def clear(self) -> None:
        """Remove all that a build has left here; who is at work remains to be seen."""
        for name in self._place.files():
            if not name.startswith(LOCKS):
                self._place.delete(name)
        for name in self._place.folders():
            self._place.remove(name)

    def remove(self) -> None:
        """Remove the folder itself if nothing is in it; of a store, what stands for one. None may be at work here."""
        with suppress(OSError):
            if self._local is None and not self.sizes() and not self._place.folders():
                self._place.remove_root()
            self._place.remove_empty()


def _token() -> str:
    import secrets

    return secrets.token_hex(4)
