"""What a fit shows in a notebook: one display, changed in place; and nothing else than before outside of one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

import lda
from lda.progress import in_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator


def documents() -> np.ndarray:
    return np.random.default_rng(0).poisson(0.4, (400, 60))


@pytest.fixture
def shell() -> Iterator[Any]:
    """A shell of IPython that looks as in a kernel, and keeps what is displayed."""
    made: Any = InteractiveShell.instance()
    made.display_pub, kept = CapturingDisplayPublisher(), made.display_pub
    made.kernel = object()
    yield made
    made.display_pub = kept
    InteractiveShell.clear_instance()


def test_a_fit_is_one_display_that_changes(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    model = lda.LDA(3, max_iter=40, random_state=0, verbose=2, validation_fraction=0.2).fit(documents())
    outputs = shell.display_pub.outputs
    first, *others = outputs
    assert not first["update"]
    assert others
    assert all(other["update"] for other in others)
    assert len({output["transient"]["display_id"] for output in outputs}) == 1
    last = others[-1]["data"]
    assert last["text/plain"].startswith("sweep 40/40: ")
    for told in ("tokens/s", "log-likelihood", f"held-out {model.history_[-1].heldout:.4f}"):
        assert told in last["text/plain"]
        assert told in last["text/html"]
    assert '<progress value="40" max="40">' in last["text/html"]
    assert "3 topics in 40 sweeps" in last["text/html"]
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == ""


def test_a_fit_that_ends_early_leaves_its_last_state(shell: Any) -> None:
    def stop(record: lda.SweepRecord) -> bool:
        return record.sweep == 4

    lda.LDA(3, max_iter=400, random_state=0, verbose=1, callbacks=[stop]).fit(documents())
    assert shell.display_pub.outputs[-1]["data"]["text/plain"].startswith("sweep 4/400: ")


def test_nothing_is_displayed_unless_asked_for(shell: Any) -> None:
    lda.LDA(3, max_iter=3, random_state=0).fit(documents())
    assert shell.display_pub.outputs == []


def test_terminals_of_ipython_get_lines_as_before(shell: Any, capsys: pytest.CaptureFixture[str]) -> None:
    del shell.kernel
    assert not in_notebook()
    lda.LDA(3, max_iter=3, random_state=0, verbose=1).fit(documents())
    assert shell.display_pub.outputs == []
    assert "sweep 3/3" in capsys.readouterr().err


def test_without_ipython_there_is_no_notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython")
    assert not in_notebook()


@pytest.mark.slow
def test_a_notebook_with_a_kernel_has_one_output_a_cell(tmp_path: Any) -> None:
    nbformat = pytest.importorskip("nbformat", reason="needs the extra docs")
    client = pytest.importorskip("nbclient", reason="needs the extra docs")
    pytest.importorskip("ipykernel", reason="needs the extra docs")
    cells = [
        "import numpy as np, lda\nX = np.random.default_rng(0).poisson(0.4, (400, 60))",
        "model = lda.LDA(3, max_iter=60, random_state=0, verbose=2, validation_fraction=0.2).fit(X)",
        "model",
        "model.plot_topics()",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    assert [len(cell.outputs) for cell in notebook.cells] == [0, 1, 1, 1]
    progress, table, chart = (cell.outputs[0]["data"] for cell in notebook.cells[1:])
    assert progress["text/plain"].startswith("sweep 60/60: ")
    assert "linear-gradient" in table["text/html"]
    assert "vega" in chart["text/html"]
