"""What a user can get hold of can be imported from `lda` or `lda.results`, and says on one line what it is."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny

import lda
import lda.results
from lda.cluster import FitSettings, fit
from lda.corpus import as_corpus
from lda.model.html_table import MOST_TOPICS

ROOT = Path(__file__).parents[2]
PUBLIC = [name for name in lda.__all__ if name != "__version__"]
GIVERS = [
    *(getattr(lda, name) for name in PUBLIC),
    *(getattr(lda.results, name) for name in lda.results.__all__),
]


@cache
def our_classes() -> frozenset[str]:
    """Names of all classes of the package that are not private."""
    found = set()
    for room in ("lda", "cluster", "corpus", "samplers"):
        for path in (ROOT / room).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            found |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    return frozenset(name for name in found if not name.startswith("_"))


def handed_out(thing: Any) -> Iterator[tuple[str, str]]:
    """(what, its type as it is written) of all that a public function or class gives to its user."""
    if not isinstance(thing, type):
        yield thing.__name__, str(inspect.get_annotations(thing)["return"])
        return
    for base in thing.__mro__:
        if not base.__module__.startswith("lda."):
            continue
        for name, annotation in inspect.get_annotations(base).items():
            written: Any = getattr(annotation, "__forward_arg__", annotation)  # a NamedTuple wraps it
            yield f"{base.__name__}.{name}", written
        for name, member in vars(base).items():
            function = member.fget if isinstance(member, property) else getattr(member, "func", member)
            function = getattr(function, "__func__", function)
            if inspect.isfunction(function):
                yield f"{base.__name__}.{name}", inspect.get_annotations(function).get("return") or ""


def public(what: str) -> bool:
    return not what.rpartition(".")[2].startswith("_")


@pytest.mark.parametrize("giver", GIVERS, ids=lambda giver: giver.__name__)
def test_what_is_handed_out_can_be_imported(giver: Any) -> None:
    for what, annotation in filter(lambda pair: public(pair[0]), handed_out(giver)):
        assert isinstance(annotation, str), f"{what} needs `from __future__ import annotations`"
        names = {node.id for node in ast.walk(ast.parse(annotation or "None")) if isinstance(node, ast.Name)}
        hidden = names & our_classes() - set(PUBLIC) - set(lda.results.__all__)
        assert not hidden, f"{what} hands out {', '.join(hidden)}, which neither lda nor lda.results exports"


def test_the_walk_sees_methods_attributes_and_properties() -> None:
    seen = {what: annotation for name in PUBLIC for what, annotation in handed_out(getattr(lda, name))}
    for what, annotation in {
        "stability": "Stability",
        "Stability.pairs": "list[ModelMatch]",
        "Evaluable.heldout_score": "HeldoutScore",
        "LDA.history_": "list[SweepRecord]",
        "LDA.model_": "Model",
        "Model.load": "Model",
        "Model.record": "RunRecord",
        "Model.topics": "list[Topic]",
        "Corpus.vocabulary": "list[str]",
        "LDA.transform": "npt.NDArray[np.float32]",
        "Model.transform": "npt.NDArray[np.float32]",
        "transform_corpus": "PartsState",
    }.items():
        assert seen[what] == annotation
    everything = {
        node.id
        for what, annotation in seen.items()
        if public(what) and annotation
        for node in ast.walk(ast.parse(annotation))
        if isinstance(node, ast.Name)
    }
    assert {"SweepRecord", "Topic", "HeldoutScore", "Coherence", "Stability", "CorpusShard"} <= everything


def test_all_names_are_there_and_importing_lda_is_light() -> None:
    assert set(PUBLIC) <= set(dir(lda))
    for name in PUBLIC:
        assert getattr(lda, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
        _ = lda.Nonsense
    heavy = "{'numba', 'numpy', 'pyarrow', 'scipy', 'ray'}"
    subprocess.run(
        [sys.executable, "-c", f"import lda, sys; assert not {heavy} & set(sys.modules)"], check=True
    )


@pytest.fixture(scope="module")
def fitted() -> lda.LDA:
    return lda.LDA(3, max_iter=20, random_state=0).fit(tiny.documents())


@pytest.fixture(scope="module")
def matrix(fitted: lda.LDA) -> lda.TopicMatrix:
    model = fitted.model_
    return lda.TopicMatrix(matrix=model.topic_word, vocabulary=model.vocabulary, alpha=model.alpha)


def test_results_say_on_one_line_what_they_are(fitted: lda.LDA, matrix: lda.TopicMatrix) -> None:
    model, unseen = fitted.model_, tiny.documents(90)[60:]
    score = model.heldout_score(unseen)
    coherence = model.coherence(unseen, "u_mass", n_words=5)
    stable = lda.stability([model, matrix], n_words=5)
    shown = {
        repr(thing)
        for thing in (
            model,
            model.record,
            matrix,
            score,
            model.heldout_score(unseen[:3], estimator="left-to-right"),
            coherence,
            stable,
            stable.pairs[0],
            model.diagnostics(unseen, n_words=5),
            model.topics(3)[0],
            fitted.history_[0],
            fit(as_corpus(tiny.documents()), FitSettings(n_topics=3, sweeps=1)),
        )
    }
    for text in shown:
        assert "\n" not in text
        assert len(text) < 300
        assert "array" not in text
    assert repr(model) == "Model(3 topics, 15 terms, adlda, 20 sweeps over 2,400 tokens, seed 0)"
    assert repr(matrix) == "TopicMatrix(3 topics, 15 terms)"
    assert f"completion, {score.log_likelihood:.4f} nats per token" in repr(score)
    assert repr(coherence).startswith(
        f"Coherence(u_mass {coherence.mean:.4f}, mean of 3 of 3 topics, 5 words"
    )
    assert repr(stable).startswith(
        "Stability(1 pair of models, overlap 1.0000, jaccard 1.0000 of 5 top words"
    )


def test_an_estimator_with_many_priors_is_one_line(fitted: lda.LDA) -> None:
    text = repr(lda.LDA(1000, alpha=np.linspace(0.1, 0.2, 1000)))
    assert text.startswith("LDA(n_components=1000, alpha=array([0.1")
    assert "\n" not in text
    assert len(text) < 120
    assert repr(fitted) == "LDA(n_components=3, max_iter=20, random_state=0)"


def test_notebooks_show_a_table(fitted: lda.LDA, matrix: lda.TopicMatrix) -> None:
    model = fitted.model_
    for thing, caption in ((model, repr(model)), (fitted, repr(fitted)), (matrix, repr(matrix))):
        html = thing._repr_html_()
        assert html is not None
        assert f">{caption}</caption>" in html
        assert html.count("<tr>") == 1 + 3
        for words in model.top_words(10):
            at = [html.index(f">{word}</span>") for word in words[:1]]
            assert min(at) > 0
    share = model.last_tokens.max() / model.last_tokens.sum()
    assert f'100.0%)">{share:.1%}</td>' in model.to_html()  # its bar fills the cell
    assert model.to_html().count("linear-gradient") == 3
    assert "<th>name</th>" not in model.to_html()
    named = model.with_labels({1: "<i>War</i>"}).to_html()
    assert "<th>name</th>" in named
    assert "&lt;i&gt;War&lt;/i&gt;" in named
    assert "<i>" not in named
    assert lda.LDA()._repr_html_() is None  # a notebook prints the repr then


def test_terms_are_escaped_in_tables() -> None:
    terms = ["<script>alert(1)</script>", "a&b", "esc\x1b[31m", '"quoted"']
    html = lda.TopicMatrix(matrix=np.full((1, 4), 0.25), vocabulary=terms, alpha=np.array(0.1))._repr_html_()
    assert "<script" not in html
    assert "\x1b" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "a&amp;b" in html


def test_tables_of_many_topics_show_the_largest() -> None:
    model = lda.LDA(50, max_iter=0, random_state=0).fit(tiny.documents()).model_
    lines = model.to_html().splitlines()
    rows = [line for line in lines if line.startswith("<tr><td>")]
    assert len(rows) == MOST_TOPICS
    largest = np.argsort(-model.last_tokens, kind="stable")[:MOST_TOPICS]
    assert [int(row.removeprefix("<tr><td>").partition("<")[0]) for row in rows] == largest.tolist()
    assert "30 smaller topics are not shown" in lines[-3]


def test_results_that_are_records_keep_comparing(fitted: lda.LDA) -> None:
    """A `repr` of its own must not cost a result its equality, nor a copy its fields."""
    first, again = (fitted.model_.heldout_score(tiny.documents(70)[60:]) for _ in range(2))
    assert first == again
    assert dataclasses.replace(first, seed=1) != first


def test_a_class_name_means_one_thing() -> None:
    where: dict[str, list[str]] = {}
    for room in ("lda", "cluster", "corpus", "samplers"):
        for path in (ROOT / room).rglob("*.py"):
            parts = path.relative_to(ROOT).parts
            if room == "lda" and parts[1] in ("cluster", "corpus", "samplers"):  # the links
                continue
            for node in ast.parse(path.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    where.setdefault(node.name, []).append("/".join(parts))
    twice = {name: paths for name, paths in where.items() if len(paths) > 1}
    assert not twice, "one word, one meaning: rename one of each"
