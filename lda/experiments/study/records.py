"""What a study keeps: one file on what all of its trials have in common, and one on each trial."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, Self, cast, get_args

from lda.corpus.errors import DataError
from lda.corpus.storage.signed_record import read_record, write_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    import numpy.typing as npt

    from lda.corpus import Corpus
    from lda.evaluation.paired import DocumentScores
    from lda.experiments.study.measures import TrialMeasures
    from lda.model.model import Model

FORMAT: Final = "raylda-study"
TRIAL_FORMAT: Final = "raylda-trial"
VERSION: Final = 1
STUDY_FILE: Final = "study.json"
TRIAL_FILE: Final = "trial.json"
CORPORA: Final = "corpora"
TRIALS: Final = "trials"
TRAIN, HELDOUT = "train", "heldout"
MODEL: Final = "model"
CHECKPOINT: Final = "checkpoint"
SCORES_FILE: Final = "heldout.npz"

_NUMBER: Final = re.compile(r"\d{4,9}")
_CORPUS: Final = re.compile(r"\w[\w-]{0,79}")

State = Literal["waiting", "paused", "stopped", "done", "failed"]
STATES: Final[tuple[State, ...]] = get_args(State)
ENDED: Final[frozenset[State]] = frozenset({"stopped", "done", "failed"})
"""States that no later run changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRecord:
    """One fit of a study.

    Attributes:
        number: from 1, in the order in which trials were asked for.
        parameters: those that the study varies, by name of the option: "topics", "alpha", "beta", "sampler",
            "phases", "sweeps", "min_df", "max_df", "stop_words"; plain values.
        seed: of the fit.
        corpus: name of the study's corpus that it is trained on; one for each recipe.
        state: "waiting" before it has begun, "paused" at a rung, "stopped" there for good, "done" or "failed".
        sweeps: done so far.
        curve: (sweep, held-out log-likelihood, nats per scored token), of the state at each rung that it reached and
            of the finished model.
        seconds: of all its fits together, without scoring.
        peak_bytes: most memory that the process held which did the fit; None where the system does not tell.
        fingerprint: of its model; None before that is written.
        measures: of the finished model; None before.
        error: why it failed, one line; None where it did not.
    """

    number: int
    parameters: dict[str, Any]
    seed: int
    corpus: str
    state: State = "waiting"
    sweeps: int = 0
    curve: tuple[tuple[int, float], ...] = ()
    seconds: float = 0.0
    peak_bytes: int | None = None
    fingerprint: str | None = None
    measures: TrialMeasures | None = None
    error: str | None = None

    @property
    def candidate(self) -> str:
        """What trials that differ by seed alone have in common: the parameters as canonical JSON."""
        return candidate_key(self.parameters)

    @property
    def ended(self) -> bool:
        """Whether nothing more happens to it."""
        return self.state in ENDED

    @property
    def heldout(self) -> float | None:
        """The last held-out log-likelihood, nats per scored token; None where it was never scored."""
        return self.curve[-1][1] if self.curve else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        from lda.model.run_record import strict_json

        row: dict[str, Any] = strict_json(asdict(self))
        return row

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Self:
        """Rebuild a record from `to_dict`; fields that a later version added are ignored.

        Raises:
            ValueError: a field is missing, of another type, or cannot be.
        """
        known = {name: row[name] for name in (entry.name for entry in fields(cls)) if name in row}
        for name, kinds in _KINDS.items():
            value = known.get(name)
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                raise ValueError(f"{name} is missing or of another type: {value!r:.60}")
        if known["state"] not in STATES:
            raise ValueError(f"state must be one of {', '.join(STATES)}, got {known['state']!r:.40}")
        for name in ("number", "seed", "sweeps"):
            if not 0 <= known[name] < 2**64:
                raise ValueError(f"{name} must be a count, got {known[name]!r:.40}")
        _check_quantity("seconds", known["seconds"])
        peak = known.get("peak_bytes")
        if peak is not None and not 0 <= peak < 2**63:
            raise ValueError(f"peak_bytes must be a count, got {peak!r:.40}")
        _check_name(known["corpus"])
        _check_parameters(known["parameters"])
        if "topics" not in known["parameters"]:
            raise ValueError("its parameters lack topics")
        known["curve"] = tuple(_point(entry) for entry in known["curve"])
        known["measures"] = _measures(known.get("measures"))
        return cls(**known)


