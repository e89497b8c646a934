"""`fit_groups`: a model for each group of documents, with the settings of an estimator."""

from __future__ import annotations

import warnings
from contextlib import ExitStack
from typing import TYPE_CHECKING

from lda.corpus.storage.leftovers import temporary_folder
from lda.estimator.estimator import settings_of
from lda.experiments.groups.choice import MIN_DOCUMENTS, Choice
from lda.experiments.groups.fitting import fit_each_group
from lda.experiments.groups.groups import Groups
from lda.model.model import Model
from lda.progress import Progress, plural
from lda.seed_words import SeedWords

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lda.cluster import Cluster
    from lda.estimator.estimator import LDA
    from lda.experiments.groups.choice import Small
    from lda.experiments.groups.fitting import Progressed


def fit_groups(
    X: object,
    field: str,
    output: str | Path,
    model: LDA,
    *,
    groups: Sequence[str] = (),
    min_documents: int = MIN_DOCUMENTS,
    small: Small = "skip",
    init_from: Model | str | Path | None = None,
    cluster: Cluster | None = None,
    checkpoint_every: int = 10,
    keep_corpora: bool = False,
    resume: bool = False,
    overwrite: bool = False,
) -> Groups:
    """Fit a model to each group of documents, those with one value of a field, and write them into a folder.

    Groups are fitted side by side, in processes of their own. Each has the same seed, and its model is that of a fit of
    its documents alone. A group that fails does not stop the others: `Groups.failed` names it, and the same call with
    `resume` repeats it.

    Args:
        X: documents with metadata: a `Corpus`, or the path of a corpus folder.
        field: of the metadata. A document with a list of values belongs to the group of each.
        output: folder or URI to write to; `lda fit --group-by` makes the same.
        model: an estimator with the settings of all fits; it is not fitted itself. Its `n_jobs` are the cores of all
            together, and with 1 everything is done in this process.
        groups: values of the groups to fit; empty for all.
        min_documents: a group of fewer is small.
        small: "skip" small groups, or "refuse" to begin.
        init_from: a model, or where one is saved, that each group begins from: topics keep its numbers and names.
        cluster: run on a Ray cluster; None is this machine.
        checkpoint_every: sweeps between checkpoints, from which `resume` goes on; 0: none.
        keep_corpora: keep the documents of each group as a corpus, in `corpora/` of the output.
        resume: fit only groups that are missing or failed. Needs a `random_state`.
        overwrite: replace what is at the output.

    Raises:
        DataError: the field or a group is not there, groups are too small and refused, or the output may not be written
            or is of other documents or settings (a `ValueError`).
        ValueError: a parameter is wrong.
        ClusterError: there is no cluster at the address, it is too small, or it failed too often.
    """
    from lda.corpus import as_corpus

    if model.callbacks:
        raise ValueError("callbacks are of one fit, and groups are fitted in other processes; leave them out")
    if resume and model.random_state is None:
        raise ValueError("resume needs the seed of the earlier call; give the estimator a random_state")
    choice = Choice(field=field, only=tuple(groups), min_documents=min_documents, small=small)
    settings = settings_of(model)
    progress = Progress(verbosity=model.verbose - 1)
    with ExitStack() as stack:
        parent = None if init_from is None else str(init_from)
        if isinstance(init_from, Model):
            parent = stack.enter_context(temporary_folder()) + "/parent"
            init_from.save(parent)
        fit_each_group(
            as_corpus(X),
            choice,
            str(output),
            settings,
            parent=parent,
            seeds=SeedWords.of(
                model.seed_words,
                n_topics=settings.n_topics,
                weight=model.seed_weight,
                frozen=model.frozen_topics,
            ),
            cluster=cluster,
            checkpoint_every=checkpoint_every,
            keep_corpora=keep_corpora,
            resume=resume,
            overwrite=overwrite,
            on_group=lambda progressed: progress.note(_line(progressed)),
            note=progress.note,
            warn=lambda text: warnings.warn(text, stacklevel=4),
        )
    found = Groups.open(output)
    if found.failed:
        warnings.warn(
            f"{plural(len(found.failed), 'group')} failed; `failed` says why, and resume=True repeats them",
            stacklevel=2,
        )
    return found


def _line(progressed: Progressed) -> str:
    group = progressed.group
    told = group.error or plural(group.documents, "document")
    return f"{progressed.ended:,}/{progressed.total:,} {group.value}: {told}, {group.seconds or 0.0:.1f} s"
