"""Several finished corpora as one: their vocabularies joined by name, their documents one after the other."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from lda.corpus.arrow import array, pc, string_list, strings
from lda.corpus.assembly.cutting import cut
from lda.corpus.assembly.pruning import select_terms
from lda.corpus.assembly.shard_bounds import shard_bounds
from lda.corpus.corpus import Corpus
from lda.corpus.document_hashes import text_hashes
from lda.corpus.errors import DataError
from lda.corpus.files.folder import check_place, write_folder
from lda.corpus.metadata import conform, unify
from lda.corpus.presentable import presentable, printable
from lda.corpus.shard import batch_arrays, make_batch, table_metadata
from lda.corpus.storage.places import is_uri
from lda.corpus.summary import Summary, stop_word_share, told_too_frequent, vocabulary_table
from lda.corpus.text.term_keys import OF_KEYS, TermKeys, has_keys, shown_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from lda.corpus.text.recipe import Recipe

    Integers = npt.NDArray[np.int64]

OF_READING: Final = ("text", "id")
"""Settings of a recipe that say where the text was, not what became of it."""

OF_PRUNING: Final = ("min_df", "max_df", "max_features")
"""Settings that were applied to each corpus alone, and cannot be undone."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RecipeDifference:
    """A setting of which corpora differ.

    Attributes:
        name: of the setting.
        values: of each corpus.
        kind: "reading" says where the text was, "pruning" which rare or frequent terms went; "words" what a word is, so
            that the same text became other words in one corpus than in another.
    """

    name: str
    values: tuple[object, ...]
    kind: str


def recipe_differences(recipes: Sequence[Recipe | None]) -> list[RecipeDifference]:
    """What recipes differ in, what a word is first. None, of what was counted elsewhere, differs in nothing."""
    known = [recipe for recipe in recipes if recipe is not None]
    found = []
    for field in dataclasses.fields(known[0]) if known else ():
        if not field.compare:
            continue
        values = tuple(getattr(recipe, field.name) for recipe in known)
        if any(value != values[0] or type(value) is not type(values[0]) for value in values):
            kind = (
                "reading" if field.name in OF_READING else "pruning" if field.name in OF_PRUNING else "words"
            )
            found.append(RecipeDifference(name=field.name, values=values, kind=kind))
    order = ("words", "pruning", "reading")
    return sorted(found, key=lambda one: order.index(one.kind))


def merge_corpora(
    corpora: Sequence[Corpus],
    folder: str | Path,
    *,
    prefixes: Sequence[str] | None = None,
    overwrite: bool = False,
) -> Corpus:
    """Write the documents of several corpora into one, and open it.

    Terms of the same name are one term; where all corpora count words as one in the same way, so are those of one key,
    and the name with most tokens stays. The vocabulary of texts stands in order of falling frequency, as a build of all
    of them would have it; of counts, the terms of the first corpus come first, in its order, then those that the second
    one adds, and so on. Documents keep their order, ids and fields; where fields differ in type they are widened, or
    become text, as in a build. The shards are read once, and not held.

    Without limits on terms (min_df, max_df, max_features) the result is that of one build of all inputs; with limits,
    each corpus lacks what was rare or frequent in itself. The recipe is that of the first corpus that has one:
    `recipe_differences` tells whether that matters.

    Args:
        corpora: at least two, all made of text or all of counts.
        folder: to make, or a URI.
        prefixes: what is put before the ids of each corpus; None for nothing.
        overwrite: replace a corpus that stands there.

    Raises:
        DataError: two corpora have documents of one id, texts and counts are mixed, the folder exists, or a corpus is
            damaged.
        ValueError: there are fewer than two corpora, or not as many prefixes.
    """
    if len(corpora) < 2:
        raise ValueError(f"merging needs two corpora at least, got {len(corpora)}")
    before = [""] * len(corpora) if prefixes is None else list(prefixes)
    if len(before) != len(corpora):
        raise ValueError(f"there must be a prefix for each of the {len(corpora)} corpora, got {len(before)}")
    target = check_place(folder, overwrite=overwrite)
    of_text = [corpus.stop_word_share is not None or corpus.ordered for corpus in corpora]
    if len(set(of_text)) > 1:
        text, counts = of_text.index(True) + 1, of_text.index(False) + 1
        raise DataError(
            f"corpora must all be made of text, or all of counts, got text in number {text} and counts in number "
            f"{counts}; merge those of one kind"
        )
    _check_ids(corpora, before)
    vocabulary, lookups = _joined_vocabulary(corpora, by_frequency=of_text[0])
    lengths = np.concatenate([corpus.document_lengths() for corpus in corpora])
    summary = _summary(corpora, vocabulary, lengths)
    shards = cut(_renumbered(corpora, before, lookups), shard_bounds(lengths))
    write_folder(target, shards, vocabulary, summary, overwrite=overwrite)
    return Corpus.open(target)


