"""The corpora of a study: one for each recipe, each in two parts with the same documents on either side."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.experiments.study.records import CORPORA, HELDOUT, TRAIN, CorpusFacts
from lda.progress import plural

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from lda.corpus import Corpus, Recipe
    from lda.experiments.study.running.documents import StudyDocuments
    from lda.experiments.study.space import Parameters

NAME_DIGITS: Final = 8
PARTS: Final = "parts.npy"
"""File among the corpora that says which documents are held out, (D,) int8."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """How documents are told apart that no trial is trained on.

    Attributes:
        documents: to train on, and to hold some out of.
        heldout: documents to score on instead; then all of `documents` are trained on.
        test_fraction: share of the documents that is held out, chosen by a hash of their ids.
        near_duplicates: the least similarity of documents that are kept on one side; None for the same words alone.
        recipe_of: the recipe for values of its parameters; None for counts, or a corpus whose words are fixed.
    """

    documents: StudyDocuments
    heldout: StudyDocuments | None
    test_fraction: float
    recipe_of: Callable[[Parameters], Recipe | None]
    near_duplicates: float | None = None

    def __post_init__(self) -> None:
        if self.near_duplicates is not None:
            from lda.corpus.documents.near_duplicates import check_threshold
            from lda.splitting.near_duplicates import sketcher

            if self.heldout is not None:
                raise ValueError(
                    "--near-duplicates is for documents that are divided; leave it out beside --heldout"
                )
            check_threshold(self.near_duplicates)
            sketcher()
        if self.heldout is None and not 0 < self.test_fraction < 1:
            raise ValueError(
                f"--test-fraction must lie between 0 and 1, got {self.test_fraction:g}: trials are compared on "
                "documents that none was trained on; hold some out, or name others by --heldout"
            )

    def to_dict(self) -> dict[str, Any]:
        """What a study keeps of it."""
        if self.heldout is None:
            return {
                "test_fraction": self.test_fraction,
                "by": "id",
                "near_duplicates": self.near_duplicates,
            }
        return {"heldout": self.heldout.digest(), "inputs": list(self.heldout.names)}

    def name(self, parameters: Parameters) -> str:
        """The name of the corpus for these parameters of the recipe."""
        recipe = self.recipe_of(parameters)
        told = {"parameters": parameters, "recipe": None if recipe is None else recipe.to_dict()}
        text = json.dumps(told, sort_keys=True, default=list)
        return hashlib.sha256(text.encode()).hexdigest()[:NAME_DIGITS]

    def corpus(self, study: Path, parameters: Parameters, *, threads: int | None) -> CorpusFacts:
        """Make the two parts of a corpus in the study's folder, unless they are there.

        Raises:
            DataError: the input is missing, damaged or empty, or leaves nothing to train on or to score.
            OSError: there is no room.
        """
        from lda.corpus import Corpus
        from lda.corpus.files.manifest import is_corpus_folder

        folder = study / CORPORA / self.name(parameters)
        if not all(is_corpus_folder(folder / part) for part in (TRAIN, HELDOUT)):
            shutil.rmtree(folder, ignore_errors=True)  # half of it, of a run that was killed
            folder.mkdir(parents=True)
            self._make(folder, self.recipe_of(parameters), threads)
        train, heldout = (Corpus.open(folder / part) for part in (TRAIN, HELDOUT))
        _check(train, heldout)
        recipe = train.recipe
        return CorpusFacts(
            parameters=parameters,
            recipe=None if recipe is None else recipe.to_dict(),
            train_hash=train.content_hash,
            heldout_hash=heldout.content_hash,
            n_documents=train.n_documents,
            n_heldout=heldout.n_documents,
            n_tokens=train.n_tokens,
            n_terms=train.n_terms,
        )

    def leaked(self, study: Path, parameters: Parameters) -> int:
        """How many documents to score on say what one to train on says, word by word; short ones do not count."""
        import numpy as np

        from lda.corpus import Corpus
        from lda.corpus.document_hashes import content_hashes

        folder = study / CORPORA / self.name(parameters)
        train, heldout = (content_hashes(Corpus.open(folder / part)) for part in (TRAIN, HELDOUT))
        return int(np.isin(heldout[heldout != 0], train).sum())

    def _make(self, folder: Path, recipe: Recipe | None, threads: int | None) -> None:
        from lda.corpus.finished.partition import partition_corpus

        if self.heldout is not None:
            train = self.documents.build(recipe, folder / TRAIN, threads=threads)
            # By the words of the training: they alone are scored, however often they stand in these documents.
            fixed = self.heldout.ready is not None or train.recipe is None
            words = None if fixed or train.recipe is None else all_words(train.recipe)
            self.heldout.build(words, folder / HELDOUT, threads=threads)
            return
        whole, ready = folder / "whole", self.documents.ready
        # One that is there need not be copied twice.
        corpus = self.documents.build(recipe, whole, threads=threads) if ready is None else ready
        partition_corpus(
            corpus, self._parts(folder.parent / PARTS, corpus), [folder / TRAIN, folder / HELDOUT]
        )
        shutil.rmtree(whole, ignore_errors=True)

    def _parts(self, path: Path, corpus: Corpus) -> npt.NDArray[np.int64]:
        """(D,) 0 to train on, 1 to score on: decided by the first corpus of a study, and kept for the others.

        Documents of the same words are on one side. Which ones these are may differ by recipe, so it is asked once.
        """
        import numpy as np

        from lda.corpus.storage.atomic_write import replaced_file
        from lda.splitting.document_keys import CONTENT, ID
        from lda.splitting.split import EmptyPartError, SplitOptions, divide

        if path.is_file():
            parts = _read_parts(path)
            if parts.shape == (corpus.n_documents,):
                return parts
        ids = corpus.document_ids()
        options = SplitOptions(
            shares=(1 - self.test_fraction, self.test_fraction),
            names=(TRAIN, HELDOUT),
            by_hash=ID if len(ids.unique()) == len(ids) else CONTENT,
            near_duplicates=self.near_duplicates,
        )
        try:
            found = divide(corpus, options, look_for_leaks=False).parts
        except EmptyPartError:
            raise DataError(
                f"of {plural(corpus.n_documents, 'document')}, none or all would be held out at --test-fraction "
                f"{self.test_fraction:g}; hold out another share, or name documents by --heldout"
            ) from None
        with replaced_file(path) as temporary, temporary.open("wb") as file:
            np.save(file, found.astype(np.int8))
        return found


def _read_parts(path: Path) -> npt.NDArray[np.int64]:
    """(D,) 0 and 1, as they were written. Raises DataError for a damaged file."""
    import numpy as np

    from lda.corpus.storage.npy_file import read_array

    try:
        with path.open("rb") as file:
            parts = np.asarray(read_array(file, path.stat().st_size, "i"), dtype=np.int64)
        if parts.ndim != 1 or not np.isin(parts, (0, 1)).all():
            raise ValueError("it says of documents what is no part")
    except ValueError as error:
        raise DataError(f"{path} is damaged ({error}); make the study anew (--overwrite)") from None
    return parts


def all_words(recipe: Recipe) -> Recipe:
    """The recipe without a choice among words, which would be by documents that are few and others."""
    return replace(recipe, min_df=1, max_df=1.0, max_features=None)


def _check(train: Corpus, heldout: Corpus) -> None:
    if not train.n_tokens:
        raise DataError("the documents to train on have no tokens; check --min-df, --max-df and --stop-words")
    if not heldout.n_tokens:
        raise DataError(
            f"none of {heldout.n_documents:,} held-out documents has a token, so there is nothing to score; "
            "hold out more (--test-fraction), or name documents by --heldout"
        )
