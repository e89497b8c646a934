"""Runs of consecutive tokens as terms of their own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def add_ngrams(
    doc_offsets: npt.NDArray[np.int64],
    words: npt.NDArray[np.int32],
    terms: list[str],
    ngram_range: tuple[int, int],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], list[str]]:
    """Replace tokens by all runs of low ... high tokens, never across documents.

    A run is spelled with blanks between its words. Runs stand in order of their first word, shorter first.

    Args:
        doc_offsets: (n + 1,) starting at 0.
        words: (n_tokens,) numbers into `terms`.
        terms: the (T,) words.
        ngram_range: shortest and longest run.

    Returns:
        New offsets, words and terms.
    """
    low, high = ngram_range
    position = np.arange(len(words), dtype=np.int64)
    # Tokens from here to the document's end.
    room = np.repeat(doc_offsets[1:], np.diff(doc_offsets)) - position
    codes, names = words.astype(np.int64), terms
    out_codes: list[npt.NDArray[np.int64]] = []
    out_positions: list[npt.NDArray[np.int64]] = []
    out_names: list[str] = []
    for size in range(1, high + 1):
        if size > 1:
            fits = room[position] >= size
            position, codes = position[fits], codes[fits]
            # A run is the run one shorter, already numbered, and one more word: no tuple is ever compared.
            pairs, codes = np.unique(codes * len(terms) + words[position + size - 1], return_inverse=True)
            names = [f"{names[pair // len(terms)]} {terms[pair % len(terms)]}" for pair in pairs.tolist()]
        if size >= low:
            out_codes.append(codes + len(out_names))
            out_positions.append(position)
            out_names += names
    starts = np.concatenate(out_positions)
    order = np.argsort(starts, kind="stable")
    new_offsets = np.searchsorted(starts[order], doc_offsets).astype(np.int64)
    return new_offsets, np.concatenate(out_codes)[order].astype(np.int32), out_names
