"""Progress: a bar on a terminal, one display in a notebook, lines on stderr elsewhere. Results never pass here."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections import deque
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any, Final, Literal

from lda.corpus.presentable import presentable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lda.cluster import Beginning, FitEvent, FitSettings, StartRecord, SweepRecord
    from lda.corpus import Corpus

    OnSweep = Callable[[SweepRecord], bool | None]

Mode = Literal["auto", "bar", "notebook", "log", "none"]
SECONDS_BETWEEN_LINES: Final = 5.0
SECONDS_BETWEEN_DISPLAYS: Final = 0.25
"""In a notebook, where each is a message to the browser."""

SWEEPS_FOR_ETA: Final = 10


class Progress:
    """Where a run reports.

    mode: "bar" (needs rich and a terminal), "notebook" (one display of IPython, kept up to date), "log" (plain lines),
    "none", or "auto" for the one that suits stderr.
    verbosity: -1 leaves only warnings, 0 is normal, 1 prints every sweep.

    Attributes:
        warned: called with each warning, besides.
    """

    def __init__(self, mode: Mode = "auto", *, verbosity: int = 0) -> None:
        if mode == "auto":
            terminal = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
            mode = "bar" if terminal and verbosity == 0 else "log"
        self.mode: Mode = "none" if verbosity < 0 else mode
        self.verbosity = verbosity
        self._write: Callable[[str], None] = _to_stderr
        self.warned: list[Callable[[str], object]] = []

    def note(self, text: str) -> None:
        """One line about what is going on; silent in the mode "none"."""
        if self.mode != "none":
            self._write(presentable(text))

    def detail(self, text: str) -> None:
        """One line that only -v shows."""
        if self.verbosity > 0:
            self.note(text)

    def warn(self, text: str) -> None:
        """One line that the user should see in any mode."""
        self._write(presentable(text))
        for tell in self.warned:
            tell(text)

    @contextmanager
    def fit(
        self,
        settings: FitSettings,
        n_documents: int,
        callbacks: Sequence[OnSweep] = (),
        begin: Beginning | None = None,
    ) -> Iterator[FitListener]:
        """Announce a fit and yield what is to be told of it; the callbacks are told by that."""
        about = describe(settings, n_documents, begin)
        if self.mode == "notebook":
            with _display(settings.sweeps, about) as tell:
                yield FitListener(tell, callbacks)
            return
        self.note(about)
        show = {"bar": self._bar, "log": self._lines}.get(self.mode, _nothing)
        with show(settings.sweeps) as tell:
            yield FitListener(tell, callbacks)

    @contextmanager
    def _lines(self, sweeps: int) -> Iterator[Callable[[SweepRecord | StartRecord], None]]:
        waiting = threading.Timer(
            SECONDS_BETWEEN_LINES,
            self.note,
            ["still starting (the first run on a machine compiles its kernels)"],
        )
        waiting.daemon = True
        waiting.start()
        from lda.cluster import StartRecord

        eta, last = SecondsLeft(sweeps), time.monotonic()

        def tell(record: SweepRecord | StartRecord) -> None:
            nonlocal last
            waiting.cancel()
            now = time.monotonic()
            if isinstance(record, StartRecord):
                if self.verbosity > 0 or now - last >= SECONDS_BETWEEN_LINES:
                    last = now
                    self.note(f"start, {_of_start(record)}")
                return
            left = _left(eta.after(record.sweep))
            evaluated = record.log_likelihood is not None or record.heldout is not None
            if evaluated or self.verbosity > 0 or now - last >= SECONDS_BETWEEN_LINES or record.sweep == 1:
                last = now
                self.note(
                    f"sweep {record.sweep}/{sweeps}: {_speed(record)}{_workers(record)}{_quality(record)}{left}"
                )

        try:
            yield tell
        finally:
            waiting.cancel()

    @contextmanager
    def _bar(self, sweeps: int) -> Iterator[Callable[[SweepRecord | StartRecord], None]]:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn
        from rich.progress import Progress as RichProgress

        from lda.cluster import StartRecord

        columns = (
            SpinnerColumn(),
            TextColumn("sweep {task.completed:.0f}/{task.total:.0f}"),
            BarColumn(bar_width=12),
            TextColumn("{task.description}"),
        )
        eta = SecondsLeft(sweeps)
        quality = ""
        with RichProgress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("starting", total=sweeps)
            self._write = lambda text: bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

            def tell(record: SweepRecord | StartRecord) -> None:
                nonlocal quality
                if isinstance(record, StartRecord):
                    bar.update(task, description=f"starting, {_of_start(record)}")
                    return
                quality = _quality(record) or quality
                line = f"{_speed(record)}{_workers(record)}{quality}{_left(eta.after(record.sweep))}"
                bar.update(task, completed=record.sweep, description=line)

            try:
                yield tell
            finally:
                self._write = _to_stderr


class _FitDisplay:
    """What a notebook shows of a fit; as text where it shows no HTML."""

    def __init__(self, sweeps: int, about: str) -> None:
        self.sweeps, self.about = sweeps, about
        self.sweep, self.state = 0, "starting (the first run on a machine compiles its kernels)"

    def __repr__(self) -> str:
        return f"sweep {self.sweep}/{self.sweeps}: {self.state}"

    def _repr_html_(self) -> str:
        return (
            f'<div><progress value="{self.sweep}" max="{max(self.sweeps, 1)}"></progress> '
            f"{escape(presentable(repr(self)))}<br><small>{escape(presentable(self.about))}</small></div>"
        )


@contextmanager
def _display(sweeps: int, about: str) -> Iterator[Callable[[SweepRecord | StartRecord], None]]:
    """One display of IPython, changed in place: a cell's output has one entry, however many sweeps there are.

    Rejected: tqdm's bar for notebooks, because it needs ipywidgets in the browser, and leaves an empty box without.
    """
    from IPython.display import display

    from lda.cluster import StartRecord

    shown, eta, quality, last = _FitDisplay(sweeps, about), SecondsLeft(sweeps), "", time.monotonic()
    handle: Any = display(shown, display_id=True)  # type: ignore[no-untyped-call]

    def tell(record: SweepRecord | StartRecord) -> None:
        nonlocal quality, last
        if isinstance(record, StartRecord):
            shown.state = f"starting, {_of_start(record)}"
        else:
            quality = _quality(record) or quality
            shown.sweep = record.sweep
            shown.state = f"{_speed(record)}{_workers(record)}{quality}{_left(eta.after(record.sweep))}"
        if time.monotonic() - last >= SECONDS_BETWEEN_DISPLAYS:
            last = time.monotonic()
            handle.update(shown)

    try:
        yield tell
    finally:
        handle.update(shown)  # the last state stays


def in_notebook() -> bool:
    """Whether this code runs in a kernel of Jupyter, whose displays can be changed in place; a terminal's cannot."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class FitListener:
    """What a fit tells: each pass of its start, and each sweep; to those who show it, and to callbacks.

    A callback takes a `SweepRecord`; one that has a method `on_start` is told of the start, too, by a `StartRecord`.
    """

    def __init__(
        self, tell: Callable[[SweepRecord | StartRecord], None], callbacks: Sequence[OnSweep]
    ) -> None:
        self._tell, self._callbacks = tell, callbacks

    def __call__(self, record: SweepRecord) -> bool:
        """A sweep is over; returns whether a callback wants the fit to end."""
        self._tell(record)
        wishes = [bool(callback(record)) for callback in self._callbacks]  # none is skipped
        return any(wishes)

    def on_start(self, record: StartRecord) -> None:
        """A pass of the start is over."""
        self._tell(record)
        for callback in self._callbacks:
            tell = getattr(callback, "on_start", None)
            if tell is not None:
                tell(record)


