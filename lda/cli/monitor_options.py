"""Options by which others follow a command while it runs: --status, --metrics-port, --log."""

from __future__ import annotations

import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from lda.cli.errors import DONE, INTERRUPTED, ending_of
from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lda.monitoring.follower import Follower
    from lda.monitoring.followers import Followers
    from lda.monitoring.run_log import RunLog
    from lda.progress import Progress

LOG: Final = ".log.jsonl"
"""What the name of a log adds to that of the model it lies beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorOptions:
    """Who follows a command.

    status: path or URI of the status file. metrics_port: 0 for a free one. log: path or URI of the log. no_log: none,
    of a command that keeps one unasked.
    """

    status: str | None
    metrics_port: int | None
    log: str | None
    no_log: bool = False

    def __post_init__(self) -> None:
        """Refuse what excludes each other. Raises click.UsageError."""
        if self.no_log and self.log is not None:
            raise click.UsageError("--log and --no-log exclude each other")

    @contextmanager
    def following(
        self,
        command: str,
        progress: Progress,
        output: str,
        *,
        read: Sequence[object] = (),
        log_unasked: bool = False,
    ) -> Iterator[Followers]:
        """Have the command within the block followed: from here on, to its end, however it ends.

        Args:
            command: its name: "fit".
            progress: where it warns; followers are told of that, and their own troubles there.
            output: what it writes.
            read: places that it reads, which no file may replace.
            log_unasked: whether there is a log beside the output without --log.

        Yields:
            the followers, who are to be told of what the command does.

        Raises:
            DataError: a file may not be replaced, or lies in what is read or written.
            PortError: the port is not to be had.
            MissingPackageError: there is nothing to serve metrics with.
        """
        from lda.monitoring.followers import Followers

        followers = Followers(self._followers(progress, output, read, log_unasked=log_unasked))
        if not list(followers):
            yield followers
            return
        from lda.monitoring.follower import new_run

        run = new_run()
        with ExitStack() as stack:
            ended = _Ending()
            for follower in followers:
                follower.begin(command, output, run)
                stack.callback(ended.tell, follower)
            stack.enter_context(_told_of_warnings(progress, followers))
            try:
                yield followers
            except BaseException as error:
                ended.error = error
                raise

    def _followers(
        self, progress: Progress, output: str, read: Sequence[object], *, log_unasked: bool
    ) -> list[Follower]:
        made: list[Follower] = []
        if self.metrics_port is not None:
            from lda.monitoring.metrics_server import MetricsServer

            # Nobody could guess a free port: it is told whatever the verbosity.
            told = progress.warn if self.metrics_port == 0 else progress.note
            made.append(MetricsServer(self.metrics_port, tell=lambda address: told(f"metrics at {address}")))
        if self.status is not None:
            from lda.monitoring.status_file import StatusFile

            made.append(StatusFile(self.status, warn=progress.warn))
        if self.log is not None:
            from lda.monitoring.run_log import RunLog

            made.append(RunLog(self.log, warn=progress.warn))
        elif log_unasked and not self.no_log:
            log = _beside(output, progress.warn)
            made += [] if log is None else [log]
        self._check(output, read)
        return made

    def _check(self, output: str, read: Sequence[object]) -> None:
        from pathlib import Path

        from lda.corpus import DataError
        from lda.corpus.storage.output_target import check_apart, check_different
        from lda.corpus.storage.places import is_uri

        mine = [Path(place) for place in (self.status, self.log) if place is not None and not is_uri(place)]
        check_different(mine)
        for path in mine:
            check_apart(path, read)
            if not is_uri(output) and Path(output).absolute() in (path.absolute(), *path.absolute().parents):
                raise DataError(f"{path} lies in {output}, which the command writes; choose another place")


def monitor_options(*, log_unasked: bool = False) -> Callable[[Function], Function]:
    """--status, --metrics-port and --log; the command gets them as `monitoring`.

    log_unasked: whether there is a log beside the output without --log; then there is --no-log.
    """
    beside = "  [default: OUTPUT.log.jsonl]" if log_unasked else ""
    options = [
        option(
            "--status",
            metavar="FILE|URI",
            heading=Heading.MONITORING,
            help="JSON file that is rewritten every few seconds, to say how the run stands: for schedulers.",
        ),
        option(
            "--metrics-port",
            type=click.IntRange(0, 65535),
            metavar="PORT",
            heading=Heading.MONITORING,
            help="Serve metrics for Prometheus at this port, on 127.0.0.1 only; 0: a free one, which is printed.",
        ),
        option(
            "--log",
            metavar="FILE|URI",
            heading=Heading.MONITORING,
            help=f"JSON lines of what happens to the run: what was lost, when, what was done.{beside}",
        ),
    ]
    if log_unasked:
        options.append(option("--no-log", is_flag=True, heading=Heading.MONITORING, help="Keep no such log."))
    return gathered("monitoring", MonitorOptions, *options)


class _Ending:
    """How the block has ended: by what was raised, or well."""

    error: BaseException | None = None

    def tell(self, follower: Follower) -> None:
        """Tell a follower that the run is over."""
        if self.error is None:
            follower.end("done", DONE)
            return
        ending = ending_of(self.error)
        state: Any = {DONE: "done", INTERRUPTED: "interrupted"}.get(ending.exit_code, "failed")
        follower.end(state, ending.exit_code, ending.message or None)


def _beside(output: str, warn: Callable[[str], None]) -> RunLog | None:
    """The log that a command keeps unasked. None where the output has no name that could be added to."""
    from lda.corpus import DataError
    from lda.corpus.storage.places import beside
    from lda.monitoring.run_log import RunLog

    try:
        return RunLog(beside(output, LOG), early=False, warn=warn)
    except DataError:  # of which the command itself will complain
        return None


@contextmanager
def _told_of_warnings(progress: Progress, followers: Followers) -> Iterator[None]:
    """Within the block followers are told of whatever is warned of, by us and by Python's own way."""
    told = followers.on_warning
    before = warnings.showwarning

    def show(message: Warning | str, *rest: Any, **options: Any) -> None:  # noqa: ANN401 - warnings' signature
        before(message, *rest, **options)
        told(str(message))

    progress.warned.append(told)
    warnings.showwarning = show
    try:
        yield
    finally:
        progress.warned.remove(told)
        if warnings.showwarning is show:
            warnings.showwarning = before
