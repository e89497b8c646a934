"""Plain values as a document of YAML, for the heads of files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lda.corpus.presentable import printable


def yaml_document(values: Mapping[str, Any]) -> str:
    """Mappings, lists and scalars in block style, keys in their order; the text ends with a line end.

    What is not printable in strings is spelled out as in messages.
    """
    import yaml

    # A line is never broken: whoever reads such files by eye, or by `grep`, finds a value beside its key.
    text: str = yaml.safe_dump(_shown(values), sort_keys=False, allow_unicode=True, width=float("inf"))
    return text


def _shown(value: Any) -> Any:  # noqa: ANN401 - plain values
    if isinstance(value, Mapping):
        return {key: _shown(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(entry) for entry in value]
    return printable(value) if isinstance(value, str) else value
