"""How charts look: Vega-Lite configurations for light and for dark pages.

Charts name no colours of their own, so one specification is drawn in either. The colours are those of Okabe and Ito,
which people with any kind of colour vision can tell apart, without the yellow, which white swallows; ramps are
"viridis", and "blueorange" about a middle, for the same reason.
"""

from __future__ import annotations

from typing import Any, Final, Literal

Theme = Literal["light", "dark"]

CATEGORIES: Final[dict[Theme, list[str]]] = {
    "light": ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#5b5b5b"],
    "dark": ["#56b4e9", "#e69f00", "#2fc59b", "#e39fc6", "#ff8a3c", "#8fb8ff", "#bdbdbd"],
}

_INK: Final[dict[Theme, dict[str, str]]] = {
    "light": {"text": "#1f2328", "quiet": "#59636e", "line": "#d1d9e0"},
    "dark": {"text": "#e6edf3", "quiet": "#9da7b1", "line": "#3d444d"},
}

_PAGE: Final[dict[Theme, str]] = {"light": "#ffffff", "dark": "#0d1117"}


def page_background(theme: Theme) -> str:
    """The colour of a page that the theme is made for, for a chart that stands alone."""
    return _PAGE[theme]


def chart_config(theme: Theme = "light") -> dict[str, Any]:
    """The `config` of a Vega-Lite specification for pages of this theme; the background is left to the page."""
    ink, colours = _INK[theme], CATEGORIES[theme]
    return {
        "background": None,
        "font": "system-ui, sans-serif",
        "view": {
            "stroke": None,
            "continuousWidth": 480,
            "continuousHeight": 300,
            "discreteHeight": {"step": 18},
        },
        "axis": {
            "labelColor": ink["text"],
            "titleColor": ink["quiet"],
            "titleFontWeight": "normal",
            "gridColor": ink["line"],
            "domainColor": ink["line"],
            "tickColor": ink["line"],
            "labelLimit": 260,
            "labelSeparation": 6,
        },
        "axisQuantitative": {"tickCount": 6},
        "legend": {"labelColor": ink["text"], "titleColor": ink["quiet"], "titleFontWeight": "normal"},
        "header": {"labelColor": ink["text"], "titleColor": ink["quiet"], "labelLimit": 220},
        "title": {"color": ink["text"], "anchor": "start", "fontWeight": "normal"},
        "mark": {"color": colours[0], "tooltip": True},
        "text": {"color": ink["text"]},
        "rule": {"color": ink["text"]},
        # A topic of which the number is not known.
        "scale": {"invalid": {"color": {"value": "#8c959f"}}},
        "range": {
            "category": colours,
            "ramp": {"scheme": "viridis"},
            "heatmap": {"scheme": "viridis"},
            "diverging": {"scheme": "blueorange"},
        },
        "style": {
            "interval": {"stroke": ink["text"], "strokeWidth": 1.5},
            "label": {"fill": ink["text"]},
            "halo": {"fill": _PAGE[theme], "stroke": _PAGE[theme], "strokeWidth": 3, "strokeJoin": "round"},
            "outline": {"stroke": ink["text"]},
        },
    }
