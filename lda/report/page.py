"""The page: data and charts in, one HTML file out that asks for nothing else.

The browser unpacks the data and draws the views (the scripts in `assets`); here they are only put together. Whatever
comes from outside travels in the packed data, never as mark-up: the template itself gets the title alone.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from lda.charts.specs import page_configs
from lda.extras import needed

if TYPE_CHECKING:
    from collections.abc import Mapping

BASE: Final = (
    "elements.js",
    "data.js",
    "downloads.js",
    "charts.js",
    "tables.js",
    "blocks.js",
    "views.js",
)
"""What every page has; one idea a file."""

PAGES: Final[dict[str, tuple[str, ...]]] = {
    "report": (
        "report/model_data.js",
        "report/text.js",
        "report/names.js",
        "report/overview.js",
        "report/map.js",
        "report/topic.js",
        "report/documents.js",
        "report/groups.js",
        "report/words.js",
        "report/labels.js",
        "report/start.js",
    ),
    "study": (
        "study/values.js",
        "study/overview.js",
        "study/criteria.js",
        "study/curves.js",
        "study/candidates.js",
        "study/beside.js",
        "study/start.js",
    ),
    "comparison": (
        "comparison/topics_of_models.js",
        "comparison/overview.js",
        "comparison/relations.js",
        "comparison/match.js",
        "comparison/moved.js",
        "comparison/matrix.js",
        "comparison/start.js",
    ),
}
"""The scripts of each page besides; in this order they are one module script with those of `BASE`, and the last of them
calls `startPage`."""

STYLES: Final = ("page.css",)
TEMPLATE: Final = "page.html"

# In the bundle only the function that embeds a chart is whole: the names `vega` and `vegaLite` are null there.
CHART_SCRIPT: Final = "globalThis.vegaEmbed = vegaEmbed;"


def render_page(
    data: Mapping[str, Any], specs: Mapping[str, Mapping[str, Any]], *, page: str = "report"
) -> str:
    """A whole page that opens by a double click, without a network.

    data: what the page shows; all have "title", and "made" with "raylda" and "date". specs: Vega-Lite charts by name,
    each with the named data "rows", which the page fills. page: which of `PAGES`. Equal arguments give the same page,
    to the byte.
    Raises MissingPackageError, one line that says what to install, where a package of the extra `report` is missing,
    and ValueError for data that is not JSON (NaN is none: say None).
    """
    jinja2 = needed("jinja2", "reports")
    vl_convert = needed("vl_convert", "reports")
    charts = _chart_script(vl_convert)
    own = _own_script(page)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    html: str = environment.from_string(_asset(TEMPLATE)).render(
        title=str(data["title"]),
        policy=_policy(charts, own),
        style=_raw(jinja2, "\n".join(_asset(name) for name in STYLES)),
        data=_packed(data),
        specs=_packed({"charts": specs, "configs": page_configs()}),
        charts=_raw(jinja2, charts),
        script=_raw(jinja2, own),
    )
    return html


def _policy(*scripts: str) -> str:
    """Nothing may be loaded, and only these scripts run. The charts compile their expressions, hence unsafe-eval."""
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes} 'unsafe-eval'; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")


def _packed(value: object) -> str:
    """As JSON, compressed, in base64: a seventh of the JSON, and without a character that HTML could read."""
    text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    # surrogatepass would let through what no browser decodes; a lone surrogate becomes "?" as in a terminal.
    compressed = gzip.compress(text.encode("utf-8", "replace"), compresslevel=9, mtime=0)
    return base64.b64encode(compressed).decode("ascii")


def _raw(jinja2: Any, text: str) -> Any:  # noqa: ANN401  jinja2 is imported late
    """Code of our own (or of the charts) that goes into an element as it is; it must not end that element."""
    lowered = text.lower()
    for end in ("</script", "</style", "<!--"):
        if end in lowered:
            raise ValueError(f"a script or style of the page holds {end!r}, which would end its element")
    return jinja2.utils.markupsafe.Markup(text)


@cache
def _own_script(page: str) -> str:
    # As text of HTML, line ends are one character; a hash over anything else would not match.
    return "\n" + "\n".join(_asset(name) for name in (*BASE, *PAGES[page]))


@cache
def _chart_script(vl_convert: Any) -> str:  # noqa: ANN401  a module without types
    return "\n" + str(vl_convert.javascript_bundle(CHART_SCRIPT)).replace("\r\n", "\n").replace("\r", "\n")


def _asset(name: str) -> str:
    text = (resources.files("lda.report") / "assets" / name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")
