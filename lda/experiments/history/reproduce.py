"""`reproduce`: run a fit again from what its model remembers of it."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from lda.corpus.errors import DataError
from lda.experiments.fitted import fit_into
from lda.experiments.history.group_part import group_documents
from lda.experiments.history.reproduction import Reproduction
from lda.experiments.history.same_corpus import check_corpus
from lda.model.renumbered import ALIGNED, lineage
from lda.seed_words import SeedWords, parameters_of_seeds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from lda.cluster import Beginning, Cluster, FitSettings, SweepRecord
    from lda.cluster.spec.fit_settings import Device
    from lda.corpus import Corpus
    from lda.model.model import Model
    from lda.model.run_record import RunRecord

BY_FIT: Final = ("model", "state")
"""Kinds of parents that a fit went on from; a model with another kind was made of its parent in another way."""


def reproduce(
    model: Model | str | Path,
    X: object,
    *,
    init_from: Model | str | Path | None = None,
    output: str | Path | None = None,
    overwrite: bool = False,
    threads: int | None = None,
    device: Device = "cpu",
    cluster: Cluster | None = None,
) -> Reproduction:
    """Run the fit that made a model again, from its record alone, and compare the fingerprints.

    The model comes out the same on any number of threads, workers and nodes, and on a GPU.

    Args:
        model: a model, or where one is saved.
        X: the documents that it was fitted to, everything that `lda.as_corpus` takes. They are compared with the
            content hash of the record before anything is fitted. Of a model of one group they may be those of all
            groups, with the field.
        init_from: the model that the fit went on from, or where it is saved; it is found by its fingerprint to be that.
        output: folder or URI to write the new model to; None for nowhere.
        overwrite: replace a model that stands there.
        threads: None takes all cores.
        device: "cuda" samples on a GPU.
        cluster: run on a Ray cluster; None is this process.

    Raises:
        DataError: the model is missing or damaged, or no fit from the beginning gives it; X are other documents, or
            `init_from` is another model.
        TypeError: the kind of X is wrong.
        ClusterError: there is no cluster, or it failed.
        OSError: the disk refused.
    """
    from lda.corpus import as_corpus
    from lda.model.going_on import beginning, new_from
    from lda.model.model import Model as ModelClass

    found = model if isinstance(model, ModelClass) else ModelClass.load(model)
    plan = Repetition.of(found)
    parent = (
        init_from if init_from is None or isinstance(init_from, ModelClass) else ModelClass.load(init_from)
    )
    if parent is not None:
        plan.check_parent({"kind": "model", "fingerprint": parent.fingerprint()})
    with group_documents(as_corpus(X), found.record) as corpus:
        check_corpus(found, corpus)
        return plan.run(
            corpus,
            begin=None
            if parent is None
            else beginning(
                parent,
                corpus,
                add_topics=found.n_topics - parent.n_topics,
                first=new_from(found.record),
            ),
            output=None if output is None else str(output),
            overwrite=overwrite,
            threads=threads,
            device=device,
            cluster=cluster,
        )


@dataclass(frozen=True, slots=True)
class Repetition:
    """A model whose fit can be run again, and the settings of that. Made by `of`."""

    model: Model
    settings: FitSettings
    seeds: SeedWords | None

    @classmethod
    def of(cls, model: Model) -> Repetition:
        """What its record says of how to run it.

        Raises:
            DataError: no fit from the beginning gives this model, and the line says why.
        """
        from lda.cluster.spec.fit_settings import FitSettings
        from lda.samplers.registry import is_own

        record = model.record
        sampler = record.settings.get("sampler")
        if record.mini_batches > 1:
            raise DataError(
                f"the model was fitted to {record.mini_batches:,} sets of documents one after the other (partial_fit), "
                "which its record does not tell apart; repeat them in their order"
            )
        parent = _of_fit(record)
        if parent is not None and parent.get("kind") not in BY_FIT:
            raise DataError(
                f"the model was not made by a fit but of another model ({parent.get('kind')!r:.40}); reproduce "
                f"that one, whose fingerprint is {parent.get('fingerprint')}"
            )
        if parent is None and record.settings.get("start") == "given":
            raise DataError(
                "the fit went on from topics of another model, which the record does not name any more; reproduce the "
                "model as it was before it got other numbers"
            )
        if is_own(sampler):
            raise DataError(
                f"the model was made by {str(sampler)!r:.60}, which is no sampler of this package; run it where it is "
                "known"
            )
        known = {
            one.name: record.settings[one.name] for one in fields(FitSettings) if one.name in record.settings
        }
        for name in ("memory", "model_memory"):  # of the machine of that time; they change no bit
            known[name] = None
        known |= {"threads": None, "device": "cpu", "seed": record.seed}
        if record.resumed_after is not None:
            # An early stop may have been asked for on the way; asked for from the beginning, it could come sooner.
            known["tol"] = None
        alpha = known.get("alpha")
        if isinstance(alpha, list):
            known["alpha"] = tuple(alpha)
        sweeps = max(int(known["sweeps"]), record.n_sweeps) if record.n_sweeps else 0
        try:
            settings = FitSettings(**known | {"sweeps": sweeps})
            seeds = _seeds(record, model.n_topics)
        except (TypeError, ValueError) as error:
            raise DataError(f"the settings of the record cannot be repeated: {error}") from error
        return cls(model, settings, seeds)

    @property
    def fingerprint(self) -> str:
        """Of the model as the fit gave it: of one that got topic numbers of other models, before the first."""
        last = None
        for parent in lineage(self.model.record.parent):
            if parent.get("kind") != ALIGNED:
                break
            last = parent.get("fingerprint")
        return self.model.fingerprint() if last is None else last

    @property
    def parent(self) -> Mapping[str, str] | None:
        """What the fit went on from, as the record says; None for nothing."""
        return _of_fit(self.model.record)

    def check_parent(self, found: Mapping[str, str] | None) -> None:
        """See that a fit begins where this one did. found: what a record would say of the parent; None for none.

        Raises:
            DataError: it began elsewhere.
        """
        wanted = self.parent
        if wanted is None and found is None:
            return
        if wanted is None:
            raise DataError("the model went on from nothing; leave out what to begin from")
        by = "sha256" if wanted.get("kind") == "state" else "fingerprint"
        option = "--input-state" if by == "sha256" else "--init-from"
        name = f"the {wanted.get('kind')} with the {by} {wanted.get(by)}"
        if found is None:
            raise DataError(f"the model went on from {name}; give it by {option}")
        if found.get("kind") != wanted.get("kind") or found.get(by) != wanted.get(by):
            raise DataError(
                f"the model went on from {name}, got {found.get('kind')} {found.get(by) or ''}; give that"
            )

    def run(
        self,
        corpus: Corpus,
        *,
        begin: Beginning | None = None,
        output: str | None = None,
        overwrite: bool = False,
        threads: int | None = None,
        seconds_read: float = 0.0,
        **options: Any,  # noqa: ANN401 - of `lda.cluster.fit`, and device
    ) -> Reproduction:
        """Fit, and compare. The corpus must have passed `check_corpus`, the beginning `check_parent`.

        Raises:
            DataError: it begins from topics or counts other than the recorded ones. ClusterError, OSError: as a fit.
        """
        from lda.cluster import fingerprint, fit
        from lda.corpus.terms import has_names
        from lda.model.run_record import RunRecord

        model, record = self.model, self.model.record
        if begin is None:
            self.check_parent(None)
        parent = None if begin is None else self._parent(begin)
        device = options.pop("device", "cpu")
        settings = replace(self.settings, threads=threads, device=device)
        told = options.pop("on_sweep", None)

        def on_sweep(row: SweepRecord) -> bool:
            wish = told(row) if told is not None else None
            return bool(wish) or row.sweep >= record.n_sweeps

        options["on_sweep"] = on_sweep
        if self.seeds is not None:
            counts, _ = self.seeds.begin(list(corpus.vocabulary), model.n_topics)
            options |= {"word_prior": counts, "frozen_topics": self.seeds.frozen}
        about: dict[str, Any] = {
            "command": record.command,
            "parent": parent,
            "seed_words": record.seed_words,
            "seconds_read": seconds_read,
        }
        if output is None:
            result = fit(corpus, settings, begin=begin, document_topics=False, **options)
            new = RunRecord.from_fit(result, corpus, named_terms=has_names(list(corpus.vocabulary)), **about)
            assert result.topic_word_counts is not None
            found = fingerprint(result.topic_word_counts)
        else:
            _, found = fit_into(
                output,
                corpus,
                settings,
                begin=begin,
                overwrite=overwrite,
                remember=model.document_hashes is not None,
                **about,
                **options,
            )
            new = self._finished(output, found)
        return Reproduction(
            fingerprint=found, recorded=self.fingerprint, record=new, original=record, output=output
        )

    def _parent(self, begin: Beginning) -> dict[str, str]:
        """What the record of the new run says of its parent. Raises DataError for another beginning."""
        from lda.cluster.checkpoints.identity import BEGIN
        from lda.cluster.counts.beginning_digest import digest_of

        parent, digest = self.parent, digest_of(begin)
        assert parent is not None
        if parent.get(BEGIN, digest) != digest:
            raise DataError(
                "the topics to begin from are not those that the model began from, though they come from the same "
                f"{parent.get('kind')}; are its terms matched by other names?"
            )
        return {**parent, BEGIN: digest}

    def _finished(self, output: str, found: str) -> RunRecord:
        """The record of the new model, which gets the names of the old one's topics if they are its own, too."""
        from lda.corpus.storage.places import storage
        from lda.model.kept_labels import write_labels
        from lda.model.model import Model

        labels = self.model.labels
        if labels and found == self.model.fingerprint():
            write_labels(storage(output), labels.of_model(found, self.model.n_topics))
        return Model.load(output, verify=False).record


def _of_fit(record: RunRecord) -> dict[str, str] | None:
    """What the model was made from before its topics got other numbers; None for nothing."""
    return next((one for one in lineage(record.parent) if one.get("kind") != ALIGNED), None)


def _seeds(record: RunRecord, n_topics: int) -> SeedWords | None:
    given = parameters_of_seeds(record.seed_words)
    if not given:
        return None
    return SeedWords.of(
        given["seed_words"], n_topics=n_topics, weight=given["seed_weight"], frozen=given["frozen_topics"]
    )
