"""One topic: the plainest model there is, which grid searches and checks of other libraries ask for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from click.testing import CliRunner

import lda
from lda.cli import cli
from lda.cluster import FitSettings
from lda.samplers.registry import SAMPLERS

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("start", ["random", "annealed", "growing"])
@pytest.mark.parametrize("priors", [{"beta": "auto"}, {"alpha": 1e-6, "beta": 0.5}])
def test_the_counts_are_those_of_the_corpus(sampler: str, start: Any, priors: dict[str, Any]) -> None:
    counts = tiny.counts(30)
    model = lda.LDA(1, sampler=sampler, start=start, max_iter=12, n_samples=2, random_state=0, **priors)
    model.fit(counts)
    expected = np.asarray(counts.sum(axis=0)).ravel() + model.beta_
    np.testing.assert_allclose(model.components_[0], expected, rtol=1e-12)
    np.testing.assert_allclose(model.topic_word_[0], expected / expected.sum(), rtol=1e-12)
    np.testing.assert_allclose(model.transform(counts), 1, atol=1e-4)
    assert np.isfinite(model.alpha_).all()
    assert (model.alpha_ > 0).all()
    # Nothing is to be inferred: the score is that of the words' frequencies.
    each = (counts @ np.log(model.topic_word_[0])).sum() / counts.sum()
    with pytest.warns(UserWarning, match="trained on"):
        assert model.model_.heldout_score(counts).log_likelihood == pytest.approx(each, abs=0.02)


def test_documents_without_company() -> None:
    """The token at hand is the only one of its document and of its word: without it all is prior."""
    for sampler in SAMPLERS:
        model = lda.LDA(1, sampler=sampler, alpha=1e-12, beta=1e-12, max_iter=3, random_state=0)
        model.fit([["a"], ["b"], [], ["c"]])
        np.testing.assert_allclose(model.components_[0], 1)


def test_no_topics_are_refused() -> None:
    with pytest.raises(ValueError, match="number of topics must be between 1 and 2147483647, got 0"):
        FitSettings(n_topics=0)


def test_the_command_and_every_evaluation(tmp_path: Path) -> None:
    source = str(tiny.jsonl(tmp_path / "docs.jsonl"))
    fit = ["fit", source, "--text", "body", "-k", "1", "-n", "12", "--validation-fraction", "0.2", "-q"]
    for seed in ("1", "2"):
        made = CliRunner().invoke(cli, [*fit, "-o", str(tmp_path / seed), "--json", "--seed", seed])
        assert json.loads(made.stdout)["n_topics"] == 1, made.stderr
    found: dict[str, Any] = {}
    for metrics in ("completion,left-to-right,npmi,c_v,u_mass,c_uci,diversity,diagnostics", "stability"):
        inputs = [str(tmp_path / "2")] if metrics == "stability" else [source, "--text", "body"]
        result = CliRunner().invoke(
            cli, ["evaluate", str(tmp_path / "1"), *inputs, "-m", metrics, "--json", "-q"]
        )
        assert result.exit_code == 0, result.stderr
        found |= json.loads(result.stdout)
    # With one topic the two estimators of the likelihood have nothing to differ about but the split.
    assert found["completion"]["log_likelihood"] == pytest.approx(
        found["left_to_right"]["log_likelihood"], abs=0.02
    )
    assert found["stability"]["overlap"] == pytest.approx(1, abs=0.01)  # other documents are kept out
    assert found["diversity"] == 1
