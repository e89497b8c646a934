"""Seed words: what some topics shall be about, as tokens that they have before any document.

A topic k and a word w of it get s_kw of them, its weight, so that phi_k ~ Dirichlet(beta + s_k.): a prior, which many
tokens of documents outweigh (`lda.cluster.counts.word_prior`). Topics are named by their numbers, or by names, which
take the lowest numbers that are left; a list has topics 0, 1, 2 and so on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable

if TYPE_CHECKING:
    from collections.abc import Callable

    from scipy.sparse import csr_matrix

    from lda.cluster.counts.word_prior import WordPrior
    from lda.labels.labels import Labels

SEED_WEIGHT: Final = 100
"""Tokens of each seed word whose weight is not given."""

LARGEST_WEIGHT: Final = 1_000_000_000
LARGEST_FILE: Final = 1 << 24
EXAMPLE: Final = '{"Economy": ["tax", "trade"], "War": ["army", "navy"]}'
ALL: Final = "all"
SOURCE: Final = "seed words"
"""Where names of topics come from, as `Labels` tell it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedWords:
    """Seed words, checked.

    topics: weights of words, by the topics' numbers. names: of the topics that were named. frozen: topics that stay as
    their seed words make them. weight: what words have whose weight is not given.
    """

    topics: Mapping[int, Mapping[str, int]]
    names: Mapping[int, str]
    frozen: tuple[int, ...]
    weight: int

    @classmethod
    def of(
        cls,
        words: object,
        *,
        n_topics: int,
        weight: object = SEED_WEIGHT,
        frozen: object = (),
    ) -> SeedWords | None:
        """Seed words as a front end was given them; None where there are none.

        Args:
            words: words by topic: a mapping of numbers or names, or a list; of each a list, or weights by word.
            n_topics: K.
            weight: tokens of each word without a weight of its own.
            frozen: numbers or names of the topics that stay as they are, or "all" that have seed words.

        Raises:
            ValueError: something of it cannot be, or topics are frozen without seed words.
        """
        each = _weight(weight, "the seed weight")
        if words is None:
            if not isinstance(frozen, str) and not len(list(_listed(frozen))):
                return None
            raise ValueError("topics can be frozen only if seed words say what they are; give seed words")
        given = _pairs(words)
        if not given:
            raise ValueError(f"seed words must name a topic and its words, as {EXAMPLE}, got {words!r:.60}")
        numbers = _numbered([key for key, _ in given], n_topics)
        topics = {
            k: _words_of(values, each, _called(key)) for k, (key, values) in zip(numbers, given, strict=True)
        }
        names = {
            k: key
            for k, (key, _) in zip(numbers, given, strict=True)
            if isinstance(key, str) and _number(key) is None
        }
        found = cls(topics=dict(sorted(topics.items())), names=names, frozen=(), weight=each)
        return replace(found, frozen=found._to_freeze(frozen))

    def _to_freeze(self, frozen: object) -> tuple[int, ...]:
        if frozen == ALL:
            return tuple(self.topics)
        numbers = {name: k for k, name in self.names.items()}
        found = set()
        for key in _listed(frozen):
            number = _number(key)
            k = numbers.get(str(key)) if number is None else number
            if k is None or k not in self.topics:
                raise ValueError(
                    f"{_called(key)} cannot be frozen, for it has no seed words; there are seed words for "
                    f"{', '.join(_called(self.names.get(k, k)) for k in self.topics)}"
                )
            found.add(k)
        return tuple(sorted(found))

    def tokens(self, vocabulary: Sequence[str]) -> tuple[csr_matrix, list[str]]:
        """((V, K) int32 CSR tokens, without columns beyond the last seeded topic; words that the vocabulary lacks).

        Raises:
            DataError: it has none of them, or none of a topic that is frozen.
        """
        import numpy as np
        from scipy.sparse import coo_matrix

        from lda.corpus.terms import has_names

        column = {term: i for i, term in enumerate(vocabulary)}
        cells = [
            (column[word], k, weight)
            for k, words in self.topics.items()
            for word, weight in words.items()
            if word in column
        ]
        unknown = [word for words in self.topics.values() for word in words if word not in column]
        if not cells:
            remedy = (
                "give them as the documents' words are after lower case, stop words and pruning"
                if has_names(list(vocabulary))
                else "the columns of the documents have numbers for names; name them (vocabulary= in Python), as seed "
                "words do"
            )
            raise DataError(f"none of the seed words is in the vocabulary ({_some(unknown)}); {remedy}")
        held = {k for _, k, _ in cells}
        for k in self.frozen:
            if k not in held:
                raise DataError(
                    f"{_called(self.names.get(k, k))} cannot be frozen, for none of its seed words is in the vocabulary"
                )
        rows, topics, weights = (np.array(part) for part in zip(*cells, strict=True))
        shape = len(vocabulary), max(self.topics) + 1
        made: csr_matrix = coo_matrix((weights.astype(np.int32), (rows, topics)), shape=shape).tocsr()
        return made, unknown

    def begin(self, vocabulary: Sequence[str], n_topics: int) -> tuple[csr_matrix, str | None]:
        """((V, K) int32 CSR, `word_prior` of `lda.cluster.fit`; a line on words that the vocabulary lacks, or None).

        Raises what `tokens` raises.
        """
        from scipy.sparse import csr_matrix

        made, unknown = self.tokens(vocabulary)
        counts = csr_matrix((made.data, made.indices, made.indptr), shape=(len(vocabulary), n_topics))
        if not unknown:
            return counts, None
        told = f"seed words that are not in the vocabulary are left out: {_some(unknown)}"
        held = set(made.indices.tolist())
        bare = [_called(self.names.get(k, k)) for k in self.topics if k not in held]
        if bare:
            told += f"; none is left for {_some(bare)}"
        return counts, presentable(told)

    def prior(self, vocabulary: Sequence[str], n_topics: int, warn: Callable[[str], None]) -> WordPrior:
        """What topics begin with; warn gets a line on words that the vocabulary lacks. Raises what `tokens` raises."""
        from lda.cluster.counts.word_prior import WordPrior

        counts, left_out = self.begin(vocabulary, n_topics)
        if left_out is not None:
            warn(left_out)
        return WordPrior(counts=counts, frozen=self.frozen)

    def outvoted(
        self, vocabulary: Sequence[str], counts: csr_matrix, word_prior: csr_matrix, beta: float
    ) -> str | None:
        """A line on topics that have come to be about something else; None if there are none.

        They are those where fewer than half of the seed words are likeliest, and those of which another topic holds
        more of the documents' tokens of these words: a prior may lose against documents, but the topic then bears a
        name that its words do not. The second is no part of the first, for seed words with a large weight are likely
        in their topic whatever it is about.

        Args:
            vocabulary: V terms.
            counts: (V, K) CSR of the documents' tokens, which may lie in a file.
            word_prior: (V, K) CSR of the seed words' tokens.
            beta: prior of a term in a topic.
        """
        import numpy as np

        column = {term: i for i, term in enumerate(vocabulary)}
        # Floats, because a count and a weight may be more together than int32 holds.
        of_documents = np.array([k not in self.frozen for k in range(counts.shape[1])], dtype=np.float64)
        sums = [np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel() for matrix in (counts, word_prior)]
        totals = sums[0] * of_documents + sums[1] + len(vocabulary) * beta
        lost, astray = [], []
        for k, words in self.topics.items():
            known = [word for word in words if word in column and k not in self.frozen]
            rows = [column[word] for word in known]
            if not known:
                continue
            theirs = counts[rows].toarray()
            tokens = theirs * of_documents + word_prior[rows].toarray()
            likeliest = ((tokens + beta) / totals).argmax(axis=1).tolist()
            elsewhere = [
                f"{word:.40} ({topic})" for word, topic in zip(known, likeliest, strict=True) if topic != k
            ]
            held = theirs.sum(axis=0)
            most, called = int(held.argmax()), _called(self.names.get(k, k))
            if 2 * len(elsewhere) > len(known):
                lost.append(f"{called}: {_some(elsewhere)}")
            elif held[most] > held[k]:
                shares = held / held.sum()
                astray.append(f"{called} holds {shares[k]:.0%}, and topic {most} {shares[most]:.0%}")
        if astray and not lost:
            return presentable(
                f"of the documents' tokens of its seed words {'; '.join(astray)}: look at its other words before you "
                "believe its name; give more seed words, or another weight"
            )
        if not lost:
            return None
        lost += astray
        return presentable(
            f"most seed words are likelier in another topic than in their own, of {'; '.join(lost)}; documents outvote "
            f"a weight of {self.weight}: give a larger one, or more words"
        )

    def labels(self, tokens: csr_matrix | None = None) -> Labels:
        """The topics' names, of those only that have some of `tokens` (V, K): else chance would choose what bears one.

        Raises ValueError for a name that no label may be.
        """
        from lda.labels.labels import Labels

        held = None if tokens is None else set(tokens.indices.tolist())
        names = {k: name for k, name in self.names.items() if held is None or k in held}
        return Labels().with_names(names, source=SOURCE)

    def labels_over(self, known: Labels | None, tokens: csr_matrix | None) -> Labels:
        """Names that topics have already, as those of a model to go on from, and over them `labels(tokens)`."""
        named = self.labels(tokens)
        return named if known is None else known.under(named)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, as the record of a run has them."""
        return {
            "topics": {str(k): dict(words) for k, words in self.topics.items()},
            "names": {str(k): name for k, name in self.names.items()},
            "weight": self.weight,
            "frozen": list(self.frozen),
        }


def parameters_of_seeds(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters of `LDA` that repeat a fit with the seed words of a record. Raises ValueError for damaged ones."""
    if values is None:
        return {}
    try:
        words = {int(k): {str(w): int(n) for w, n in of.items()} for k, of in values["topics"].items()}
        frozen = tuple(int(k) for k in values["frozen"])
        return {"seed_words": words, "seed_weight": int(values["weight"]), "frozen_topics": frozen}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"seed words of a record must be as it wrote them, got {values!r:.80}") from error


