"""Groups of a corpus: who belongs to which, what their folders are called, how they are packed, and their models."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from thread_actors import ThreadActors

import lda
from lda.cluster import Runtime
from lda.corpus.corpus import Corpus
from lda.estimator.estimator import settings_of
from lda.experiments.groups.choice import Choice
from lda.experiments.groups.fitting import fit_each_group
from lda.experiments.groups.membership import membership_of
from lda.experiments.groups.names import KEPT, folder_names
from lda.experiments.groups.packing import packing_of

if TYPE_CHECKING:
    from nodes import Nodes

PLACES: list[object] = ["north", "south", ["north", "east"], None, " ", "north "]


def written(path: Path, values: list[object], n: int = 60) -> Path:
    """Documents of `tiny` with the field `place`, whose values come round."""
    rows = [
        {"name": f"doc-{i}", "body": " ".join(tokens), "place": value}
        for i, (tokens, value) in enumerate(zip(tiny.documents(n), itertools.cycle(values), strict=False))
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    path = written(
        tmp_path_factory.mktemp("places") / "docs.jsonl", [*["north"] * 3, *["south"] * 3, *["east"] * 3], 61
    )
    return lda.read_corpus([path], recipe=lda.Recipe(text="body", id="name"))


def estimator(**more: object) -> lda.LDA:
    return lda.LDA(3, max_iter=6, random_state=4, n_jobs=1, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def groups(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> lda.Groups:
    folder = tmp_path_factory.mktemp("fitted") / "models"
    return lda.fit_groups(corpus, "place", folder, estimator(), keep_corpora=True)


def fingerprints(groups: lda.Groups) -> list[str | None]:
    return [group.fingerprint for group in groups.records]


def test_values_are_read_as_the_survey_reads_them(tmp_path: Path) -> None:
    path = written(
        tmp_path / "docs.jsonl", [[value] if isinstance(value, str) else value for value in PLACES]
    )
    found = membership_of(lda.read_corpus([path], recipe=lda.Recipe(text="body")), "place")
    assert (found.values, found.n_missing, found.n_shared) == (["north", "east", "south"], 20, 10)
    members = dict(zip(found.values, found.documents, strict=True))
    assert members["north"].tolist() == [i for i in range(60) if i % 6 in (0, 2, 5)]
    assert members["east"].tolist() == list(range(2, 60, 6))
    assert found.tokens.tolist() == [1200, 400, 400]
    # Of each round no document is in two groups, and every group is in one round.
    rounds = found.rounds(60)
    assert sorted(group for groups in rounds for group in groups) == [0, 1, 2]
    for some in rounds:
        assert (found.parts(some, 60) >= 0).sum() == sum(len(found.documents[group]) for group in some)


@pytest.mark.parametrize(
    ("values", "labels"),
    [([1.5, 2, 3], {"1.5", "2", "3"}), ([True, False], {"true", "false"}), (["é", "É"], {"é", "É"})],
)
def test_numbers_and_truths_make_groups(tmp_path: Path, values: list[object], labels: set[str]) -> None:
    path = written(tmp_path / "docs.jsonl", values)
    assert (
        set(membership_of(lda.read_corpus([path], recipe=lda.Recipe(text="body")), "place").values) == labels
    )


@settings(max_examples=50)
@given(st.lists(st.text(min_size=1, max_size=100), unique=True, max_size=5))
def test_folders_of_any_values_are_different_and_safe(values: list[str]) -> None:
    names = folder_names(values)
    assert len({name.casefold() for name in names}) == len(values)
    assert folder_names(values[::-1]) == names[::-1]
    for name in names:
        assert name == name.strip(".-_")
        assert name.casefold() not in KEPT
        assert not set(name) & set("/\\\0 \n")
        assert len(name.encode()) < 160


def test_names_can_be_read() -> None:
    values = [
        "Western Europe",
        "a/b",
        "a b",
        "Whig",
        "whig",
        "..",
        "Ünïcode",
        "corpora",
        "2020-04-13",
        "x" * 300,
    ]
    names = dict(zip(values, folder_names(values), strict=True))
    assert (names["Western Europe"], names["Ünïcode"], names["2020-04-13"]) == (
        "Western-Europe",
        "Ünïcode",
        "2020-04-13",
    )
    assert names["a/b"] == "a-b-c14cddc0"  # by its sha256: the same on any machine, in any version
    assert names["Whig"].startswith("Whig-")
    assert names["whig"].startswith("whig-")
    assert names[".."].startswith("value-")
    assert names["corpora"].startswith("corpora-")
    assert folder_names(["Whig", "Tory"]) == ["Whig", "Tory"]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=6), st.integers(1, 4))
def test_packing_is_the_best_of_all_that_begin_with_the_largest(costs: list[int], cores: int) -> None:
    found = packing_of(costs, cores)
    assert sorted(found.alone + found.packed) == list(range(len(costs)))
    assert found.lanes * found.threads <= cores
    ordered = [costs[i] for i in found.alone + found.packed]
    assert ordered == sorted(costs, reverse=True)
    side_by_side = packing_of(costs, cores, least=float("inf"))
    assert not side_by_side.alone
    if cores == 1:
        assert not found.alone


def test_a_giant_is_alone_and_equals_are_not() -> None:
    assert packing_of([10, 1000, 10], 4).alone == (1,)
    assert packing_of([10, 1000, 10], 4, least=1001).alone == ()
    equal = packing_of([100] * 6, 2)
    assert (equal.alone, equal.lanes, equal.threads) == ((), 2, 1)
    assert packing_of([100] * 2, 4).threads == 2
    bytes_held = [1 << 60, 1, 1, 1, 1]  # no room for another beside the first
    held = packing_of([100] * 5, 4, task_bytes=bytes_held, least=101)
    assert (held.alone, held.lanes, held.threads) == ((), 1, 4)
    assert packing_of([100] * 5, 4, task_bytes=bytes_held).alone == (0,)


def test_each_group_has_the_model_of_its_documents_alone(groups: lda.Groups, corpus: Corpus) -> None:
    assert list(groups) == ["north", "south", "east"]
    assert [group.documents for group in groups.records] == [21, 21, 19]
    model, folder = groups["east"], Path(groups.path("east")).parent
    of_group = Corpus.open(folder / "corpora" / "east")
    assert of_group.document_ids().to_pylist() == [f"doc-{i}" for i in range(61) if i % 9 > 5]
    assert set(model.vocabulary) <= set(corpus.vocabulary)
    assert (
        estimator().fit(of_group).model_.fingerprint() == model.fingerprint() == groups.records[2].fingerprint
    )
    assert model.record.part_of == {"kind": "groups", "field": "place", "group": "east"}
    assert (model.record.seed, model.record.n_documents) == (4, 19)
    with pytest.raises(KeyError, match="there are some for 'north', 'south', 'east'"):
        groups["west"]


@pytest.mark.slow
def test_processes_give_the_same_bits(corpus: Corpus, groups: lda.Groups, tmp_path: Path) -> None:
    beside = lda.fit_groups(corpus, "place", tmp_path / "models", estimator().set_params(n_jobs=2))
    assert [group.fingerprint for group in beside.records] == fingerprints(groups)


@pytest.mark.parametrize("alone", [False, True])
def test_workers_give_the_same_bits(
    corpus: Corpus, groups: lda.Groups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, alone: bool
) -> None:
    """Side by side, and one group after the other by all of them."""
    if alone:
        monkeypatch.setattr("lda.experiments.groups.fitting.SECONDS_ON_ALL_WORKERS", 0)
        monkeypatch.setattr("lda.experiments.cost.TOGETHER", 1e9)
    system, told = ThreadActors(cpus=(1, 1)), list[str]()
    record, _ = fit_each_group(
        corpus,
        Choice(field="place"),
        str(tmp_path / "models"),
        settings_of(estimator()),
        cluster=lda.Cluster(),
        note=told.append,
        warn=told.append,
        runtime=Runtime(connect=system.connect),
    )
    assert [group.fingerprint for group in record.groups] == fingerprints(groups)
    assert any("first, alone on the workers" in line for line in told) == alone
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [
        "east", "groups.csv", "groups.json", "north", "south",
    ]  # fmt: skip


@pytest.mark.slow
def test_nodes_give_the_same_bits(
    nodes: Nodes, corpus: Corpus, groups: lda.Groups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The largest group by all workers, the others side by side."""
    from nodes import on_nodes

    monkeypatch.setattr("lda.experiments.groups.fitting.SECONDS_ON_ALL_WORKERS", 0)
    monkeypatch.setattr("lda.experiments.cost.TOGETHER", 1e9)
    told = list[str]()
    record, _ = fit_each_group(
        corpus,
        Choice(field="place"),
        str(tmp_path / "models"),
        settings_of(estimator()),
        cluster=lda.Cluster(address=nodes.address, workers=2, threads_per_worker=1),
        note=told.append,
        runtime=on_nodes(),
    )
    assert [group.fingerprint for group in record.groups] == fingerprints(groups)
    assert any("first, alone on the workers of the cluster: " in line for line in told)


