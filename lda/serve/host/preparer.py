"""The process that reads models for the supervisor, which stays small by that, and alive whatever a model is like."""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Final

from lda.serve.host.channel import line
from lda.serve.host.processes import die_with_parent, first_orders

BEHIND: Final = 5
"""How much lower its priority is than that of the workers, by the system's count, while these serve."""


def main(end: int) -> None:
    """Prepare the models of the first message, and say how each went: "name", with "error" or what is known."""
    orders = first_orders(end)
    die_with_parent(end, lambda: 0.0)
    if orders["behind"]:  # requests come first: a swap may take its time
        with suppress(OSError):
            os.nice(BEHIND)
    from lda.corpus.arrow import do_without_pandas
    from lda.corpus.presentable import presentable
    from lda.serve.host.prepared import prepare

    do_without_pandas()
    for wanted in orders["models"]:
        name, told = wanted["name"], list[str]()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                known = prepare(name, wanted["place"], Path(wanted["folder"]), n_words=orders["n_words"])
            except MemoryError:
                known = {
                    "error": "out of memory; serve fewer models, or take a larger machine",
                    "code": 1,
                    "kind": "failure",
                }
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a model, the others are served
                text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                known = {
                    "error": presentable(" ".join((text or type(error).__name__).split())),
                    "code": getattr(type(error), "exit_code", 1),
                    "kind": getattr(type(error), "kind", "failure"),
                }
        told = [presentable(" ".join(str(one.message).split())) for one in caught]
        data = line({"name": name, **known, "warnings": told})
        while data:
            data = data[os.write(end, data) :]
