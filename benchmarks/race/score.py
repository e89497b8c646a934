"""Scores of snapshots: document completion, by the evaluator of `lda evaluate`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lda import TopicMatrix
from lda.corpus import DocumentBatch
from lda.evaluation.documents import possible
from lda.evaluation.heldout import Estimation, HeldoutScore, score_documents


@dataclass(frozen=True, slots=True)
class Scorer:
    """Held-out documents, and how many threads may score them."""

    documents: DocumentBatch
    vocabulary: list[str]
    threads: int | None = None

    def score(self, phi: Any, alpha: Any) -> HeldoutScore:  # noqa: ANN401 - arrays of any float
        """Score a topic-word matrix (K, V) with its own alpha; every model is scored on the same halves.

        Raises ValueError where it is not one: shapes, negative entries, rows that do not sum to 1.
        """
        matrix = TopicMatrix(matrix=phi, vocabulary=self.vocabulary, alpha=alpha)
        return score_documents(
            matrix.frozen(threads=self.threads),
            possible(matrix, [self.documents]),
            Estimation(),
            vocabulary=self.vocabulary,
        )

    def score_all(self, folder: Path) -> list[dict[str, Any]]:
        """Score the snapshots of a run in the order they were taken; their matrices, which are large, are removed."""
        points = []
        for file in sorted(folder.glob("snapshot-*.json")):
            body = json.loads(file.read_text(encoding="utf-8"))
            matrix = folder / f"phi-{file.stem.removeprefix('snapshot-')}.npy"
            alpha = np.array(body.pop("alpha"))
            found = self.score(np.load(matrix), alpha)
            scored = {"heldout": found.log_likelihood, "standard_error": found.standard_error}
            points.append(body | scored | {"alpha_sum": float(alpha.sum())})
        for matrix in folder.glob("phi-*.npy"):
            matrix.unlink()
        return points
