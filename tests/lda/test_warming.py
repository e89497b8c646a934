"""Compiling before the first fit: all that is needed, for one set of types each, and then nothing more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import tiny
from commands import run

from lda import warming

if TYPE_CHECKING:
    from pathlib import Path

COUNT_SIGNATURES = '''
import sys
from numba.core.registry import CPUDispatcher

def signatures():
    """Types that each kernel is compiled for; one that kernels call need not be, where they were found on disk."""
    found, called = {}, set()
    for held in list(sys.modules.values()):
        for thing in list(vars(held).values()) if held.__name__.startswith("lda.samplers.") else ():
            if isinstance(thing, CPUDispatcher):
                function = thing.py_func
                called |= {id(function.__globals__.get(name)) for name in function.__code__.co_names}
    for module, held in list(sys.modules.items()):
        for name, thing in vars(held).items() if module.startswith("lda.samplers.") else ():
            if isinstance(thing, CPUDispatcher) and thing.py_func.__module__ == module:
                if not thing.targetoptions.get("forceinline") and (thing.signatures or id(thing) not in called):
                    found[f"{module.removeprefix('lda.samplers.')}.{name}"] = len(thing.signatures)
    return found
'''

WARM = """
import json
from lda.warming import warm
list(warm())
once = signatures()
import lda
from lda.cli import cli
source, model = sys.argv[1:]
for command in (
    ["fit", source, "--text", "body", "-k", "3", "-n", "12", "-o", model, "--validation-fraction", "0.1"],
    ["fit", source, "--text", "body", "-k", "300", "-n", "2", "-o", model + "-many", "--samples", "2"],
    ["transform", model, source, "-o", model + ".parquet"],
    ["evaluate", model, source, "-m", "npmi,diagnostics"],
):
    try:
        cli.main(command)
    except SystemExit as end:
        assert not end.code, command
lda.LDA(3, max_iter=2, random_state=0).fit([["a", "b"], ["b", "c"]]).transform([["a"]])
print("\\n" + json.dumps([once, signatures()]))
"""

TWO_TYPES = {"counts.word_counts.gather_rows"}
"""Writes topics as the indices of a matrix, and as those of a change of counts."""


def wrong(signatures: dict[str, int]) -> dict[str, int]:
    """Those that are compiled for no types, or for more than one set of them."""
    return {name: n for name, n in signatures.items() if not 1 <= n <= 1 + (name in TWO_TYPES)}


def in_new_process(code: str, *arguments: object, cache: Path | None = None) -> Any:
    """What the last line that a fresh process prints says."""
    environment = os.environ | ({} if cache is None else {"NUMBA_CACHE_DIR": str(cache)})
    found = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, env=environment
    )
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout.splitlines()[-1])


def command(cache: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`lda` as a process of its own, with its kernels in `cache`."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(cache)}
    return subprocess.run(
        [sys.executable, "-m", "lda", *arguments], capture_output=True, text=True, env=environment
    )


def test_every_kernel_is_compiled_for_one_set_of_types_and_fits_ask_for_no_other(tmp_path: Path) -> None:
    source = tiny.jsonl(tmp_path / "tiny.jsonl")
    once, again = in_new_process(COUNT_SIGNATURES + WARM, source, tmp_path / "model")
    assert len(once) > 30
    assert wrong(once) == {}
    assert wrong(again) == {}


@pytest.mark.slow
def test_nothing_is_left_to_compile_for_a_later_process(tmp_path: Path) -> None:
    source, cache = tiny.jsonl(tmp_path / "tiny.jsonl"), tmp_path / "cache"
    warmed = command(cache, "warm", "--sampler", "auto", "-k", "3", "-k", "300", "--json")
    assert json.loads(warmed.stdout)["kernels"] > 10
    fits = WARM[WARM.index("import lda\n") : WARM.index("print(")]
    code = (
        "import json, sys\nfrom lda.samplers.numerics.jit import count_compiled\nwith count_compiled() as names:\n"
        + "".join(f"    {line}\n" for line in fits.splitlines())
        + "print(); print(json.dumps(names))"
    )
    assert in_new_process(code, source, tmp_path / "model", cache=cache) == []


FIT = """
import json, sys
from lda.samplers.numerics.jit import count_compiled
with count_compiled() as names:
    from lda.cluster import FitSettings, fit
    from lda.corpus import as_corpus
    fit(as_corpus([["a", "b"], ["b", "c"]] * 20), FitSettings(n_topics=3, sweeps=1, threads=1, start="random"))
print(json.dumps(names))
"""


def test_a_small_fit_compiles_what_it_needs_and_no_more(tmp_path: Path) -> None:
    names = in_new_process(FIT, cache=tmp_path)
    assert len(names) == len(set(names)) < 24
    for foreign in ("scoring", "by_word_range", "simultaneous", "drawn", "collapsed", "delta_packing"):
        assert not [name for name in names if foreign in name]


def test_the_command_says_where_kernels_lie_and_a_line_a_stage() -> None:
    done = run("warm", "--sampler", "collapsed", "-k", "3")
    assert "collapsed, up to 256 topics: " in done.stderr
    assert "; all lie in " in done.stdout


def test_a_folder_that_cannot_be_written_is_an_error_of_this_command(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    refused = command(tmp_path / "file", "warm")
    assert refused.returncode == 1
    assert "set XDG_CACHE_HOME or NUMBA_CACHE_DIR to a folder that can be written" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_no_more_topics_are_run_than_their_kernels_need(monkeypatch: pytest.MonkeyPatch) -> None:
    run_with: list[int] = []

    def stages(_: object, n_topics: list[int]) -> list[warming.Stage]:
        run_with[:] = n_topics
        return []

    monkeypatch.setattr(warming, "stages", stages)
    for asked, expected in (
        ([3, 5, 200], [8]),  # the same kernels: once
        ([65_535, 1], [257, 8]),
        ([2_147_483_647], [65_536]),
        ([], [8, 257]),
    ):
        assert not list(warming.warm(n_topics=asked))
        assert run_with == expected
    with pytest.raises(ValueError, match="the number of topics must be between 1 and"):
        list(warming.warm(n_topics=[0]))


FIT_OF_MOST = FIT.replace("n_topics=3", "n_topics=100_000")


@pytest.mark.slow
def test_nothing_is_left_to_compile_for_more_topics_than_two_bytes_number(tmp_path: Path) -> None:
    warmed = command(tmp_path, "warm", "--sampler", "auto", "-k", "3", "-k", "4000000")
    assert "more than 65535 topics: " in warmed.stderr
    assert in_new_process(FIT_OF_MOST, cache=tmp_path) == []


def test_a_full_disk_is_one_line_of_this_command(full_disk: Path) -> None:
    refused = command(full_disk, "warm", "--sampler", "collapsed", "-k", "3")
    assert refused.returncode == 1
    assert "No space left on device" in refused.stderr
    assert "make room there, or set XDG_CACHE_HOME or NUMBA_CACHE_DIR" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_fit_goes_on_with_a_full_disk(full_disk: Path) -> None:
    assert len(in_new_process(FIT, cache=full_disk)) > 5