_KINDS: Final[dict[str, tuple[type[Any], ...]]] = {
    "number": (int,),
    "parameters": (dict,),
    "seed": (int,),
    "corpus": (str,),
    "state": (str,),
    "sweeps": (int,),
    "curve": (list, tuple),
    "seconds": (int, float),
    "peak_bytes": (int, type(None)),
    "fingerprint": (str, type(None)),
    "error": (str, type(None)),
}


def _point(entry: Any) -> tuple[int, float]:  # noqa: ANN401 - whatever stands in the file
    """A sweep and its score; null, as which NaN is stored, is NaN."""
    match entry:
        case [int(sweep), float() | int() | None as score] if 0 <= sweep < 2**63 and not _is_bool(
            sweep, score
        ):
            if score is None:
                return sweep, math.nan
            if abs(score) < LARGEST:
                return sweep, float(score)
    raise ValueError(f"curve must list sweeps with their scores, got {entry!r:.60}")


LARGEST: Final = 1e300
"""No time and no score comes near it, and sums of some are still numbers."""


def _is_bool(*values: object) -> bool:
    return any(isinstance(value, bool) for value in values)


def _check_quantity(name: str, value: float) -> None:
    if _is_bool(value) or not 0 <= value < LARGEST:
        raise ValueError(f"{name} must be a number from 0 on, got {value!r:.40}")


def _check_name(corpus: str) -> None:
    """See that a corpus is called by a folder right below the study's: the record may be a stranger's."""
    if not _CORPUS.fullmatch(corpus):
        raise ValueError(f"a corpus of the study cannot be called {corpus!r:.60}")


def _check_parameters(parameters: Mapping[str, Any]) -> None:
    """See that a fit could have them, each by itself; the commands that people are shown are made of them."""
    from lda.cluster.spec.fit_settings import FitSettings
    from lda.experiments.study.space import PARAMETERS, check_values, settings_of

    for name, value in parameters.items():
        if name not in PARAMETERS:
            raise ValueError(f"no study varies {name!r:.40}")
        if not isinstance(value, str | int | float | None):
            raise ValueError(f"{name} must be one value, got {value!r:.60}")
        if value is not None:
            check_values(PARAMETERS[name], [value])
    known = {name: value for name, value in parameters.items() if value is not None}
    settings_of(FitSettings(n_topics=1), known, seed=0)


def _measures(row: Any) -> TrialMeasures | None:  # noqa: ANN401 - whatever stands in the file
    if row is None:
        return None
    if not isinstance(row, dict):
        raise ValueError(f"measures must be an object, got {row!r:.60}")
    from lda.experiments.study.measures import TrialMeasures

    try:
        return TrialMeasures.from_dict(row)
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"measures cannot be read: {error}") from None


