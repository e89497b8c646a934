"""A study as it was asked for, checked before anything is read."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from lda.cluster.spec.fit_settings import FitSettings
from lda.corpus.errors import DataError
from lda.corpus.presentable import without_keys
from lda.experiments.study.records import CORPORA, TRAIN, StudySettings
from lda.experiments.study.running.corpora import Split
from lda.experiments.study.search.halving import rungs
from lda.experiments.study.search.search import Kind, Search
from lda.experiments.study.space import (
    PARAMETERS,
    Space,
    corners,
    ends,
    fixed,
    in_words,
    settings_of,
    size_of_space,
    space_to_dict,
    varied,
)
from lda.fit_fields import FIELDS
from lda.samplers.registry import sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from lda.corpus import Recipe
    from lda.experiments.study.running.documents import StudyDocuments
    from lda.experiments.study.space import Parameters

Keep = Literal["all", "best", "none"]
KEEPS: Final[tuple[Keep, ...]] = ("all", "best", "none")
MOST_SEEDS: Final = 1000
TRAINING: Final = "the documents of the training"
"""What the reference is called where no other is named."""

USUAL: Final = (("min_df", 1), ("max_df", 1.0))
"""What `lda fit` takes anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """What a study is to do.

    Attributes:
        split: the documents.
        search: the candidates.
        base: what their fits have in common; the number of topics in it means nothing.
        n_seeds: trials of each candidate; their seeds are that of `base` and those that follow.
        halving: stop the worse ones at rungs.
        keep: which models stay at the end.
        reference: documents for coherence; None for those of the training.
        criteria: compute the criteria of others, too.
        options: words of the command line on how documents become tokens, which no trial varies; None for a study
            from Python.
        command: that repeats the study; None for one from Python.
    """

    split: Split
    search: Search
    base: FitSettings
    n_seeds: int = 1
    halving: bool = False
    keep: Keep = "all"
    reference: StudyDocuments | None = None
    criteria: bool = False
    options: tuple[str, ...] | None = None
    command: str | None = None
    fixed_recipe: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.n_seeds <= MOST_SEEDS:
            raise ValueError(f"--seeds must be from 1 to {MOST_SEEDS}, got {self.n_seeds}")
        if self.keep not in KEEPS:
            raise ValueError(f"--keep must be {', '.join(KEEPS)}, got {self.keep!r:.40}")
        space = self.search.space
        if size_of_space(space) * self.n_seeds <= 1:
            raise ValueError(
                "the search space is empty: every parameter has one value, and there is one seed; list several, as in "
                "-k 20,50,100, or give --seeds 3"
            )
        if self.base.validation_fraction or self.base.tol is not None:
            raise ValueError(
                "--validation-fraction and --tol go without a study, which scores all trials on the same documents; "
                "leave them out, and see --test-fraction and --halving"
            )
        for parameters in corners(space):
            settings_of(self.base, parameters, self.base.seed)
        if self.halving:
            if "sweeps" in space:
                raise ValueError(
                    "--halving compares trials after the same sweeps, so --sweeps must be one number"
                )
            if self.search.n_wanted * self.n_seeds < 2 or self.search.n_wanted == 1:
                raise ValueError(
                    f"--halving needs several candidates to choose from, got 1 ({in_words(next(corners(space)))}); "
                    "leave it out, or list more values"
                )
            rungs(self.base.sweeps, halving=True)

    @property
    def reference_name(self) -> str:
        """What the documents for coherence are called."""
        if self.reference is None:
            return TRAINING
        return ", ".join(self.reference.names) or "the reference"

    @property
    def seeds(self) -> tuple[int, ...]:
        """Of the trials of each candidate."""
        return tuple(self.base.seed + i for i in range(self.n_seeds))

    @property
    def most_topics(self) -> int:
        """The largest number of topics of any candidate."""
        return int(max(ends(self.search.space["topics"])))

    def settings(self, name: str, created: str) -> StudySettings:
        """What the study's file says, the corpora still missing."""
        from lda.model.run_record import package_versions

        fit = self.base.to_dict()
        for entry in ("threads", "n_topics"):  # of the machine, or of the trial
            del fit[entry]
        return StudySettings(
            name=name,
            source={
                "digest": self.split.documents.digest(),
                "inputs": list(self.split.documents.names),
            },
            reading={
                "options": None if self.options is None else list(self.options),
                "recipe": self.fixed_recipe,
            },
            search={
                "kind": self.search.kind,
                "space": space_to_dict(self.search.space),
                "candidates": self.search.n_candidates,
                "seed": self.search.seed,
                "batch": self.search.batch,
                "halving": self.halving,
                "rungs": list(rungs(self.base.sweeps, halving=self.halving)),
                "criteria": self.criteria,
                "reference": self.reference_name,
                "reference_digest": None if self.reference is None else self.reference.digest(),
            },
            seeds=self.seeds,
            split=self.split.to_dict(),
            fit=fit,
            command=self.command,
            versions=package_versions(),
            created=created,
        )


