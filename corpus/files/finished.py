"""Which inputs are finished corpora."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from lda.corpus.files.manifest import says_corpus
from lda.corpus.inputs.fetching import base_name
from lda.corpus.inputs.globs import is_glob
from lda.corpus.ordered_map import ordered_map
from lda.corpus.readers.registry import READERS, by_name
from lda.corpus.storage.places import is_uri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lda.corpus.readers.arrow_streams import Input

REQUESTS: Final = 32
"""To stores at a time."""


def finished_among(inputs: Sequence[Input]) -> list[str | Path]:
    """The inputs that are finished corpora, in their order.

    Of several URIs only those are asked for that are not called like a file of a known format: a corpus is the only
    input, and thousands of files are not to be asked twice.

    Raises:
        DataError: a store refuses to be reached. NetworkError: it cannot be reached for long.
    """
    several = len(inputs) > 1
    places = [place for place in inputs if isinstance(place, str | Path)]  # no table is one

    def finished(place: str | Path) -> bool:
        if not is_uri(place):
            return says_corpus(place)
        uri = str(place)
        if is_glob(uri) or (several and by_name(base_name(uri), READERS) is not None):
            return False
        return says_corpus(uri)

    remote = sum(is_uri(place) for place in places)
    told = ordered_map(finished, places, min(REQUESTS, remote) or 1)
    return [place for place, is_one in zip(places, told, strict=True) if is_one]
