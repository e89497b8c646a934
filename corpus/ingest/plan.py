"""What a build consists of: the parts, and all that decides what comes out of each."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.documents.steps import NO_STEPS, DocumentSteps

if TYPE_CHECKING:
    from lda.corpus.inputs.input_file import InputFile, InputPart
    from lda.corpus.readers.options import ReadOptions
    from lda.corpus.text.recipe import Recipe
    from lda.corpus.text.tokenizer import Tokenizer

VERSION: Final = 1
"""Of what lies in a work folder. Another one begins anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """A build before it begins; picklable, for it travels to each worker.

    Attributes:
        parts: of all input files, in the order of their documents.
        recipe: how text becomes tokens.
        options: how files are read.
        steps: what is done with documents before they are counted.
        singles: of each part, the digest of what says which of its documents repeat no earlier one; empty where nobody
            looks for duplicates, or they are still to be found.
        tokenizer: function instead of the pattern; then all is done in threads of one process.
        code: digest of what that function does; "" where there is none.
        terms: the only ones there are, in their order; None for those of the documents.
    """

    parts: tuple[InputPart, ...]
    recipe: Recipe
    options: ReadOptions
    steps: DocumentSteps = NO_STEPS
    singles: tuple[str, ...] = ()
    tokenizer: Tokenizer | None = None
    code: str = ""
    terms: tuple[str, ...] | None = None

    def settings(self) -> dict[str, Any]:
        """All that decides what comes out beside the files, as plain values."""
        options = {name: getattr(self.options, name) for name in _OPTIONS}
        recipe = dataclasses.replace(self.recipe, phrase_pairs=None)
        made: dict[str, Any] = _plain(
            {
                "version": VERSION,
                "recipe": recipe.to_dict(),
                "code": self.code,
                "options": {name: _told(value) for name, value in options.items()},
                "steps": self.steps.to_dict() or None,
            }
        )
        return made

    def files(self) -> dict[str, dict[str, Any]]:
        """Of each file, by what it is called, what shows that it has changed."""
        return {file.shown: _identity(file) for part in self.parts for file in part.files}

    def key(self, number: int, kind: str) -> str:
        """Names what a task leaves behind of a part: the same key, the same content.

        kind: "scan", or "pairs" of the count that comes before it where phrases are looked for, or "prints" of what
            comes before both where duplicates are.
        """
        part = self.parts[number]
        pairs = [] if kind in ("pairs", "prints") else list(self.recipe.phrase_pairs or ())
        files = [[file.place, _identity(file), file.members] for file in part.files]
        about = [kind, self.settings(), pairs, files, part.start, part.stop, part.row_groups, part.members]
        if self.singles and kind != "prints":
            about.append(self.singles[number])
        text = json.dumps([*about, part.records_before], sort_keys=True, ensure_ascii=True)
        return f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:24]}"


_OPTIONS: Final = ("text", "id", "id_required", "encoding", "errors")
"""What of the options of readers decides what a text becomes."""


def _identity(file: InputFile) -> dict[str, Any]:
    return {
        "size": file.size,
        "version": file.version,
        "reader": file.reader.name,
        "prefix": file.prefix,
    }


def bytes_of(part: InputPart) -> int:
    """Bytes of a part as they lie there, compressed or not."""
    file = part.file
    if part.row_groups is not None:
        groups = file.row_groups[slice(*part.row_groups)]
        return groups[-1].stop - groups[0].start if groups else 0
    if part.members is not None:
        return sum(size for _, size in file.members)
    if part.start or part.stop is not None:
        return (file.size if part.stop is None else part.stop) - part.start
    return sum(one.size for one in part.files)


def _told(value: object) -> Any:  # noqa: ANN401 - what JSON can say
    """A value as JSON can say it: objects by what they say of themselves."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    to_dict = getattr(value, "to_dict", None)
    return to_dict() if callable(to_dict) else str(value)


def _plain(value: Any) -> Any:  # noqa: ANN401 - what JSON can say
    return json.loads(json.dumps(value))


def changed_files(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Names of files that are other ones now, in order; those that came or went are none."""
    return [name for name, about in now.items() if name in before and before[name] != about]
