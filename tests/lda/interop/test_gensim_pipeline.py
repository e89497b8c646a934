"""A script as tutorials on gensim have it runs with one line changed."""

from __future__ import annotations

import gzip
import json
from difflib import ndiff
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("gensim", reason="gensim has no wheel for Python 3.14")
pytest.importorskip("pyLDAvis.gensim_models", reason="it needs gensim, which has no wheel for Python 3.14")

SPEECHES = Path(__file__).parents[3] / "benchmarks" / "data" / "sotu.jsonl.gz"

SCRIPT = """
import gensim
import gensim.corpora as corpora
import lda
import numpy as np
import pyLDAvis
import pyLDAvis.gensim_models
from gensim.models import CoherenceModel
from gensim.parsing.preprocessing import STOPWORDS
from gensim.utils import simple_preprocess

data_words = [[w for w in simple_preprocess(str(s), deacc=True) if w not in STOPWORDS] for s in data]
bigram = gensim.models.Phrases(data_words, min_count=5, threshold=100)
bigram_mod = gensim.models.phrases.Phraser(bigram)
texts = [bigram_mod[doc] for doc in data_words]

id2word = corpora.Dictionary(texts)
id2word.filter_extremes(no_below=5, no_above=0.5)
corpus = [id2word.doc2bow(text) for text in texts]

lda_model = gensim.models.LdaMulticore(corpus, id2word=id2word, num_topics=8, random_state=100, passes=2, workers=1)

topics = lda_model.print_topics()
doc_lda = lda_model[corpus]
perplexity = lda_model.log_perplexity(corpus)
coherence_model_lda = CoherenceModel(model=lda_model, texts=texts, dictionary=id2word, coherence="c_v", processes=1)
coherence = coherence_model_lda.get_coherence()
vis = pyLDAvis.gensim_models.prepare(lda_model, corpus, id2word, mds="pcoa", n_jobs=1)

rows = []
for i, row_list in enumerate(lda_model[corpus]):
    row = row_list[0] if lda_model.per_word_topics else row_list
    row = sorted(row, key=lambda x: x[1], reverse=True)
    topic_num, prop_topic = row[0]
    wp = lda_model.show_topic(topic_num)
    rows.append((int(topic_num), round(prop_topic, 4), ", ".join(word for word, prop in wp)))

unseen = id2word.doc2bow(simple_preprocess("war and peace with foreign nations"))
vector = sorted(lda_model[unseen], key=lambda x: -x[1])
ranked = lda_model.top_topics(corpus=corpus, topn=10)
terms = lda_model.get_topic_terms(0, topn=5)
K = lda_model.num_topics
"""
THEIRS = "lda_model = gensim.models.LdaMulticore("
OURS = "lda_model = lda.LDA(8, max_iter=60, random_state=100).fit(corpus, vocabulary=id2word)"


def run(script: str) -> dict[str, Any]:
    with gzip.open(SPEECHES, "rt", encoding="utf-8") as lines:
        found: dict[str, Any] = {"data": [json.loads(line)["text"][:4000] for line in lines]}
    exec(script, found)
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # LdaMulticore forks
def test_a_tutorial_with_one_line_changed() -> None:
    changed = "\n".join(OURS if line.startswith(THEIRS) else line for line in SCRIPT.split("\n"))
    assert sum(line.startswith("+") for line in ndiff(SCRIPT.split("\n"), changed.split("\n"))) == 1
    before, after = run(SCRIPT), run(changed)
    for name in ("topics", "rows", "terms", "ranked"):
        assert len(after[name]) == len(before[name]), name
    assert after["K"] == before["K"] == 8
    assert [number for number, _ in after["topics"]] == list(range(8))
    assert len(after["doc_lda"]) == len(after["data"])
    assert after["coherence"] > before["coherence"]
    assert after["vis"].topic_coordinates.shape == before["vis"].topic_coordinates.shape
    assert after["ranked"][0][1] >= after["ranked"][-1][1]
    assert 0.3 < after["vector"][0][1] <= 1
    assert -20 < after["perplexity"] < 0
