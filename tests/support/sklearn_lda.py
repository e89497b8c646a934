"""A plugin of pytest (`-p sklearn_lda`): scikit-learn's tests of `LatentDirichletAllocation` get ours."""

from __future__ import annotations

import sklearn.decomposition

import lda

sklearn.decomposition.LatentDirichletAllocation = lda.LatentDirichletAllocation
