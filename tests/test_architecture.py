"""The rooms, their folders and floors: who may import whom, checked on the source.

Imports point down: from room to room, and from floor to floor within a room. A folder is one floor; so is a file that
stands beside the folders. What is imported for type checkers only counts like any other import.
"""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
ROOMS = ("samplers", "corpus", "cluster", "lda")
MAY_IMPORT = {
    "samplers": {"samplers"},
    "corpus": {"corpus"},
    "cluster": {"cluster", "samplers", "corpus"},
    "lda": {"lda", "cluster", "samplers", "corpus"},
}

FLOORS = {
    "samplers": "limits tokens numerics counts priors start phi rules scoring registry rehearsal cuda",
    "corpus": "wording presentable errors machine ordered_map arrow plain_values metadata batches shard terms "
    "storage readers text document_hashes inputs summary files corpus fixed_terms "
    "assembly documents skipped_records finished partition ingest convert build append export stream arriving",
    "cluster": "spec resources counts documents sweeping exchange checkpoints loop processes "
    "distributed capacity tasks fitting first_fit",
    "lda": "name_collision extras sizes markdown fit_fields progress monitoring evaluation labels "
    "seed_words survey splitting charts report interop warming building model inference transform serve "
    "experiments deploy utils datasets estimator stop_words results lda cli __main__",
}
"""From the ground up."""

SUB_FLOORS = {
    "lda/cli": "terminal aligned errors signals option inputs_argument several record_options "
    "config_file help gathering console monitor_options shared_options sources text_options document_options "
    "cluster_options command_line new_documents named_model edited_target surveyed bars excerpt "
    "topic_table topic_blocks topic_page topics show label info status warm corpus fit deploy transform "
    "evaluate drift report card export mallet align merge_topics split_topic tune compare history "
    "reproduce serve "
    "entry",
    "lda/experiments": "cost fitted comparison groups study history",
    "lda/experiments/study": "quiet_optuna space measures records search judging page running outputs "
    "study tuning",
    "lda/serve": "settings control rehearsal shelf http protocols openapi routes app host",
}
"""Of folders that hold folders."""

HEAVY = {
    "ray": {
        f"cluster/distributed/{file}"
        for file in ["ray_actors", "connection", "head", "address_check", "entrypoint"]
    },
    "numba": {"samplers"},
    "llvmlite": {"samplers"},
    "gensim": {"lda/evaluation", "lda/interop"},
}
"""Packages, and the only places that import them: each begins a path below the root."""


@cache
def modules() -> dict[str, Path]:
    """All modules of the package by their dotted name."""
    found = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            if room == "lda" and parts[1] in MAY_IMPORT["cluster"]:  # the links, which Python 3.13 follows
                continue
            name = ".".join(parts if room == "lda" else ("lda", *parts))
            found[name.removesuffix(".__init__")] = path
    return found


@cache
def imported(path: Path) -> frozenset[str]:
    """Dotted names imported anywhere in the file, at any depth: of modules where there is one of that name."""
    names = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the absolute name"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                names.add(whole if whole in modules() else node.module or "")
    return frozenset(names)


def place(name: str) -> tuple[str, ...]:
    """(room, folder or file, ...) of a module of ours; only the room for its face."""
    parts = name.split(".")[1:]
    return tuple(parts) if parts and parts[0] in ROOMS and parts[0] != "lda" else ("lda", *parts)


def arrows() -> Iterator[tuple[str, str]]:
    """(who, whom) for all imports among our modules."""
    for name, path in modules().items():
        for target in imported(path):
            if target in modules() and target != name:
                yield name, target


def is_face(name: str) -> bool:
    return modules()[name].name == "__init__.py"


def test_rooms_import_downwards() -> None:
    for name, target in arrows():
        assert place(target)[0] in MAY_IMPORT[place(name)[0]], f"{name} imports {target}, a room above it"


@pytest.mark.parametrize("room", ROOMS)
def test_floors_within_a_room(room: str) -> None:
    tables = {
        room: FLOORS[room],
        **{folder: f for folder, f in SUB_FLOORS.items() if folder.startswith(f"{room}/")},
    }
    for folder, floors in tables.items():
        above = tuple(folder.split("/"))
        inside = [
            name for name in modules() if place(name)[: len(above)] == above and len(place(name)) > len(above)
        ]
        order = {floor: height for height, floor in enumerate(floors.split())}
        assert {place(name)[len(above)] for name in inside} == set(order), (
            f"the floors of {folder}/ and what is there"
        )
        for name, target in arrows():
            if name in inside and target in inside:
                mine, its = place(name)[len(above)], place(target)[len(above)]
                assert order[its] <= order[mine], f"{name} imports {target}, a floor above it"


def test_nobody_imports_the_face_of_a_folder_it_lies_in() -> None:
    for name, target in arrows():
        if is_face(target):
            within = place(name)[: len(place(target))] == place(target) and target != "lda"
            assert not within, f"{name} imports {target}; import the file that has the name"
            # What MLflow runs a copy of is a program of its own, for which there is the public interface alone.
            assert target != "lda" or name in {"lda.__main__", "lda.interop.mlflow_pyfunc"}, (
                f"{name} imports lda; import the file that has the name"
            )


def test_no_circle() -> None:
    graph: dict[str, set[str]] = {name: set() for name in modules() if not is_face(name)}
    for name, target in arrows():
        if name in graph and target in graph:
            graph[name].add(target)
    while graph:
        leaves = {name for name, targets in graph.items() if not targets & graph.keys()}
        assert leaves, f"these import each other in circles: {sorted(graph)}"
        graph = {name: targets for name, targets in graph.items() if name not in leaves}


@pytest.mark.parametrize("package", HEAVY)
def test_heavy_packages_have_one_home(package: str) -> None:
    homes = 0
    for name, path in modules().items():
        if any((target + ".").startswith(f"{package}.") for target in imported(path)):
            home = "/".join(place(name))
            assert any(f"{home}/".startswith(f"{allowed}/") for allowed in HEAVY[package]), (
                f"{name} imports {package}"
            )
            homes += 1
    assert homes, f"nobody imports {package}"


def test_what_sits_on_ray_is_little() -> None:
    """Only these import the folder that imports Ray: everybody else runs where Ray is not installed."""
    allowed = {
        "lda.cluster",  # its face: imports on first use
        "lda.cluster.fitting",
        "lda.cluster.capacity",
        "lda.cluster.tasks",
        "lda.cli.cluster_options",
        "lda.cli.transform.into_folder",
    }
    allowed |= {"lda.estimator.estimator"}
    found = {
        name
        for name, target in arrows()
        if target.startswith("lda.cluster.distributed") and not name.startswith("lda.cluster.distributed")
    }
    assert found <= allowed, found - allowed


def test_the_wheel_holds_all_folders() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {name: str(path.parent.relative_to(ROOT)) for name, path in modules().items() if is_face(name)}
    assert set(settings["packages"]) == set(folders)
    assert settings["package-dir"] == folders
    assert {path.parent for path in modules().values()} == {ROOT / folder for folder in folders.values()}
