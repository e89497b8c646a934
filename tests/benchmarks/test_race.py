"""The race: scores, tables and formats from small files; of the systems only raylda runs here."""

from __future__ import annotations

import gzip
import json
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp
import tiny
from click.testing import CliRunner

from benchmarks.corpora import SOURCES, Source
from benchmarks.peers import formats
from benchmarks.peers.protocol import Race
from benchmarks.published import README, TABLES, markers, write_between
from benchmarks.race import runner
from benchmarks.race.command import publish, race, write_tables
from benchmarks.race.data import PARTS, heldout_documents, prepare
from benchmarks.race.environments import NotInstalled, python_of
from benchmarks.race.external import read_external
from benchmarks.race.job import SYSTEMS, System, points
from benchmarks.race.ratios import ratios
from benchmarks.race.results import Result, append, finished, load
from benchmarks.race.score import Scorer
from benchmarks.race.summary import heats, seconds_to, value_at
from benchmarks.race.synthetic import Planted, build_synthetic
from lda.cluster.sweeping.frozen_model import FrozenModel
from lda.corpus import DocumentBatch, as_corpus

DOCS = formats.Counts(np.array([0, 2, 2, 4]), np.array([0, 3, 1, 3]), np.array([2, 1, 1, 3]), 4)


@pytest.fixture
def corpus_folder(tmp_path: Path) -> Path:
    as_corpus(tiny.documents(60)).save(tmp_path / "tiny")
    return tmp_path / "tiny"


def job(tmp_path: Path, data: str, **values: object) -> dict[str, object]:
    out = tmp_path / "run"
    out.mkdir()
    return {
        "data": data, "out": str(out), "k": 3, "seed": 1, "threads": 1, "alpha": 0.1, "beta": 0.01, "points": [1],
        "levels": [1], "seconds": 9.0,
    } | values  # fmt: skip


def test_prepared_corpus_splits_once_and_keeps_every_token(corpus_folder: Path, tmp_path: Path) -> None:
    made = prepare(str(corpus_folder), tmp_path / "data", 0)
    race_on = Race(job(tmp_path, made.folder))
    held = made.heldout()
    assert (made.n_documents, made.n_heldout) == (54, 6)
    assert made.n_tokens == race_on.n_tokens == sum(len(words) for words in race_on.documents())
    assert made.n_tokens + len(held.words) == 60 * 40
    assert as_corpus(tmp_path / "data" / "corpus").vocabulary == made.vocabulary() == race_on.vocabulary
    assert prepare(str(corpus_folder), tmp_path / "data", 0) == made


def test_near_duplicates_are_held_out_together() -> None:
    groups = np.repeat(np.arange(50), 4)
    out = heldout_documents(groups, np.ones(200, dtype=bool))
    assert 20 <= out.sum() <= 24
    assert set(out.reshape(50, 4).sum(axis=1).tolist()) == {0, 4}


def test_snapshot_scores_as_completion_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    phi, alpha = rng.dirichlet(np.full(7, 0.5), 3), np.array([0.2, 0.5, 0.1])
    batch = DocumentBatch(["a", "b"], np.array([0, 20, 50]), rng.integers(0, 7, 50).astype(np.int32), 0)
    data = tmp_path / "data"
    data.mkdir()
    for name, values in (("indptr", [0, 1]), ("indices", [0]), ("counts", [5])):
        np.save(data / f"{name}.npy", np.array(values))
    (data / "vocabulary.txt").write_text("\n".join("abcdefg"))
    run = Race(job(tmp_path, str(data)))
    run.record(1.5, 4, (phi * 9, alpha))
    [point] = Scorer(batch, list("abcdefg"), threads=1).score_all(run.out)

    stored = phi.astype(np.float32).astype(np.float64)
    stored /= stored.sum(axis=1, keepdims=True)
    score, n = FrozenModel.of_topic_word(stored, alpha, threads=1).completion(batch.doc_offsets, batch.words)
    assert point["heldout"] == score.sum() / n.sum()
    assert (point["seconds"], point["sweeps"], point["tokens"]) == (1.5, 4, 20)
    assert not list(run.out.glob("*.npy"))


