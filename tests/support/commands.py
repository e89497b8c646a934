"""Commands run in this process, and what they print."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from lda.cli import cli


def run(*arguments: object, code: int = 0, stdin: str | bytes | None = None, **env: str) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in arguments], input=stdin, env=env)
    assert result.exit_code == code, result.stderr
    assert "Traceback" not in result.stderr
    return result


def run_json(*arguments: object, **options: Any) -> dict[str, Any]:
    """The one JSON object on stdout; NaN and Infinity, which are not JSON, fail."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    value = json.loads(run(*arguments, "--json", **options).stdout, parse_constant=refuse)
    assert isinstance(value, dict)
    return value


def fails(code: int, *arguments: object) -> str:
    """The one line on stderr of a command that ends with the code; -q leaves only errors there."""
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("lda: ")
    return lines[0]
