"""Which run went on from which: parents are known by the fingerprints of their models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lda.report.facts import in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.experiments.history.runs import ListedModel

MOST: Final = 10_000
"""Parents that are followed: records may be forged to name each other in a circle."""


@dataclass(frozen=True, slots=True)
class Step:
    """One of a line of descent. run: None for a parent that is not among the runs. told: what it is to the next one."""

    run: ListedModel | None
    told: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A run with its depth in a tree. run: None for a parent that is not there, which `told` names."""

    run: ListedModel | None
    depth: int
    told: str = ""


class _Known:
    """Runs by fingerprint; several may have one, for they are the same model."""

    def __init__(self, runs: Sequence[ListedModel]) -> None:
        self._runs: dict[str, list[ListedModel]] = {}
        for run in runs:
            if run.fingerprint is not None:
                self._runs.setdefault(run.fingerprint, []).append(run)

    def parent_of(self, run: ListedModel) -> ListedModel | None:
        """What a run went on from, if it is here: of several, the one that its command names, or else the first.

        Never itself, under whatever name: a model that was aligned to numbers which it had keeps its fingerprint.
        """
        found = [one for one in self._runs.get(_of(run) or "", []) if replace(one, name=run.name) != run]
        words = {word.rstrip("/") for word in (run.command or "").split()}
        named = (one for one in found if any(_ends(one.name, word) for word in words))
        return next(named, found[0] if found else None)


def _of(run: ListedModel) -> str | None:
    """By what a run knows its parent."""
    parent = run.parent or {}
    return parent.get("fingerprint") or parent.get("sha256")


def _ends(name: str, word: str) -> bool:
    """Whether a path is that of a command, seen from elsewhere."""
    return bool(word) and (name == word or name.endswith(f"/{word}") or word.endswith(f"/{name}"))


def ancestors(run: ListedModel, runs: Sequence[ListedModel]) -> list[Step]:
    """Where a run comes from, the oldest first, the run itself last."""
    known = _Known(runs)
    steps = [Step(run, "")]
    seen = {run.name}  # not fingerprints: a model that gets its old topic numbers back has one of an ancestor
    while len(steps) < MOST:
        child = steps[-1].run
        if child is None or child.parent is None:
            break
        parent = known.parent_of(child)
        steps.append(Step(parent, in_words(child.parent)))
        if parent is None or parent.name in seen:
            break
        seen.add(parent.name)
    return steps[::-1]


def tree(runs: Sequence[ListedModel]) -> list[Branch]:
    """The runs, each below the one that it went on from, in the order that they have otherwise.

    A parent that is not among them is a branch without a run. Those in a circle, which only forgery makes, are listed
    by themselves.
    """
    known = _Known(runs)
    children: dict[str, list[ListedModel]] = {}
    orphans: dict[str, list[ListedModel]] = {}
    roots: list[ListedModel] = []
    for run in runs:
        parent, name = known.parent_of(run), _of(run)
        if parent is not None:
            children.setdefault(parent.name, []).append(run)
        elif name is not None:
            orphans.setdefault(name, []).append(run)
        else:
            roots.append(run)
    found: list[Branch] = []
    told: set[str] = set()

    def grow(run: ListedModel, depth: int) -> None:
        stack = [(run, depth)]
        while stack:
            one, level = stack.pop()
            if one.name not in told:
                told.add(one.name)
                found.append(Branch(one, level))
                stack += [(child, level + 1) for child in reversed(children.get(one.name, []))]

    for run in roots:
        grow(run, 0)
    for below in orphans.values():
        found.append(Branch(None, 0, in_words(below[0].parent or {})))
        for run in below:
            grow(run, 1)
    for run in runs:  # those in a circle
        grow(run, 0)
    return found
