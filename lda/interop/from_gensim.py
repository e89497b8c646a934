"""Topics that gensim has fitted: an `LdaModel`, an `LdaMulticore`, or where one of these was saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.corpus.convert import resolve_vocabulary
from lda.corpus.errors import DataError
from lda.interop.foreign_topics import ForeignTopics
from lda.interop.gensim_package import gensim

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_REMEDIES: Final = {
    "EnsembleLda": "give what its generate_gensim_representation() returns",
    "HdpModel": "give what its suggested_lda_model() returns",
    "AuthorTopicModel": "its topics are of authors, not of documents; give TopicMatrix its get_topics()",
}
"""What to do with other models of gensim, by their names; of others only p(w | k) can be had."""


def topics_of(model: object) -> ForeignTopics:
    """The topics of a model of gensim, or of one that was saved.

    Args:
        model: an `LdaModel` or `LdaMulticore`; or the path that one was saved to, or of the folder of an export. A
            saved one is opened by gensim, which unpickles it, and a pickle runs code of whoever made it.

    Raises:
        MissingPackageError: there is no gensim, or it is too old.
        DataError: there is no such file, gensim cannot read it, or its topics cannot be taken over.
        TypeError: it is neither a path nor a model of gensim.
    """
    package = gensim()
    found: Any = _loaded(package, Path(model)) if isinstance(model, str | Path) else model
    kind = type(found).__name__
    if not isinstance(found, package.models.LdaModel) or kind in _REMEDIES:
        if not type(found).__module__.startswith("gensim."):
            raise TypeError(
                f"from_gensim takes a gensim LdaModel, an LdaMulticore or the path of a saved one, got {kind}"
            )
        remedy = _REMEDIES.get(kind, "for scores and coherence give lda.TopicMatrix its get_topics()")
        raise DataError(
            f"a model of gensim must be an LdaModel or LdaMulticore to be taken over, got {kind}; {remedy}"
        )
    return _topics(found, str(package.__version__))


def _loaded(package: Any, path: Path) -> Any:  # noqa: ANN401 - whatever was saved
    file = saved_model(path)
    if file is None:
        raise DataError(
            f"{path} must be what LdaModel.save() wrote, and there is no such file; name the one given to save()"
        )
    try:
        return package.models.LdaModel.load(str(file))
    except Exception as error:  # a pickle may raise anything
        why = " ".join(str(error).split()) or type(error).__name__
        raise DataError(
            f"gensim cannot load {file} ({why:.200}); save it again, with this version of gensim"
        ) from error


def saved_model(path: Path) -> Path | None:
    """The file to load of a model that gensim saved at a path or in a folder; None where there is none."""
    if path.is_file():
        return path
    if not path.is_dir():
        return None
    states = sorted(path.glob("*.state"))
    return states[0].with_suffix("") if len(states) == 1 and states[0].with_suffix("").is_file() else None


def _topics(model: Any, version: str) -> ForeignTopics:  # noqa: ANN401 - an LdaModel
    from scipy.sparse import csr_matrix

    state = getattr(model, "state", None)
    if state is None:
        raise DataError(
            "the model of gensim has no state, its file .state is missing; copy it beside the model"
        )
    weights = np.asarray(state.get_lambda(), dtype=np.float64)  # (K, V)
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise DataError(
            "the topics of the model of gensim must be positive and finite, got others; train it again"
        )
    if model.id2word is None:
        raise DataError("the model of gensim has no names of its terms; set model.id2word to its Dictionary")
    # A prior with a weight for each term becomes its smallest weight, as ours has one, and counts on top.
    beta = float(np.min(np.asarray(model.eta, dtype=np.float64)))
    counts = np.maximum(weights.T - beta, 0.0)
    counts[counts < np.finfo(np.float32).eps * weights.T] = 0.0
    return ForeignTopics(
        program="gensim",
        version=version,
        counts=csr_matrix(counts),
        alpha=np.array(model.alpha, dtype=np.float64),
        beta=beta,
        vocabulary=resolve_vocabulary(model.id2word, weights.shape[1]),
        n_documents=int(state.numdocs),
    )
