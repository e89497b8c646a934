"""MALLET's command lines: its options, and what becomes of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, Literal

import click

from lda.cli.config_file import read_config

Kind = Literal["value", "flag", "several"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MalletOption:
    """An option of MALLET.

    kind: with one value, a switch (whose value true or false may be left out), or with several values.
    ours: our option that takes the value; "" where the command itself looks at it.
    ignored: why it changes nothing here; "" for one that needs no word.
    refused: what to use instead.
    """

    kind: Kind = "value"
    ours: str = ""
    ignored: str | None = None
    refused: str | None = None


Options = Mapping[str, MalletOption]
"""By name, without dashes."""

_COMMON: Final = {
    "help": MalletOption(kind="flag"),
    "config": MalletOption(),
    "prefix-code": MalletOption(refused="code of Java cannot be run here; leave it out"),
}

_IMPORT: Final = _COMMON | {
    "input": MalletOption(kind="several"),
    "output": MalletOption(),
    "keep-sequence": MalletOption(kind="flag", ignored=""),
    "keep-sequence-bigrams": MalletOption(kind="flag", ignored="sequences are always kept"),
    "remove-stopwords": MalletOption(kind="flag", ours="--remove-stopwords"),
    "stoplist-file": MalletOption(ours="--stoplist-file"),
    "extra-stopwords": MalletOption(ours="--extra-stopwords"),
    "preserve-case": MalletOption(kind="flag", ours="--keep-case"),
    "token-regex": MalletOption(),
    "encoding": MalletOption(ours="--encoding"),
    "use-pipe-from": MalletOption(),
    "use-pipe-from-without-rewrite": MalletOption(),
    "print-output": MalletOption(kind="flag", ignored="`lda corpus info` tells of what was read"),
    "replacement-files": MalletOption(
        kind="several",
        refused="make the replacements in the text first, or join words with --phrases of lda fit",
    ),
    "deletion-files": MalletOption(kind="several", refused="delete these words from the text first"),
    "stop-pattern-file": MalletOption(refused="list the words themselves with --stoplist-file"),
}

IMPORT_FILE: Final[Options] = _IMPORT | {
    "line-regex": MalletOption(ours="--line-regex"),
    "name": MalletOption(ours="--name"),
    "label": MalletOption(ours="--label"),
    "data": MalletOption(ours="--data"),
    "label-as-features": MalletOption(kind="flag", refused="topics are found without labels; leave it out"),
}

IMPORT_DIR: Final[Options] = _IMPORT | {
    "skip-html": MalletOption(kind="flag"),
    "skip-header": MalletOption(kind="flag", refused="take the headers out of the files first"),
    "binary-features": MalletOption(
        kind="flag", refused="topics are of tokens, not of features; leave it out"
    ),
    "gram-sizes": MalletOption(),
    "save-text-in-source": MalletOption(kind="flag", ignored="texts stay where they are"),
    "string-pipe": MalletOption(refused="code of Java cannot be run here; change the text first"),
    "token-pipe": MalletOption(refused="code of Java cannot be run here; change the text first"),
    "fv-pipe": MalletOption(refused="code of Java cannot be run here; change the text first"),
}

TRAIN: Final[Options] = _COMMON | {
    "input": MalletOption(),
    "input-model": MalletOption(ours="--init-from"),
    "input-state": MalletOption(ours="--input-state"),
    "output-model": MalletOption(),
    "output-state": MalletOption(ours="--output-state"),
    "output-model-interval": MalletOption(
        ignored="the model is written at the end, and a fit that is cut off goes on with lda fit --resume"
    ),
    "output-state-interval": MalletOption(ignored="the state is written at the end"),
    "inferencer-filename": MalletOption(),
    "evaluator-filename": MalletOption(),
    "output-topic-keys": MalletOption(ours="--output-topic-keys"),
    "num-top-words": MalletOption(ours="--num-top-words"),
    "show-topics-interval": MalletOption(ignored=""),
    "topic-word-weights-file": MalletOption(ours="--topic-word-weights-file"),
    "word-topic-counts-file": MalletOption(ours="--word-topic-counts-file"),
    "diagnostics-file": MalletOption(ours="--diagnostics-file"),
    "xml-topic-report": MalletOption(ours="--xml-topic-report"),
    "xml-topic-phrase-report": MalletOption(ours="--xml-topic-phrase-report"),
    "output-topic-docs": MalletOption(ours="--output-topic-docs"),
    "num-top-docs": MalletOption(ours="--num-top-docs"),
    "output-doc-topics": MalletOption(ours="--output-doc-topics"),
    "doc-topics-threshold": MalletOption(ours="--doc-topics-threshold"),
    "doc-topics-max": MalletOption(ours="--doc-topics-max"),
    "num-topics": MalletOption(),
    "num-threads": MalletOption(ours="--num-threads"),
    "num-iterations": MalletOption(),
    "num-icm-iterations": MalletOption(),
    "no-inference": MalletOption(kind="flag"),
    "random-seed": MalletOption(),
    "optimize-interval": MalletOption(),
    "optimize-burn-in": MalletOption(),
    "use-symmetric-alpha": MalletOption(kind="flag"),
    "alpha": MalletOption(),
    "beta": MalletOption(),
}

_SAMPLING: Final = "each document is inferred in a fixed number of sweeps"

INFER: Final[Options] = _COMMON | {
    "inferencer": MalletOption(),
    "input": MalletOption(),
    "output-doc-topics": MalletOption(),
    "output-state": MalletOption(
        refused="for topics of tokens: lda export MODEL INPUT --to mallet -o FOLDER"
    ),
    "doc-topics-threshold": MalletOption(ours="--threshold"),
    "doc-topics-max": MalletOption(),
    "num-iterations": MalletOption(ignored=_SAMPLING),
    "sample-interval": MalletOption(ignored=_SAMPLING),
    "burn-in": MalletOption(ignored=_SAMPLING),
    "random-seed": MalletOption(),
}

EVALUATE: Final[Options] = _COMMON | {
    "evaluator": MalletOption(),
    "input": MalletOption(),
    "output-prob": MalletOption(),
    "output-doc-probs": MalletOption(),
    "num-particles": MalletOption(),
    "show-words": MalletOption(kind="flag", refused="lda evaluate tells of documents, not of single words"),
    "use-resampling": MalletOption(kind="flag", ignored="topics before are always drawn again"),
    "num-iterations": MalletOption(ignored="the estimator goes once through each document"),
    "sample-interval": MalletOption(ignored="the estimator goes once through each document"),
    "burn-in": MalletOption(ignored="the estimator goes once through each document"),
    "random-seed": MalletOption(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A command line of MALLET, read: the values by option, and what is to be said of some."""

    values: dict[str, list[str]]
    table: Options
    notes: list[str] = field(default_factory=list)

    def one(self, name: str, otherwise: str | None = None) -> str | None:
        """The value of an option; `otherwise` where it was not given."""
        return self.values[name][-1] if name in self.values else otherwise

    def several(self, name: str) -> list[str]:
        """All values of an option."""
        return self.values.get(name, [])

    def on(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.one(name, "false") == "true"

    def needed(self, name: str, what: str) -> str:
        """The value of an option that must be there. Raises click.UsageError."""
        value = self.one(name)
        if value is None:
            raise click.UsageError(f"--{name} is missing: {what}")
        return value

    def whole(self, name: str, otherwise: int) -> int:
        """A whole number. Raises click.UsageError for anything else."""
        value = self.one(name, str(otherwise))
        try:
            return int(str(value))
        except ValueError:
            raise click.UsageError(f"--{name} must be a whole number, got {value!r:.60}") from None

    def passed_on(self) -> list[str]:
        """Our options for those that have the like."""
        words = []
        for name, option in self.table.items():
            if not option.ours or name not in self.values:
                continue
            if option.kind == "flag":
                words += [option.ours] if self.on(name) else []
            else:
                words += [f"{option.ours}={self.values[name][-1]}"]
        return words


def read(arguments: Sequence[str], table: Options, tool: str) -> Given:
    """Read a command line of MALLET's.

    Values of --config stand before all others, so that these win.

    Raises:
        click.UsageError: it has no such option, one lacks its value, or cannot be had here. DataError: a file of
            options cannot be read.
    """
    found = _parsed(arguments, table, tool)
    for path in found.get("config", []):
        in_file: list[str] = []
        for name, value in read_config(path):
            # Switches have their value in files, as Java's properties do.
            in_file += [
                f"--{name}",
                *(value.split() if _option(name, table, tool).kind == "several" else [value]),
            ]
        found = _parsed(in_file, table, tool) | found
    given = Given(values=found, table=table)
    for name in found:
        option = table[name]
        if option.refused is not None and not (option.kind == "flag" and not given.on(name)):
            raise click.UsageError(f"--{name} of {tool} cannot be had here: {option.refused}")
        if option.ignored:
            given.notes.append(f"--{name} changes nothing here: {option.ignored}")
    return given


def _parsed(arguments: Sequence[str], table: Options, tool: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    at = 0
    while at < len(arguments):
        word = arguments[at]
        if not word.startswith("--"):
            raise click.UsageError(f"{tool} takes options only, got {word!r:.60}; name files by --input")
        name, option = word[2:], _option(word[2:], table, tool)
        at += 1
        values = []
        while at < len(arguments) and not arguments[at].startswith("--"):
            values.append(arguments[at])
            at += 1
            if option.kind != "several":
                break
        if option.kind == "flag":
            value = (values or ["true"])[0].lower()
            if value not in ("true", "false"):
                raise click.UsageError(f"--{name} is true or false, got {value!r:.60}")
            values = [value]
        elif not values:
            raise click.UsageError(f"--{name} needs a value")
        found[name] = values
    return found


def _option(name: str, table: Options, tool: str) -> MalletOption:
    if name not in table:
        close = get_close_matches(name, table)
        like = f"; did you mean --{close[0]}?" if close else f"; `lda mallet {tool} --help` lists them"
        raise click.UsageError(f"{tool} of MALLET has no option --{name}{like}")
    return table[name]
