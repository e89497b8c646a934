"""What waits is gathered: requests that came together are inferred together.

A call of the kernel costs as much as a short document, so one call for all that wait is what throughput is made of. No
request waits for others to come: the batch is what the event loop read in one round. Small requests are inferred there,
between two rounds; a large one goes to the one thread, with others that wait for it, and the loop goes on answering,
for kernels run without the GIL.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lda.inference.inferencer import TooManyTokensError
from lda.serve.http.documents import check_columns, check_reads_texts, too_many_tokens
from lda.serve.http.errors import RequestError, unfit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from lda.serve.http.documents import Asked
    from lda.serve.http.http_request import HttpRequest
    from lda.serve.settings import ServeSettings
    from lda.serve.shelf import ServedModel


class Found(NamedTuple):
    """What was inferred of D documents: theta (D, K) float32, and of their tokens (D,) int64 how many were known."""

    theta: NDArray[np.float32]
    n_known: NDArray[np.int64]
    n_unknown: NDArray[np.int64]

    def part(self, start: int, stop: int) -> Found:
        """Of some of the documents."""
        return Found(self.theta[start:stop], self.n_known[start:stop], self.n_unknown[start:stop])


class _Job:
    """Documents of one request that wait for their topics."""

    __slots__ = ("asked", "deadline", "done", "model", "most_tokens", "seed")

    def __init__(
        self,
        model: ServedModel,
        asked: Asked,
        seed: int | None,
        done: asyncio.Future[Found],
        deadline: float,
        most_tokens: int,
    ) -> None:
        self.model, self.asked, self.seed, self.done, self.deadline = model, asked, seed, done, deadline
        self.most_tokens = most_tokens


class _Batch(NamedTuple):
    """Jobs that were inferred in one call, what was found of all, and what became of each; None where it failed."""

    jobs: list[_Job]
    whole: Found | None
    results: list[Found | Exception]


class Gatherer:
    """Takes documents of requests, and infers what waits in one call.

    Args:
        settings: limits and thresholds.
        told: of each batch: its model, the number of its requests, and what was found; called in the event loop.
    """

    def __init__(self, settings: ServeSettings, told: Callable[[ServedModel, int, Found], object]) -> None:
        self._settings, self._told = settings, told
        self._small = deque[_Job]()
        self._large = deque[_Job]()
        self._flushing = self._working = False
        self._thread: ThreadPoolExecutor | None = None

    async def infer(
        self, request: HttpRequest, model: ServedModel, asked: Sequence[Asked], seed: int | None
    ) -> Found:
        """Topics of the documents of a request, in their order.

        Raises:
            RequestError: 504: it took too long; 422: the model cannot infer such documents.
        """
        for part in asked:
            if part.kind == "texts":
                check_reads_texts(model)
            elif part.kind == "counts":
                check_columns(part.documents.shape[1], model)  # type: ignore[union-attr]
        request.model = model
        request.n_documents = sum(len(part.documents) for part in asked)
        if len(asked) == 1:
            return await self._one(request, model, asked[0], seed)
        parts = [await self._one(request, model, part, seed) for part in asked]
        places = np.argsort(np.concatenate([np.asarray(part.places, dtype=np.int64) for part in asked]))
        return Found(*(np.concatenate(arrays)[places] for arrays in zip(*parts, strict=True)))

    async def _one(self, request: HttpRequest, model: ServedModel, asked: Asked, seed: int | None) -> Found:
        if not len(asked.documents):
            nothing = np.zeros(0, dtype=np.int64)
            return Found(np.zeros((0, model.n_topics), dtype=np.float32), nothing, nothing)
        loop = asyncio.get_running_loop()
        left = self._settings.timeout_s - request.seconds()
        deadline = loop.time() + left
        job = _Job(model, asked, seed, loop.create_future(), deadline, self._settings.max_tokens)
        if asked.n_tokens <= self._settings.inline_tokens:
            self._small.append(job)
            if not self._flushing:
                self._flushing = True
                loop.call_soon(self._flush, loop)
            return await job.done
        return await self._in_thread(request, job, left, loop)

    async def _in_thread(
        self, request: HttpRequest, job: _Job, left: float, loop: asyncio.AbstractEventLoop
    ) -> Found:
        self._large.append(job)
        self._work(loop)
        # A client that has gone is worth a look here: its documents need not be inferred.
        gone = asyncio.ensure_future(_gone(request))
        try:
            await asyncio.wait((job.done, gone), timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if job.done.done():
                return job.done.result()
            if gone.done():
                raise ConnectionResetError("the client has gone")
            raise _too_late(self._settings)
        finally:
            gone.cancel()
            job.done.cancel()

    def _flush(self, loop: asyncio.AbstractEventLoop) -> None:
        """Infer small requests, in the event loop; those beyond a round's work wait for the next one."""
        jobs = _taken(self._small, 2 * self._settings.inline_tokens)
        self._flushing = bool(self._small)
        if self._flushing:
            loop.call_soon(self._flush, loop)
        self._answer(_inferred(_in_time(jobs, loop.time(), self._settings)))

    def _work(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have the thread take what waits for it, unless it is at work."""
        if self._working or not self._large:
            return
        jobs = _taken(self._large, self._settings.batch_tokens)
        self._working = True
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "lda-serve-large")
        working = loop.run_in_executor(self._thread, _inferred, _in_time(jobs, loop.time(), self._settings))
        working.add_done_callback(lambda done: self._worked(done, loop))

    def _worked(self, done: asyncio.Future[list[_Batch]], loop: asyncio.AbstractEventLoop) -> None:
        self._working = False
        self._answer(done.result())
        self._work(loop)

    def _answer(self, batches: list[_Batch]) -> None:
        for batch in batches:
            if batch.whole is not None:
                self._told(batch.jobs[0].model, len(batch.jobs), batch.whole)
            for job, result in zip(batch.jobs, batch.results, strict=True):
                if job.done.done():  # nobody waits for it any more
                    continue
                if isinstance(result, Exception):
                    job.done.set_exception(result)
                else:
                    job.done.set_result(result)

    def close(self) -> None:
        """Let the thread end; what it is at is done first."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None


def _taken(waiting: deque[_Job], tokens: int) -> list[_Job]:
    """The first that wait, at least one, of at most so many tokens together."""
    jobs = list[_Job]()
    while waiting and (not jobs or waiting[0].asked.n_tokens <= tokens):
        job = waiting.popleft()
        tokens -= job.asked.n_tokens
        jobs.append(job)
    return jobs


def _in_time(jobs: list[_Job], now: float, settings: ServeSettings) -> list[_Job]:
    """Those that are still wanted; those whose time is over are told so."""
    wanted = list[_Job]()
    for job in jobs:
        if job.done.done():
            continue
        if now > job.deadline:
            job.done.set_exception(_too_late(settings))
            continue
        wanted.append(job)
    return wanted


def _too_late(settings: ServeSettings) -> RequestError:
    return RequestError(
        504,
        f"the answer must be there within {settings.timeout_s:g} s; send fewer documents at a time, or ask again",
        (b"retry-after", b"1"),
    )


def _inferred(jobs: list[_Job]) -> list[_Batch]:
    """What became of jobs: one call for each model, kind and seed among them."""
    if len(jobs) == 1:
        return [_alone(jobs[0])]
    groups = dict[tuple[int, str, int | None], list[_Job]]()
    for job in jobs:
        groups.setdefault((id(job.model), job.asked.kind, job.seed), []).append(job)
    batches = list[_Batch]()
    for group in groups.values():
        if len(group) == 1:
            batches.append(_alone(group[0]))
            continue
        try:
            batches.append(_together(group))
        except Exception:  # noqa: BLE001 - whose fault it is shows when each is alone
            batches += map(_alone, group)
    return batches


def _alone(job: _Job) -> _Batch:
    try:
        found = _infer(job, job.asked.documents)
    except TooManyTokensError as error:  # what was counted when it came knows nothing of the model's words
        return _Batch([job], None, [too_many_tokens(job.most_tokens, error.got)])
    except ValueError as error:  # what documents cannot be is their sender's affair
        return _Batch([job], None, [unfit(str(error))])
    except Exception as error:  # noqa: BLE001 - it is raised where the request is answered
        return _Batch([job], None, [error])
    return _Batch([job], found, [found])


def _together(group: list[_Job]) -> _Batch:
    first = group[0]
    documents: Any
    if first.asked.kind == "counts":
        documents = np.concatenate([job.asked.documents for job in group])
    else:
        documents = [document for job in group for document in job.asked.documents]
    whole = _infer(first, documents)
    results = list[Found | Exception]()
    start = 0
    for job in group:
        stop = start + len(job.asked.documents)
        results.append(whole.part(start, stop))
        start = stop
    return _Batch(group, whole, results)


def _infer(job: _Job, documents: Any) -> Found:  # noqa: ANN401
    """Topics of documents of the kind of a job, by its model and seed."""
    inferencer, seed = job.model.inferencer, job.seed
    if job.asked.kind == "texts":
        found = inferencer.infer_texts(documents, seed=seed, most_tokens=job.most_tokens)
    elif job.asked.kind == "tokens":
        found = inferencer.infer_tokens(documents, seed=seed)
    else:
        found = inferencer.infer_counts(documents, seed=seed)
    return Found(found.theta, found.n_known, found.n_unknown)


async def _gone(request: HttpRequest) -> None:
    """Returns once the client has closed its connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
