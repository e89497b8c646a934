"""Names from callables: what they are shown, what is recorded, and that one error costs one name."""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny
from made_models import made_model

import lda
from lda import Model, Recipe, TopicPortrait
from lda.labels.naming import qualified
from lda.labels.portraits import portraits

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def model() -> Model:
    return lda.LDA(3, max_iter=20, random_state=1).fit(tiny.documents()).model_


def first_word(topic: TopicPortrait) -> str:
    return topic.words[0][0]


def test_every_topic_is_named_with_who_and_when(model: Model) -> None:
    labels = model.name_topics(first_word)
    assert [labels.name(k) for k in range(3)] == [words[0] for words in model.top_words(1)]
    assert {label.source for label in labels.names.values()} == {f"callable {__name__}.first_word"}
    assert all(
        datetime.fromisoformat(label.when or "").utcoffset() is not None for label in labels.names.values()
    )
    assert (labels.fingerprint, labels.n_topics) == (model.fingerprint(), 3)
    assert not model.labels, "nothing is written"
    assert model.name_topics(first_word, source="our rule").names[0].source == "our rule"


def test_what_a_portrait_shows(model: Model) -> None:
    seen: list[TopicPortrait] = []

    def look(topic: TopicPortrait) -> None:
        seen.append(topic)

    assert not model.name_topics(look, n_words=4)
    assert [portrait.number for portrait in seen] == [0, 1, 2]
    for portrait, topic in zip(seen, model.topics(4), strict=True):
        assert portrait.share == topic.share
        assert [word for word, _ in portrait.words] == [word for word, _ in topic.words]
        assert np.allclose([p for _, p in portrait.words], [p for _, p in topic.words], rtol=1e-6)
        assert len(portrait.relevant) == 4
        assert portrait.documents == portrait.phrases == ()
        assert portrait.suggestion == model.suggest_names()[portrait.number].name


def test_texts_of_documents_are_in_portraits_and_suggestions(tmp_path: Path) -> None:
    cities = ("Boston", "Albany", "Dover", "Salem", "Austin")
    texts = [
        f"New York harbour, New York; {cities[i % 5]} harbour. Ships: {cities[(i + 2) % 5]}!"
        for i in range(20)
    ]
    texts += [
        f"Corn and wheat, {crop}. Wheat; rye? Rye: corn." for crop in ("oats", "millet") for _ in range(10)
    ]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    corpus = lda.read_corpus([tmp_path / "d.jsonl"], recipe=Recipe(text="text"))
    model = lda.LDA(2, max_iter=50, random_state=3).fit(corpus).model_
    seen: list[TopicPortrait] = []
    model.name_topics(seen.append, texts=texts, n_documents=2)
    assert all(len(portrait.documents) == 2 for portrait in seen)
    assert all(document in texts for portrait in seen for document in portrait.documents)
    assert "New York" in [phrase for portrait in seen for phrase in portrait.phrases]
    found = model.suggest_names(texts=texts)
    assert any(suggestion.name.startswith("New York, ") for suggestion in found)
    again = model.suggest_names(model.tokenize(texts), threads=1)
    assert any("new york" in suggestion.name for suggestion in again), "token lists have phrases, too"
    with pytest.raises(ValueError, match="n_documents must be 1 or more"):
        model.suggest_names(texts=texts, n_documents=0)


def test_pieces_of_texts_are_phrases_and_documents(model: Model) -> None:
    text = tuple((piece, topic) for word in ("New", "York") * 6 for piece, topic in ((word, 1), (" ", -1)))
    other = (("only this: ", -1), ("New", 1), (" ", -1), ("York", 1))
    found = SimpleNamespace(best=np.array([[5, -1], [9, 5], [7, -1]]), texts={9: text, 5: other})
    seen = portraits(model, model.labels, found)
    assert [len(portrait.documents) for portrait in seen] == [1, 2, 0]
    assert seen[1].documents == ("New York " * 6, "only this: New York")
    assert "New York" in seen[1].phrases
    prompt = str(seen[1])
    assert "Document 1: New York New York" in prompt
    assert all(word in prompt for word, _ in seen[1].words)


def test_an_error_costs_one_name(model: Model) -> None:
    def failing(topic: TopicPortrait) -> str:
        if topic.number == 1:
            raise TimeoutError("no answer\nfrom \x1b[2J the service")
        return "x" * 500 if topic.number == 2 else "Fine"

    with pytest.warns(UserWarning, match="2 of 3 topics got no new name") as told:
        labels = model.with_labels({1: "Before"}).name_topics(failing, topics=[0, 1, 2])
    assert [labels.name(k) for k in range(3)] == ["Fine", "Before", None]
    text = str(told[0].message)
    assert text.isprintable()
    assert "topic 1: TimeoutError: no answer from" in text
    assert "topic 2: ValueError: a name must have at most 200" in text
    with pytest.warns(UserWarning, match="must be text"):
        assert model.name_topics(lambda topic: topic.number if topic.number else "x").name(0) == "x"  # type: ignore[return-value, arg-type]


def test_errors_for_all_topics_are_an_error(model: Model) -> None:
    def refused(topic: TopicPortrait) -> str:
        raise PermissionError(f"no key, topic {topic.number}")

    with pytest.raises(PermissionError, match="no key, topic 0"):
        model.name_topics(refused)


def test_names_given_by_hand_stay_unless_asked_for(model: Model) -> None:
    named = model.with_labels({0: "Bread"})
    labels = named.name_topics(first_word)
    assert labels.name(0) == "Bread"
    assert labels.names[0].source == "by hand"
    again = named.with_labels(labels).name_topics(lambda topic: f"{topic.name} again")
    assert again.name(0) == "Bread"
    assert again.name(1) == f"{labels.name(1)} again"
    assert named.name_topics(first_word, topics=[0]).name(0) == first_word_of(model, 0)
    assert len(named.name_topics(first_word, topics=[0])) == 1
    kept = named.name_topics(lambda topic: None, topics=[0])
    assert kept.name(0) == "Bread"


def first_word_of(model: Model, topic: int) -> str:
    return model.top_words(1)[topic][0]


def test_bad_arguments(model: Model) -> None:
    with pytest.raises(TypeError, match=r"a function that takes a TopicPortrait, got dict.*with_labels"):
        model.name_topics({0: "x"})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="topics 0 to 2, got 7"):
        model.name_topics(first_word, topics=[7])
    with pytest.raises(ValueError, match="source of a name must say something"):
        model.name_topics(first_word, source="  ")
    with pytest.raises(ValueError, match="n_words must be 1 or more"):
        model.name_topics(first_word, n_words=0)


def test_how_callables_are_recorded() -> None:
    class Client:
        def __call__(self, topic: TopicPortrait) -> str:
            return ""

        def ask(self, topic: TopicPortrait) -> str:
            return ""

    here = re.escape(__name__)
    assert qualified(partial(partial(first_word), 3)) == f"callable {__name__}.first_word"
    assert re.fullmatch(rf"callable {here}\.test_.*\.Client", qualified(Client()))
    assert re.fullmatch(rf"callable {here}\.test_.*\.Client\.ask", qualified(Client().ask))
    assert "<lambda>" in qualified(lambda topic: "")
    assert qualified(len) == "callable builtins.len"


def test_an_empty_topic_has_a_portrait() -> None:
    seen: list[TopicPortrait] = []
    made_model([[3, 0], [2, 0]]).name_topics(seen.append)
    assert (seen[1].words, seen[1].relevant, seen[1].suggestion, seen[1].share) == ((), (), "", 0.0)