def folder_prefixes(places: Sequence[str | Path]) -> list[str]:
    """The name of each folder and a colon, to be put before ids.

    Raises:
        DataError: two folders are called alike.
    """
    names = [
        str(place).rstrip("/").rpartition("/")[2] if is_uri(place) else Path(place).resolve().name
        for place in places
    ]
    for name in names:
        if names.count(name) > 1:
            raise DataError(
                f"ids are told apart by the names of their corpora, and {presentable(name)!r:.60} is the name of two; "
                "rename one"
            )
    return [f"{name}:" for name in names]


def _check_ids(corpora: Sequence[Corpus], prefixes: Sequence[str]) -> None:
    """Refuse documents of one id in two corpora; within one they are its own affair."""
    held = [
        np.unique(
            np.concatenate(
                [text_hashes(before + name for name in string_list(b.column("id"))) for b in corpus.batches()]
            )
        )
        for corpus, before in zip(corpora, prefixes, strict=True)
    ]
    hashes, times = np.unique(np.concatenate(held), return_counts=True)
    twice = hashes[times > 1]
    if not len(twice):
        return
    # Two different ids of one hash are as good as impossible: one in 37 million for a billion documents of 2**64.
    homes = [number for number, mine in enumerate(held, 1) if np.isin(twice[0], mine)]
    name = next(
        name
        for batch in corpora[homes[0] - 1].batches()
        for name in string_list(batch.column("id"))
        if text_hashes([prefixes[homes[0] - 1] + name])[0] == twice[0]
    )
    raise DataError(
        f"ids must be different to merge corpora, and {len(twice):,} stand in two or more, such as "
        f"{printable(name)!r:.60} in number {homes[0]} and number {homes[1]}; have the names of their folders put "
        "before them (--prefix-ids), or leave documents out (lda corpus select)"
    )


def _joined_vocabulary(
    corpora: Sequence[Corpus], *, by_frequency: bool
) -> tuple[pa.Table, list[npt.NDArray[np.int32]]]:
    """The vocabulary, and for each corpus (V,) the new ids of its terms."""
    ids: dict[str, int] = {}
    of_key = _keys(corpora)
    shown: dict[str, dict[str, int]] = {}
    mine = []
    for corpus in corpora:
        terms = corpus.vocabulary
        keys = terms if of_key is None else of_key(terms)
        if of_key is not None:
            for key, term, tokens in zip(keys, terms, corpus.term_frequencies.tolist(), strict=True):
                forms = shown.setdefault(key, {})
                forms[term] = forms.get(term, 0) + tokens
        mine.append(np.fromiter((ids.setdefault(key, len(ids)) for key in keys), np.int64, corpus.n_terms))
    frequencies = np.zeros((2, len(ids)), dtype=np.int64)
    for corpus, numbers in zip(corpora, mine, strict=True):
        frequencies[0, numbers] += corpus.term_frequencies
        frequencies[1, numbers] += corpus.document_frequencies
    joined = list(ids) if of_key is None else [shown_form(shown[key]) for key in ids]
    order = select_terms(joined, frequencies, 0, None, keep_order=not by_frequency).kept
    names = strings(joined).take(array(order))
    new = np.zeros(len(ids), dtype=np.int32)
    new[order] = np.arange(len(ids), dtype=np.int32)
    table = vocabulary_table(names, frequencies[0, order], frequencies[1, order])
    return table, [new[numbers] for numbers in mine]