def test_a_document_with_several_values_is_in_each_group(tmp_path: Path) -> None:
    path = written(tmp_path / "docs.jsonl", [["north", "east"], ["north"], ["east"], []])
    corpus = lda.read_corpus([path], recipe=lda.Recipe(text="body", id="name"))
    found = lda.fit_groups(corpus, "place", tmp_path / "models", estimator())
    assert {value: model.record.n_documents for value, model in found.items()} == {"east": 30, "north": 30}
    assert (found.to_dict()["missing"], found.to_dict()["shared"]) == (15, 15)


def test_topics_of_a_common_model_keep_numbers_and_names(corpus: Corpus, tmp_path: Path) -> None:
    common = estimator().fit(corpus).model_.with_labels({0: "first"})
    found = lda.fit_groups(corpus, "place", tmp_path / "models", estimator(), init_from=common)
    for model in found.values():
        assert model.labels.name(0) == "first"
        assert model.record.parent is not None
        assert model.record.parent["fingerprint"] == common.fingerprint()
        assert model.record.settings["start"] == "given"
        for k in range(3):
            assert set(model.top_words(4)[k]) & set(common.top_words(4)[k])
    with pytest.raises(ValueError, match="has 3 topics, the groups are to have 4"):
        lda.fit_groups(
            corpus, "place", tmp_path / "other", estimator().set_params(n_components=4), init_from=common
        )


def test_what_python_refuses(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give the estimator a random_state"):
        lda.fit_groups(corpus, "place", tmp_path / "models", lda.LDA(3), resume=True)
    with pytest.raises(ValueError, match="callbacks are of one fit"):
        lda.fit_groups(corpus, "place", tmp_path / "models", estimator(callbacks=[print]))
    with pytest.raises(lda.DataError, match=r"holds no groups\.json"):
        lda.Groups.open(tmp_path)
