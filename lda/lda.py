"""`LDA` where the package `lda` has it: `from lda.lda import LDA`."""

from lda.estimator.estimator import LDA

__all__ = ["LDA"]
