"""Whether the record of a part, which an earlier run has left, can be gone on from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from lda.corpus.documents.steps import StepTally
from lda.corpus.ingest.scan import forms_file, terms_file
from lda.corpus.ingest.shards import unpacked_schema
from lda.corpus.readers.seen_fields import SeenFields
from lda.corpus.text.word_loss import WordLoss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lda.corpus.ingest.plan import BuildPlan

MOST: Final = 2**53
"""No part has more of anything."""

_COUNTS: Final = {
    "scan": ("n_documents", "n_stopped", "n_without_text", "n_tokens", "lines"),
    "prints": ("documents", "lines"),
    "pairs": (),
}


def is_sound(record: Mapping[str, Any], key: str, plan: BuildPlan) -> bool:
    """Whether a record says all that a build asks of it, and speaks of the files of its part only.

    A record is signed, but whoever can write a work folder can sign: what is wrong in one would come out as a fault of
    ours, or as a corpus that cannot be opened in the place of one that could. A part without a sound one is read again.

    key: by which the record is named.
    """
    try:
        return _is_sound(record, key, key.partition("-")[0], plan)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError, pa.ArrowException):
        return False


def _is_sound(record: Mapping[str, Any], key: str, kind: str, plan: BuildPlan) -> bool:
    counts = [record[name] for name in _COUNTS[kind]]
    skipped = [record[name] for name in ("n_skipped", "n_good") if name in record]
    sizes = dict(record["sizes"])
    if not all(map(_is_count, [*counts, *skipped, *sizes.values()])) or len(record["boot"]) != 2:
        return False
    named = {f"{key}.skipped"} if record.get("n_skipped") else set[str]()
    if kind == "pairs":
        named |= {f"{key}.words", f"{key}.pairs"}
    elif kind == "prints":
        named |= {f"{key}.prints"}
    else:
        files, numberings = list(record["files"]), range(len(list(record["n_terms"])))
        if not all(map(_is_count, [*record["n_terms"], *(file["documents"] for file in files)])):
            return False
        if sum(file["documents"] for file in files) != record["n_documents"]:
            return False
        if not all(type(file["numbering"]) is int and file["numbering"] in numberings for file in files):
            return False
        named |= {file["file"] for file in files} | {terms_file(key, number) for number in numberings}
        if record["has_forms"]:
            named |= {forms_file(key, number) for number in numberings}
        for text in record["schemas"]:
            unpacked_schema(text)
        SeenFields().add(record["fields"])
        if record["loss"] is not None:
            WordLoss(plan.recipe.strip).add_counts(record["loss"])
        if plan.steps:
            StepTally().add(StepTally.from_dict(record["steps"]))
    return named == set(sizes) and all(
        name.startswith((f"{key}-", f"{key}.")) and "/" not in name for name in named
    )


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MOST
