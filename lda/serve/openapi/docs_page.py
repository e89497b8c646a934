"""The page for people: our own HTML, with nothing in it that a browser would fetch or run."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from typing import Any, Final

STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b;
  background: #fff }
h2 { margin-top: 2.5rem; font-size: 1.1rem; border-top: 1px solid #ddd; padding-top: 1rem }
code, pre { font: 14px/1.4 ui-monospace, monospace; background: #f3f3f3; border-radius: 4px; padding: .1em .3em }
code { overflow-wrap: anywhere }
pre { padding: .8rem; overflow-x: auto }
th { text-align: left; padding-right: 1rem; vertical-align: top; white-space: nowrap }
.all td { padding: .1rem 1rem .1rem 0; vertical-align: top } .all { margin-top: 1.5rem }
@media (min-width: 40rem) { .all td:first-child { white-space: nowrap } }
@media (max-width: 40rem) { .all td { display: block; padding: 0 } .all td + td { padding-bottom: .6rem } }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #161616; color-scheme: dark }
  code, pre { background: #262626 } h2 { border-color: #444 } a { color: #8ab4f8 } }
"""

LINE: Final = 76
"""Characters of JSON that stand on one line."""


def page_headers() -> tuple[tuple[bytes, bytes], ...]:
    """What goes with the page: nothing may be loaded, run, sent or framed; the style is told by its hash."""
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
    policy += "frame-ancestors 'none'"
    return ((b"content-security-policy", policy.encode()), (b"referrer-policy", b"no-referrer"))


def docs_page(document: dict[str, Any]) -> bytes:
    """The page of an OpenAPI document."""
    info, schemas = document["info"], document["components"]["schemas"]
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        "<link rel=icon href='data:,'>",  # browsers would ask for one, and be told that there is none
        f"<title>{_text(info['title'])}</title><style>{STYLE}</style></head><body>",
        f"<h1>{_text(info['title'])} {_text(info['version'])}</h1><p>{_text(info['description'])}</p>",
        "<p>For programs: <a href=openapi.json>openapi.json</a></p>",
        f"<p>Errors are <code>application/json</code>{_link('Error')}.</p>",
        "<table class=all>",
    ]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append(
                f"<tr><td><a href='#{_text(operation['operationId'])}'><code>{method.upper()} {_text(path)}</code></a>"
                f"</td><td>{_text(operation['summary'])}</td></tr>"
            )
    parts.append("</table>")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(method.upper(), path, operation, schemas))
    parts += ["<h2>Schemas</h2>"]
    parts += [
        f"<h3 id={_text(name)}>{_text(name)}</h3><pre>{_pretty(schema)}</pre>"
        for name, schema in schemas.items()
    ]
    return "".join((*parts, "</body></html>")).encode()


def _operation(method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any]) -> str:
    name = _text(operation["operationId"])
    parts = [f"<h2 id='{name}'><code>{method} {_text(path)}</code></h2><p>{_text(operation['summary'])}"]
    if "security" in operation:
        parts.append(" Needs the token: <code>Authorization: Bearer TOKEN</code>.")
    parts.append("</p>")
    body = operation.get("requestBody", {}).get("content", {})
    for media, said in body.items():
        name = said.get("schema", {}).get("$ref", "").rpartition("/")[2]
        parts.append(f"<p>Takes <code>{_text(media)}</code>{_link(name)}</p>")
        parts += [f"<pre>{_pretty(example)}</pre>" for example in schemas.get(name, {}).get("examples", [])]
    rows = [
        f"<tr><th>{_text(status)}</th><td>{_text(answer['description'])}{_given(answer)}</td></tr>"
        for status, answer in operation["responses"].items()
    ]
    return "".join((*parts, "<table>", *rows, "</table>"))


def _given(answer: dict[str, Any]) -> str:
    shown = list[str]()
    for media, said in answer.get("content", {}).items():
        name = said.get("schema", {}).get("$ref", "").rpartition("/")[2]
        if name == "Error":  # which the beginning of the page says of all
            continue
        shown.append(f" <code>{_text(media)}</code>{_link(name)}")
    return "".join(shown)


def _link(name: str) -> str:
    return f" (<a href='#{_text(name)}'>{_text(name)}</a>)" if name else ""


def _pretty(value: object) -> str:
    return _text(_in_lines(value, ""))


def _in_lines(value: Any, indent: str) -> str:  # noqa: ANN401 - of JSON
    """JSON, with what fits into a line on one."""
    whole = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(whole) <= LINE or not isinstance(value, dict | list):
        return whole
    inner = indent + "  "
    if isinstance(value, list):
        rows = [f"{inner}{_in_lines(one, inner)}" for one in value]
        return "[\n" + ",\n".join(rows) + f"\n{indent}]"
    rows = [
        f"{inner}{json.dumps(key, ensure_ascii=False)}: {_in_lines(one, inner)}" for key, one in value.items()
    ]
    return "{\n" + ",\n".join(rows) + f"\n{indent}}}"


def _text(text: str) -> str:
    return html.escape(str(text))
