"""A store that cuts connections, is away for a while, or refuses a part of a large file."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tiny
from bad_network import BadNetwork

import lda
from lda.cluster import CheckpointError, Checkpointing
from lda.cluster.checkpoints.identity import identity
from lda.cluster.checkpoints.manifest import RunState
from lda.cluster.checkpoints.read import latest
from lda.cluster.checkpoints.write import put_topics, stored, write
from lda.cluster.spec.fit_settings import FitSettings
from lda.corpus import DataError
from lda.corpus.storage import places, retries
from lda.corpus.storage.places import RemoteStorage
from lda.corpus.storage.retries import NetworkError, momentary, retried
from lda.model.model import Model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lda.cluster import SweepRecord
    from lda.corpus.storage.places import Storage


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little patience, so that what fails for good does so at once."""
    monkeypatch.setattr(retries, "ATTEMPTS", 2)
    monkeypatch.setattr(retries, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(places, "CLIENT_ATTEMPTS", 1)


@pytest.fixture
def network(bucket: str) -> Iterator[tuple[BadNetwork, str]]:
    """A network before the bucket's server, and the URI of places behind it."""
    match = re.search(r"endpoint_override=([\d.]+):(\d+)", bucket)
    assert match is not None
    made = BadNetwork(match[1], int(match[2]))
    yield made, bucket.replace(f"{match[1]}:{match[2]}", f"127.0.0.1:{made.port}")
    made.close()


def model_of(**options: Any) -> Model:
    return lda.LDA(3, max_iter=20, random_state=0, n_jobs=1).fit(tiny.documents(), **options).model_


def test_a_network_that_cuts_a_fifth_of_what_is_sent_changes_nothing(
    network: tuple[BadNetwork, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(retries, "ATTEMPTS", 16)  # so that the test needs no luck
    monkeypatch.setattr(places, "CLIENT_ATTEMPTS", 1)  # its own waits are long, and cannot be changed
    cutting, uri = network
    cutting.share = 0.2
    made = model_of(checkpointing=Checkpointing(path=uri.format("cut/c"), every=10))
    assert made.fingerprint() == model_of().fingerprint()
    made.save(uri.format("cut/m"))
    assert Model.load(uri.format("cut/m")).fingerprint() == made.fingerprint()
    assert cutting.cut > 20


@pytest.mark.usefixtures("quick")
def test_a_store_that_is_away_for_a_while_is_warned_of(network: tuple[BadNetwork, str]) -> None:
    away, uri = network
    said: list[str] = []

    def watch(record: SweepRecord) -> None:
        away.down = 4 <= record.sweep < 12  # two checkpoints fail, the third succeeds

    from lda.cluster import FitSettings, fit
    from lda.corpus import as_corpus

    place = Checkpointing(path=uri.format("away"), every=5)
    settings = FitSettings(n_topics=3, sweeps=19, threads=1)
    fit(as_corpus(tiny.documents()), settings, on_sweep=watch, checkpointing=place, warn=said.append)
    assert len(said) == 2
    for line, sweep in zip(said, (5, 10), strict=True):
        assert f"the checkpoint of sweep {sweep} could not be written" in line
        assert "the network or the store failed 2 times" in line
        assert line.endswith(
            "see that the network and the store work; the fit goes on, and tries again after 5 sweeps"
        )
        assert "make room" not in line
    assert stored(places.storage(uri.format("away"))) == ["sweep-00000015"]

    def cut(record: SweepRecord) -> None:
        away.down = record.sweep >= 1

    with pytest.raises(CheckpointError, match=r"of sweep 3 .*the network .*3 checkpoints in a row failed"):
        fit(
            as_corpus(tiny.documents()),
            settings,
            on_sweep=cut,
            checkpointing=Checkpointing(path=uri.format("gone"), every=1),
            warn=said.append,
        )


@pytest.mark.usefixtures("quick")
def test_checkpoints_that_cannot_be_reached_are_not_taken_for_damaged(
    network: tuple[BadNetwork, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, uri = network
    place, who = places.storage(uri.format("there")), identity(FitSettings(n_topics=5), "corpus")
    state = RunState(
        n_sweeps=10, pass_number=10, alpha=np.ones(5), beta=0.01, history=[], seconds=1.0, sweeping=1.0,
        patience=(-np.inf, 0), sampled=(),
    )  # fmt: skip

    def topics(where: Storage, folder: str) -> dict[str, str]:
        return put_topics(where, folder, iter([(0, np.zeros(9, dtype=np.uint16))]))

    write(place, state, topics, who, 2)
    assert latest(place, who, pytest.fail) is not None

    def away(*_: object) -> bytes:
        raise NetworkError("the network or the store failed 2 times in 1 s, at last: no route")

    monkeypatch.setattr(RemoteStorage, "chunks", away)
    with pytest.raises(CheckpointError, match=r"cannot be read: the network .*; repeat the command when"):
        latest(place, who, pytest.fail)


@pytest.mark.usefixtures("quick")
def test_messages_say_network(network: tuple[BadNetwork, str]) -> None:
    away, uri = network
    tiny_corpus = lda.as_corpus(tiny.documents())
    tiny_corpus.save(uri.format("corpus"))
    away.down = True
    with pytest.raises(DataError, match=r"cannot be written \(the network .*; try again later"):
        tiny_corpus.save(uri.format("corpus"))
    with pytest.raises(DataError, match=r"cannot be read \(the network or the store failed 2 times"):
        lda.Corpus.open(uri.format("corpus"))


def test_a_file_of_which_a_part_fails_leaves_nothing(
    bucket: str, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    """Neither half a file, nor parts that cost money and that no listing of files shows."""
    from moto.s3.models import FakeBucket, FakeMultipart, s3_backends

    place, data = places.storage(bucket.format("large")), bytes(25 << 20)
    take = FakeMultipart.set_part

    def refuse(self: Any, number: int, *more: Any) -> Any:
        if number == 2:
            raise OSError(errno.ENOSPC, "no room in the test")
        return take(self, number, *more)

    (held,) = [found for backend in s3_backends.values() for found in backend["global"].buckets.values()]
    assert isinstance(held, FakeBucket)
    with monkeypatch.context() as patch:
        patch.setattr(FakeMultipart, "set_part", refuse)
        with pytest.raises(NetworkError):
            place.write("file", data)
    assert place.files() == {}
    assert held.multiparts == {}
    place.write("file", data)
    assert place.files() == {"file": len(data)}
    assert b"".join(place.chunks("file")) == data


def test_reading_goes_on_where_it_was_cut(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "LONGEST_WAIT", 0.01)
    place = RemoteStorage(tmp_path.as_uri())
    data = np.random.default_rng(1).bytes(3 * places.CHUNK + 5)
    place.write("file", data)
    real, opened = place._fs, list[int]()

    class Cut:
        """Each file breaks at its second read, each look at a folder at the first."""

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def open_input_file(self, path: str) -> Any:
            file = real.open_input_file(path)
            opened.append(0)

            class File:
                def seek(self, position: int) -> None:
                    file.seek(position)

                def read(self, size: int) -> bytes:
                    opened[-1] += 1
                    if opened[-1] == 2:
                        raise OSError("AWS Error NETWORK_CONNECTION during GetObject operation: curlCode: 56")
                    return bytes(file.read(size))

                def close(self) -> None:
                    file.close()

            return File()

    place._fs = Cut()  # type: ignore[assignment]
    assert b"".join(place.chunks("file")) == data
    assert len(opened) == 5  # one for each piece, the last of which is empty


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (OSError("AWS Error NETWORK_CONNECTION during UploadPart operation: curlCode: 28, Timeout"), True),
        (OSError("AWS Error SLOW_DOWN during PutObject operation: Please reduce your request rate."), True),
        (OSError("AWS Error SERVICE_UNAVAILABLE (HTTP status 503) during HeadObject operation"), True),
        (OSError("AWS Error UNKNOWN (HTTP status 500) during HeadObject operation: No response body."), True),
        (OSError("google::cloud::Status(UNAVAILABLE: Retry policy exhausted in ReadObject)"), True),
        (ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"), True),
        (TimeoutError(), True),
        (OSError(errno.EHOSTUNREACH, "No route to host"), True),
        (OSError("AWS Error ACCESS_DENIED during PutObject operation: Access Denied."), False),
        (OSError("AWS Error NO_SUCH_BUCKET during CreateMultipartUpload operation"), False),
        (FileNotFoundError(errno.ENOENT, "Path does not exist 'bucket/timeout'"), False),
        (OSError("When reading key 'c/timeout/x' in bucket 'b': AWS Error ACCESS_DENIED"), False),
        (OSError(errno.ENOSPC, "No space left on device"), False),
        (ValueError("timeout"), False),
        (NetworkError("the network failed"), False),
    ],
)
def test_what_is_asked_for_again(monkeypatch: pytest.MonkeyPatch, error: Exception, again: bool) -> None:
    monkeypatch.setattr(retries, "LONGEST_WAIT", 0.001)
    asked: list[int] = []

    def fail() -> None:
        asked.append(1)
        raise error

    assert momentary(error) is again
    with pytest.raises(NetworkError if again else type(error)) as caught:
        retried(fail)
    assert len(asked) == (retries.ATTEMPTS if again else 1)
    if again:
        assert re.match(
            rf"the network or the store failed {retries.ATTEMPTS} times in \d+ s", str(caught.value)
        )

    def recover() -> int:
        asked.append(1)
        if len(asked) < 3:
            raise error
        return 7

    asked.clear()
    if again:
        assert retried(recover) == 7
