"""`lda.tune`: a study from Python."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.corpus.machine import available_cores
from lda.estimator.sklearn_conventions import threads_of
from lda.experiments.study.running.documents import ReadDocuments, study_documents
from lda.experiments.study.running.plan import plan_of
from lda.experiments.study.running.study_run import Workers
from lda.experiments.study.running.trial_line import LineListener
from lda.experiments.study.space import (
    COMMON_SETTINGS,
    PARAMETERS,
    check_values,
    parse_values,
    stop_lists_of,
)
from lda.experiments.study.tuning import run_study
from lda.fit_fields import FIELDS
from lda.progress import Progress

if TYPE_CHECKING:
    from lda.cluster import Cluster
    from lda.corpus import Recipe
    from lda.experiments.study.running.plan import Keep
    from lda.experiments.study.search.search import Kind
    from lda.experiments.study.space import Parameters, Space
    from lda.experiments.study.study import Study

_COMMON: Final = {row.parameter: row.setting for row in FIELDS if row.setting in COMMON_SETTINGS}
"""Parameters of `LDA` that all trials share."""


def tune(
    X: object,
    n_components: object,
    *,
    output: str | Path,
    alpha: object = "auto",
    beta: object = "auto",
    sampler: object = "auto",
    max_iter: object = 200,
    phases: object = None,
    min_df: object = None,
    max_df: object = None,
    stop_words: object = None,
    recipe: Recipe | None = None,
    search: Kind = "grid",
    n_candidates: int | None = None,
    n_seeds: int = 1,
    random_state: int = 0,
    halving: bool = False,
    test_fraction: float = 0.1,
    heldout: object = None,
    near_duplicates: float | None = None,
    reference: object = None,
    criteria: bool = False,
    time: float | None = None,
    n_jobs: int | None = None,
    at_once: int | None = None,
    cluster: Cluster | None = None,
    keep: Keep = "all",
    page: bool = True,
    resume: bool = False,
    overwrite: bool = False,
    verbose: int = 0,
    **settings: Any,  # noqa: ANN401 - parameters of LDA
) -> Study:
    """Fit models with many settings, compare them on documents that none has seen, and keep it all in a folder.

    Where several values are asked for, they are a list, `[20, 50, 100]`; with the searches "random" and "bayes" those
    of numbers may be a range, written "20-400". One value stands for itself. All trials are trained on the same
    documents and scored on the same others, and they are the same on any number of cores or workers.

    Args:
        X: everything that `lda.as_corpus` takes, or a file, or several, that `lda.read_corpus` reads.
        n_components: numbers of topics.
        output: folder of the study.
        alpha: priors of a topic in a document, as of `LDA`.
        beta: priors of a term in a topic, likewise.
        sampler: names of samplers.
        max_iter: sweeps.
        phases: exchanges of counts a sweep; None leaves them to the sampler.
        min_df: of files of text: drop terms in fewer documents than this; several make a corpus each.
        max_df: drop terms in more documents, likewise.
        stop_words: languages or files, likewise; None drops none. Lists that add up are joined by a plus:
            "en+mine.txt".
        recipe: how the text of files becomes tokens otherwise.
        search: "grid" tries all combinations, "random" some, "bayes" those that earlier ones speak for.
        n_candidates: combinations that "random" and "bayes" try.
        n_seeds: fits of each candidate, which differ by seed alone.
        random_state: seed of the first of them, and of the search.
        halving: stop the worse ones after a ninth and a third of the sweeps.
        test_fraction: share of the documents that is held out, chosen by a hash of their ids.
        heldout: documents to score on instead; in any form that X may have.
        near_duplicates: keep documents on one side whose shingles of three words have a Jaccard index of this or more,
            0.5 to 1 (needs the extra `dedupe`). None keeps those of the same words together.
        reference: documents for NPMI; None takes those of the training.
        criteria: add the criteria of Griffiths, Cao Juan, Arun and Deveaud.
        time: seconds within which trials must be expected to end to begin; None for all the time there is.
        n_jobs: cores in all; None and -1 take all of the machine.
        at_once: trials side by side, each in a process; 0 does them one after the other in this process. None is as
            many as cores.
        cluster: where to work instead; all nodes must see the folder.
        keep: which models stay: "all", "best" or "none".
        page: write `study.html`, which needs the extra `report`.
        resume: go on with the study in the folder, if there is one.
        overwrite: replace it.
        verbose: 0 says nothing but warnings; 1 tells of each trial.
        **settings: further parameters of `LDA` that all trials share, such as `burn_in`.

    Returns:
        The study, as it lies in the folder; its `summary()` says what to make of it.

    Raises:
        DataError: the input is missing or damaged, or the folder is of another study, in use, or not ours.
        ValueError: values do not go together, or the time is too short for a trial.
        TypeError: a parameter is none of `LDA`, or is no setting that trials can share.
        ClusterError: there is no cluster, or it fails.
        MissingPackageError: an extra is needed.
    """
    for name in settings:
        if name not in _COMMON:
            raise TypeError(
                f"tune takes {', '.join(_COMMON)} besides its own parameters, got {name!r:.60}; see LDA for others"
            )
    if time is not None and not 0 < time < math.inf:
        raise ValueError(f"time must be a number of seconds above 0, got {time!r:.40}")
    if n_jobs is not None and n_jobs != -1 and n_jobs < 1:
        raise ValueError(f"n_jobs must be a number of cores, or -1 or None for all, got {n_jobs!r:.40}")
    if at_once is not None and at_once < 0:
        raise ValueError(f"at_once must be at least 0, or None, got {at_once!r:.40}")
    values = _values(
        {
            "topics": n_components, "alpha": alpha, "beta": beta, "sampler": sampler, "phases": phases,
            "sweeps": max_iter, "min_df": min_df, "max_df": max_df, "stop_words": stop_words,
        }
    )  # fmt: skip
    documents = study_documents(X)
    of_files = isinstance(documents, ReadDocuments)
    if not of_files and (recipe is not None or any(PARAMETERS[name].of_recipe for name in values)):
        raise DataError(
            "recipe, min_df, max_df and stop_words are for files of text, whose words can be chosen; those of X "
            "are fixed"
        )
    plan = plan_of(
        values,
        documents=documents,
        heldout=None if heldout is None else study_documents(heldout),
        test_fraction=test_fraction,
        recipe_of=_recipes(recipe) if of_files else lambda parameters: None,
        seed=random_state,
        common={_COMMON[name]: value for name, value in settings.items()},
        search=search,
        n_candidates=n_candidates,
        near_duplicates=near_duplicates,
        n_seeds=n_seeds,
        halving=halving,
        keep=keep,
        reference=None if reference is None else study_documents(reference),
        criteria=criteria,
    )
    found = run_study(
        plan,
        Path(output),
        workers=Workers(cores=threads_of(n_jobs) or available_cores(), at_once=at_once, cluster=cluster),
        listener=LineListener(Progress("log", verbosity=0 if verbose else -1)),
        seconds=time,
        page=page,
        resume=resume,
        overwrite=overwrite,
    )
    return found.study


def _values(asked: dict[str, object]) -> Space:
    found: Space = {}
    for name, values in asked.items():
        if values is None:
            continue
        parameter = PARAMETERS[name]
        found[name] = (
            parse_values(parameter, values) if isinstance(values, str) else check_values(parameter, values)
        )
    return found


def _recipes(base: Recipe | None) -> Any:  # noqa: ANN401 - a function, typed within
    """The function from values of the recipe's parameters to the recipe."""
    from lda.corpus import Recipe, resolve_stop_words

    def recipe_of(parameters: Parameters) -> Recipe:
        changes = dict(parameters)
        words = changes.get("stop_words")
        if words is not None:
            lists = stop_lists_of(words)
            changes["stop_words"] = resolve_stop_words(*lists) if lists else None
        return replace(base or Recipe(), **changes)

    return recipe_of
