"""The results of a study, as text with the command that keeps a model, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lda.cli.terminal import columns
from lda.corpus.presentable import printable
from lda.experiments.study.judging.table import study_text
from lda.experiments.study.outputs import command_to_keep, to_keep

if TYPE_CHECKING:
    from rich.text import Text

    from lda.experiments.study.judging.summary import StudySummary
    from lda.experiments.study.records import StudyFolder


def study_json(study: StudyFolder, summary: StudySummary) -> dict[str, Any]:
    """All that is known, the records of trials among it."""
    return {
        "study": str(study.folder),
        **summary.to_dict(),
        "trials": [trial.to_dict() for trial in study.trials],
        "fit_command": command_to_keep(study, summary),
    }


def results(study: StudyFolder, summary: StudySummary) -> Text:
    """The table of candidates, what to make of it, and how to keep a model."""
    text = study_text(summary, columns())
    if failed := [trial for trial in study.trials if trial.state == "failed"]:
        text.append("\n")
        for trial in failed:
            text.append("\n").append(printable(f"trial {trial.number} failed: {trial.error}"))
    command = command_to_keep(study, summary)
    if command is not None:
        text.append(f"\n\n{to_keep(study)}:\n  ")
        text.append(printable(command), "bold")
    return text
