"""Text from outside within Markdown: words, names and ids that are shown, and mean nothing to it."""

from __future__ import annotations

import re
from typing import Final

from lda.corpus.presentable import printable

# What means something to Markdown within a line, or to what sites add to it: formulas, and addresses and names of
# emoji and of users that are replaced. An underscore within a word does not, so that "united_states" stays readable.
_MARKUP: Final = re.compile(
    r"[\\`*\[\]<>#|&~$@]|(?<![^\W_])_|_(?![^\W_])|:(?=//|[\w+-]+:)|(?<=www)\.", re.IGNORECASE
)


def escaped(text: str) -> str:
    """The text on one line of Markdown that shows it, and nothing else."""
    shown = _MARKUP.sub(lambda found: f"\\{found[0]}", printable(text))
    # Blanks at the ends would be lost, or make a block of code.
    return shown.strip()
