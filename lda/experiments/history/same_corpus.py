"""Whether documents are those that a model was fitted to, and what differs where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.progress import plural

if TYPE_CHECKING:
    from lda.corpus import Corpus
    from lda.model.model import Model
    from lda.model.run_record import RunRecord

SHOWN: Final = 3
"""Terms and settings that a message names."""

_UNSAID: Final = frozenset({"text", "id", "phrase_pairs"})
"""Parts of a recipe that name columns, or follow from the others."""


def check_corpus(model: Model, corpus: Corpus) -> None:
    """Raise DataError, in one line that says what differs, unless the corpus is the model's to the last token."""
    record = model.record
    if record.corpus_hash == corpus.content_hash:
        return
    found = corpus_differences(model, corpus)
    raise DataError(
        presentable(
            "these are not the documents that the model was fitted to: "
            + ("; ".join(found) if found else _hidden(record, corpus))
            + f" (content hash {corpus.content_hash[:12]}, recorded {record.corpus_hash:.12}); give the same ones"
        )
    )


def corpus_differences(model: Model, corpus: Corpus) -> list[str]:
    """What differs in sizes, vocabulary and recipe, a phrase each; empty where only tokens or ids can."""
    record, found = model.record, []
    for what, here, there in (
        ("document", corpus.n_documents, record.n_documents),
        ("empty document", corpus.n_empty_documents, record.n_empty_documents),
        ("token", corpus.n_tokens, record.n_tokens),
        ("term", corpus.n_terms, model.n_terms),
    ):
        if here != there:
            found.append(f"{plural(here, what)}, and {there:,} of the model's")
    found += _terms(list(corpus.vocabulary), list(model.hashed_terms))
    recipe = None if corpus.recipe is None else corpus.recipe.to_dict()
    return found + _recipes(recipe, record.recipe)


def _terms(here: list[str], there: list[str]) -> list[str]:
    if here == there:
        return []
    known, had = set(here), set(there)
    new = [term for term in here if term not in had]
    gone = [term for term in there if term not in known]
    if not new and not gone:
        return ["the vocabulary in another order"]
    parts = []
    if new:
        parts.append(f"{plural(len(new), 'term')} that the model lacks ({_some(new)})")
    if gone:
        parts.append(f"{plural(len(gone), 'term')} of the model's missing ({_some(gone)})")
    return parts


def _recipes(here: dict[str, Any] | None, there: dict[str, Any] | None) -> list[str]:
    if here is None or there is None:
        if here is there:
            return []
        return [f"{_kind(here)}, where the model had {_kind(there)}"]
    names = sorted((here.keys() | there.keys()) - _UNSAID)
    odd = [name for name in names if _plain(here.get(name)) != _plain(there.get(name))]
    if not odd:
        return []
    told = [
        f"{name} {_plain(here.get(name))!r:.40} for {_plain(there.get(name))!r:.40}" for name in odd[:SHOWN]
    ]
    return [f"another recipe ({', '.join(told)}{' ...' if len(odd) > SHOWN else ''})"]


def _kind(recipe: dict[str, Any] | None) -> str:
    return "counts" if recipe is None else "text"


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _hidden(record: RunRecord, corpus: Corpus) -> str:
    """What is left when all sizes are the same."""
    if record.corpus_hash == "unknown":
        return "the model does not say which they were"
    cut = None if corpus.recipe is None else corpus.recipe.tokenizer
    by = f", or the function {cut} cuts otherwise by now" if cut else ""
    return (
        f"as many documents, tokens and terms as the model's {record.n_documents:,}, {record.n_tokens:,} and "
        f"{corpus.n_terms:,}, but other ids, other tokens, or another order{by}"
    )


def _some(terms: list[str]) -> str:
    return ", ".join(f"{term:.40}" for term in terms[:SHOWN]) + (" ..." if len(terms) > SHOWN else "")
