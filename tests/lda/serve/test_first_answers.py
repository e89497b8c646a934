"""The first requests find all that they need: what is loaded or compiled late would be waited for by somebody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tiny

import lda
from lda.serve.rehearsal import rehearse

if TYPE_CHECKING:
    from collections.abc import Sequence

# Late modules that are told are those of packages: a text codec of Python's own is no wait.
SCRIPT = """
import functools, gc, json, sys
from pathlib import Path
from asgi_client import AsgiClient
from lda.corpus.arrow import do_without_pandas
from lda.serve import Shelf, create_app
from lda.serve.host import connections, worker
from lda.serve.host.prepared import opened_prepared, prepare
from numba.core.dispatcher import Dispatcher

def known():
    kernels = [one for one in gc.get_objects() if isinstance(one, Dispatcher)]
    modules = {name for name in sys.modules if name.partition(".")[0] not in sys.stdlib_module_names}
    caches = [one for one in gc.get_objects() if isinstance(one, functools._lru_cache_wrapper)]
    tables = {f"{c.__module__}.{c.__qualname__} {c.cache_info().currsize}" for c in caches if "lda." in c.__module__}
    return modules | tables | {f"{k.py_func.__qualname__}{types}" for k in kernels for types in k.signatures}

do_without_pandas()
folder = Path(sys.argv[1])
prepare("m", str(folder / "model"), folder / "prepared", n_words=10)
model = opened_prepared("m", folder / "prepared", n_words=10)
client = AsgiClient(create_app(Shelf([model])))
before, text, many = known(), "bread butter oven", "br\\u00f6t \\u65e5\\u672c \\u00e9toile"
data = {"datatype": "INT64", "shape": [1, model.n_terms], "data": [2] * model.n_terms}
late = {}
for path, value in (
    ("/v2/models/m/infer", {"inputs": [{"name": "t", "datatype": "BYTES", "shape": [1], "data": [text]}]}),
    ("/invocations", {"inputs": [text]}),
    ("/v1/topics", {"document": many}),
    ("/v1/topics", {"documents": [text, many] * 100, "seed": 7, "shares": True}),
    ("/v1/topics", {"documents": [text * 2000, ["bread", "oven"], {"counts": {"bread": 2}}]}),
    ("/v2/models/m/infer", {"inputs": [{"name": "counts", **data}], "outputs": [{"name": "topics"}]}),
    ("/metrics", None),
):
    body = b"" if value is None else json.dumps(value).encode()
    answer = client.ask("GET" if value is None else "POST", path, body, {"content-type": "application/json"})
    assert answer.status == 200, answer
    new = known() - before
    if new:
        late[f"{path} {body[:40]}"] = sorted(new)
        before |= new
client.close()
print(json.dumps(late))
"""


@pytest.mark.parametrize("n_topics", [3, pytest.param(300, marks=pytest.mark.slow)])
def test_nothing_is_loaded_or_compiled_by_the_first_requests(tmp_path: Path, n_topics: int) -> None:
    source = tiny.jsonl(tmp_path / "docs.jsonl")
    corpus = lda.read_corpus(source, recipe=lda.Recipe(text="body"))
    lda.LDA(n_topics, max_iter=2, random_state=0).fit(corpus).model_.save(tmp_path / "model")
    support = Path(tiny.__file__).parent
    path = os.pathsep.join([str(support), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "{}"


def test_a_rehearsal_that_fails_harms_nobody() -> None:
    class Choosy:
        """A stand-in for an inferencer whose function for texts is somebody else's."""

        n_terms, can_read_texts = 2, True

        def __init__(self) -> None:
            self.asked = list[object]()

        def infer_texts(self, texts: Sequence[str]) -> None:
            self.asked += texts
            raise KeyError(texts[0])

        infer_tokens = infer_texts

        def infer_counts(self, X: np.ndarray) -> None:
            raise RuntimeError

    choosy = Choosy()
    rehearse(choosy, ["bread", "\u00e0"])  # type: ignore[arg-type]
    assert "bread \u00e0" in choosy.asked
    assert not all(str(text).isascii() for text in choosy.asked[-5:])