def plan_of(
    values: Space,
    *,
    documents: StudyDocuments,
    heldout: StudyDocuments | None,
    test_fraction: float,
    recipe_of: Callable[[Parameters], Recipe | None],
    seed: int,
    common: Mapping[str, Any],
    search: Kind = "grid",
    n_candidates: int | None = None,
    near_duplicates: float | None = None,
    **choices: Any,  # noqa: ANN401 - fields of StudyPlan
) -> StudyPlan:
    """The plan for values of parameters, by name; what has one value is no part of the search.

    Args:
        values: as `lda.experiments.study.space.check_values` gives them; "topics" among them.
        documents: to train on.
        heldout: to score on; None holds out some of `documents`.
        test_fraction: share that is held out.
        recipe_of: the recipe for values of its parameters.
        seed: of the first trial of each candidate, and of the search.
        common: further fields of `FitSettings`.
        search: kind of the search.
        n_candidates: to try; None for all of a grid.
        near_duplicates: the least similarity of documents that are kept on one side.
        **choices: further fields of `StudyPlan`.

    Raises:
        ValueError: they do not go together.
        DataError: the documents are missing, or are a corpus whose words are fixed, and a recipe is asked for.
    """
    samplers = values.get("sampler")
    for name in samplers if isinstance(samplers, tuple) else ():
        if name != "auto":
            sampler(name)
    single, space = fixed(values), varied(values)
    own = {name: value for name, value in single.items() if PARAMETERS[name].of_recipe}
    settings = {
        PARAMETERS[name].setting: value for name, value in single.items() if not PARAMETERS[name].of_recipe
    }
    first = int(ends(space["topics"])[0])

    def with_own(parameters: Parameters) -> Recipe | None:
        return recipe_of({**own, **parameters})

    found = with_own if documents.ready is None else _fixed_words(documents, recipe_of(own), space)
    return StudyPlan(
        split=Split(
            documents=documents,
            heldout=heldout,
            test_fraction=test_fraction,
            recipe_of=found,
            near_duplicates=near_duplicates,
        ),
        search=Search(kind=search, space=space, n_candidates=n_candidates, seed=seed),
        base=FitSettings(n_topics=first, seed=seed, **{**common, **settings}),
        fixed_recipe=own,
        **choices,
    )


def _fixed_words(
    documents: StudyDocuments, recipe: Recipe | None, space: Space
) -> Callable[[Parameters], Recipe | None]:
    """No recipe at all, for documents that are a corpus. Raises DataError where one was asked for."""
    from lda.corpus import Recipe

    odd = next((PARAMETERS[name].flag for name in space if PARAMETERS[name].of_recipe), None)
    if odd is not None or recipe not in (None, Recipe()):
        what = f"{odd} cannot vary" if odd is not None else "text options cannot change them"
        name = ", ".join(documents.names) or "the input"
        raise DataError(f"{name} is a finished corpus, its words are fixed, so {what}; give the texts")
    return lambda parameters: None


def trial_command(study: Path, corpus: str, settings: FitSettings, number: int) -> str:
    """The command that fits a trial's model by itself."""
    words = [
        "lda", "fit", str(study / CORPORA / corpus / TRAIN), *setting_words(settings),
        "-o", f"{study.name}-{number:04d}",
    ]  # fmt: skip
    return shlex.join(without_keys(word) for word in words)


def setting_words(settings: FitSettings) -> list[str]:
    """The options of `lda fit` for settings, without what changes no bit of the model."""
    words: list[str] = []
    for row in FIELDS:
        if row.of_machine or row.about == "machine":
            continue
        value = getattr(settings, row.setting)
        if value is None or (value == row.default and row.setting not in ("n_topics", "sweeps", "seed")):
            continue
        flag = next(flag for flag in row.flags if flag.startswith("--"))
        text = ",".join(map(repr, value)) if isinstance(value, tuple | list) else str(value)
        words += [flag, text]
    return words


def fit_command(
    settings: StudySettings, fit: FitSettings, parameters: Mapping[str, Any], output: str = "model/"
) -> str | None:
    """The command that fits all documents of a study with the settings of a candidate; None for one from Python."""
    options, inputs = settings.reading.get("options"), settings.source.get("inputs")
    if options is None or not inputs:
        return None
    recipe: list[str] = []
    for name, value in {**settings.reading.get("recipe", {}), **parameters}.items():
        if not PARAMETERS[name].of_recipe or (name, value) in USUAL:
            continue
        values = str(value).split("+") if name == "stop_words" else [str(value)]
        recipe += [word for one in values for word in (PARAMETERS[name].flag, one)]
    words = ["lda", "fit", *inputs, *options, *recipe, *setting_words(fit), "-o", output]
    return shlex.join(words)
