"""Files and folders that take their place in one step: whole or not there, open to whom the umask says."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import tiny

from lda.corpus import Corpus, DataError, as_corpus
from lda.corpus.storage import leftovers
from lda.corpus.storage.atomic_write import replaced_file, replaced_folder
from lda.corpus.storage.output_target import new_files

HALF = """
import os, signal, sys
from pathlib import Path
from lda.corpus.storage.atomic_write import replaced_file, replaced_folder

target = Path(sys.argv[2])
context = replaced_file(target) if sys.argv[1] == "file" else replaced_folder(target, lambda: None)
with context as partial:
    (partial if sys.argv[1] == "file" else partial / "a").write_text("new")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def fine() -> None:
    pass


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_who_is_killed_leaves_what_stood_there(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    if kind == "folder":
        target.mkdir()
    held = target if kind == "file" else target / "a"
    held.write_text("old")
    subprocess.run([sys.executable, "-c", HALF, kind, str(target)], check=False)
    assert held.read_text() == "old"
    (left,) = (path for path in tmp_path.iterdir() if path != target)
    assert left.name.startswith(".target.")
    assert left.name.endswith(".partial")


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_rights_are_those_of_any_new_file(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with replaced_file(tmp_path / "file") as partial:
            partial.write_text("new")
        with replaced_folder(tmp_path / "folder", fine) as partial:
            (partial / "a").write_text("new")
        as_corpus(tiny.documents()).save(tmp_path / "corpus")
    finally:
        os.umask(before)
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert found == {"file": 0o666 & ~mask, "folder": 0o777 & ~mask, "corpus": 0o777 & ~mask}


def test_who_is_ended_at_once_removes_what_it_was_writing(tmp_path: Path) -> None:
    def ended() -> None:
        with replaced_file(tmp_path / "file") as partial:
            partial.write_text("half")
            leftovers.undo_all()
            assert not list(tmp_path.iterdir())

    with pytest.raises(FileNotFoundError):
        ended()


@pytest.mark.parametrize("at_once", [False, True])
def test_a_temporary_folder_goes_at_the_end_and_when_the_process_ends_at_once(at_once: bool) -> None:
    with leftovers.temporary_folder() as folder:
        Path(folder, "file").write_text("half")
        if at_once:
            leftovers.undo_all()
            assert not Path(folder).exists()
    assert not Path(folder).exists()


def test_a_refusal_at_the_end_leaves_both_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")

    def refuse() -> None:
        raise ValueError("somebody was faster")

    with (
        pytest.raises(ValueError, match="faster"),
        replaced_file(tmp_path / "file", refuse) as partial,
    ):
        partial.write_text("new")
    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_link_to_a_corpus_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    as_corpus(tiny.documents(20)).save(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    as_corpus(tiny.documents(30)).save(tmp_path / "link", overwrite=True)
    assert Corpus.open(tmp_path / "real").n_documents == 20
    assert Corpus.open(tmp_path / "link").n_documents == 30
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


def test_several_files_appear_when_all_are_written(tmp_path: Path) -> None:
    names = ["run.table", "run.json"]
    (tmp_path / "run.json").write_text("old")

    def write(*written: str, overwrite: bool = True, error: type[Exception] | None = None) -> None:
        with new_files(tmp_path, names, overwrite=overwrite) as folder:
            for name in written:
                (folder / name).write_text("new")
            if error is not None:
                raise error

    with pytest.raises(KeyError):
        write("run.table", error=KeyError)
    with pytest.raises(FileNotFoundError):  # one is missing
        write("run.json")
    with pytest.raises(DataError, match=r"run\.json exists already"):
        write(*names, overwrite=False)
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    assert (tmp_path / "run.json").read_text() == "old"
    write(*names)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert {(tmp_path / name).read_text() for name in names} == {"new"}