def candidate_key(parameters: Mapping[str, Any]) -> str:
    """The parameters as canonical JSON, by which candidates are told apart."""
    return json.dumps(parameters, sort_keys=True, separators=(",", ":"), default=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFacts:
    """One of the study's corpora.

    Attributes:
        parameters: the varied parameters of the recipe that made it; empty where none is varied.
        recipe: how text became tokens (`Recipe.to_dict`); None for counts.
        train_hash: content hash of the documents trained on.
        heldout_hash: content hash of those held out.
        n_documents: trained on.
        n_heldout: documents held out.
        n_tokens: trained on.
        n_terms: V.
    """

    parameters: dict[str, Any]
    recipe: dict[str, Any] | None
    train_hash: str
    heldout_hash: str
    n_documents: int
    n_heldout: int
    n_tokens: int
    n_terms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySettings:
    """What all trials of a study have in common.

    Attributes:
        name: of the study: that of its folder when it was made.
        source: what the documents were read from: {"digest": sha256 of what was read, "inputs": names}.
        reading: how the documents are read: options of `lda fit` by name, which no trial varies.
        search: {"kind": "grid", "random" or "bayes", "space": {parameter: values, or [low, high] under "range"},
            "candidates": how many were asked for or None, "seed": of the search, "halving": bool,
            "rungs": sweeps after which trials are compared, "batch": candidates asked for at a time or None}.
        seeds: of the trials of each candidate.
        split: {"test_fraction": share, "by": "id"}, or {"heldout": digest of what was read}.
        fit: the settings of `FitSettings` that all trials share, as it has them.
        corpora: by name.
        command: a shell command that repeats the study; None for one from Python.
        versions: of Python, this package, and those that numbers depend on.
        created: when it began, ISO 8601 in UTC.
    """

    name: str
    source: dict[str, Any]
    reading: dict[str, Any]
    search: dict[str, Any]
    seeds: tuple[int, ...]
    split: dict[str, Any]
    fit: dict[str, Any]
    corpora: dict[str, CorpusFacts] = field(default_factory=dict)
    command: str | None = None
    versions: dict[str, str] = field(default_factory=dict)
    created: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        from lda.model.run_record import strict_json

        row: dict[str, Any] = strict_json(asdict(self))
        return row

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Self:
        """Rebuild settings from `to_dict`; fields that a later version added are ignored.

        Raises:
            ValueError: a field is missing or of another type.
        """
        kinds: dict[str, tuple[type[Any], ...]] = {
            "name": (str,),
            **dict.fromkeys(("source", "reading", "search", "split", "fit", "corpora", "versions"), (dict,)),
            "seeds": (list, tuple),
            "command": (str, type(None)),
            "created": (str,),
        }
        for name, wanted in kinds.items():
            if not isinstance(row.get(name), wanted):
                raise ValueError(f"{name} is missing or of another type: {row.get(name)!r:.60}")
        known = {name: row[name] for name in kinds}
        if not all(isinstance(seed, int) and not isinstance(seed, bool) for seed in known["seeds"]):
            raise ValueError(f"seeds must be whole numbers, got {known['seeds']!r:.60}")
        known["seeds"] = tuple(known["seeds"])
        known["corpora"] = {name: _corpus_facts(name, facts) for name, facts in known["corpora"].items()}
        _check_common(known)
        return cls(**known)


def _corpus_facts(name: str, row: Any) -> CorpusFacts:  # noqa: ANN401 - whatever stands in the file
    _check_name(name)
    try:
        found = CorpusFacts(**row)
    except TypeError as error:
        raise ValueError(f"corpora cannot be read: {error}") from None
    for what, kinds in {
        "parameters": dict, "recipe": dict | None, "train_hash": str, "heldout_hash": str,
        "n_documents": int, "n_heldout": int, "n_tokens": int, "n_terms": int,
    }.items():  # fmt: skip
        value = getattr(found, what)
        if not isinstance(value, kinds) or _is_bool(value):
            raise ValueError(f"{what} of the corpus {name} is of another type: {value!r:.60}")
        if isinstance(value, int) and not 0 <= value < 2**63:
            raise ValueError(f"{what} of the corpus {name} must be a count, got {value!r:.40}")
    _check_parameters(found.parameters)
    if found.recipe is not None:
        from lda.model.run_record import check_recipe

        try:
            check_recipe(found.recipe)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the corpus {name} cannot have its recipe: {error}") from None
    return found


def _check_common(known: Mapping[str, Any]) -> None:
    """See that fits could have what they share, and that what a command is made of are words. Raises ValueError."""
    from lda.cluster.spec.fit_settings import FitSettings
    from lda.samplers.registry import is_own

    if not known["seeds"] or not all(0 <= seed < 2**64 for seed in known["seeds"]):
        raise ValueError(f"seeds must be whole numbers from 0 to 2^64 - 1, got {known['seeds']!r:.60}")
    sampler = known["fit"].get("sampler", "auto")
    try:
        # What a sampler of its author's own could do is not known here.
        FitSettings(**{"n_topics": 1, **known["fit"], **({"sampler": "auto"} if is_own(sampler) else {})})
    except (TypeError, ValueError) as error:
        raise ValueError(f"no fit can have its settings: {error}") from None
    for part, name in (("source", "inputs"), ("reading", "options")):
        words = known[part].get(name)
        if words is not None and not (isinstance(words, list) and all(isinstance(one, str) for one in words)):
            raise ValueError(f"{name} of {part} must list words, got {words!r:.60}")
    recipe = known["reading"].get("recipe", {})
    if not isinstance(recipe, dict):
        raise ValueError(f"the recipe of its reading is of another type: {recipe!r:.60}")
    _check_parameters(recipe)
    _check_search(known["search"])


def _check_search(search: Mapping[str, Any]) -> None:
    """See that its space and its rungs are such: a page tells of them. Raises ValueError."""
    from lda.experiments.study.space import space_from_dict

    space_from_dict(search.get("space", {}))
    steps = search.get("rungs", [])
    if not isinstance(steps, list) or not all(
        isinstance(step, int) and not _is_bool(step) and 0 < step < 2**63 for step in steps
    ):
        raise ValueError(f"rungs must list sweeps, got {steps!r:.60}")


class StudyFolder:
    """The folder of a study: what is written there, unjudged; `lda.experiments.study.study.Study` adds the rest.

    Attributes:
        folder: where it lies.
        settings: what all trials have in common.
        trials: by number, as they stood when the study was opened.
    """

    def __init__(self, folder: Path, settings: StudySettings, trials: tuple[TrialRecord, ...]) -> None:
        self.folder, self.settings, self.trials = folder, settings, trials

    @classmethod
    def open(cls, folder: str | PathLike[str]) -> Self:
        """Read a study's folder.

        Raises:
            DataError: there is no study, it is damaged, or of a later version.
            OSError: it cannot be read.
        """
        path = Path(folder)
        settings = read_settings(path)
        return cls(path, settings, read_trials(path))

    def __repr__(self) -> str:
        done = sum(trial.state == "done" for trial in self.trials)
        return f"{type(self).__name__}({self.settings.name!r}, {done} of {len(self.trials)} trials done)"

    def trial(self, number: int) -> TrialRecord:
        """One trial. Raises KeyError where there is none of that number."""
        for trial in self.trials:
            if trial.number == number:
                return trial
        raise KeyError(number)

    def path(self, number: int) -> Path:
        """The folder of a trial."""
        return trial_folder(self.folder, number)

    def has_model(self, number: int) -> bool:
        """Whether the model of a trial is there: that of a trial that was stopped, or was not kept, is not."""
        return (self.path(number) / MODEL).is_dir()

    def model(self, number: int, *, verify: bool = False) -> Model:
        """The model of a trial.

        verify: compare its files with their checksums.

        Raises:
            DataError: it is missing, as that of a trial that was not kept, or damaged.
        """
        from lda.model.model import Model

        return Model.load(self.path(number) / MODEL, verify=verify)

    def scores(self, number: int) -> DocumentScores:
        """What the model of a trial makes of each held-out document.

        Raises:
            DataError: the file is missing or damaged.
        """
        return read_scores(self.path(number) / SCORES_FILE)

    def train(self, name: str) -> Corpus:
        """The documents that trials on this corpus are trained on, mapped. Raises DataError."""
        from lda.corpus import Corpus

        return Corpus.open(self.folder / CORPORA / name / TRAIN)

    def heldout(self, name: str) -> Corpus:
        """The documents that trials on this corpus are scored on, mapped. Raises DataError."""
        from lda.corpus import Corpus

        return Corpus.open(self.folder / CORPORA / name / HELDOUT)


def is_study(folder: Path) -> bool:
    """Whether a folder holds a study, damaged or not."""
    try:
        with (folder / STUDY_FILE).open("rb") as file:
            return f'"{FORMAT}"'.encode() in file.read(200)
    except OSError:
        return False


def trial_folder(folder: Path, number: int) -> Path:
    """Where a trial of a study lies."""
    return folder / TRIALS / f"{number:04d}"


def write_settings(folder: Path, settings: StudySettings) -> None:
    """Write `study.json`, whole or not at all. Raises OSError."""
    _write(folder, STUDY_FILE, FORMAT, settings.to_dict())


def write_trial(folder: Path, trial: TrialRecord) -> None:
    """Write the `trial.json` of a study's trial, whole or not at all. Raises OSError."""
    _write(trial_folder(folder, trial.number), TRIAL_FILE, TRIAL_FORMAT, trial.to_dict())


def _write(folder: Path, name: str, form: str, row: dict[str, Any]) -> None:
    from lda.corpus.storage.places import storage

    folder.mkdir(parents=True, exist_ok=True)
    write_record(storage(folder), name, row, form=form, version=VERSION)


def read_settings(folder: Path) -> StudySettings:
    """What the trials of a study have in common.

    Raises:
        DataError: there is no study, it is damaged, or of a later version.
        OSError: it cannot be read.
    """
    if not (folder / STUDY_FILE).is_file():
        what = "is no study" if folder.is_dir() else "does not exist"
        raise DataError(f"{folder} {what}: it has no {STUDY_FILE}; name a folder that lda tune has written")
    try:
        return StudySettings.from_dict(_read(folder, STUDY_FILE, FORMAT))
    except ValueError as error:
        raise DataError(
            f"{folder / STUDY_FILE} is damaged ({error}); make the study anew (--overwrite)"
        ) from None


def read_trials(folder: Path) -> tuple[TrialRecord, ...]:
    """All trials of a study by number.

    Raises:
        DataError: a record is damaged, or of a later version.
        OSError: one cannot be read.
    """
    found: list[TrialRecord] = []
    if not (folder / TRIALS).is_dir():
        return ()
    for path in sorted((folder / TRIALS).iterdir()):
        if not _NUMBER.fullmatch(path.name) or not (path / TRIAL_FILE).is_file():
            continue  # one that was cut off before its record was written has nothing to tell
        try:
            trial = TrialRecord.from_dict(_read(path, TRIAL_FILE, TRIAL_FORMAT))
            if trial.number != int(path.name):
                raise ValueError(f"it is of trial {trial.number}")
        except ValueError as error:
            raise DataError(
                f"{path / TRIAL_FILE} is damaged ({error}); remove the folder {path.name}, and repeat that trial with "
                "lda tune --resume"
            ) from None
        found.append(trial)
    return tuple(found)


def _read(folder: Path, name: str, form: str) -> dict[str, Any]:
    from lda.corpus.storage.places import storage

    return read_record(storage(folder), name, form=form, version=VERSION)


def write_scores(path: Path, scores: DocumentScores) -> None:
    """Write scores of documents, whole or not at all. Raises OSError."""
    import numpy as np

    from lda.corpus.storage.atomic_write import replaced_file

    with replaced_file(path) as temporary, temporary.open("wb") as file:
        np.savez(file, log_likelihoods=scores.log_likelihoods, tokens=scores.tokens)


def read_scores(path: Path) -> DocumentScores:
    """Scores of documents that `write_scores` has written.

    Raises:
        DataError: the file is missing or damaged.
    """
    import zipfile

    import numpy as np

    from lda.corpus.storage.npy_file import DAMAGED_ARCHIVE, read_array
    from lda.evaluation.paired import DocumentScores

    found = {}
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            for name, kind in (("log_likelihoods", "f"), ("tokens", "i")):
                info = archive.getinfo(f"{name}.npy")
                if info.compress_type != zipfile.ZIP_STORED:  # which could unpack to any size
                    raise ValueError(f"its {name} are compressed")
                with archive.open(info) as member:
                    found[name] = read_array(cast("BinaryIO", member), info.file_size, kind)
        _check_scores(found["log_likelihoods"], found["tokens"])
    except FileNotFoundError:
        raise DataError(f"{path} is missing; {AGAIN.format(path.parent.name)}") from None
    except DAMAGED_ARCHIVE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{path} is damaged ({reason:.200}); {AGAIN.format(path.parent.name)}") from None
    return DocumentScores(
        log_likelihoods=found["log_likelihoods"].astype(np.float64, copy=False),
        tokens=found["tokens"].astype(np.int64, copy=False),
    )


AGAIN: Final = "remove the folder {} of that trial, and repeat it with lda tune --resume"


def _check_scores(scores: npt.NDArray[Any], tokens: npt.NDArray[Any]) -> None:
    """See that they can be scores of documents. Raises ValueError."""
    import numpy as np

    if scores.ndim != 1 or scores.shape != tokens.shape:
        raise ValueError(f"its arrays have shapes {scores.shape} and {tokens.shape}")
    if not np.all(np.abs(scores) < LARGEST) or (len(tokens) and tokens.min() < 0):
        raise ValueError("its scores are no numbers, or its counts of tokens are negative")
