"""Fixtures shared by all tests."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import small_disk
from browser import browser, open_page  # noqa: F401 - fixtures
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from nodes import Nodes

SHARED = Path(__file__).parents[2] / "shared" / "data"

# How long an example takes says how busy the machine is, and nothing of the code.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# For `benchmarks`, which is not installed; last, so that an installed `lda` is the one that is tested.
sys.path.append(str(Path(__file__).parents[1]))


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Path of a real corpus that is too large, or not free enough, to stand in this repository."""

    def path(name: str) -> Path:
        found = SHARED / name
        if not found.exists():
            pytest.skip(f"needs the corpus {name} in ../shared/data, which is not here")
        return found

    return path


@pytest.fixture(scope="session")
def started_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    from nodes import Nodes

    made = Nodes(tmp_path_factory.mktemp("nodes"))
    yield made
    made.close()


@pytest.fixture
def nodes(started_nodes: Nodes) -> Iterator[Nodes]:
    """A Ray cluster of two nodes, one for all tests; none may leave actors or reservations on it."""
    yield started_nodes
    started_nodes.check_nothing_left()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small corpus."""
    from cluster_fits import counts, stored

    path = tmp_path_factory.mktemp("small") / "corpus"
    stored(path, counts(240, 600, 0.03))
    return path


@pytest.fixture(scope="session")
def bucket() -> Iterator[str]:
    """A bucket of a real S3 server on this machine: `bucket.format("name")` is the URI of a place in it.

    Keys and server stand in the URI, so that processes started before reach it as well.
    """
    moto = pytest.importorskip("moto.server", reason="needs moto, of the extra dev")
    from pyarrow import fs

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    query = f"endpoint_override={host}:{port}&scheme=http&region=us-east-1"
    fs.FileSystem.from_uri(f"s3://key:secret@bucket?{query}&allow_bucket_creation=true")[0].create_dir(
        "bucket"
    )
    yield f"s3://key:secret@bucket/{{}}?{query}"
    server.stop()


@pytest.fixture(params=["file", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Gives the URI of a name: in a folder that is taken for an object store, and in a real one."""
    if request.param == "file":
        return lambda name: (tmp_path / name).as_uri()
    bucket: str = request.getfixturevalue("bucket")
    return lambda name: bucket.format(f"{tmp_path.name}/{name}")


# Ray leaves the pipes and log files of the processes it starts to the garbage collector.
LEFT_OPEN = ("subprocess .* is still running", "unclosed file", "unclosed <socket")


@pytest.hookimpl(tryfirst=True)  # `-m` looks at the marks afterwards
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests on Ray come last: the others need not run beside its processes, and keep their warnings."""
    for item in items:
        if "started_nodes" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.ray)
        if item.get_closest_marker("ray"):
            for text in LEFT_OPEN:
                item.add_marker(pytest.mark.filterwarnings(f"ignore:{text}:ResourceWarning"))
    items.sort(key=lambda item: item.get_closest_marker("ray") is not None)


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system on which files can be made, but with room for one page of bytes only."""
    with small_disk.of_size(tmp_path / "full", "40k") as folder:
        (folder / "other").write_bytes(bytes(36 << 10))
        yield folder
