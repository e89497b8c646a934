"""`lda.LatentDirichletAllocation`: scripts that are written for scikit-learn's class, with one import changed."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny

import lda

sklearn = pytest.importorskip("sklearn")

from sklearn.base import clone  # noqa: E402
from sklearn.decomposition import LatentDirichletAllocation as Theirs  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

SUPPORT = Path(__file__).parents[2] / "support"

# As tutorials on "how to grid search best topic models" have it: a vectorizer, a first model, a search, its best
# model, tables of topics by document and by keyword, and the topic of a new text.
SCRIPT = """
import sys
sys.path.insert(0, SUPPORT)
import tiny
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.model_selection import GridSearchCV

texts = [" ".join(tokens) for tokens in tiny.documents(90)]
vectorizer = CountVectorizer(analyzer="word", min_df=2, stop_words="english", lowercase=True,
                             token_pattern="[a-zA-Z0-9]{3,}")
counts = vectorizer.fit_transform(texts)
model = LatentDirichletAllocation(n_components=4, max_iter=5, learning_method="online", random_state=100,
                                  batch_size=128, evaluate_every=-1, n_jobs=-1)
output = model.fit_transform(counts)
print(model)
print("Log Likelihood: ", model.score(counts))
print("Perplexity: ", model.perplexity(counts))
print(model.get_params())

search = GridSearchCV(LatentDirichletAllocation(max_iter=5, random_state=0),
                      param_grid={"n_components": [1, 2, 3], "learning_decay": [0.5, 0.7]})
search.fit(counts)
best = search.best_estimator_
print("Best Model's Params: ", search.best_params_)
print("Best Log Likelihood Score: ", search.best_score_)
print("Model Perplexity: ", best.perplexity(counts))

topicnames = ["Topic" + str(i) for i in range(best.n_components)]
documents = pd.DataFrame(np.round(best.transform(counts), 2), columns=topicnames)
documents["dominant_topic"] = np.argmax(documents.values, axis=1)
print(documents["dominant_topic"].value_counts().sort_index().tolist())
keywords = np.array(vectorizer.get_feature_names_out())
for weights in best.components_:
    print("topic", *sorted(keywords.take((-weights).argsort()[:5])))
new = best.transform(vectorizer.transform(["comet star"])).argmax()
print("new", keywords.take((-best.components_[new]).argsort()[0]))
"""


def run(script: str) -> str:
    command = [sys.executable, "-W", "ignore", "-c", script.replace("SUPPORT", repr(str(SUPPORT)), 1)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_a_grid_search_of_a_tutorial_runs_with_one_line_changed() -> None:
    line = "from sklearn.decomposition import LatentDirichletAllocation"
    assert SCRIPT.count(line) == 1
    found = run(SCRIPT.replace(line, "from lda import LatentDirichletAllocation"))
    assert "'n_components': 3" in found.partition("Best Model's Params:")[2].partition("\n")[0]
    topics = {row.removeprefix("topic ") for row in found.splitlines() if row.startswith("topic ")}
    assert topics == {" ".join(sorted(theme.split())) for theme in tiny.THEMES}
    assert "[30, 30, 30]" in found
    assert found.rpartition("new ")[2].strip() in tiny.THEMES[2].split()
    assert float(found.partition("Best Log Likelihood Score:")[2].split()[0]) < -100  # a total


def test_its_parameters_are_those_of_scikit_learn() -> None:
    ours = {p.name: p.default for p in inspect.signature(lda.LatentDirichletAllocation).parameters.values()}
    theirs = {p.name: p.default for p in inspect.signature(Theirs).parameters.values()}
    assert ours == theirs
    assert clone(lda.LatentDirichletAllocation(3, learning_decay=0.5)).get_params()["learning_decay"] == 0.5
    with pytest.raises(ValueError, match="number of sweeps must be a whole number"):
        lda.LatentDirichletAllocation(max_iter=1.5).fit(tiny.counts())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="number of topics must be"):
        lda.LatentDirichletAllocation(0).fit(tiny.counts())


def test_its_numbers_are_those_of_the_model() -> None:
    counts = tiny.counts()
    model = lda.LatentDirichletAllocation(3, max_iter=3, random_state=0).fit(counts)
    assert (model.n_iter_, len(model.history_)) == (3, 30)
    assert (model.doc_topic_prior_, model.topic_word_prior_) == (1 / 3, 1 / 3)
    same = lda.LDA(3, alpha=1 / 3, beta=1 / 3, max_iter=30, random_state=0).fit(counts)
    assert same.model_.fingerprint() == model.model_.fingerprint()
    unseen = tiny.counts(80)[60:]
    assert model.score(unseen) == pytest.approx(same.score(unseen) * unseen.sum())
    assert model.perplexity(unseen) == same.perplexity(unseen)
    gamma = model.transform(unseen, normalize=False)
    np.testing.assert_allclose(gamma.sum(axis=1), 41, rtol=1e-5)  # 40 tokens and alpha
    assert list(model.get_feature_names_out()) == [f"latentdirichletallocation{k}" for k in range(3)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Estimator .* does not inherit from:UserWarning")
def test_all_checks_of_scikit_learn_pass() -> None:
    model = lda.LatentDirichletAllocation(2, max_iter=1, n_jobs=1)
    assert len(check_estimator(model, on_skip=None)) > 40
