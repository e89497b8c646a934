"""Settings of the documentation site; `make docs` builds it, with warnings as errors."""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from sphinx.application import Sphinx

project = "raylda"
author = "the raylda authors"
copyright = author  # noqa: A001 - Sphinx's name for it
version = release = version_of("raylda")

extensions = [
    "myst_nb",
    "sphinx_external_toc",  # the order of pages stands in _toc.yml, so that pages are plain Markdown on GitHub, too
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
external_toc_path = "_toc.yml"
nitpicky = False  # types of NumPy and SciPy in signatures are not linked

# Docstrings are written as plain text with `code` in single backticks.
default_role = "code"
smartquotes = False
add_module_names = False
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
python_maximum_signature_line_length = 80
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # properties are listed by autodoc as well

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 180
nb_merge_streams = True

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_title = f"raylda {version}"
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"
pygments_style = "default"
pygments_dark_style = "monokai"


def add_examples(app: Sphinx, context: click.Context, lines: list[str]) -> None:
    """Put the Examples block of a command's --help behind its options, which sphinx-click does not know of."""
    examples = getattr(context.command, "examples", ())
    if examples:
        shown = [
            "**Examples**",
            "",
            ".. code-block:: console",
            "",
            *(f"   $ {line}" for line in examples),
            "",
        ]
        lines[:0] = shown


def as_written(app: Sphinx, context: click.Context, lines: list[str]) -> None:
    """Keep stars in help texts from being taken for emphasis: `s3://`, `*.parquet` are meant as they stand."""
    lines[:] = [re.sub(r"(?<!\\)\*", r"\\*", line) for line in lines]


def as_plain_text(
    app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]
) -> None:
    """Make reStructuredText of docstrings, which are written to be read in an editor and by help().

    A name such as `alpha_` is no link. What stands behind a section's title in parentheses is left out, and so is the
    docstring of the package, whose example the index of the site has.
    """
    if what == "module":
        lines.clear()
    if what == "property" and lines:
        # napoleon takes what is before a colon for a type
        lines[0] = lines[0].replace(": ", " \N{EN DASH} ", 1)
    for number, line in enumerate(lines):
        title = re.fullmatch(r"(Attributes|Args) \((.*)\):", line)
        lines[number] = f"{title[1]}:" if title else re.sub(r"(?<![`\w.])(\w+_)(?![\w`])", r"`\1`", line)


def setup(app: Sphinx) -> None:
    """Sphinx calls this."""
    app.connect("autodoc-process-docstring", as_plain_text, priority=100)  # before napoleon
    app.connect("sphinx-click-process-epilog", add_examples)
    app.connect("sphinx-click-process-description", as_written)