def test_clock_stands_still_and_snapshots_come_when_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    clock = SimpleNamespace(perf_counter=lambda: now[0])
    monkeypatch.setattr("benchmarks.peers.protocol.time", clock)
    run = race_of(tmp_path, points=[1, 3, 9], most_seconds=4.0)
    run.start()

    def model() -> tuple[list[list[float]], float]:
        now[0] += 50  # a snapshot takes long
        return [[1.0, 3.0]], 0.5

    over = []
    for sweep in range(1, 6):
        now[0] += 1.0
        over.append(run.passed(sweep, model))
    found = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("snapshot-*.json"))]
    assert over == [False, False, False, True, True]
    # That of four sweeps is the end of the time, not of the sweeps.
    assert [(body["sweeps"], body["seconds"]) for body in found] == [(1, 1.0), (3, 3.0), (4, 4.0)]


def race_of(out: Path, **values: object) -> Race:
    """A run that knows its clock and its snapshots, and no documents."""
    run = object.__new__(Race)
    run.out, run.k, run.n_tokens, run._taken, run._stopped = out, 1, 10, 0, 0.0
    for name, value in values.items():
        setattr(run, name, value)
    return run


def test_systems_sweep_on_to_the_next_snapshot_or_as_long_as_time_allows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("benchmarks.peers.protocol.time", SimpleNamespace(perf_counter=lambda: now[0]))
    run = race_of(tmp_path, points=[20, 160], most_seconds=30.0)
    run.start()
    assert run.sweeps_until_next(0) == 1
    now[0] = 1.0
    assert run.sweeps_until_next(1) == 19
    assert run.sweeps_until_next(10) == 10
    run.points = [160]
    assert run.sweeps_until_next(4) == 116
    now[0] = 31.0
    assert run.sweeps_until_next(100) == 1


@pytest.mark.parametrize(("a_sweep", "made"), [(0.01, [5, 40, 160]), (0.2, [5, 40]), (9.0, [5])])
def test_fits_from_the_beginning_are_made_for_each_level_that_time_allows(
    tmp_path: Path, a_sweep: float, made: list[int]
) -> None:
    run = race_of(tmp_path, points=[5, 20, 40, 80, 160], levels=[5, 40, 160], most_seconds=10.0)
    fits = []

    def fit(sweeps: int) -> tuple[float, tuple[list[list[float]], float]]:
        fits.append(sweeps)
        return a_sweep * sweeps, ([[1.0]], 0.5)

    run.restarted(fit)
    taken = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("snapshot-*.json"))]
    assert fits == [body["sweeps"] for body in taken] == made
    assert taken[-1]["seconds"] == a_sweep * made[-1]


def test_snapshots_lie_at_the_levels_and_between_them() -> None:
    assert points([160, 500]) == [20, 40, 80, 160, 320, 500]
    assert points([160, 320]) == [20, 40, 80, 160, 320]
    assert points([30], 1.5) == [20, 30]
    assert points([10]) == [10]


@pytest.mark.parametrize("name", ["ldac", "mallet", "uci", "npz"])
def test_documents_are_written_as_programs_read_them(name: str, tmp_path: Path) -> None:
    path = tmp_path / "input"
    formats.WRITERS[name](DOCS, path)
    wanted = {
        "ldac": "2 0:2 3:1\n0\n2 1:1 3:3\n",
        "mallet": "0\tx\tw0 w0 w3\n1\tx\t\n2\tx\tw1 w3 w3 w3\n",
        "uci": "3\n4\n4\n1 1 2\n1 4 1\n3 2 1\n3 4 3\n",
    }
    if name == "npz":
        assert sp.load_npz(path).toarray().tolist() == [[2, 0, 0, 1], [0, 0, 0, 0], [0, 1, 0, 3]]
    else:
        assert path.read_text() == wanted[name]


