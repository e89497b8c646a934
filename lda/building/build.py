"""`build_corpus`: from inputs of any size to a corpus, in this process, in several, or on a cluster."""

from __future__ import annotations

import dataclasses
import os
import warnings
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.machine import available_cores
from lda.corpus.readers.base import TextReader
from lda.corpus.text.recipe import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lda.cluster import Cluster, Runtime
    from lda.cluster.tasks import TaskWorkers
    from lda.corpus import Corpus
    from lda.corpus.ingest.build import BuildProgress
    from lda.corpus.ingest.plan import BuildPlan
    from lda.corpus.ingest.work_folder import WorkFolder
    from lda.corpus.readers.arrow_streams import Inputs
    from lda.corpus.readers.base import CountReader
    from lda.corpus.text.tokenizer import Tokenizer

WORTH_PROCESSES: Final = 2**27
"""Bytes of input from which on further processes save more than the second or two that they take to begin."""

WORTH_PARTS: Final = 2**25
"""Bytes of input from which on a build is kept beside the output; a smaller one is repeated in a second or two."""


def build_corpus(
    inputs: Inputs,
    output: str | Path,
    *,
    format: str = "auto",  # noqa: A002
    recipe: Recipe | None = None,
    vocabulary: str | Path | None = None,
    tokenizer: Tokenizer | str | None = None,
    threads: int | None = None,
    processes: int | None = None,
    cluster: Cluster | None = None,
    encoding: str = "utf-8",
    errors: str = "strict",
    layer: str | None = None,
    require_id: bool = True,
    overwrite: bool = False,
    readers: Sequence[TextReader | CountReader] = (),
    terms_of: str | Path | Sequence[str] | None = None,
    on_error: str = "stop",
    max_errors: float | str | None = None,
    skipped: str | Path | None = None,
    kept: bool = True,
    where: str | None = None,
    dedupe: str | float | None = None,
    mark_duplicates: bool = False,
    join_by: str | None = None,
    split_tokens: int | None = None,
    types: str | None = None,
    vocabulary_memory: int | None = None,
    tell: Callable[[str], None] = lambda text: None,
    warn: Callable[[str], None] = warnings.warn,
    on_state: Callable[[BuildProgress], None] = lambda state: None,
    runtime: Runtime | None = None,
) -> Corpus:
    """Read inputs into a corpus folder and open it; memory stays bounded, whatever the size of the input.

    The corpus is the same, to the bit, whoever builds it and however often that was interrupted. What is done is kept
    beside the output until the corpus is complete: after a crash the same call goes on, and reads no part again.

    Args:
        inputs: as for `lda.read_corpus`.
        output: the folder to make, or a URI; the corpus appears when it is complete. On a cluster all nodes see it.
        format: as for `lda.read_corpus`.
        recipe: how text becomes tokens; the default takes all words of two letters or more.
        vocabulary: file with one term a line, for formats of counts.
        tokenizer: function from text to tokens, instead of the recipe's pattern; then all is done by this process. Or
            what names one, or a language, as `Recipe.tokenizer` does: then workers import it.
        threads: of this process, or of each of the `processes`; None for all cores, or an equal part of them.
        processes: that read; 1 is this process alone. None: as many as `threads` says, each of one thread, where the
            input is so large that their beginning does not matter; those at the end get more.
        cluster: where to read instead.
        encoding: of text files.
        errors: "strict", or "replace" or "ignore" for bytes that cannot be decoded.
        layer: where the counts of AnnData files are.
        require_id: whether the recipe's id field must be there.
        overwrite: replace a corpus that stands there.
        readers: of further formats; then all is done by this process.
        terms_of: the terms that the corpus is to have, in their order; or a corpus, or a file, that has them.
        on_error: at a record that cannot be read "stop", or "skip" it, with a warning at the end.
        max_errors: how many records may be skipped, as for `lda.read_corpus`.
        skipped: file that lists them; besides, the corpus has such a file, `skipped.jsonl`, if there are any.
        kept: whether the corpus will stay, so that the warning can name that file.
        where: condition on the fields of a document, "year >= 2000 and lang == 'en'"; the others are left out. Also of
            a finished corpus.
        dedupe: leave out documents that repeat an earlier one: "exact", or the least similarity of near-duplicates.
        mark_duplicates: keep these, and give them a field `duplicate_of` with the name of what they repeat.
        join_by: a field; documents with the same value there become one. This is done by this process alone.
        split_tokens: documents with more tokens become chunks of nearly equal length, NAME#1, NAME#2, ...
        types: "auto", or kinds of fields as "year:int,date:date,lang:category", or both: "auto,zip:text".
        vocabulary_memory: bytes that the terms of the corpus may take, with their counts; None for any number. Where
            they are more, those in the fewest documents are left out, and `tell` says how many; the counts of the
            others are exact.
        tell: receives lines on what an earlier run has left, and what was left out.
        warn: receives a line for each worker that is lost.
        on_state: receives how far the build is, where a stage begins and after each part.
        runtime: what a cluster is; None for Ray's.

    Raises:
        DataError: an input is missing, damaged, empty or changing, or the output exists or is being built by another.
        ClusterError: there is no cluster, or it fails too often.
        ValueError: an argument cannot be right.
    """
    from lda.building.planning import planned
    from lda.corpus.build import build_corpus as in_one_pass
    from lda.corpus.corpus import Corpus
    from lda.corpus.documents.steps import DocumentSteps
    from lda.corpus.files.folder import check_place, skipped_file
    from lda.corpus.ingest.build import Build
    from lda.corpus.ingest.plan import bytes_of
    from lda.corpus.ingest.work_folder import WorkFolder, place_of_work
    from lda.corpus.readers.arrow_streams import input_list
    from lda.corpus.skipped_records import check_skipped_target, told_of_skipped, write_skipped

    if processes is not None and processes < 1:
        raise ValueError(f"processes must be 1 or more, got {processes}")
    if vocabulary_memory is not None and vocabulary_memory < 0:
        raise ValueError(f"vocabulary_memory must be a number of bytes, got {vocabulary_memory}")
    if terms_of is not None:
        given_terms = str(terms_of) if isinstance(terms_of, str | Path) else tuple(terms_of)
        recipe = dataclasses.replace(recipe or Recipe(), terms_of=given_terms)
    check_place(output, overwrite=overwrite)
    inputs = input_list(inputs)
    _check_apart(output, inputs)
    how: dict[str, Any] = {
        "format": format,
        "recipe": recipe,
        "tokenizer": tokenizer,
        "encoding": encoding,
        "errors": errors,
        "layer": layer,
        "require_id": require_id,
        "readers": readers,
        "on_error": on_error,
        "max_errors": max_errors,
        "steps": DocumentSteps(
            where=where,
            dedupe=dedupe,
            mark_duplicates=mark_duplicates,
            join_by=join_by,
            split_tokens=split_tokens,
            types=types,
        ),
    }
    check_skipped_target(skipped)
    plan, files = planned(inputs, **how)
    given = processes is not None or cluster is not None or vocabulary_memory is not None
    if plan is None or (not given and sum(map(bytes_of, plan.parts)) < WORTH_PARTS):
        if cluster is not None or (processes or 1) > 1:
            tell("these inputs are not cut into parts; this process reads them alone")
        return in_one_pass(
            inputs,
            output,
            vocabulary=vocabulary,
            threads=threads,
            overwrite=overwrite,
            skipped=skipped,
            kept=kept,
            found=files,
            **how,
        )
    work = WorkFolder(place_of_work(output))
    with _alone(work, tell), _kept(work, tell):
        with _workers(plan, work, threads, processes, cluster, tell, warn, runtime) as workers:
            bad = Build(plan, work, workers.run, most=vocabulary_memory, tell=tell, on_state=on_state).build(
                output, overwrite=overwrite
            )
        work.clear()
    work.remove()
    write_skipped(bad, skipped)
    made = Corpus.open(output)
    if bad is not None and bad.n_skipped:
        told = told_of_skipped(bad, skipped or (skipped_file(output) if kept else None))
        warnings.warn(str(told), stacklevel=2)
    return made


