"""`MetricsServer`: how a run stands, as metrics that Prometheus fetches from this machine."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Final

from lda.extras import needed
from lda.monitoring.follower import HURRY, Follower

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lda.monitoring.run_status import RunStatus

LOOPBACK: Final = "127.0.0.1"
"""Nobody else is let in: what a run is called and reads is no affair of the network. A proxy can pass it on."""

HIGHEST_PORT: Final = 65535
REMEDY: Final = "pip install 'raylda[monitor]'"


class PortError(OSError):
    """A port that metrics cannot be served at.

    exit_code, kind: how a command ends for it, and what `--json` calls it.
    """

    exit_code = 2
    kind = "usage"

    def __str__(self) -> str:
        return str(self.args[0])


class MetricsServer(Follower):
    """Serves how a run stands as text for Prometheus, at `http://127.0.0.1:PORT/metrics`, while it runs.

    As a callback of a fit, or around whatever runs, as `StatusFile`. Names and meanings of the metrics are in
    docs/how-to/monitor.md. They are made when they are asked for, in a registry of their own: a run that nobody asks
    costs nothing, and what other parts of the program count is not shown.

    Args:
        port: 0 takes a free one.
        tell: told the address once the server runs.
        clocks: `now` and `monotonic`, as of `Follower`.

    Attributes:
        address: of the metrics, while a run is followed; "" before.

    Raises:
        MissingPackageError: prometheus-client is not installed.
        ValueError: there is no such port.
        PortError: from the beginning of a run: the port is in use, or not for this user.
    """

    address = ""

    def __init__(
        self,
        port: int = 0,
        *,
        tell: Callable[[str], object] | None = None,
        **clocks: Callable[[], float],
    ) -> None:
        super().__init__(**clocks)
        if not 0 <= port <= HIGHEST_PORT:
            raise ValueError(f"a port must be 0 to {HIGHEST_PORT}, got {port}")
        _package()  # who has none is told now
        self.port, self._tell_address = port, tell
        self._server: Any = None

    def __repr__(self) -> str:
        return f"MetricsServer({self.port})"

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_server": None}

    def _started(self) -> None:
        package = _package()
        registry = package.CollectorRegistry(auto_describe=False)
        registry.register(_Collector(self))
        try:
            self._server, _ = package.start_http_server(self.port, addr=LOOPBACK, registry=registry)
        except OSError as error:
            why = {
                errno.EADDRINUSE: "is in use",
                errno.EACCES: "is not for this user",
            }.get(error.errno or 0, f"cannot be opened ({error.strerror or error})")
            raise PortError(
                f"port {self.port} of {LOOPBACK} {why}; name another, or 0 for a free one (--metrics-port)"
            ) from None
        self.address = f"http://{LOOPBACK}:{self._server.server_port}/metrics"
        if self._tell_address is not None:
            self._tell_address(self.address)

    def _ended(self, patience: float) -> None:
        server, self._server = self._server, None
        if server is not None and patience > HURRY:
            server.shutdown()
            server.server_close()


class _Collector:
    """Makes the metrics of a status when they are asked for."""

    def __init__(self, follower: MetricsServer) -> None:
        self._follower = follower

    def collect(self) -> Iterator[Any]:
        """See prometheus-client's `Collector`."""
        status = self._follower.status
        yield from families(status, eta=status.eta(self._follower._monotonic()))


def families(status: RunStatus, *, eta: float | None) -> Iterator[Any]:
    """The metrics of a status, as prometheus-client has them; what is not known is left out.

    eta: seconds left.
    """
    made = _package().metrics_core
    info = made.InfoMetricFamily("lda_run", "The run that is followed, and what it is doing.")
    info.add_metric(
        [], {"command": status.command, "run": status.run, "stage": status.stage, "state": status.state}
    )
    yield info
    last = status.evaluations[-1] if status.evaluations else None
    heldout = [one.heldout for one in status.evaluations if one.heldout is not None]
    gauges: tuple[tuple[str, str, float | None], ...] = (
        ("lda_sweep", "The last sweep that is over.", status.sweep),
        ("lda_sweeps_wanted", "Sweeps that were asked for.", status.sweeps),
        ("lda_topics", "Topics that are fitted.", status.n_topics),
        ("lda_parts_done", "Parts of this stage that are done.", status.parts),
        ("lda_parts_wanted", "Parts of this stage.", status.n_parts),
        ("lda_input_bytes", "Size of all inputs, 0 where it is not known.", status.n_bytes),
        ("lda_tokens_per_second", "Tokens sampled a second, in the last sweep.", status.tokens_per_second),
        ("lda_eta_seconds", "Seconds until the sweeps, or the parts of this stage, are done.", eta),
        (
            "lda_log_likelihood_per_token",
            "Joint log-likelihood where it was evaluated last, in nats a token.",
            None if last is None else last.log_likelihood,
        ),
        (
            "lda_heldout_log_likelihood_per_token",
            "Log-likelihood of documents kept out where it was evaluated last, in nats a token.",
            heldout[-1] if heldout else None,
        ),
        ("lda_workers", "Workers alive, 0 where all is done in one process.", status.workers),
        ("lda_checkpoint_sweep", "The sweep of the last checkpoint.", status.checkpoint_sweep),
        ("lda_checkpoint_timestamp_seconds", "When it was written, since 1970.", status.checkpoint_time),
        ("lda_start_timestamp_seconds", "When the run began, since 1970.", status.started),
    )
    for name, text, value in gauges:
        if value is not None:
            yield made.GaugeMetricFamily(name, text, value=value)
    counters = (
        ("lda_sweeps", "Sweeps of this run, with those repeated after a loss.", status.sweeps_swept),
        ("lda_documents_read", "Documents read.", status.documents),
        ("lda_bytes_read", "Bytes of the inputs read.", status.bytes_read),
        ("lda_bytes_exchanged", "Bytes that workers sent each other.", status.bytes_exchanged),
        ("lda_workers_lost", "Workers that were lost.", status.workers_lost),
        ("lda_checkpoints_written", "Checkpoints written.", status.checkpoints),
        ("lda_warnings", "Warnings.", status.warnings),
        ("lda_network_retries", "Requests to a store that were made again.", status.retries),
    )
    for name, text, count in counters:
        yield made.CounterMetricFamily(name, text, value=count)


def _package() -> Any:  # noqa: ANN401 - a module
    return needed("prometheus_client", "metrics", REMEDY)
