"""Latent Dirichlet Allocation from a laptop to a cluster.

import lda

corpus = lda.read_corpus("docs.jsonl", recipe=lda.Recipe(text="body", stop_words="en"))
model = lda.LDA(n_components=50, random_state=0).fit(corpus)
model.top_words(10)
model.save("model/")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from lda.name_collision import warn_if_shared

if TYPE_CHECKING:
    from lda.cluster import CheckpointError, Checkpointing, Cluster, ClusterError
    from lda.corpus import Corpus, DataError, Recipe, as_corpus, build_corpus, read_corpus
    from lda.estimator.estimator import LDA, load
    from lda.model.model import Model
    from lda.model.topic_matrix import TopicMatrix
    from lda.transform.transform_corpus import transform_corpus

    __version__: str

__all__ = [
    "LDA",
    "CheckpointError",
    "Checkpointing",
    "Cluster",
    "ClusterError",
    "Corpus",
    "DataError",
    "Model",
    "Recipe",
    "TopicMatrix",
    "__version__",
    "as_corpus",
    "build_corpus",
    "load",
    "read_corpus",
    "transform_corpus",
]

_HOME: Final = {
    "LDA": "lda.estimator.estimator",
    "load": "lda.estimator.estimator",
    "Model": "lda.model.model",
    "CheckpointError": "lda.cluster",
    "Checkpointing": "lda.cluster",
    "Cluster": "lda.cluster",
    "ClusterError": "lda.cluster",
    "Corpus": "lda.corpus",
    "DataError": "lda.corpus",
    "Recipe": "lda.corpus",
    "TopicMatrix": "lda.model.topic_matrix",
    "as_corpus": "lda.corpus",
    "build_corpus": "lda.corpus",
    "read_corpus": "lda.corpus",
    "transform_corpus": "lda.transform.transform_corpus",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    """Import a public name when it is first used, so that `lda --help` does not wait for Numba."""
    if name == "__version__":
        from importlib.metadata import version

        return version("raylda")
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


warn_if_shared()