def test_topics_are_read_as_programs_write_them(tmp_path: Path) -> None:
    wanted = [[2.0, 0.0, 1.0], [0.0, 4.0, 3.0]]
    np.save(tmp_path / "npy", np.array(wanted).T)
    (tmp_path / "npy.npy").rename(tmp_path / "npy")
    (tmp_path / "tsv").write_text("2\t0\t1\n0\t4\t3\n")
    (tmp_path / "triples").write_text("topic\tword\tprobability\n0\tw0\t2\n0\tw2\t1\n1\tw1\t4\n1\t2\t3\n")
    (tmp_path / "mallet-counts").write_text("0 w0 0:2\n1 w2 1:3 0:1\n2 w1 1:4\n")
    tokens = [(0, 0)] * 2 + [(2, 0)] + [(1, 1)] * 4 + [(2, 1)] * 3
    head = "#doc source pos typeindex type topic\n#alpha : 0.25 0.5 \n#beta : 0.01\n"
    lines = "".join(f"0 NA {i} 7 w{w} {k}\n" for i, (w, k) in enumerate(tokens))
    (tmp_path / "mallet-state").write_bytes(gzip.compress((head + lines).encode()))
    for name, read in formats.READERS.items():
        assert read(tmp_path / name, 2, 3).tolist() == wanted, name
    assert formats.mallet_state_alpha(tmp_path / "mallet-state").tolist() == [0.25, 0.5]
    with pytest.raises(ValueError, match=r"matrix \(5, 3\).*got \(2, 3\)"):
        formats.read_tsv(tmp_path / "tsv", 5, 3)


PROGRAM = """
import sys, time
source, output, k, sweeps = sys.argv[1:]
time.sleep(0.01 * int(sweeps))
rows = open(source).read().splitlines()
terms = max(int(cell.split(":")[0]) for row in rows for cell in row.split()[1:]) + 1
if len(rows) == 54:
    open(output, "w").write("\\n".join(" ".join(["1"] * terms) for _ in range(int(k))))
"""


def external(tmp_path: Path, program: str = PROGRAM, **changes: str) -> Path:
    (tmp_path / "program.py").write_text(program)
    lines = {
        "name": '"mine"', "input": '"ldac"', "output": '"tsv"', "alpha": "0.3",
        "command": f"'{sys.executable} {tmp_path / 'program.py'} {{input}} {{output}} {{k}} {{sweeps}}'",
    } | changes  # fmt: skip
    path = tmp_path / "mine.toml"
    path.write_text("".join(f"{key} = {value}\n" for key, value in lines.items() if value))
    return path