def _keys(corpora: Sequence[Corpus]) -> TermKeys | None:
    """The keys by which terms are one in all of the corpora; None where names are, or where they do not agree."""
    recipes = [corpus.recipe for corpus in corpora]
    first = recipes[0]
    if first is None or not has_keys(first):
        return None
    same = all(
        recipe is not None
        and [getattr(recipe, name) for name in OF_KEYS] == [getattr(first, name) for name in OF_KEYS]
        for recipe in recipes
    )
    return TermKeys(first) if same else None


def _summary(corpora: Sequence[Corpus], vocabulary: pa.Table, lengths: Integers) -> Summary:
    recipe = next((corpus.recipe for corpus in corpora if corpus.recipe is not None), None)
    share = None
    if all(corpus.stop_word_share is not None for corpus in corpora):
        counts = vocabulary.column("term_frequency").to_numpy()
        share = stop_word_share(string_list(vocabulary.column("term")), counts)
    return Summary(
        n_documents=len(lengths),
        n_terms=vocabulary.num_rows,
        n_tokens=int(lengths.sum()),
        n_empty_documents=int((lengths == 0).sum()),
        n_without_text=sum(corpus.n_without_text for corpus in corpora),
        n_skipped=sum(corpus.n_skipped for corpus in corpora),
        ordered=all(corpus.ordered for corpus in corpora),
        recipe=recipe,
        stop_word_share=share,
        removed=_removed(corpora, recipe),
        too_frequent=_too_frequent(corpora, vocabulary),
    )


def _too_frequent(corpora: Sequence[Corpus], vocabulary: pa.Table) -> tuple[str, ...] | None:
    """What was too frequent in any of the corpora, and is no term of another."""
    words = {word for corpus in corpora for word in corpus.too_frequent or ()}
    return told_too_frequent(words.difference(string_list(vocabulary.column("term")))) if words else None


def _removed(corpora: Sequence[Corpus], recipe: Recipe | None) -> dict[str, dict[str, int]] | None:
    """What options took away, if all corpora say so of one recipe; terms that were rare in two may be the same ones.

    Of documents that were appended nobody says.
    """
    known = [corpus.removed for corpus in corpora if corpus.removed is not None and not corpus.earlier]
    same = all(corpus.recipe == recipe for corpus in corpora)
    if recipe is None or recipe.prunes or not same or len(known) < len(corpora):
        return None
    tokens = sum(removed.get("stop_words", {}).get("tokens", 0) for removed in known)
    return {"stop_words": {"tokens": tokens}} if tokens else {}


def _renumbered(
    corpora: Sequence[Corpus], prefixes: Sequence[str], lookups: Sequence[npt.NDArray[np.int32]]
) -> Iterator[pa.RecordBatch]:
    def fields(batch: pa.RecordBatch) -> pa.Table | None:
        return table_metadata(pa.Table.from_batches([batch]))

    firsts = [fields(corpus.batch(0)) for corpus in corpora]
    schema = unify([None if table is None else table.schema for table in firsts])
    for corpus, before, lookup in zip(corpora, prefixes, lookups, strict=True):
        for batch in corpus.batches():
            offsets, words = batch_arrays(batch)
            ids = batch.column("id")
            if before:
                joiner = pa.scalar("", pa.large_string())
                ids = pc.binary_join_element_wise(pa.scalar(before, pa.large_string()), ids, joiner)
            mine = lookup[words]
            if not corpus.ordered:  # counts stand in the order of their terms, as a build has them
                documents = np.repeat(np.arange(batch.num_rows), np.diff(offsets))
                mine = mine[np.lexsort((mine, documents))]
            yield make_batch(ids, offsets, mine, conform(fields(batch), schema, batch.num_rows))