@contextmanager
def whole_fit(
    callbacks: Sequence[OnSweep], settings: FitSettings, corpus: Corpus
) -> Iterator[Callable[[object], None]]:
    """Tell callbacks of a fit as a whole, those that have methods for it; yields what is to be called with its model.

    `on_begin(settings, corpus)` is called before anything is sampled, `on_model(model)` with the finished `lda.Model`,
    `on_failure(error)` where an exception ends the block before that.
    """
    done = False

    def finished(model: object) -> None:
        nonlocal done
        done = True
        _tell(callbacks, "on_model", model)

    _tell(callbacks, "on_begin", settings, corpus)
    try:
        yield finished
    except BaseException as error:
        if not done:
            _tell(callbacks, "on_failure", error)
        raise


def events_to(callbacks: Sequence[OnSweep]) -> Callable[[FitEvent], object] | None:
    """`on_event` of `lda.cluster.fit` for callbacks that have a method of that name; None where none has."""
    if not any(hasattr(callback, "on_event") for callback in callbacks):
        return None
    return lambda event: _tell(callbacks, "on_event", event)


def warnings_to(callbacks: Sequence[OnSweep], warn: Callable[[str], None]) -> Callable[[str], None]:
    """`warn` of `lda.cluster.fit`: the one given, beside which callbacks with a method `on_warning` are told."""
    if not any(hasattr(callback, "on_warning") for callback in callbacks):
        return warn

    def warned(text: str) -> None:
        warn(text)
        _tell(callbacks, "on_warning", text)

    return warned


