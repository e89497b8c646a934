"""What the page of a comparison shows, without a browser."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import numpy as np
from made_comparisons import made_comparison

from lda.experiments.comparison.page_data import MOST_CELLS, comparison_data


def test_the_page_holds_relations_words_documents_and_the_matrix() -> None:
    comparison = made_comparison()
    data = comparison_data(comparison)
    json.dumps(data, allow_nan=False)
    assert data["title"] == "old and new"
    [pair] = data["pairs"]
    assert [relation["kind"] for relation in pair["relations"]] == ["shared"] * 3 + ["particular"] * 2
    matrix = pair["similarities"]
    levels = np.frombuffer(base64.b64decode(matrix["bytes"]), dtype=np.uint8)
    given = comparison.pairs[0].similarities
    assert given is not None
    assert np.abs(levels.reshape(matrix["rows"], matrix["columns"]) / 255 - given).max() < 0.002
    assert pair["documents"]["n_documents"] == 12
    assert data["missing"] == []


def test_a_matrix_that_is_too_large_or_not_there_is_said_to_be_missing() -> None:
    comparison = made_comparison()
    [pair] = comparison.pairs
    large = np.broadcast_to(np.float32(0), (MOST_CELLS + 1, 1))
    for similarities, said in ((None, "does not hold it"), (large, "4,000,000 cells")):
        data = comparison_data(replace(comparison, pairs=[replace(pair, similarities=similarities)]))
        assert data["pairs"][0]["similarities"] is None
        assert any(said in text for text in data["missing"])