@pytest.mark.slow
def test_race_of_raylda_an_external_program_and_ones_that_fail(
    corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    broken = external(tmp_path / "broken", "import sys; sys.exit('out of order')", name='"broken"')

    def python(system: System) -> Path:
        if system.requirements:
            raise NotInstalled("not installed: no such package (it needs: pip install tomotopy)")
        return Path(sys.executable)

    monkeypatch.setattr(runner, "python_of", python)
    out = tmp_path / "out"
    arguments = ["--corpus", str(corpus_folder), "-k", "3", "-o", str(out)]
    arguments += ["--systems", "raylda,tomotopy"]
    arguments += ["--external", str(external(tmp_path)), "--external", str(broken)]
    arguments += ["--sweeps", "4", "--sweeps", "30", "--seeds", "1", "--threads", "1", "--limit", "120"]
    first = CliRunner().invoke(race, arguments)
    assert first.exit_code == 0, first.output
    found = {result.system: result for result in load(out / "results.jsonl")}
    assert {name: result.status for name, result in found.items()} == {
        "raylda": "done", "tomotopy": "failed", "mine": "done", "broken": "failed",
    }  # fmt: skip
    assert [point["sweeps"] for point in found["raylda"].points] == [4, 20, 30, 40, 60]
    assert [point["sweeps"] for point in found["mine"].points] == [4, 30]
    # One topic that is uniform: log V, whatever theta.
    assert found["mine"].curve[-1][1] == pytest.approx(-np.log(found["mine"].n_terms), abs=1e-5)
    assert found["raylda"].curve[-1][1] > found["mine"].curve[-1][1] + 0.3
    assert found["raylda"].peak_bytes > 50e6
    assert "exit code 1: out of order" in found["broken"].reason
    assert str(tmp_path) not in str(found["mine"].settings["command"]).split()[0]
    assert f"| tomotopy |{' - |' * 12} 0 | not installed: no such package" in first.stdout

    again = CliRunner().invoke(race, arguments)
    assert again.exit_code == 2
    assert "--resume" in again.output
    resumed = CliRunner().invoke(race, [*arguments, "--resume"])
    assert resumed.exit_code == 0
    assert "seed 0: raylda" not in resumed.stderr
    assert "seed 0: broken" in resumed.stderr


def result(system: str, seed: int, curve: dict[int, tuple[float, float]], **values: object) -> Result:
    """curve: (training seconds, held-out) by sweeps."""
    points = [
        {"seconds": s, "heldout": h, "tokens": int(1e6 * s), "sweeps": n} for n, (s, h) in curve.items()
    ]
    fields = {
        "status": "done",
        "date": "2026-11-21",
        "machine": "M",
        "peak_bytes": 2_000_000,
        "n_tokens": 9,
    } | values
    return Result(
        corpus="c", digest="d", k=5, system=system, seed=seed, threads=2, sweeps=500, points=points,
        **fields,  # type: ignore[arg-type]
    )  # fmt: skip


LEVELS = [160, 500]
CANNED = [
    result("raylda", 0, {20: (1, -8.0), 160: (2, -7.5), 1000: (8, -7.0)}),
    result("raylda", 1, {20: (1, -8.1), 160: (2, -7.6), 1000: (8, -7.1)}),
    result("raylda", 2, {20: (1, -8.2), 160: (2, -7.7), 1000: (8, -7.2)}),
    result(
        "slow<one>", 0, {160: (4, -8.05), 500: (9, -7.35)}, status="slow", reason="stopped", settings={"a": 1}
    ),
    result("absent", 0, {}, status="failed", reason="not installed"),
]


def test_summary_tells_when_raylda_is_where_a_system_is_late() -> None:
    [heat] = heats(CANNED, LEVELS)
    ours, slow, absent = heat.rows
    assert (ours.levels[0].heldout, ours.n_seeds, ours.levels[0].ratio) == (-7.6, 3, None)
    first, second = slow.levels
    # raylda's seeds are there after 1, 1.1 and 1.3 s, and after 3.8, 5 and 6.2.
    assert (first.heldout, first.seconds, first.ours_seconds) == (-8.05, 4, pytest.approx(1.1))
    assert first.ratio == pytest.approx(4 / 1.1)
    assert not first.at_least
    assert second.ours_seconds == pytest.approx(5)
    assert second.ratio == pytest.approx(9 / 5)
    # In the median they are at -7.4333 when four seconds are over, and at -7.1, their end, after nine.
    assert first.lead == pytest.approx(-7.6 + 0.5 / 3 + 8.05)
    assert not first.lead_at_least
    assert (second.lead, second.lead_at_least) == (pytest.approx(0.25), True)
    assert (ours.spread, slow.spread) == (None, None)
    assert (absent.levels[0].heldout, absent.notes) == (None, ["not installed"])


def test_spread_is_that_of_the_last_level() -> None:
    runs = [result("two", seed, {160: (4, -9.0), 500: (8, -8.0 - 0.2 * seed)}) for seed in (0, 1)]
    [heat] = heats(runs, LEVELS)
    assert heat.rows[0].spread == pytest.approx(0.2)
    assert heat.rows[0].levels[1].heldout == pytest.approx(-8.1)


def test_curves_are_read_between_their_snapshots() -> None:
    curve = [(1.0, -9.0), (2.0, -8.0), (3.0, -8.5)]
    assert seconds_to(curve, -8.2) == pytest.approx(1.8)
    assert seconds_to(curve, -9.5) == 1.0
    assert seconds_to(curve, -7.0) is None
    assert [value_at(curve, s) for s in (0.5, 1.0, 2.5, 9.0)] == [None, -9.0, -8.25, -8.5]


def test_a_run_whose_time_was_over_says_how_far_it_came() -> None:
    [heat] = heats([result("late", 0, {20: (5, -9.0), 170: (60, -8.5)})], LEVELS)
    [row] = heat.rows
    assert [(level.heldout, level.compared) for level in row.levels] == [(None, False)] * 2
    assert row.notes == ["the time was over after 170 sweeps, at -8.5000"]


def test_results_survive_a_line_that_was_cut_off(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    for one in CANNED[:2]:
        append(file, one)
    file.write_text(file.read_text() + '{"corpus": "c", "dig')
    for one in CANNED[2:]:
        append(file, one)
    assert load(file) == CANNED
    assert {key.system for key in finished(load(file))} == {"raylda", "slow<one>"}


def test_table_of_canned_results(tmp_path: Path) -> None:
    text = publish(CANNED, tmp_path, LEVELS)
    said = (
        "| slow<one> | -8.0500 | 4 | 1.1 | 3.6 | +0.6167 | -7.3500 | 9 | 5 | 1.8 | ≥ +0.2500 | 2 | 1.00 | 1 |"
    )
    assert said in text
    assert "| raylda | -7.6000 | 2 | - | - | - | - | - | - | - | - | 2 | 1.00 | 3 |" in text
    assert f"| absent |{' - |' * 12} 0 | not installed |" in text
    assert text.endswith("Measured 2026-11-21 on M.")


def test_pictures_need_nothing_from_elsewhere(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    publish(CANNED, tmp_path, LEVELS)
    page = (tmp_path / "race.html").read_text()
    assert page.count("<svg") == 1
    assert "slow&lt;one&gt;" in page
    assert not [word for word in ("src=", "<script", "<link") if word in page]
    assert (tmp_path / "race.png").read_bytes().startswith(b"\x89PNG")


def test_documents_are_written_between_their_markers_only(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    begin, end = markers("race")
    path.write_text(f"before\n{begin}\nold\n{end}\nafter\n")
    write_between(path, "race", "| new |\n")
    assert path.read_text() == f"before\n{begin}\n\n| new |\n\n{end}\nafter\n"
    path.write_text("no markers\n")
    with pytest.raises(ValueError, match="once each"):
        write_between(path, "race", "x")


def test_documents_have_the_markers_that_programs_write_between() -> None:
    for path, names in ((README, ["race"]), (TABLES, ["race", "limit", "speed", "memory", "ingest"])):
        text = path.read_text()
        assert [text.count(marker) for name in names for marker in markers(name)] == [1, 1] * len(names)


def test_a_race_is_published_in_full_and_in_short(tmp_path: Path) -> None:
    tables, readme = tmp_path / "benchmarks.md", tmp_path / "README.md"
    for path in (tables, readme):
        path.write_text("\n".join(markers("race")))
    write_tables(CANNED, LEVELS, publish(CANNED, tmp_path, LEVELS), tables, readme)
    assert f"| absent |{' - |' * 12} 0 | not installed |" in tables.read_text()
    assert "| c, 0 documents, K = 5 | 3.6 / 1.8 | no topics |" in readme.read_text()


def test_ratios_show_where_raylda_loses_and_where_it_was_at_once() -> None:
    raced = [
        *CANNED[:3],
        result("better", 0, {160: (4, -7.4), 500: (9, -6.0)}),
        result("sooner", 0, {160: (0.5, -8.3), 500: (1.0, -7.3)}),
        Result(**{**asdict(result("raylda", 0, {20: (1, -9.0), 160: (2, -8.0)})), "threads": 1}),
        Result(**{**asdict(result("single", 0, {160: (4, -8.0)})), "threads": 1}),
        Result(**{**asdict(result("alone", 0, {160: (4, -8.0)})), "k": 6}),
    ]
    lines = ratios(heats(raced, LEVELS), "Measured.").splitlines()
    assert lines[0] == "| corpus | better, 2 threads | sooner, 2 threads | single, 1 thread |"
    cells = "| **0.91** / **not reached** | ≥ 0.5 / **0.18** | 2 / - |"
    assert lines[2] == f"| c, 0 documents, K = 5 {cells}"
    assert lines[4].startswith("Seconds that a system trains for 160 / 500 sweeps")
    assert lines[4].endswith("Measured.")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"command": ""}, "command is missing"),
        ({"command": "'run {input}'"}, "number of sweeps"),
        ({"output": '"pickle"'}, "must be one of npy, tsv"),
        ({"alpha": '"state"'}, 'needs output = "mallet-state"'),
        ({"startup_sweeps": '"ten"'}, "wrong type"),
        ({"colour": "1"}, "colour is not known"),
    ],
)
def test_config_of_an_external_program_is_checked(tmp_path: Path, changes: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_external(external(tmp_path, **changes))


def test_peer_that_pip_does_not_find_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho Collecting >&2\necho 'ERROR: No matching distribution' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("benchmarks.race.environments.sys.executable", str(python))
    with pytest.raises(NotInstalled, match=r"ERROR: No matching.*it needs: pip install tomotopy=="):
        python_of(SYSTEMS["tomotopy"], tmp_path)


def test_corpus_that_is_not_here_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SOURCES, "ungd", Source(path=tmp_path / "nothing.jsonl", text="text"))
    found = CliRunner().invoke(
        race, ["--corpus", "ungd", "--systems", "raylda", "--threads", "1", "-o", str(tmp_path)]
    )
    assert found.exit_code == 1
    assert "ungd is left out: the corpus ungd is not here" in found.stderr


