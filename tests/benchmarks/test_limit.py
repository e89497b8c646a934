"""The limit: what the C programs sample, and the table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tiny
from click.testing import CliRunner

from benchmarks.limit import programs
from benchmarks.limit.command import limit
from benchmarks.limit.measure import Limit, Ours, fastest, measure
from benchmarks.limit.programs import COMPILERS, NoProgram, Program, build, compiler
from benchmarks.limit.state import write_state
from benchmarks.limit.text import markdown
from lda.cluster import FitSettings
from lda.corpus import as_corpus

needs_compiler = pytest.mark.skipif(
    not any(shutil.which(name) for name in COMPILERS), reason="no C compiler is here"
)


@pytest.fixture
def begun() -> Ours:
    """A corpus after some sweeps, of one phase each as in the C programs, with settled priors."""
    settings = FitSettings(n_topics=5, threads=1, phases=1, alpha=0.3, beta=0.05, seed=2)
    ours = Ours(as_corpus(tiny.documents(80)), settings.resolved())
    ours.begin(5)
    return ours


def answers(command: list[str], *orders: int) -> list[dict[str, float]]:
    """What a program says to each order, and at its end."""
    with Program(command) as program:
        program.wait_until_ready()
        found = []
        for sweeps in orders:
            program.ask(sweeps)
            found.append(program.answer())
        return [*found, program.last_words()]


@needs_compiler
@pytest.mark.parametrize("n_topics", [5, 300], ids=["few", "many"])
def test_programs_sample_what_raylda_does(n_topics: int, tmp_path: Path, begun: Ours) -> None:
    begun.engine.close()
    settings = FitSettings(n_topics=n_topics, threads=1, phases=1, alpha=1.5 / n_topics, beta=0.05, seed=2)
    ours = Ours(as_corpus(tiny.documents(80)), settings.resolved())
    ours.begin(5)
    write_state(ours.engine, tmp_path / "state")
    command = [*build(tmp_path, n_topics, 3), str(tmp_path / "state")]
    [told] = answers(command)
    assert told["mean_log_phi"] == pytest.approx(ours.mean_log_phi(), abs=1e-5)

    # A mean over late states of both chains: one state's value moves by some hundredths.
    theirs = [answers(command, 40 + 5 * i)[-1]["mean_log_phi"] for i in range(12)]
    mine = []
    for sweep in range(100):
        ours.engine.sweep()
        if sweep >= 40 and sweep % 5 == 0:
            mine.append(ours.mean_log_phi())
    ours.engine.close()
    spread = max(float(np.std(theirs)), float(np.std(mine)), 0.005)
    assert abs(np.mean(theirs) - np.mean(mine)) < 2.5 * spread


@needs_compiler
def test_turns_change_no_topic_and_each_order_is_answered(tmp_path: Path, begun: Ours) -> None:
    write_state(begun.engine, tmp_path / "state")
    begun.engine.close()
    ends = []
    for turns in (1, 6):
        first, second, last = answers([*build(tmp_path, 5, turns), str(tmp_path / "state")], 1, 2)
        assert min(*first.values(), *second.values()) > 0
        ends.append(last["mean_log_phi"])
    assert ends[0] == ends[1]
    asked = [build(tmp_path, 300, 3, gather=gather)[0] for gather in (False, True)]
    assert asked[0] != asked[1]
    turns, command = fastest(tmp_path, tmp_path / "state", 5)
    assert turns in programs.TURNS
    assert command[-1] == str(tmp_path / "state")


@needs_compiler
def test_a_program_that_cannot_read_its_state_says_so(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(np.array([3, 7, 2, 5], np.int64).tobytes())
    command = build(tmp_path, 5, 3)
    for name, told in (("short", "the state is too short"), ("none", "cannot be read")):
        with Program([*command, str(tmp_path / name)]) as program, pytest.raises(NoProgram, match=told):
            program.wait_until_ready()


@needs_compiler
def test_a_corpus_is_measured_from_end_to_end() -> None:
    settings = FitSettings(n_topics=5, threads=1).resolved()
    corpus = as_corpus(tiny.documents(60))
    row = measure("tiny", corpus, settings, cores=1, sweeps=3, repeats=1, tomotopy=None)
    assert (row.k, row.documents, row.tokens, row.tomotopy) == (5, 60, corpus.n_tokens, None)
    assert 0 < row.kernel < row.sweep
    assert min(row.sampling, row.counting, row.sampling_all) > 0


def test_without_a_compiler_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs.shutil, "which", lambda name: None)
    with pytest.raises(NoProgram, match=r"needs a C compiler.*apt install gcc"):
        compiler()
    found = CliRunner().invoke(limit, ["--corpus", "sotu", "-k", "5"])
    assert found.exit_code == 1
    assert "apt install gcc" in found.output
    assert len(found.output.strip().splitlines()) == 1


ROW = Limit(
    corpus="c", k=20, documents=3, tokens=1000, terms=50, sampler="adlda", cores=2, turns=4, sampling=10, counting=2,
    sampling_all=12, counting_all=3, kernel=15, sweep=20, kernel_all=18, sweep_all=30, tomotopy=60, log_phi=-7.1,
    ours_log_phi=-7.05,
)  # fmt: skip


def test_table_has_ratios_of_one_core_and_of_all() -> None:
    text = markdown([ROW])
    assert "**c: 3 documents, 1,000 tokens, 50 terms; adlda**" in text
    cells = (
        "| 20 | 10.0 + 2.0 / 12.0 + 3.0 | 15.0 / 18.0 | 20.0 / 30.0 | 1.50 / 1.50 | 1.67 / 2.00 | 25% / 40% |"
    )
    assert f"{cells} 60.0 | 3.00 | -7.050, -7.100 |" in text


def test_numbers_are_written_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.limit.command.compiler", lambda: "cc")
    monkeypatch.setattr("benchmarks.limit.command.prepared", lambda name: None)
    monkeypatch.setattr("benchmarks.limit.command.measure", lambda *values, **named: ROW)
    path = tmp_path / "limit.json"
    found = CliRunner().invoke(
        limit, ["--corpus", "sotu", "-k", "20", "--peer-up-to", "0", "--json", str(path)]
    )
    assert found.exit_code == 0, found.output
    [row] = json.loads(path.read_text())["rows"]
    assert Limit(**row) == ROW
