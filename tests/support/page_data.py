"""Data of a page, made up: K topics, n documents, groups; and one in which every text from outside is hostile."""

from __future__ import annotations

from typing import Any

import numpy as np

# Each sets the flag that tests look at, calls what a browser shows, or asks for something, if anything runs it.
HOSTILE = (
    "<script>window.ran = 1</script>",
    "<img src=x onerror='window.ran = 2'>",
    "</script><script>window.ran = 3</script>",
    "javascript:window.ran=4",
    '"><svg onload="window.ran = 5">',
    "{{ 7 * 7 }} ${window.ran = 6}",
    "<iframe srcdoc='<script>parent.ran = 7</script>'></iframe>",
    "<a href='https://example.org/'>click</a>",
    "\u202e\x1b[31mred",
    "</title><style>*{display:none}</style><!--",
)


def page_data(
    n_topics: int = 12,
    n_documents: int = 60,
    *,
    n_terms: int = 300,
    n_texts: int = 20,
    n_groups: int = 8,
    per_topic: int = 40,
    per_word: int = 6,
    weights: int = 6,
    hostile: bool = False,
    seed: int = 3,
) -> dict[str, Any]:
    """Columns of the shapes and types that a report has, with shares and probabilities that add up."""
    rng = np.random.default_rng(seed)
    outside = Outside(hostile)
    share = np.sort(rng.dirichlet(np.ones(n_topics)))[::-1]
    vocabulary = [outside(f"word{w}", w) for w in range(n_terms)]
    per_topic = min(per_topic, n_terms)
    terms = np.stack([rng.choice(n_terms, per_topic, replace=False) for _ in range(n_topics)])
    p = np.sort(rng.dirichlet(np.full(per_topic, 0.5), n_topics))[:, ::-1] * 0.9 + 1e-4
    term_share = rounded(rng.dirichlet(np.ones(n_terms)) + 1e-6)
    places = rng.normal(size=(2, n_topics))
    per_word = min(per_word, n_topics)
    holding = np.argsort(rng.random((n_terms, n_topics)), axis=1)[:, :per_word] if n_terms * n_topics < 1e6 else (
        rng.integers(0, n_topics, (n_terms, per_word))
    )  # fmt: skip
    data: dict[str, Any] = {
        "format": 1,
        "title": outside("A made-up model", 0),
        "made": {"raylda": "0.2.0", "date": "2026-11-27"},
        "fit": {"n_documents": n_documents, "n_tokens": 123_456, "n_terms": 4321},
        "facts": [
            {"heading": "Model", "rows": [["topics", str(n_topics)], ["seed", "7"], ["fingerprint", "abc123"]]},
            {"heading": "Corpus", "rows": [["documents", f"{n_documents:,}"], ["from", outside("made.jsonl", 1)]]},
            {"heading": "Run", "rows": [["sweeps", "100"], ["raylda", "0.2.0"]]},
        ],
        "heldout": {
            "log_likelihood": -7.12345, "standard_error": 0.0123, "n_documents": 10, "n_tokens": 1000,
            "how": "By document completion on documents kept from the training.",
        },
        "history": {
            "sweep": list(range(10, 101, 10)),
            "log_likelihood": rounded(-8 + 0.9 * (1 - np.exp(-np.arange(10) / 3))),
            "heldout": [None, -8.1, None, -7.6, None, -7.4, None, -7.3, None, -7.2],
        },
        "warnings": [
            {"kind": "duplicate", "text": "Topics 0 and 1 are nearly the same.", "topics": [0, min(1, n_topics - 1)]},
            {"kind": "corpus", "text": outside("3 documents hold no known word.", 2), "topics": []},
        ],
        "missing": [outside("No document was kept from the training.", 3)],
        "labels": {
            "fingerprint": "abc123", "n_topics": n_topics,
            "names": {"0": {"name": outside("First topic", 1), "source": "somebody"}},
        },
        "topics": {
            "name": [outside("First topic", 1) if k == 0 else ", ".join(vocabulary[w] for w in terms[k][:3])
                     for k in range(n_topics)],
            "share": rounded(share), "tokens": [int(1e6 * s) for s in share], "alpha": rounded(share),
            "x": rounded(places[0]), "y": rounded(places[1]),
            "suggestions": [[outside(f"suggestion {k}", k), f"other {k}"] for k in range(n_topics)],
            "related": [[[(k + i) % n_topics, round(0.1 * i, 3)] for i in range(1, min(4, n_topics))]
                        for k in range(n_topics)],
            "coherence": [None if k == 1 else v for k, v in enumerate(rounded(-rng.random(n_topics)))],
            "exclusivity": rounded(rng.random(n_topics)),
        },
        "measures": [
            {
                "field": "coherence", "title": "Coherence", "digits": 2,
                "what": "How often its top words share documents.",
            },
            {"field": "exclusivity", "title": "Exclusivity", "what": "How much its words are its own.", "digits": 3},
        ],
        "vocabulary": vocabulary,
        "words": {
            "offsets": [per_topic * k for k in range(n_topics + 1)],
            "term": terms.ravel().tolist(), "p": rounded(p.ravel()),
        },
        "term_share": term_share,
        "word_topics": {
            "offsets": [per_word * w for w in range(n_terms + 1)],
            "topic": holding.ravel().tolist(),
            "p": rounded(np.sort(rng.random((n_terms, per_word)) / 50)[:, ::-1].ravel()),
            "tokens": np.sort(rng.integers(1, 999, (n_terms, per_word)))[:, ::-1].ravel().tolist(),
        },
        "documents": None, "best": None, "texts": None, "over": None, "by": [],
    }  # fmt: skip
    if n_documents:
        data |= documents(rng, outside, vocabulary, n_topics, n_documents, n_texts, weights)
    if n_groups:
        data["over"] = groups(rng, "year", "time", [str(1990 + g) for g in range(n_groups)], n_topics)
        data["over"]["starts"] = [f"{1990 + g}-01-01" for g in range(n_groups)]
        parties = [outside(name, g) for g, name in enumerate(("Greens", "Reds", "Blues"))]
        data["by"] = [groups(rng, outside("party", 0), "category", parties, n_topics)]
    return data


