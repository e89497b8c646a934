"""The command as a process: signals, pipes, start-up, and neighbours of the same name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import tiny

import lda

if TYPE_CHECKING:
    from pathlib import Path


# A shell that runs the tests in the background makes its children ignore Ctrl-C; undo that.
HEEDS_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


def start(*arguments: object) -> subprocess.Popen[str]:
    code = HEEDS_CTRL_C + "import sys; sys.argv[0] = 'lda'; from lda.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], words: str) -> list[str]:
    """The lines on stderr up to the one that holds the words."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if words in line:
            return lines
    raise AssertionError(lines)


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_keeps_the_model_so_far(tmp_path: Path, which: signal.Signals) -> None:
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    with start("fit", source, "--text", "body", "-k", 3, "-n", 10_000_000, "-o", tmp_path / "m") as process:
        wait_for(process, "sweep 10/")
        process.send_signal(which)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"{which.name}: finishing this phase" in errors
    assert "the model so far is in" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    model = lda.load(tmp_path / "m")
    assert model.model_.record.interrupted
    assert model.n_iter_ >= 10
    assert len(output.splitlines()) == 1 + 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs.jsonl", "m", "m.checkpoint"]


def test_second_interrupt_stops_at_once(tmp_path: Path) -> None:
    # A phase that never ends stands in for a huge corpus.
    script = (
        HEEDS_CTRL_C + "import time; from lda.cli.signals import finish_on_interrupt\n"
        "with finish_on_interrupt(lambda text: print(text, flush=True)) as asked:\n"
        "    asked.keep()\n"
        "    print('ready', flush=True)\n"
        "    while True: time.sleep(0.01)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        for _ in range(2):
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == -signal.SIGINT


def test_interrupt_while_reading_writes_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.txt")
    with start("fit", tmp_path / "endless.txt", "-o", tmp_path / "m") as process:
        wait_for(process, "reading")
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (130, "")
    assert errors.split("\n")[-2] == "lda: interrupted; outputs that were not complete are discarded"
    assert [path.name for path in tmp_path.iterdir()] == ["endless.txt"]


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    lda.LDA(400, max_iter=1, random_state=0).fit(tiny.documents()).save(tmp_path / "m")
    with start("topics", tmp_path / "m", "--json") as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['lda', '--help']\n"
        "try:\n    from lda.cli import main; main()\nexcept SystemExit: pass\n"
        "heavy = set('numpy scipy numba pyarrow ray rich gensim pandas sklearn'.split()) & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_another_distribution_called_lda_is_reported_once(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    for name, top_level in (("lda-3.0.2", "lda"), ("other-1.0", "elsewhere")):
        metadata = site / f"{name}.dist-info"
        metadata.mkdir(parents=True)
        distribution, version = name.split("-")
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        (metadata / "top_level.txt").write_text(f"{top_level}\n")
    code = "import lda, lda.cli, importlib; lda.DataError; importlib.import_module('lda.corpus')"
    env = {**os.environ, "PYTHONPATH": str(site)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stderr.count("also installs a package called lda") == 1
    assert "pip uninstall lda raylda" in done.stderr
    command = subprocess.run(
        [sys.executable, "-m", "lda", "--version"], env=env, capture_output=True, text=True, check=True
    )
    assert command.stderr.count("also installs") == 1
    clean = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert clean.stderr == ""
