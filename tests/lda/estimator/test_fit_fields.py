"""One table of settings for the engine, `LDA` and `lda fit`: nothing is lost between them."""

from __future__ import annotations

import dataclasses
import inspect
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny
from click.testing import CliRunner

import lda
from lda.cli import cli
from lda.cli.fit.command import fit
from lda.cluster import FitSettings
from lda.fit_fields import FIELDS

sklearn_base = pytest.importorskip("sklearn.base")

LEARNING = {
    "topics": "4", "sweeps": "23", "threads": "1", "memory": "2GB", "seed": "9", "sampler": "esca", "beta": "auto",
    "optimize_interval": "1", "burn_in": "3", "start": "random", "phases": "2", "samples": "2", "sample_interval": "3",
    "validation_fraction": "0.2", "tol": "0.0001", "patience": "7", "evaluate_every": "4",
}  # fmt: skip
SMALL = {"topics": "3", "sweeps": "6", "alpha": "0.3,0.2,0.1", "model_memory": "100MB", "evaluate_every": "2",
         "device": "cpu"}  # fmt: skip
"""Between them every setting has a value of its own; some go only without others."""


def test_every_setting_is_in_the_table_and_in_both_front_ends() -> None:
    defaults = {field.name: field.default for field in dataclasses.fields(FitSettings)}
    assert sorted(field.setting for field in FIELDS) == sorted(defaults)
    parameters = inspect.signature(lda.LDA).parameters
    options = {parameter.name: parameter.default for parameter in fit.params}
    for field in FIELDS:
        if field.setting not in ("n_topics", "seed"):  # these two have no default, or one for each front end
            assert parameters[field.parameter].default == defaults[field.setting]
            assert options[field.option] in (defaults[field.setting], str(defaults[field.setting]))
    assert set(options) >= {field.option for field in FIELDS}
    assert parameters["n_components"].default == options["topics"]
    not_settings = set(parameters) - {field.parameter for field in FIELDS}
    assert not_settings == {
        "callbacks",
        "verbose",
        "warm_start",
        "seed_words",
        "seed_weight",
        "frozen_topics",
    }


@pytest.mark.parametrize("given", [LEARNING, SMALL])
def test_a_loaded_model_fits_again_as_the_command_did(given: dict[str, str], tmp_path: Path) -> None:
    assert {field.option for field in FIELDS} == LEARNING.keys() | SMALL.keys()
    corpus = lda.as_corpus(tiny.documents())
    corpus.save(tmp_path / "corpus")
    options = [word for name, value in given.items() for word in (f"--{name.replace('_', '-')}", value)]
    run = CliRunner().invoke(cli, ["fit", str(tmp_path / "corpus"), "-o", str(tmp_path / "model"), *options])
    assert run.exit_code == 0, run.output

    loaded = lda.load(tmp_path / "model")
    again = sklearn_base.clone(loaded).set_params(n_jobs=1).fit(corpus)
    assert again.model_.fingerprint() == loaded.model_.fingerprint()
    np.testing.assert_array_equal(again.topic_word_, loaded.topic_word_)
    assert plain(again.model_.record.settings) | {"threads": 0} == (
        plain(loaded.model_.record.settings) | {"threads": 0}
    )
    others = lda.LDA(int(given["topics"]), max_iter=int(given["sweeps"]), random_state=loaded.seed_).fit(
        corpus
    )
    assert others.model_.fingerprint() != loaded.model_.fingerprint()


def plain(settings: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}


def test_a_loaded_model_has_the_parameters_of_its_estimator(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "n_components": 3, "max_iter": 2, "random_state": 7, "sampler": "esca", "alpha": (0.1, 0.2, 0.3),
        "beta": 0.5, "optimize_interval": 2, "burn_in": 1, "start": "random", "phases": 3, "n_samples": 2,
        "sample_interval": 1, "validation_fraction": 0.1, "tol": 0.5, "n_iter_no_change": 3, "evaluate_every": 1,
        "memory": 10**9,
    }  # fmt: skip
    made = {field.parameter for field in FIELDS if not field.of_machine}
    assert made == given.keys() | {"model_memory"}  # goes without validation_fraction
    lda.LDA(**given).fit(tiny.counts()).save(tmp_path / "model")
    loaded = lda.load(tmp_path / "model").get_params()
    assert {name: loaded[name] for name in given} == given


def test_a_loaded_model_leaves_the_threads_to_the_machine(tmp_path: Path) -> None:
    lda.LDA(2, max_iter=1, n_jobs=1, random_state=0).fit(tiny.counts()).save(tmp_path / "model")
    assert lda.load(tmp_path / "model").n_jobs is None
