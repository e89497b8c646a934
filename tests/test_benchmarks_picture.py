"""The README's picture: a terminal is one to the command, and the file needs nothing from elsewhere."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from benchmarks.picture import PICTURE, as_svg, on_terminal, picture


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_command_sees_a_terminal_of_the_width_asked_for() -> None:
    code = (
        "import os, sys; print(sys.stdout.isatty(), os.get_terminal_size().columns); print('\\033[32mgreen')"
    )
    assert on_terminal(python(code), 77) == "True 77\n\033[32mgreen\n"


def test_a_command_that_fails_is_told() -> None:
    with pytest.raises(click.ClickException, match="failed: no model"):
        on_terminal(python("import sys; sys.exit('no model')"), 80)


def test_pictures_hold_what_was_printed_in_its_colours() -> None:
    drawn = as_svg("lda topics <model>", "\033[31mpeace\033[0m & war\n" + "x" * 70, 60)
    text = "".join(ET.fromstring(drawn).itertext()).replace("\xa0", " ")
    assert "$ lda topics <model>" in " ".join(text.split())
    assert "peace" in text
    assert "& war" in text
    assert text.count("x") >= 70, "a line that is too long is folded, not cut"
    assert len(set(re.findall(r"fill: (#\w+)", drawn))) >= 2


def test_pictures_of_the_readme_load_nothing() -> None:
    for path in sorted(PICTURE.parent.glob("*.svg")):
        drawn = path.read_text()
        ET.fromstring(drawn)
        assert not re.search(
            r"https?://(?!www\.w3\.org/2000/svg)|@import|<script|<image|url\((?!#)", drawn
        ), path


def test_a_model_that_is_not_there_is_a_line(tmp_path: Path) -> None:
    said = CliRunner().invoke(picture, [str(tmp_path / "absent"), "-o", str(tmp_path / "x.svg")])
    assert said.exit_code == 2
    assert "make picture" in said.output
