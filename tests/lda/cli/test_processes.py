"""The command as a process: signals, pipes, start-up, and neighbours of the same name."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import tiny
from waiting import DEADLINE, silent_writer

import lda
from lda.cli.entry import COMMANDS
from lda.cli.signals import finish_on_interrupt
from lda.interop.targets import TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator
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
    status = tmp_path / "status.json"
    words = (
        "fit",
        source,
        "--text",
        "body",
        "-k",
        3,
        "-n",
        10_000_000,
        "-o",
        tmp_path / "m",
        "--status",
        status,
    )
    with start(*words) as process:
        wait_for(process, "sweep 10/")
        process.send_signal(which)
        output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130, errors
    assert f"{which.name}: finishing this phase" in errors
    assert "the model so far is in" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    model = lda.load(tmp_path / "m")
    assert model.model_.record.interrupted
    assert model.n_iter_ >= 10
    assert len(output.splitlines()) == 1 + 3
    left = ["docs.jsonl", "m", "m.checkpoint", "m.log.jsonl", "status.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left
    told = json.loads(status.read_text())
    assert (told["state"], told["exit_code"], told["sweep"]) == ("interrupted", 130, model.n_iter_)


def test_second_interrupt_stops_at_once(tmp_path: Path) -> None:
    # A phase that never ends stands in for a huge corpus.
    script = (
        HEEDS_CTRL_C + "import time; from lda.cli.signals import finish_on_interrupt\n"
        "with finish_on_interrupt(lambda text: print(text, flush=True)) as asked:\n"
        "    asked.keep()\n"
        "    print('ready', flush=True)\n"
        "    while asked() or True: time.sleep(0.01)\n"
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
        assert process.wait(timeout=DEADLINE) == -signal.SIGINT


@pytest.fixture
def heeded_interrupts() -> Iterator[None]:
    """Ctrl-C as in a terminal: what a script runs in the background ignores it, which would be kept."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeded_interrupts")
def test_an_interrupt_in_the_midst_of_a_line_is_told_after_it() -> None:
    class Slow(io.RawIOBase):
        written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            if not self.written:
                signal.raise_signal(
                    signal.SIGINT
                )  # Python enters a buffer that is being written no second time
            self.written += bytes(data)
            return len(data)

    raw = Slow()
    stream = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", line_buffering=True)
    with finish_on_interrupt(lambda line: print(line, file=stream)) as asked:
        asked.keep()
        print("sweep 10", file=stream)
        assert asked()
        assert asked()
    lines = raw.written.decode().splitlines()
    assert lines[0] == "sweep 10"
    assert [line.partition(",")[0] for line in lines[1:]] == ["SIGINT: finishing this phase"]


def test_interrupt_while_reading_writes_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.txt")
    with start("fit", tmp_path / "endless.txt", "-o", tmp_path / "m") as process:
        wait_for(process, "reading")
        with silent_writer(tmp_path / "endless.txt", process):
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=DEADLINE)
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
    commands = ["", *COMMANDS]
    code = (
        "import sys\nfrom lda.cli import main\n"
        f"for command in {commands}:\n"
        "    sys.argv = ['lda', *command.split(), '--help']\n"
        "    try: main()\n"
        "    except SystemExit: pass\n"
        "    heavy = set('numpy scipy numba pyarrow ray rich gensim pandas sklearn'.split()) & set(sys.modules)\n"
        "    assert not heavy, (command, heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.count("Usage: ") == len(commands)


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


@pytest.mark.slow  # each imports another package, in a process of its own
@pytest.mark.parametrize("target", TARGETS)
def test_export_to_every_target_as_a_process(tmp_path: Path, target: str) -> None:
    """The command goes without pandas, but for packages that are built on it; in the tests' own process it has it."""
    package = {"pyldavis": "pyLDAvis", "gensim": "gensim", "anndata": "anndata"}.get(target)
    if package is not None:
        pytest.importorskip(package, reason="what is exported to")
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    lda.LDA(3, max_iter=5, random_state=0).fit(
        lda.read_corpus([source], recipe=lda.Recipe(text="body"))
    ).model_.save(tmp_path / "model")
    documents = [] if TARGETS[target].documents == "no" else [source, "--text", "body"]
    command = ["export", tmp_path / "model", *documents, "--to", target, "-o", tmp_path / "out"]
    done = subprocess.run(
        [sys.executable, "-m", "lda", *map(str, command)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
