"""What a report needs of a model: so that its functions need not know the classes that have it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from lda.charts.tables import RecordedRun
from lda.survey.results import SurveyedModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scipy.sparse import csr_matrix


class ReportedRun(RecordedRun, Protocol):
    """What is remembered of a fit; `lda.RunRecord` is such, and says what each of them means."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The settings of the fit."""
        ...

    @property
    def n_sweeps(self) -> int:
        """Sweeps done."""
        ...

    @property
    def interrupted(self) -> bool:
        """Whether the fit was stopped before its end."""
        ...

    @property
    def seconds(self) -> Mapping[str, float]:
        """Of "read" and "fit"."""
        ...

    @property
    def tokens_per_second(self) -> float:
        """Over the whole fit."""
        ...

    @property
    def n_documents(self) -> int:
        """Of the corpus."""
        ...

    @property
    def n_empty_documents(self) -> int:
        """Of the corpus."""
        ...

    @property
    def n_tokens(self) -> int:
        """Of the corpus."""
        ...

    @property
    def n_trained_tokens(self) -> int:
        """Tokens that the model was fitted to."""
        ...

    @property
    def corpus_hash(self) -> str:
        """Content hash of the corpus."""
        ...

    @property
    def recipe(self) -> Mapping[str, Any] | None:
        """How text became tokens; None for counts."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Of Python and of packages."""
        ...

    @property
    def machine(self) -> Mapping[str, Any] | None:
        """Facts of the machine; None where nothing is recorded of it."""
        ...

    @property
    def code(self) -> Mapping[str, Any] | None:
        """The commit of a checkout, and whether it was changed; None for a package that is installed."""
        ...

    @property
    def peak_bytes(self) -> int | None:
        """The most memory that the process had held."""
        ...

    @property
    def part_of(self) -> Mapping[str, str] | None:
        """What the run belongs to."""
        ...

    @property
    def resumed_after(self) -> int | None:
        """The sweep of the checkpoint that it went on from."""
        ...

    @property
    def command(self) -> str | None:
        """What repeats the run in a shell."""
        ...


class ReportedModel(SurveyedModel, Protocol):
    """A topic model that remembers its run; `lda.Model` is such."""

    @property
    def record(self) -> ReportedRun:
        """The facts of the run."""
        ...

    @property
    def counts(self) -> csr_matrix:
        """(V, K) CSR int32, tokens of each term in each topic in the last sweep."""
        ...

    def fingerprint(self) -> str:
        """sha256 in hex of the counts."""
        ...