def _tell(callbacks: Sequence[OnSweep], name: str, *values: object) -> None:
    for callback in callbacks:
        method = getattr(callback, name, None)
        if method is not None:
            method(*values)


class SecondsLeft:
    """Seconds until the last sweep is over, at the pace of the last few.

    The first sweep that is told of also holds the start, and so does one before which the fit has gone back, after a
    loss: these are no guide.

    Args:
        sweeps: how many there are to be.
        monotonic: a clock that never runs backwards, whatever is done to that of the machine.
    """

    def __init__(self, sweeps: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._sweeps, self._monotonic = sweeps, monotonic
        self._recent: deque[float] = deque(maxlen=SWEEPS_FOR_ETA)
        self._last, self._before = monotonic(), 0

    def after(self, sweep: int) -> float | None:
        """Seconds left now that this sweep is over; None while it is not known."""
        now = self._monotonic()
        took, self._last = now - self._last, now
        follows, self._before = self._before == sweep - 1 > 0, sweep
        if follows:
            self._recent.append(took)
        if not self._recent:
            return None
        return max(self._sweeps - sweep, 0) * sum(self._recent) / len(self._recent)


def _left(seconds: float | None) -> str:
    return f", {clock(seconds)} left" if seconds else ""


def describe(settings: FitSettings, n_documents: int, begin: Beginning | None = None) -> str:
    """Summary of the effective settings, printed before the first sweep."""
    from lda.cluster.loop.prior_learning import first_priors
    from lda.cluster.loop.validation import training_mask
    from lda.cluster.sweeping.start_schedule import start_in_effect
    from lda.samplers.registry import sampler

    chosen = settings.resolved()
    kept = int(training_mask(n_documents, chosen.validation_fraction, chosen.seed).sum())
    start = start_in_effect(chosen, kept, sampler(chosen.sampler))
    how = f"{start} start" if begin is None else "first topics given"
    priors = first_priors(chosen, begin)
    alpha, beta = priors.alpha, priors.beta
    each = f"{alpha[0]:.4g}" if alpha.min() == alpha.max() else f"{alpha.min():.4g} to {alpha.max():.4g}"
    learns = chosen.optimize_interval > 0
    learn_alpha = ", learned from here" if learns and isinstance(chosen.alpha, str) else ""
    learn_beta = " (learned from here)" if learns and isinstance(chosen.beta, str) else ""
    return (
        f"fitting {chosen.n_topics} topics in {chosen.sweeps} sweeps: sampler {chosen.sampler}, {how}, "
        f"alpha {each} per topic (sum {alpha.sum():.4g}{learn_alpha}), beta {beta:.4g}{learn_beta}, "
        f"seed {chosen.seed}, {plural(chosen.threads or 1, 'thread')}"
    )


def _of_start(record: StartRecord) -> str:
    """Where the start is, the tokens whose documents have joined, and how long it will still take."""
    at = f"stage {record.stage}/{record.n_stages}, pass {record.number}/{record.n_passes}"
    over = record.stage == record.n_stages and record.number == record.n_passes
    left = "" if over else f", {clock(record.seconds_left)} left"
    return f"{at}: {plural(record.tokens, 'token')}, {_speed(record)}{left}"


def _speed(record: SweepRecord | StartRecord) -> str:
    return f"{record.tokens_per_second / 1e6:.2f} M tokens/s"


def _workers(record: SweepRecord) -> str:
    """On a cluster: how many workers, the slowest of several, what they sent, and the longest wait of one."""
    if not record.workers:
        return ""
    slowest = f" (slowest {record.slowest_worker / 1e6:.2f} M)" if record.workers > 1 else ""
    sent, waited = record.bytes_exchanged / 1e6, record.seconds_waited
    return f", {plural(record.workers, 'worker')}{slowest}, {sent:.2f} MB sent, waited {waited:.2f} s"


def _quality(record: SweepRecord) -> str:
    """The log-likelihoods in nats per token, where they were evaluated."""
    training = "" if record.log_likelihood is None else f", log-likelihood {record.log_likelihood:.4f}"
    return training + ("" if record.heldout is None else f", held-out {record.heldout:.4f}")


def clock(seconds: float) -> str:
    """Seconds as a person reads them: "8 s", "3 min 20 s", "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def plural(count: int, noun: str) -> str:
    """The count with its noun: "1 thread", "1,200 threads"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def first_of(parts: Sequence[str], most: int) -> str:
    """The first ones by commas, and how many more there are: "a, b and 3 more"."""
    told = ", ".join(parts[:most])
    return f"{told} and {len(parts) - most:,} more" if len(parts) > most else told


def _to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - this is the one place that does


@contextmanager
def _nothing(_sweeps: int) -> Iterator[Callable[[Any], None]]:
    yield lambda record: None
