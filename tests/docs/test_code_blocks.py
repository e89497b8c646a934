"""Every code block of README and documentation does what it says, page by page, in a folder of its own."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import shlex
import tomllib
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

import click
import pytest
from doc_blocks import DATA, ROOT, RUN, Block, Command, agrees, blocks, commands, pages
from doc_shell import Shell, parsed

from benchmarks.__main__ import main as benchmarks
from lda.cli import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MOST_SWEEPS: Final = 100
"""Of fits on the command line: what is shown is how, not how good."""
README_SWEEPS: Final = 15
"""There the corpus is larger."""
ON_RAY: Final = "docs/tutorials/cluster.md"
"""The page that really starts Ray; elsewhere the same fit is made in this process."""
LOADS: Final[dict[str, Callable[[str], object]]] = {"toml": tomllib.loads, "json": json.loads}
MAKEFILE: Final = ROOT / "Makefile"
GROUPS: Final[dict[str, click.Group]] = {"lda": cli, "python -m benchmarks": benchmarks}
SPEECHES: Final = ROOT / "benchmarks" / "data" / "sotu.jsonl.gz"
SLOW: Final = {
    "README.md",
    ON_RAY,
    "docs/how-to/cells.md",
    "docs/how-to/groups.md",
    "docs/how-to/monitor.md",
    "docs/how-to/languages.md",
    "docs/how-to/package-lda.md",
    "docs/how-to/tune.md",
}
"""More than half of the time of all pages."""
NAMES: Final = [str(page.relative_to(ROOT)) for page in pages()]


@pytest.fixture(scope="module")
def speeches() -> list[dict[str, Any]]:
    """State of the Union messages, the beginning of each."""
    with gzip.open(SPEECHES, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        {"url": row["id"], "year": row["year"], "title": row["president"], "body": row["text"][:2000]}
        for row in rows
    ]


@pytest.fixture
def folder(tmp_path: Path, speeches: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Path:
    """What every page finds: documents to train on, others to score, new ones, and the data of the checkout."""
    here = tmp_path / "page"
    here.mkdir()
    for name, rows in (
        ("speeches.jsonl", [row for i, row in enumerate(speeches) if i % 3 == 0]),
        ("heldout.jsonl", speeches[1::12]),
        ("new.jsonl", speeches[2::24]),
    ):
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (here / name).write_text("".join(lines), encoding="utf-8")
    (here / "benchmarks" / "data").mkdir(parents=True)
    (here / "benchmarks" / "data" / SPEECHES.name).symlink_to(SPEECHES)
    monkeypatch.chdir(here)
    return here


NEEDS: Final[dict[str, list[tuple[str, tuple[int, ...]]]]] = {
    "docs/tutorials/anndata.md": [("anndata", (0, 12, 7))],
    "docs/how-to/cells.md": [("anndata", (0, 12, 7)), ("scanpy", (1, 11)), ("muon", (0, 1, 7))],
    "docs/how-to/gensim.md": [("gensim", (4, 4))],
    "docs/how-to/mlflow.md": [("mlflow-skinny", (3,)), ("sqlalchemy", (2,)), ("alembic", (1,))],
    "docs/how-to/pyldavis.md": [("pyLDAvis", (3, 4))],
    "docs/how-to/tune.md": [("optuna", (5,))],
}
"""Packages that are not everywhere: those that `dev` goes without are in `docs`, and .ci/run has both; gensim,
with what needs it, is not there for Python 3.14."""


@pytest.mark.filterwarnings(
    *(
        f"ignore::{kind}:{package}"
        for kind in ("FutureWarning", "DeprecationWarning", "PendingDeprecationWarning", "UserWarning")
        for package in ("anndata", "scanpy", "mudata", "muon", "umap", "legacy_api_wrap", "mlflow")
    )
)
@pytest.mark.filterwarnings("default:.*records were skipped:UserWarning")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in NAMES]
)
def test_page(name: str, folder: Path) -> None:
    missing = [package for package, version in NEEDS.get(name, ()) if not is_there(package, version)]
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}: of the extra docs, or not there for this Python")
    if name == "README.md" and "<!-- not run: " not in (ROOT / name).read_text(encoding="utf-8"):
        pytest.skip("this README says of no block that it cannot be run here")
    printed: str | None = None
    left_out = False
    variables: dict[str, Any] = {"__name__": "__main__"}
    sweeps = README_SWEEPS if name == "README.md" else MOST_SWEEPS
    with Shell(folder, most_sweeps=sweeps, ray=name == ON_RAY) as shell:
        for block in blocks(ROOT / name):
            if block.is_output and left_out:
                continue
            left_out = not all(is_there(package) for package in block.needs)
            if left_out:
                continue
            if block.is_output:
                assert printed is not None, f"{block.place}: no block above prints this"
                assert agrees(printed, block.code), f"{block.place}: printed is\n{printed}"
                continue
            printed = None
            if block.not_run is not None:
                hold_to_options(block)
            elif block.language == "console":
                for command in commands(block):
                    run(shell, block, command)
            elif block.language == "python":
                printed = shell.as_said(execute(block, shell.addressed(block.code), variables))
            elif block.language in LOADS:
                LOADS[block.language](block.code)
            else:
                assert block.language in DATA, (
                    f"{block.place}: a language is one of {sorted(RUN | DATA | {*LOADS})}"
                )


def is_there(package: str, at_least: tuple[int, ...] = ()) -> bool:
    try:
        found = metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return not at_least or tuple(int(number) for number in found.split(".")[:3]) >= at_least


def run(shell: Shell, block: Block, command: Command) -> None:
    if block.runs_on:
        shell.serve(command.text)
        return
    place = f"{block.page.relative_to(ROOT)}:{command.line}"
    code, out, err = shell.run(command.text)
    assert code == 0, f"{place}: {command.text}\nends with {code}\n{out}{err}"
    if command.expected:
        assert agrees(out, command.expected), f"{place}: {command.text}\nprints\n{out}"


def execute(block: Block, code: str, variables: dict[str, Any]) -> str:
    out = io.StringIO()
    source = "\n" * block.line + code  # so that a traceback has the lines of the page
    with contextlib.redirect_stdout(out):
        exec(compile(source, str(block.page), "exec"), variables)
    return out.getvalue()


def hold_to_options(block: Block) -> None:
    """Refuse options that are not there, in a block that cannot be run here."""
    if block.language == "python":
        compile(block.code, block.place, "exec")
    elif block.language == "console":
        for command in commands(block):
            for words in simple_commands(command.text):
                if words[:1] == ["make"]:
                    assert f"\n{words[1]}:" in MAKEFILE.read_text(encoding="utf-8"), f"{block.place}: {words}"
                    continue
                group = GROUPS.get(" ".join(words[:3])) or GROUPS.get(words[0])
                if group is not None:
                    try:
                        parsed(words[1 if group is cli else 3 :], group)
                    except click.ClickException as error:
                        pytest.fail(f"{block.place}: {shlex.join(words)}: {error.format_message()}")
                    except Exception as error:
                        # No GPU here: the options were understood.
                        if getattr(error, "exit_code", None) != 4:
                            raise


def simple_commands(text: str) -> Iterator[list[str]]:
    """The commands of a line of shell, without what is redirected."""
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars="|&;<>()")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if set(word) <= set("|&;<>()"):
            yield words
            # What follows > or < is a file.
            words = ["a file"] if set(word) & set("<>") else []
        else:
            words.append(word)
    yield words


def test_what_is_shown_is_compared() -> None:
    assert agrees("1  a b\n2  c\n", "1 a b\n2 c\n")
    assert agrees("1  a b\n2  c\n", "1 a\n...\n")
    assert not agrees("1  a b\n2  c\n", "1 a b\n")
    assert not agrees("1  a b\n2  c\n", "...\n3 c\n")


@pytest.mark.parametrize(
    "line",
    [
        "lda fit corpus -k 5 -o model --sweps 3",
        "lda corpus biuld x -o y",
        "lda fit a -o b --device gpu",
        "lda fit x",
    ],
)
def test_a_wrong_option_is_noticed(line: str) -> None:
    with pytest.raises(click.ClickException):
        parsed(shlex.split(line)[1:])


def test_commands_are_found_behind_pipes_and_redirections() -> None:
    found = list(simple_commands("zcat a.gz | lda transform m - > out && lda topics m \\\n  -n 3  # why"))
    assert [words for words in found if words[:1] == ["lda"]] == [
        ["lda", "transform", "m", "-"],
        ["lda", "topics", "m", "-n", "3"],
    ]
