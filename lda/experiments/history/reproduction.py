"""A fit that was run again from its record, beside what the record says of the first one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lda.model.renumbered import ALIGNED
from lda.report.facts import code_in_words

if TYPE_CHECKING:
    from lda.model.run_record import RunRecord

CLOSE: Final = 1e-9
"""Relative difference of two log-likelihoods of the same state: sums in another order differ by less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """What came of running a fit again.

    Attributes:
        fingerprint: of the topics that it gave.
        recorded: fingerprint of the model; of one that got its topic numbers from another model (`lda align`), of the
            model as it was before, which a fit can give.
        record: of the new run.
        original: the record that it was run from.
        output: where the new model was written; None where it was not.
    """

    fingerprint: str
    recorded: str
    record: RunRecord
    original: RunRecord
    output: str | None = None

    def __str__(self) -> str:
        """What `lda reproduce` prints."""
        return self.lines()

    @property
    def same(self) -> bool:
        """Whether the model is the same, to the bit."""
        return self.fingerprint == self.recorded

    @property
    def first_difference(self) -> dict[str, Any] | None:
        """{"sweep", "log_likelihood", "recorded"} of the first evaluation that differs, nats a token; or None.

        None where no evaluation differs: they may be sweeps apart, and the last one comes before an interruption.
        """
        now = {row["sweep"]: row for row in self.record.history}
        for row in self.original.history:
            was, here = row["log_likelihood"], now.get(row["sweep"], {}).get("log_likelihood")
            if was is not None and here is not None and not math.isclose(was, here, rel_tol=CLOSE):
                return {"sweep": row["sweep"], "log_likelihood": here, "recorded": was}
        return None

    @property
    def differences(self) -> list[dict[str, str]]:
        """{"name", "here", "recorded"} of versions, code and facts of the machine that differ, and may be why."""
        before, now = self.original, self.record
        found = [
            {"name": name, "here": now.versions[name], "recorded": before.versions[name]}
            for name in now.versions
            if name in before.versions and now.versions[name] != before.versions[name]
        ]
        changed = bool((now.code or {}).get("changed"))
        # A record without a machine is of a version that knew nothing of code, either.
        if before.machine is not None and (changed or now.code != before.code):
            found.append({"name": "code", "here": _code(now), "recorded": _code(before)})
        machine, was = now.machine or {}, before.machine or {}
        found += [
            {"name": name, "here": str(machine.get(name)), "recorded": str(was[name])}
            for name in ("system", "architecture", "processor", "python", "libc")
            if name in was and machine.get(name) != was[name]
        ]
        return found

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `lda reproduce --json` prints them."""
        return {
            "same": self.same,
            "fingerprint": self.fingerprint,
            "recorded_fingerprint": self.recorded,
            "sweeps": self.record.n_sweeps,
            "first_difference": None if self.same else self.first_difference,
            "differences": self.differences,
            "seconds": self.record.seconds,
            "recorded_seconds": self.original.seconds,
            "output": self.output,
        }

    def lines(self) -> str:
        """The same for people."""
        took, before = (run.seconds["fit"] for run in (self.record, self.original))
        if self.same:
            return (
                f"same: {self.record.n_sweeps:,} sweeps give the model again, to the bit\n"
                f"fingerprint {self.fingerprint}\n"
                f"time        {took:.1f} s, recorded {before:.1f} s{self._renumbered()}"
            )
        return "\n".join(
            [
                f"differs: {self.record.n_sweeps:,} sweeps give another model",
                f"fingerprint {self.fingerprint}",
                f"recorded    {self.recorded}",
                self._where(),
                *(
                    f"other       {one['name']} {one['here']}, recorded {one['recorded']}"
                    for one in self.differences
                ),
                *self._reasons(),
            ]
        )

    def _renumbered(self) -> str:
        if (self.original.parent or {}).get("kind") != ALIGNED:
            return ""
        return "\nnumbers     those of the fit, before topics got numbers of another model (lda align)"

    def _where(self) -> str:
        found = self.first_difference
        if found is None:
            return "where       after the last evaluation that both have: those are the same"
        return (
            f"where       by sweep {found['sweep']}: log-likelihood {found['log_likelihood']:.6f} a token, recorded "
            f"{found['recorded']:.6f}"
        )

    def _reasons(self) -> list[str]:
        """What is known of the first run and may be why."""
        told = []
        staleness = (self.original.machine or {}).get("staleness", 0)
        if self.original.interrupted:
            told.append(
                "why         the run was interrupted within a sweep, and how far it had come in it is not recorded: "
                f"this is its state after {self.original.n_sweeps:,} whole sweeps"
            )
        if staleness != 0:
            told.append(
                "why         its workers did not wait for each other (--staleness): no run of it is like another"
            )
        if not told and not self.differences:
            told.append(
                "why         nothing that is recorded of the code and the machine differs; was the model changed "
                "after the fit?"
            )
        return told


def _code(record: RunRecord) -> str:
    return code_in_words(record.code) or "as installed"
