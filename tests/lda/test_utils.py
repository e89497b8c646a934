"""`lda.utils`: matrices, lists of tokens and LDA-C."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.sparse as sp

import lda
from lda.corpus import DataError
from lda.utils import check_random_state, dtm2ldac, ldac2dtm, lists_to_matrix, matrix_to_lists

if TYPE_CHECKING:
    from pathlib import Path

DTM = np.array([[2, 0, 1], [0, 3, 0]])
FORMS = [np.array, sp.csr_matrix, sp.csc_array, sp.lil_matrix, sp.coo_array]


@pytest.mark.parametrize("form", FORMS)
def test_tokens_of_a_matrix(form: Any) -> None:
    words, documents = matrix_to_lists(form(DTM))
    assert (words.tolist(), documents.tolist()) == ([0, 0, 2, 1, 1, 1], [0, 0, 0, 1, 1, 1])
    assert words.dtype == documents.dtype == np.intc
    np.testing.assert_array_equal(lists_to_matrix(words, documents), DTM)
    assert list(dtm2ldac(form(DTM))) == ["2 0:2 2:1", "1 1:3"]


def test_entries_that_are_zero_or_twice_are_counts_all_the_same() -> None:
    twice = sp.coo_matrix(
        (np.array([1, 1, 0, 3]), (np.array([0, 0, 1, 1]), np.array([0, 0, 0, 1]))), shape=(2, 3)
    )
    assert list(dtm2ldac(twice, offset=1)) == ["1 1:2", "1 2:3"]


def test_lines_of_lda_c(tmp_path: Path) -> None:
    np.testing.assert_array_equal(ldac2dtm(io.StringIO("2 0:2 2:1\n\n1 1:3\n")), DTM)
    np.testing.assert_array_equal(ldac2dtm(["2 1:2 3:1", "1 2:3"], offset=1), DTM)
    assert ldac2dtm([]).shape == (0, 0)
    # What is written here, `lda.read_corpus` reads.
    (tmp_path / "c.ldac").write_text("\n".join(dtm2ldac(DTM)) + "\n")
    assert lda.read_corpus([tmp_path / "c.ldac"]).n_tokens == 6


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x 0:1", r"line 2 of LDA-C must be .*: x 0:1"),
        ("1 0", "line 2 of LDA-C must be"),
        ("1 0:1:2", "line 2 of LDA-C must be"),
        ("1 0:1.5", "whole numbers"),
        ("2 0:1", "announces 2 terms and has 1"),
        ("2 0:1 0:1", "a term twice"),
        ("1 -1:1", "a term below 0"),
        ("1 0:-1", "negative count"),
        ("1 0:2147483648", "a count above 2147483647"),
        ("1 0:\x1b[31m", r"whole numbers: 1 0:[^\x1b]*$"),
    ],
)
def test_lines_that_are_none(line: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ldac2dtm(["1 0:1", line])


def test_entries_of_one_cell_add_up_beyond_their_type() -> None:
    counts, first = np.array([200, 200], np.uint8), np.zeros(2, np.int64)
    for matrix in (
        sp.coo_matrix((counts, (first, first)), shape=(1, 1)),
        sp.csr_matrix((counts, first, np.array([0, 2])), shape=(1, 1)),
    ):
        assert list(dtm2ldac(matrix)) == ["1 0:400"]


def test_matrices_that_are_no_counts() -> None:
    for matrix, message in (
        (-DTM, "got -2"),
        (DTM / 4, "got 0.5"),
        (sp.csr_matrix(DTM / 1), "whole numbers, got float64"),
        (np.zeros(3), r"1 dimension\(s\)"),
        (np.array([[np.nan]]), "got nan"),
        (np.array([[1, np.inf]]), "got inf"),
        (np.array([["a"]]), "numbers, got the type <U1"),
    ):
        with pytest.raises(ValueError, match=message):
            matrix_to_lists(matrix)
    with pytest.raises(DataError, match=r"row 1 .* all zeros"):
        list(dtm2ldac(np.array([[1], [0]])))
    for lists, message in ((([0], [0, 1]), "one length"), (([], []), "no tokens"), (([0], [-1]), "from 0")):
        with pytest.raises(DataError, match=message):
            lists_to_matrix(*lists)


def test_rows_and_columns_without_tokens_are_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="lda"):
        matrix_to_lists(np.array([[1, 0], [0, 0]]))
    assert caplog.messages == [f"all zero {line} in document-term matrix found" for line in ("row", "column")]


def test_random_states() -> None:
    assert check_random_state(3).rand() == np.random.RandomState(3).rand()
    given = np.random.RandomState(3)
    assert check_random_state(given) is given
    np.random.seed(3)  # noqa: NPY002 - the global generator is meant
    assert check_random_state(None).rand() == np.random.RandomState(3).rand()
    with pytest.raises(ValueError, match="RandomState or None, got 'x'"):
        check_random_state("x")  # type: ignore[arg-type]


def test_a_damaged_number_asks_for_no_terabytes() -> None:
    with pytest.raises(DataError, match=r"would have 1 x 100000000000 cells"):
        lda.utils.ldac2dtm(["1 99999999999:1"])
    with pytest.raises(DataError, match="correct the highest number"):
        lda.utils.lists_to_matrix([10**12], [0])
