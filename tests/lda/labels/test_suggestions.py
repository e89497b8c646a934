"""What topics might be called: relevant words, phrases, and never the same name twice."""

from __future__ import annotations

import math

import numpy as np
import pytest
from made_models import made_model
from scipy.stats import chi2_contingency

from lda.labels.labels import Labels
from lda.labels.phrases import FEWEST, likelihood_ratio, topic_phrases
from lda.labels.suggestions import suggest_names


def pieces(text: str, topic: int = 0) -> list[tuple[str, int]]:
    """Words have the topic, what stands between them has none; "of" is a word that the model does not know."""
    found: list[tuple[str, int]] = []
    for word in text.split(" "):
        found += [(word, -1 if word in {"of", ",", "\n\n"} else topic), (" ", -1)]
    return found


def phrases(*texts: str, topic: int = 0) -> list[str]:
    return [phrase.text for phrase in topic_phrases([pieces(text, topic) for text in texts], 2)[topic]]


FILLER = " ".join(f"filler{i} noise{i}" for i in range(30))


def test_words_side_by_side_are_a_phrase_as_it_is_mostly_written() -> None:
    text = f"the New York , a New York , new york , {FILLER}"
    assert phrases(text, topic=1) == ["New York"]
    (found,) = topic_phrases([pieces(text)], 1)
    assert found[0].count == 3
    assert phrases(f"New York , New York , {FILLER}") == [], "twice is too little"
    assert phrases(f"New of York , New , York , New , York , New , York , {FILLER}") == []


def test_a_phrase_has_one_topic() -> None:
    mixed = [(word, i % 2) for i, word in enumerate(["New", "York"] * 30)]
    spaced = [piece for word, topic in mixed for piece in ((word, topic), (" ", -1))]
    assert topic_phrases([spaced], 2) == [[], []]


def test_what_may_stand_between() -> None:
    def apart(between: str) -> list[str]:
        text = [("Puerto", 0), (between, -1), ("Rico", 0), (", ", -1)] * 5 + pieces(FILLER)
        return [phrase.text for phrase in topic_phrases([text], 1)[0]]

    for between in (" ", "-", "\u00a0", "\n", " - ", "  "):
        assert apart(between) == ["Puerto Rico"], between
    for between in (". ", ", ", " of ", "/"):
        assert apart(between) == [], between
    blanks_in_tokens = [(word, 0) for word in ("Puerto ", "Rico ") * 5] + pieces(FILLER)
    assert "Puerto Rico" in [phrase.text for phrase in topic_phrases([blanks_in_tokens], 1)[0]]


def test_a_phrase_is_not_one_documents_alone() -> None:
    often, other = f"{'New York , ' * 9}{FILLER}", f"{FILLER} New York"
    assert phrases(often, FILLER) == []
    assert phrases(often, other) == ["New York"]


def test_tokens_may_hold_blanks() -> None:
    text = [("new york", 0), (" ", -1), ("stock exchange", 0), (", ", -1)] * 5 + pieces(FILLER)
    assert [phrase.text for phrase in topic_phrases([text], 1)[0]] == ["new york stock exchange"]


def test_three_words_take_the_place_of_the_pairs_in_them() -> None:
    text = f"{'world trade center , ' * 6}{FILLER}"
    assert phrases(text) == ["world trade center"]
    more = f"{'world trade center , ' * 6}{'world trade , ' * 6}{FILLER}"
    assert set(phrases(more)) == {"world trade center", "world trade"}


def test_hostile_words_are_in_no_phrase() -> None:
    assert phrases("a\x1b[2J b , " * 9 + FILLER) == []
    assert phrases(f"{'x' * 50} {'y' * 50} , " * 9 + FILLER) == []
    assert phrases(f"{'1234 5678 , ' * 9}{FILLER}") == [], "numbers name nothing"
    with pytest.raises(ValueError, match="topics 0 to 1, got 2"):
        topic_phrases([pieces("a b", 2)], 2)


@pytest.mark.parametrize(
    ("together", "first", "second", "n"), [(5, 9, 8, 200), (3, 3, 3, 40), (10, 10, 200, 300)]
)
def test_the_score_is_the_likelihood_ratio_of_a_table(together: int, first: int, second: int, n: int) -> None:
    table = np.array([[together, first - together], [second - together, n - first - second + together]])
    reference = chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert math.isclose(likelihood_ratio(together, first, second, n), reference)
    assert likelihood_ratio(1, 20, 20, 40) == 0, "less often than by chance"


def test_names_of_words() -> None:
    fitted = made_model(
        [[90, 0], [80, 0], [70, 0], [60, 60], [0, 90], [0, 80], [0, 9]],
        vocabulary=["nation", "nations", "war", "the", "tax", "silver", "gold"],
    )
    first, second = suggest_names(fitted)
    assert first.name == "nation, war, the", "nations is another form of nation"
    assert second.name == "tax, silver, the"
    assert first.words[:3] == ("nation", "nations", "war")
    assert suggest_names(fitted, n_parts=1)[0].name == "nation"


def test_a_phrase_leads_the_name() -> None:
    fitted = made_model([[90, 1], [80, 1], [70, 1], [1, 60]], vocabulary=["new", "york", "harbour", "tax"])
    text = pieces(f"{'New York , ' * 5}{FILLER}")
    first, second = suggest_names(fitted, [text])
    assert first.name == "New York, harbour, tax"
    assert [phrase.text for phrase in first.phrases] == ["New York"]
    assert second.phrases == ()


def test_a_phrase_without_a_relevant_word_leads_no_name() -> None:
    fitted = made_model([[90], [80], [70]], vocabulary=["corn", "wheat", "rye"])
    (found,) = suggest_names(fitted, [pieces(f"{'New York , ' * 5}{FILLER}")])
    assert found.name == "corn, wheat, rye"
    assert [phrase.text for phrase in found.phrases] == ["New York"]


def test_no_two_topics_get_the_same_name() -> None:
    same = made_model([[50] * 4, [40] * 4, [30] * 4], vocabulary=["a", "b", "c"])
    names = [suggestion.name for suggestion in suggest_names(same)]
    assert len({name.casefold() for name in names}) == 4
    longer = made_model(
        [[50] * 3, [40] * 3, [30] * 3, [20] * 3, [10, 10, 9]], vocabulary=["v", "w", "x", "y", "z"]
    )
    names = [suggestion.name for suggestion in suggest_names(longer)]
    assert names[0] == "v, w, x"
    assert len(set(names)) == 3


def test_terms_that_are_no_names() -> None:
    odd = made_model([[9, 0, 0], [8, 9, 0], [7, 0, 0]], vocabulary=["\x1b[31mred", "x" * 500, "new york"])
    found = suggest_names(odd)
    assert found[0].name.startswith("\\x1b[31mred")
    assert found[2].name == "", "a topic without words"
    labels = Labels(n_topics=3).with_names({one.topic: one.name for one in found})
    assert list(labels.names) == [0], "what is suggested is a name; a word of 500 letters is none"


def test_bad_arguments() -> None:
    fitted = made_model([[1]], vocabulary=["a"])
    with pytest.raises(ValueError, match="n_parts must be 1 or more"):
        suggest_names(fitted, n_parts=0)
    with pytest.raises(ValueError, match="lambda must lie"):
        suggest_names(fitted, lambda_=2)
    assert FEWEST == 3
