"""A page as a value of Python: text, which a notebook shows in a frame."""

from __future__ import annotations

from html import escape
from typing import Final

HEIGHT: Final = 800
"""Pixels of the frame."""


class ReportPage(str):
    """The whole page as a string; a notebook shows it in a frame of its own, and `print` and `write` as HTML.

    The frame is sandboxed: its script runs, and reaches nothing of the notebook around it.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"ReportPage({len(self) / 1e6:.2f} million characters of HTML)"

    def _repr_html_(self) -> str:
        return (
            f'<iframe title="report" sandbox="allow-scripts allow-downloads" style="width: 100%; height: {HEIGHT}px; '
            f'border: 0" srcdoc="{escape(self)}"></iframe>'
        )
