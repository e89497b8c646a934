"""Documents that show the topics of a model best, with the topic of each of their words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from lda.model.text_recipe import Recorded, own_recipe
from lda.survey.results import SurveyedModel

if TYPE_CHECKING:
    from lda.corpus.text.tokenizer import Tokenizer
    from lda.survey.survey import Survey


class RecordedModel(Recorded, SurveyedModel, Protocol):
    """A model that can be surveyed, and knows how its text became words."""


def topic_texts(
    model: RecordedModel,
    X: object,
    texts: object,
    *,
    tokenizer: Tokenizer | str | None,
    n_best: int,
    seed: int | None,
    threads: int | None,
) -> Survey | None:
    """A survey with the texts of the `n_best` documents of each topic; None where there are no documents.

    Args:
        model: whose topics.
        X: documents, everything that `lda.as_corpus` takes; None where there are texts alone, or nothing.
        texts: the documents as they are to be read, cut into words by the model's own recipe; or None.
        tokenizer: the function that cut the model's text, if one did, or where it is imported from.
        n_best: documents of each topic.
        seed: of the inference; None takes the seed of the fit.
        threads: None takes all cores.

    Raises:
        ValueError: `n_best` is below 1, or the texts cannot be cut into words.
        DataError: the documents cannot be what they should.
        TypeError: the kind of X is wrong.
    """
    from lda.survey.sources import documents_of
    from lda.survey.survey import SurveyOptions, survey

    if n_best < 1:
        raise ValueError(f"n_documents must be 1 or more, got {n_best}")
    if X is None and texts is None:
        return None
    source = documents_of(X, texts=texts, recipe=own_recipe(model), tokenizer=tokenizer)
    options = SurveyOptions(n_best=n_best, n_described=0, n_nearest=0, seed=seed)
    return survey(model, source, options, threads=threads)
