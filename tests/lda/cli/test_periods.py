"""`lda fit --over`: shares by period after the fit, which does not know of them."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny
from commands import fails, run, run_json

import lda

if TYPE_CHECKING:
    from collections.abc import Sequence

N = 60


def dated(path: Path, dates: Sequence[object] | None) -> Path:
    """The tiny corpus with a year or a date for each document, or without any."""
    rows = []
    for i, tokens in enumerate(tiny.documents(N)):
        row: dict[str, object] = {"id": f"d{i}", "text": " ".join(tokens)}
        if dates is not None:
            row["year"] = dates[i]
        rows.append(json.dumps(row))
    path.write_text("\n".join(rows) + "\n")
    return path


def years(first: int = 1990, periods: int = 3) -> list[object]:
    """Documents about theme i % 3 lie in year i % 3, for the most part."""
    return [first + (i if i % 7 else i + 1) % periods for i in range(N)]


def fit(path: Path, out: Path, *more: object) -> tuple[object, ...]:
    return ("fit", path, "-k", 3, "-n", 30, "-o", out, "--sampler", "adlda", *more)


def test_dates_do_not_enter_the_fit(tmp_path: Path) -> None:
    found = []
    for number, dates in enumerate((years(), years()[::-1], None)):
        path = dated(tmp_path / f"{number}.jsonl", dates)
        over = () if dates is None else ("--over", "year")
        found.append(run_json(*fit(path, tmp_path / str(number), *over)))
    assert len({value["fingerprint"] for value in found}) == 1
    assert found[0]["over"]["mean"] != found[1]["over"]["mean"]
    assert "over" not in found[2]


def test_shares_by_period_are_means_of_theta(tmp_path: Path) -> None:
    dates = years()
    dates[4] = None
    path = dated(tmp_path / "d.jsonl", dates)
    done = run(*fit(path, tmp_path / "m", "--over", "year", "--output-periods", tmp_path / "p.csv"))
    assert "1 document without a value in year left out" in done.stderr
    lines = done.stdout.splitlines()
    assert lines[5].split() == ["topic", "1990", "1991", "1992", "words"]
    assert all(len(line) <= 80 for line in lines[5:])
    assert lines[-1].split()[-1] == "documents"

    model = lda.load(tmp_path / "m")
    corpus = lda.read_corpus([path])
    theta = model.transform(corpus).astype(np.float64)
    with (tmp_path / "p.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 9
    for row in rows:
        mine = theta[[date == int(row["value"]) for date in dates], int(row["topic"])]
        assert float(row["mean"]) == pytest.approx(mine.mean(), abs=1e-9)
        # Student's t of 19 or 18 degrees of freedom lies between these.
        half = (float(row["high"]) - float(row["low"])) / 2
        error = mine.std(ddof=1) / len(mine) ** 0.5
        if float(row["low"]) > 0 and float(row["high"]) < 1:
            assert 2.0 * error < half < 2.2 * error
    shown = next(line for line in lines[6:] if line.split()[0] == "0")
    assert shown.split()[1] == f"{100 * float(rows[0]['mean']):.1f}"

    # The file again, of a model that is finished; and as Parquet.
    run(*fit(path, tmp_path / "m", "--over", "year", "--resume", "--output-periods", tmp_path / "p.parquet"))
    table = pq.read_table(tmp_path / "p.parquet")
    assert table.column("mean").to_pylist() == [float(row["mean"]) for row in rows]
    frame = model.over_frame(corpus, "year")
    assert frame["mean"].tolist() == table.column("mean").to_pylist()


def test_many_periods_show_what_rises_and_falls(tmp_path: Path) -> None:
    # The themes of documents take turns, so that none rises; the last periods are of the first theme alone.
    path = dated(tmp_path / "d.jsonl", [1900 + (40 + i // 3 if i % 3 == 0 else i // 3) for i in range(N)])
    lines = run(*fit(path, tmp_path / "m", "--over", "year", "--top-words", "0")).stdout.splitlines()
    assert lines[0].split() == ["topic", "1900", "at", "most", "in", "1959", "trend", "rising"]
    rising = lines[1 : lines.index(next(line for line in lines if "falling" in line))]
    assert len(rising) == 1
    assert "+" in rising[0]
    assert set(" ".join(rising).split()) & set(tiny.THEMES[0].split())
    assert all(len(line) <= 80 for line in lines)
    value = run_json(*fit(path, tmp_path / "m2", "--over", "year", "--bin", "decade"))["over"]
    assert [period["value"] for period in value["periods"]] == ["1900s", "1910s", "1940s", "1950s"]
    assert sum(period["n_documents"] for period in value["periods"]) == N


def test_what_cannot_be_is_told_before_the_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lda.cluster.fit", lambda *_, **__: pytest.fail("a fit began"), raising=False)
    path = dated(tmp_path / "d.jsonl", [*years()[:-1], "soon"])
    asked = fit(path, tmp_path / "m", "-q")
    assert "no field 'date' besides text and id, where it has: 'year'" in fails(3, *asked, "--over", "date")
    assert "holds what is no time and no number" in fails(3, *asked, "--over", "year")
    whole = dated(tmp_path / "e.jsonl", years())
    asked = fit(whole, tmp_path / "m", "-q")
    assert "of which there is no month" in fails(3, *asked, "--over", "year", "--bin", "month")
    for arguments, message in (
        (("--bin", "year"), "--bin needs --over"),
        (("--over", "year", "--group-by", "year"), "--over follows the topics of one model"),
        (("--over", "year", "--bin", "soon"), "bin must be one of"),
        (("--output-periods", "p.csv"), "--output-periods needs --over FIELD"),
        (("--over", "year", "--output-periods", "p.xlsx"), "writes .csv or .parquet, got 'p.xlsx'"),
    ):
        assert message in run(*asked, *arguments, code=2).stderr
    (tmp_path / "p.csv").write_text("")
    assert "exists already" in fails(3, *asked, "--over", "year", "--output-periods", tmp_path / "p.csv")
    assert not (tmp_path / "m").exists()