def read_seed_words(path: str | Path) -> Any:  # noqa: ANN401 - whatever stands in it; `SeedWords.of` checks it
    """Seed words of a file in YAML, or JSON where its name ends in .json. All of YAML's words are text: no is "no".

    Raises:
        DataError: there is no such file, or it cannot be read.
    """
    place = Path(path)
    try:
        if not place.is_file():  # a FIFO would keep us waiting
            raise DataError(f"{path} is no file; name one with seed words in YAML, as {EXAMPLE}")
        if place.stat().st_size > LARGEST_FILE:
            raise DataError(f"{path} is larger than {LARGEST_FILE >> 20} MiB, which no seed words are")
        text = place.read_text(encoding="utf-8-sig")
        as_json = place.suffix.lower() == ".json"
        found = json.loads(text, object_pairs_hook=_unique) if as_json else _yaml(text)
        if found is None or found == "":
            raise ValueError("nothing stands there")
        return found
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            presentable(f"{path} has no seed words: {why:.200}; write them as {EXAMPLE}")
        ) from error


def _unique(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """A mapping. Raises ValueError where a key stands twice, of which both parsers would keep the last."""
    found: dict[Any, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"{key!r:.60} stands twice")
        found[key] = value
    return found


def _yaml(text: str) -> Any:  # noqa: ANN401
    import yaml

    class Loader(yaml.BaseLoader):  # no types, so that nothing but text, lists and mappings comes of it
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ANN401
            del deep
            pairs = [
                (self.construct_object(k, deep=True), self.construct_object(v, deep=True))
                for k, v in node.value
            ]
            if any(not isinstance(key, str) for key, _ in pairs):
                raise ValueError("a key must be a topic or a word")
            return _unique(pairs)

    Loader.add_constructor("tag:yaml.org,2002:map", Loader.construct_mapping)
    try:
        return yaml.load(text, Loader)  # noqa: S506 - a BaseLoader makes no objects
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error


def _pairs(words: object) -> list[tuple[Any, Any]]:
    """(topic, its words), one for each topic."""
    if isinstance(words, Mapping):
        return list(words.items())
    if isinstance(words, Sequence) and not isinstance(words, str | bytes):
        return list(enumerate(words))
    raise ValueError(f"seed words must be lists of words by topic, as {EXAMPLE}, got {words!r:.60}")


def _number(key: object) -> int | None:
    """The number of a topic; None for a name. In files numbers are text."""
    if isinstance(key, str):
        return int(key) if key.isascii() and key.isdecimal() and len(key) <= 10 else None
    if isinstance(key, bool) or not hasattr(key, "__index__"):
        raise ValueError(f"a topic is called by its number or a name, got {key!r:.60}")
    return int(key)  # it has `__index__`


def _numbered(keys: list[Any], n_topics: int) -> list[int]:
    """The topics' numbers; names take the lowest that are left, in their order."""
    if len(keys) > n_topics:
        raise ValueError(
            f"there are seed words for {len(keys)} topics, but {n_topics} topics; ask for more topics"
        )
    given = [_number(key) for key in keys]
    for key, k in zip(keys, given, strict=True):
        if k is not None and not 0 <= k < n_topics:
            raise ValueError(f"topics are numbered from 0 to {n_topics - 1}, got seed words for topic {k}")
        if k is None and not key.strip():
            raise ValueError("a topic with seed words must have a number or a name, got an empty one")
    numbers = [k for k in given if k is not None]
    taken = set(numbers)
    if len(taken) < len(numbers):
        twice = next(k for k in numbers if numbers.count(k) > 1)
        raise ValueError(f"there are seed words for topic {twice} twice; give all its words at once")
    left = iter(k for k in range(n_topics) if k not in taken)
    return [next(left) if k is None else k for k in given]


def _words_of(values: object, each: int, topic: str) -> dict[str, int]:
    if isinstance(values, Mapping):
        pairs = [(word, _weight(weight, f"the weight of {word!r:.60}")) for word, weight in values.items()]
    elif isinstance(values, Iterable) and not isinstance(values, str | bytes):
        pairs = [(word, each) for word in values]
    else:
        raise ValueError(f"the seed words of {topic} must be a list, or weights by word, got {values!r:.60}")
    for word, _ in pairs:
        if not isinstance(word, str) or not word:
            raise ValueError(f"a seed word must be text, got {word!r:.60} for {topic}")
    if not pairs:
        raise ValueError(f"{topic} has no seed words; give some, or leave it out")
    try:
        return _unique(pairs)
    except ValueError as error:
        raise ValueError(f"of the seed words of {topic} {error}") from None


def _weight(value: object, what: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 12:
        value = int(value)  # of a file
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ValueError(f"{what} must be a whole number of tokens, 1 or more, got {value!r:.60}")
    number = int(value)  # it has `__index__`
    if not 1 <= number <= LARGEST_WEIGHT:
        raise ValueError(f"{what} must be from 1 to {LARGEST_WEIGHT} tokens, got {number}")
    return number


def _listed(frozen: object) -> Iterable[Any]:
    if frozen is None:
        return ()
    if isinstance(frozen, str):
        return [part.strip() for part in frozen.split(",")]
    if isinstance(frozen, Iterable):
        return list(frozen)
    raise ValueError(f'topics to freeze must be a list of numbers or names, or "{ALL}", got {frozen!r:.60}')


def _called(key: object) -> str:
    """How messages call a topic."""
    number = _number(key)
    return presentable(f"topic {key!r:.60}") if number is None else f"topic {number}"


def _some(words: Sequence[str]) -> str:
    shown = ", ".join(f"{word:.40}" for word in words[:8])
    return f"{shown} and {len(words) - 8} more" if len(words) > 8 else shown