def _check_apart(output: str | Path, inputs: Sequence[object]) -> None:
    """Refuse an output that is an input, or holds one: overwriting would leave nothing to read it from again.

    Raises:
        DataError: it is, or lies within a corpus that is read.
    """
    from lda.corpus.errors import DataError
    from lda.corpus.files.manifest import is_corpus_folder
    from lda.corpus.presentable import without_keys
    from lda.corpus.storage.output_target import check_apart
    from lda.corpus.storage.places import is_uri

    places = [str(place) for place in inputs if isinstance(place, str | Path)]
    if is_uri(output):
        if any(place.rstrip("/") == str(output).rstrip("/") for place in places):
            raise DataError(
                f"{without_keys(str(output))} would take the place of an input; choose another name"
            )
        return
    local = [Path(place) for place in places if not is_uri(place) and place != "-"]
    above = Path(os.path.realpath(output)).parents
    apart = [place for place in local if Path(os.path.realpath(place)) not in above]
    check_apart(Path(output), apart, whole=[place for place in local if is_corpus_folder(place)])


@contextmanager
def _workers(
    plan: BuildPlan,
    work: WorkFolder,
    threads: int | None,
    processes: int | None,
    cluster: Cluster | None,
    tell: Callable[[str], None],
    warn: Callable[[str], None],
    runtime: Runtime | None,
) -> Iterator[TaskWorkers]:
    """Who does the tasks: this process, several, or a cluster."""
    from lda.building.job import BuildJob
    from lda.cluster.tasks import check_seen, task_workers
    from lda.corpus.ingest.plan import bytes_of

    cores: int | None = None
    if cluster is not None and work.local is not None and cluster.address != "local":
        check_seen(cluster, str(work.local), runtime=runtime)
    if plan.tokenizer is not None or cluster is not None:
        processes = None
    elif processes is None and sum(map(bytes_of, plan.parts)) >= WORTH_PROCESSES:
        # The last parts get the cores of all, and of a single one they are the threads.
        cores, threads = threads or available_cores(), None
        processes = min(cores, len(plan.parts))
    with task_workers(
        BuildJob(plan, work.place.address),
        cluster=cluster,
        threads=cores if processes == 1 and cores is not None else threads,
        processes=None if processes == 1 else processes,
        cores=cores,
        note=lambda text: tell(f"waiting for {text} to begin"),
        warn=warn,
        runtime=runtime,
    ) as workers:
        yield workers


@contextmanager
def _kept(work: WorkFolder, tell: Callable[[str], None]) -> Iterator[None]:
    """Where the block fails, say that what it has done is kept; or leave nothing, where it has done nothing."""
    work.make()
    try:
        yield
    except BaseException:
        with suppress(OSError):
            if work.has_parts():
                tell(f"what is done is kept in {work.place.root}; the same call goes on from there")
            else:
                work.clear()
        raise


@contextmanager
def _alone(work: WorkFolder, tell: Callable[[str], None]) -> Iterator[None]:
    """Be the only build into an output. Raises DataError where another is at work."""
    from lda.cluster.checkpoints.lock import alone
    from lda.cluster.spec.errors import CheckpointError, InUseError
    from lda.corpus.errors import DataError

    with ExitStack() as stack:
        try:
            stack.enter_context(alone(work.place, tell))
        except InUseError as error:
            who = f" ({error.who})" if error.who else ""
            raise DataError(
                f"another build into the same output is at work{who}; wait for its end, or choose another output"
            ) from None
        except CheckpointError as error:
            reason = getattr(error.__cause__, "strerror", None) or error.__cause__ or error
            raise DataError(
                f"{work.place.root} cannot be written ({reason}); choose another output"
            ) from None
        yield
