"""Metrics, as the parser of prometheus-client reads them."""

from __future__ import annotations

import socket
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
import tiny
from commands import fails, run
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families
from waiting import DEADLINE

import lda

if TYPE_CHECKING:
    from pathlib import Path

    from lda.cluster import SweepRecord


def fetched(address: str) -> dict[str, Any]:
    """Values by name; of the information, its labels."""
    with urllib.request.urlopen(address, timeout=DEADLINE) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        families = list(text_string_to_metric_families(answer.read().decode()))
    assert all(family.documentation for family in families)
    return {sample.name: sample.labels or sample.value for family in families for sample in family.samples}


def test_a_fit_is_told_of_while_it_runs() -> None:
    server, seen = lda.MetricsServer(), dict[int, dict[str, Any]]()

    def look(record: SweepRecord) -> None:
        if record.sweep in (1, 6):
            seen[record.sweep] = fetched(server.address)
            assert server.address.startswith("http://127.0.0.1:")

    before = {family.name for family in REGISTRY.collect()}
    lda.LDA(
        3, max_iter=8, random_state=1, validation_fraction=0.1, evaluate_every=5, callbacks=[server, look]
    ).fit(tiny.counts())

    assert "lda_eta_seconds" not in seen[1]  # nothing is told that is not known
    now = seen[6]
    assert now["lda_run_info"]["stage"] == "sweeping"
    assert (now["lda_sweep"], now["lda_sweeps_wanted"], now["lda_sweeps_total"]) == (6, 8, 6)
    assert now["lda_tokens_per_second"] > 0
    assert 0 <= now["lda_eta_seconds"] < float("inf")
    assert now["lda_heldout_log_likelihood_per_token"] < 0
    assert (now["lda_documents_read_total"], now["lda_workers"], now["lda_workers_lost_total"]) == (60, 0, 0)
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(server.address, timeout=DEADLINE)
    assert {family.name for family in REGISTRY.collect()} == before


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = fails(2, "fit", source, "--text", "body", "-o", tmp_path / "m", "--metrics-port", port, "-q")
    assert f"port {port} of 127.0.0.1 is in use; name another, or 0 for a free one (--metrics-port)" in line
    assert not (tmp_path / "m").exists()


def test_a_free_port_is_told_whatever_the_verbosity(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    done = run(
        "fit", source, "--text", "body", "-k", 3, "-n", 2, "-o", tmp_path / "m", "--metrics-port", 0, "-q"
    )
    assert done.stderr.startswith("metrics at http://127.0.0.1:")
