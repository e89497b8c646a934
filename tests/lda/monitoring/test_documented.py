"""What the page says of fields, events and metrics is what there is."""

from __future__ import annotations

import re
from pathlib import Path

from lda.monitoring.metrics_server import families
from lda.monitoring.run_status import Evaluation, RunStatus

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "monitor.md"


def table(heading: str) -> set[str]:
    """Names in the first column of the table of a section."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [row for row in section.splitlines() if row.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`([a-z_ ]+)`", row.split("|")[1])}


def test_fields_of_the_status() -> None:
    document = RunStatus().to_dict(now=0.0, monotonic=0.0, writes=1, every=5.0)
    assert table("The status file") == set(document)


def test_metrics() -> None:
    status = RunStatus(
        checkpoint_sweep=1,
        checkpoint_time=1.0,
        tokens_per_second=1.0,
        evaluations=(Evaluation(sweep=1, log_likelihood=-1.0, heldout=-1.0),),
    )
    made = {sample.name for family in families(status, eta=1.0) for sample in family.samples}
    assert table("Metrics") == made


def test_events_of_the_log() -> None:
    """Those that the sources tell of."""
    folder = Path(__file__).parents[3] / "lda" / "monitoring"
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    told = set(re.findall(r'self\._told\(\s*"([a-z ]+)"', source))
    assert table("The log") == told | {"shortened"}
