"""The `lda fit` that a deployment runs: what the user asks for, checked, with what the cluster adds to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from posixpath import normpath
from typing import Final

import click
from click.core import ParameterSource

from lda.cli.fit.output_files import OUTPUT_FILES
from lda.corpus.presentable import without_keys
from lda.deploy.quoting import check_text

WAIT_SECONDS: Final = 600
"""How long a fit waits for its nodes: machines of a cloud are there after some minutes."""

INPUTS: Final = ("inputs", "vocabulary", "extra_stopwords", "seed_words", "init_from", "input_state")
OUTPUTS: Final = ("output", "checkpoint", *(row.name for row in OUTPUT_FILES))


def fit_command(
    arguments: Sequence[str],
    *,
    address: str | None,
    workers: int | None,
    threads: int | None = None,
    mount: str | None = None,
) -> list[str]:
    """The words of the command: `lda fit`, what the deployment decides, then the user's own arguments.

    It has --resume: started again after a failure it goes on, and the first time it says that there is nothing to
    resume. What the deployment decides stands first, since the arguments may hold a `--`. address: None where the
    caller adds it. workers, threads: None leaves them to the cluster; what stands among the arguments wins.

    Raises:
        click.UsageError: `lda fit` would refuse the arguments, --address is among them, a path is relative, or
            an output lies outside of `mount`, where it would be gone with its node.
    """
    from lda.cli.fit.beginnings import check_inputs
    from lda.cli.fit.command import fit

    for word in arguments:
        _checked(word)
        if word.partition("=")[0] == "--config":
            raise click.UsageError(
                "--config names a file of this machine; write its options among the arguments of lda fit"
            )
        if word.partition("=")[0] == "--files-from":
            raise click.UsageError(
                "--files-from names a list of this machine; name the inputs among the arguments of lda fit, such as "
                "by a pattern"
            )
        if without_keys(word) != word:
            raise click.UsageError(
                f"keys do not belong into a file for others to run and record, got {without_keys(word)} with keys "
                "in it; put them into the environment of the nodes"
            )
    # The variables LDA_FIT_... of this machine are not set on that cluster: this context does not read them.
    context = fit.make_context("lda fit", list(arguments))
    given = {
        name for name in context.params if context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    if "address" in given:
        raise click.UsageError(
            "--address is decided by the deployment; leave it out of the arguments of lda fit"
        )
    check_inputs(context)
    _check_paths(context, mount)
    decided = {"address": address, "workers": workers, "threads_per_worker": threads}
    if "workers" in given or workers is not None:
        decided["wait"] = WAIT_SECONDS
    added = [
        word
        for name, value in decided.items()
        if value is not None and name not in given
        for word in ("--" + name.replace("_", "-"), str(value))
    ]
    return ["lda", "fit", *added, *([] if "resume" in given else ["--resume"]), *arguments]


def _checked(word: str) -> None:
    try:
        check_text("an argument of lda fit", word)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _check_paths(context: click.Context, mount: str | None) -> None:
    for name in (*INPUTS, *OUTPUTS):
        value = context.params[name]
        for path in value if isinstance(value, tuple) else (value,):
            if path is None or re.match(r"[a-z][a-z0-9+.-]+://", path):
                continue
            what = "an input" if name in INPUTS else "--" + name.replace("_", "-")
            if not path.startswith("/"):
                raise click.UsageError(
                    f"{what} must be an absolute path that all nodes see, or a URI such as s3://bucket/corpus, "
                    f"got {path!r}"
                )
            if _lies_under(path, "/dev") or _lies_under(path, "/proc"):
                raise click.UsageError(
                    f"{what} must be a file that all nodes see, got {path!r}, a pipe of this machine"
                )
            if name in OUTPUTS and mount is not None and not _lies_under(path, mount):
                raise click.UsageError(
                    f"{what} must lie under {mount}, the storage that outlives the nodes, got {path!r}; "
                    "choose another path, or name the storage's place with --mount"
                )


def _lies_under(path: str, folder: str) -> bool:
    return PurePosixPath(normpath(path)).is_relative_to(normpath(folder))
