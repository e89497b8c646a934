"""Opening a model with the names of its topics: its own, or those of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lda.cli.option import Function, Heading, option

if TYPE_CHECKING:
    from lda.model.model import Model


def labels_option(command: Function) -> Function:
    """--labels, of commands that show topics."""
    return option(
        "--labels",
        "--label",
        metavar="FILE",
        heading=Heading.MODEL,
        help="Names of topics (labels.json), instead of those that the model keeps.",
        brief="Names of topics, as a report saves them.",
    )(command)


def named_model(path: str, labels: str | None, *, verify: bool) -> Model:
    """The model at a place. labels: file or URI with names for its topics; None for those it keeps.

    Raises:
        DataError: model or labels are not there, damaged, or do not belong together.
    """
    from lda.model.model import Model

    model = Model.load(path, verify=verify)
    return model if labels is None else model.with_labels(labels)