class Outside:
    """Text from outside: as it is, or with something hostile after it."""

    def __init__(self, hostile: bool) -> None:
        self.hostile = hostile

    def __call__(self, text: str, i: int) -> str:
        return f"{text} {HOSTILE[i % len(HOSTILE)]}" if self.hostile else text


def documents(
    rng: np.random.Generator,
    outside: Outside,
    vocabulary: list[str],
    K: int,
    n: int,
    n_texts: int,
    weights: int,
) -> dict[str, Any]:
    weights = min(weights, K)
    theta = np.sort(rng.dirichlet(np.full(weights, 0.4), n))[:, ::-1]
    topic = np.stack([rng.choice(K, weights, replace=False) for _ in range(n)])
    ids = [outside(f"document {d}", d) for d in range(n)]
    if outside.hostile:
        ids[0] = '=HYPERLINK("https://example.org/","click")'
    n_texts = min(n_texts, n)
    texts = []
    for d in range(n_texts):
        words = rng.integers(0, len(vocabulary), 60)
        pieces: list[list[Any]] = [["The ", -1]]
        for w in words:
            pieces += [
                [vocabulary[w], int(topic[d, rng.integers(0, weights)])],
                [", " if w % 5 else ". ", -1],
            ]
        texts.append([*pieces, [outside("end", d), -1]])
    return {
        "documents": {
            "id": ids,
            "n_tokens": rng.integers(20, 400, n).tolist(),
            "fields": {
                "year": (1990 + rng.integers(0, 8, n)).tolist(),
                outside("party", 0): [outside(("Greens", "Reds", "Blues")[d % 3], d) for d in range(n)],
            },
            "topics": {
                "offsets": [weights * d for d in range(n + 1)],
                "topic": topic.ravel().tolist(), "weight": rounded(theta.ravel()),
            },
            "nearest": {"per": 3, "document": rng.integers(0, n, 3 * n).tolist()},
        },
        "best": {
            "offsets": [3 * k for k in range(K + 1)],
            "document": rng.integers(0, max(n_texts, 1), 3 * K).tolist(),
        },
        "texts": {
            "document": list(range(n_texts)), "pieces": texts, "whole": True,
            "how": "Topics of words are one draw of a seeded inference.",
        },
    }  # fmt: skip


def groups(rng: np.random.Generator, field: str, kind: str, values: list[str], K: int) -> dict[str, Any]:
    mean = rng.dirichlet(np.ones(K), len(values))
    low, high = mean * 0.8, mean * 1.2
    return {
        "field": field, "kind": kind, "values": values, "starts": None,
        "n_documents": [1, *rng.integers(2, 40, len(values) - 1).tolist()], "n_missing": 2,
        "mean": [rounded(row) for row in mean],
        "low": [[None] * K, *(rounded(row) for row in low[1:])],
        "high": [[None] * K, *(rounded(row) for row in high[1:])],
    }  # fmt: skip


def rounded(values: Any) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
