"""The picture of a report that the README shows: its page in headless Chromium."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

import click

from benchmarks.published import ROOT

PICTURE: Final = ROOT / "docs" / "assets" / "report.png"
BROWSERS: Final = ("chromium", "chromium-headless-shell", "google-chrome", "chrome")


@click.command("report-picture")
@click.argument(
    "report", type=click.Path(exists=True, dir_okay=False, path_type=Path), default="demo-report.html"
)
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), default=PICTURE, help="PNG.")
@click.option("--view", default="#/groups", help="The part of the page, as its address has it.")
@click.option("--size", type=(int, int), default=(1180, 860), help="Width and height of the window.")
def report_picture(report: Path, output: Path, view: str, size: tuple[int, int]) -> None:
    """Photograph a view of REPORT; `make picture` makes the one of the demo first."""
    from playwright.sync_api import sync_playwright

    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise click.ClickException("there is no Chromium; install the package chromium of Debian, say")
    with sync_playwright() as playwright:
        # Chromium has no sandbox for root, and needs none for a page of our own.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=browser, args=arguments)
        page = chromium.new_page(
            viewport={"width": size[0], "height": size[1]}, device_scale_factor=1.5, color_scheme="light"
        )
        page.goto(report.resolve().as_uri() + view)
        page.locator("main svg").first.wait_for()
        page.wait_for_timeout(1000)  # charts that are drawn one after the other
        output.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=output)
        chromium.close()
    click.echo(f"wrote {output}")
