"""Client libraries of others, in an environment of their own: what they bring cannot be installed beside ours."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import served
from serving import FAR_SECONDS, Serving

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".peers" / "clients" / "bin" / "python"
SCRIPTS = ROOT / "tests" / "support" / "foreign"
TEXTS = ["galaxy star orbit", "Küche: naïve bank", ""]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not PYTHON.exists(), reason="the clients of Triton and KServe are not here: make .peers/clients"
    ),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("served")
    served.model().save(folder / "m")
    with Serving(folder, folder / "m", "--workers", "1", token="a-token-of-this-test") as one:
        yield one


def _told(service: Serving, script: str) -> dict[str, Any]:
    """What a script prints; all theta are those of the model to the bit."""
    model = served.model()
    counts = np.zeros((2, len(model.vocabulary)), dtype=np.int32)
    counts[0, 1], counts[1, :3] = 4, (1, 0, 2)
    asked = {
        "port": service.port,
        "token": service.token,
        "model": "m",
        "texts": TEXTS,
        "counts": counts.tolist(),
    }
    ended = subprocess.run(
        [PYTHON, SCRIPTS / script],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=FAR_SECONDS,
    )
    assert ended.returncode == 0, ended.stderr
    told: dict[str, Any] = json.loads(ended.stdout)
    of_texts, of_counts = model.transform_texts(TEXTS), model.transform(counts)
    for key, theta in told.items():
        if key.startswith("theta"):
            want = of_counts if "counts" in key else of_texts
            for one in theta if key == "theta_async" else [theta]:
                np.testing.assert_array_equal(np.float32(one), want, err_msg=key)
    return told


def test_tritons(service: Serving) -> None:
    told = _told(service, "ask_triton.py")
    assert [told[key] for key in ("live", "ready", "model_ready", "version_ready")] == [True] * 4
    assert [told[key] for key in ("ready_after_load", "ready_after_unload", "ready_again")] == [
        True,
        False,
        True,
    ]
    assert not told["nothing_ready"]
    assert told["id"] == "a-1"
    assert [one["name"] for one in told["index"]] == ["m"]
    assert "theta" in told["all_outputs"]
    refused = ("no_token", "no_model", "load_without_token")
    assert [told[key][0] for key in refused] == ["401", "404", "401"]


def test_kserves(service: Serving) -> None:
    told = _told(service, "ask_kserve.py")
    assert [told[key] for key in ("live", "ready", "model_ready", "nothing_ready")] == [
        True,
        True,
        True,
        False,
    ]
    assert told["id"] == "a-1"
    assert told["no_token"][0] == "401"
