"""What `lda evaluate` does: each metric that is asked for, on documents that stream from files."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from lda.cli.document_options import condition_of
from lda.progress import SECONDS_BETWEEN_LINES, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from lda.cli.evaluate.options import EvaluateOptions
    from lda.cli.evaluate.report import Measured
    from lda.cli.sources import SourceOptions, StoredInputs
    from lda.corpus import DocumentBatch, Recipe
    from lda.evaluation.coherence_result import Coherence, Reference
    from lda.evaluation.evaluable import Evaluable
    from lda.evaluation.heldout import Estimator, HeldoutScore

DIVERSITY_WORDS: Final = 25
PARTICLE_DOCUMENTS: Final = 256  # at a time: left-to-right takes long, and a user wants to see it move


class EvaluationRun:
    """One evaluation: the model, and its documents, which are read anew for each pass over them."""

    def __init__(
        self,
        options: EvaluateOptions,
        model: Evaluable,
        recipe: Recipe,
        source: SourceOptions,
        stored: StoredInputs,
    ) -> None:
        self.options, self.progress, self.model = options, options.console.progress, model
        self.recipe, self.source, self.stored = recipe, source, stored
        self._where = condition_of(options.where)

    def measure(self, metric: str) -> Measured:
        """One metric that is not a coherence."""
        from lda.evaluation.heldout import ESTIMATORS

        for estimator in ESTIMATORS:
            if metric == estimator:
                return self._likelihood(estimator)
        if metric == "diversity":
            return self.model.diversity(DIVERSITY_WORDS)
        from lda.evaluation.diagnostics import diagnose

        options = self.options
        batches = self._documents(self.stored.inputs, where=self._where) if self.stored.inputs else None
        return diagnose(
            self.model,
            batches,
            n_words=options.top_words,
            seed=options.seed,
            threads=options.threads,
            device=options.device,
        )

    def _likelihood(self, estimator: Estimator) -> HeldoutScore:
        from lda.evaluation.heldout import Estimation, score_batches, trained_warning

        model, options = self.model, self.options
        how = Estimation(
            estimator=estimator,
            seed=options.seed,
            burn_in=options.burn_in,
            samples=options.samples,
            particles=options.particles,
        )
        size = PARTICLE_DOCUMENTS if estimator == "left-to-right" else 4096
        batches = self._documents(self.stored.inputs, batch_documents=size, where=self._where)
        frozen = model.frozen(threads=options.threads, device=options.device)
        found = score_batches(model, batches, how, frozen)
        if found.n_trained:
            self.progress.warn(f"warning: {trained_warning(found)}")
        return found

    def coherences(self, measures: Sequence[str]) -> dict[str, Coherence]:
        """Coherences by name."""
        from lda.evaluation.coherence import as_measure, coherences

        if not measures:
            return {}
        options = self.options
        found = coherences(
            self.model.top_words(options.top_words),
            self.model.vocabulary,
            self._reference(),
            [as_measure(name) for name in measures],
            n_words=options.top_words,
            engine="gensim" if options.with_gensim else "own",
        )
        for text in dict.fromkeys(text for one in found for text in one.warnings()):
            self.progress.warn(f"warning: {text}")
        return dict(zip(measures, found, strict=True))

    def _reference(self) -> Reference:
        from lda.corpus import keeps_order
        from lda.evaluation.coherence_result import Reference

        paths = self.stored.reference or self.stored.inputs
        ordered = keeps_order(paths, self.source.format)
        # A reference says which words stand together in general; held-out documents in its place are those chosen.
        where = None if self.stored.reference else self._where
        return Reference(batches=lambda: self._documents(paths, where=where), ordered=ordered)

    def _documents(
        self, paths: Sequence[str | Path], batch_documents: int = 4096, where: str | None = None
    ) -> Iterator[DocumentBatch]:
        from lda.cli.new_documents import read_documents

        terms = self.model.vocabulary
        batches = read_documents(
            paths,
            terms,
            self.recipe,
            self.source,
            vocabulary=self.stored.vocabulary,
            threads=self.options.threads,
            batch_documents=batch_documents,
            where=where,
        )
        return self._told(batches)

    def _told(self, batches: Iterable[DocumentBatch]) -> Iterator[DocumentBatch]:
        """Pass the batches on unchanged; a line every few seconds says how many have gone by."""
        n, said = 0, time.monotonic()
        for batch in batches:
            yield batch
            n += len(batch.ids)
            if time.monotonic() - said >= SECONDS_BETWEEN_LINES:
                said = time.monotonic()
                self.progress.note(f"{plural(n, 'document')} so far")