@pytest.mark.parametrize(
    "arguments", [["--systems", "raylda,vw"], ["--corpus", "nowhere"], ["--systems", ","]]
)
def test_wrong_names_are_usage_errors(tmp_path: Path, arguments: list[str]) -> None:
    assert CliRunner().invoke(race, [*arguments, "-o", str(tmp_path)]).exit_code == 2


def test_every_system_has_its_driver() -> None:
    from benchmarks.race.job import PEERS

    assert all((PEERS / system.driver).exists() for system in SYSTEMS.values())


def test_synthetic_words_follow_zipf(tmp_path: Path) -> None:
    planted = Planted(5, n_topics=20, n_terms=2000, length=50)
    corpus = build_synthetic(tmp_path / "whole", 200_000, planted=planted)
    assert corpus.n_tokens == pytest.approx(200_000, rel=0.02)
    assert corpus.vocabulary[:2] == ["w0", "w1"]
    frequencies = np.asarray(corpus.term_frequencies, dtype=float)
    ranks = np.arange(2000) + 3.7
    wanted = frequencies.sum() / ranks / (1 / ranks).sum()
    blocks = [(0, 10), (10, 100), (100, 1000), (1000, 2000)]
    for first, last in blocks:
        assert frequencies[first:last].sum() == pytest.approx(wanted[first:last].sum(), rel=0.1)
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_quick_race_gives_way_to_what_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[runner.Plan] = []
    monkeypatch.setattr("benchmarks.race.command.race_all", lambda plan, say: plans.append(plan) or [])
    arguments = ["--quick", "-k", "7", "--threads", "1", "-o", str(tmp_path)]
    assert CliRunner().invoke(race, arguments).exit_code == 1
    [plan] = plans
    assert plan.corpora == ("sotu", "nips", "movies", "arxiv-third")
    assert (plan.topics, plan.levels, plan.seeds) == ((7,), (160,), 1)
    assert [system.name for system in plan.systems] == ["raylda", "tomotopy", "mallet"]


def test_a_third_of_a_corpus_is_every_third_document(
    corpus_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PARTS, "third", (str(corpus_folder), 3))
    made = prepare("third", tmp_path / "data", 0)
    assert (made.n_documents, made.n_heldout) == (18, 2)
    assert made.n_tokens + len(made.heldout().words) == 20 * 40
