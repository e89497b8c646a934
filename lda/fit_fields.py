"""The settings of a fit under the names of both front ends: one table, from which `LDA` and `lda fit` are built.

`lda.load` goes through the same table, so a setting of which it knows nothing cannot be added.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from lda.cluster.spec.fit_settings import FitSettings
from lda.samplers.registry import SAMPLERS, choice_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

N_TOPICS: Final = 10
"""The engine has no default for the number of topics; this is scikit-learn's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitField:
    """One setting.

    Attributes:
        setting: its name in `FitSettings`.
        parameter: its name in `LDA`.
        flags: its names on the command line, the first one leading; those after our own are what others call it.
        kind: type of its value on the command line: bytes is a size such as 4GB, a tuple lists the values.
        help: one line for the command line.
        about: what it is about, a heading of the command line's help.
        shown: how the help calls its default; empty where the default itself is shown, or nothing is said.
        of_machine: it was chosen for the machine of the fit and changes no bit of the model, so a loaded model does
            not bring it along: the threads of a server would be too many on a laptop.
    """

    setting: str
    parameter: str
    flags: tuple[str, ...]
    kind: type | tuple[str, ...]
    help: str
    about: Literal["sampler", "evaluation", "machine"] = "sampler"
    shown: str = ""
    of_machine: bool = False

    @property
    def option(self) -> str:
        """Its name among the options that click hands over."""
        return next(flag for flag in self.flags if flag.startswith("--")).removeprefix("--").replace("-", "_")

    @property
    def default(self) -> Any:  # noqa: ANN401 - of any kind
        """The engine's own."""
        return _DEFAULTS[self.setting]


_DEFAULTS: Final = {field.name: field.default for field in dataclasses.fields(FitSettings)} | {
    "n_topics": N_TOPICS
}

FIELDS: Final = (
    FitField(
        setting="n_topics",
        parameter="n_components",
        flags=("-k", "--topics", "--num-topics"),
        kind=int,
        help="Number of topics.",
    ),
    FitField(
        setting="sweeps",
        parameter="max_iter",
        flags=("-n", "--sweeps", "--num-iterations", "--max-iter"),
        kind=int,
        help="Passes over the corpus.",
    ),
    FitField(
        setting="threads",
        parameter="n_jobs",
        flags=("-j", "--threads", "--num-threads"),
        kind=int,
        help="Threads; never changes the result.",
        about="machine",
        shown="all cores",
        of_machine=True,
    ),
    FitField(
        setting="device",
        parameter="device",
        flags=("--device",),
        kind=("cpu", "cuda"),
        help=f"cuda samples on a GPU, to the same model ({choice_of(row for row in SAMPLERS.values() if row.cuda)}).",
        about="machine",
        of_machine=True,
    ),
    FitField(
        setting="memory",
        parameter="memory",
        flags=("--memory",),
        kind=bytes,
        help="What a process may hold, as 4GB: documents beyond it stay on disk, in TMPDIR.",
        about="machine",
    ),
    FitField(
        setting="model_memory",
        parameter="model_memory",
        flags=("--model-memory",),
        kind=bytes,
        help="What of it the model may take: a larger one is walked word range by word range.",
        about="machine",
    ),
    FitField(
        setting="seed",
        parameter="random_state",
        flags=("-s", "--seed", "--random-seed"),
        kind=int,
        help="The same seed gives the same model.",
    ),
    FitField(
        setting="sampler",
        parameter="sampler",
        flags=("--sampler",),
        kind=str,
        help=f"{choice_of(SAMPLERS.values())}.",
    ),
    FitField(
        setting="alpha",
        parameter="alpha",
        flags=("--alpha",),
        kind=str,
        help="Prior of EACH topic in a document: a number, K numbers (A,B,...), auto to learn them, or "
        "auto-symmetric to learn one. MALLET's is --alpha-sum.",
    ),
    FitField(
        setting="beta",
        parameter="beta",
        flags=("--beta",),
        kind=str,
        help="Prior of each term in a topic: a number, or auto to learn it.",
    ),
    FitField(
        setting="optimize_interval",
        parameter="optimize_interval",
        flags=("--optimize-interval",),
        kind=int,
        help="Sweeps between updates of learned priors (0: none),",
    ),
    FitField(
        setting="burn_in",
        parameter="burn_in",
        flags=("--burn-in", "--optimize-burn-in"),
        kind=int,
        help="and sweeps before the first.",
    ),
    FitField(
        setting="start",
        parameter="start",
        flags=("--start",),
        kind=("auto", "random", "annealed", "growing"),
        help="How topics begin.",
    ),
    FitField(
        setting="phases",
        parameter="phases",
        flags=("--phases",),
        kind=int,
        help="Exchanges of counts per sweep.",
        shown="by the sampler",
    ),
    FitField(
        setting="n_samples",
        parameter="n_samples",
        flags=("--samples", "--n-samples"),
        kind=int,
        help="States whose soft counts are averaged; 0: the last state's plain counts,",
        shown="5",
    ),
    FitField(
        setting="sample_interval",
        parameter="sample_interval",
        flags=("--sample-interval",),
        kind=int,
        help="and sweeps between two of them.",
        shown="a twentieth of all, 20 at most",
    ),
    FitField(
        setting="validation_fraction",
        parameter="validation_fraction",
        flags=("--validation-fraction",),
        kind=float,
        help="Share of documents kept out, to score the model.",
        about="evaluation",
    ),
    FitField(
        setting="tol",
        parameter="tol",
        flags=("--tol",),
        kind=float,
        help="Stop when evaluations gain less than this (nats per token),",
        about="evaluation",
    ),
    FitField(
        setting="n_iter_no_change",
        parameter="n_iter_no_change",
        flags=("--patience", "--n-iter-no-change"),
        kind=int,
        help="so many times in a row.",
        about="evaluation",
    ),
    FitField(
        setting="evaluate_every",
        parameter="evaluate_every",
        flags=("--evaluate-every",),
        kind=int,
        help="Sweeps between evaluations.",
        about="evaluation",
    ),
)
"""In the order in which the command line lists them. The constructor of `LDA` is written out all the same, for the
sake of editors and type checkers; a test holds it to this table."""


def settings_from(
    values: Mapping[str, Any], name_of: Callable[[FitField], str], read: Mapping[str, Callable[[Any], Any]]
) -> FitSettings:
    """The settings of what a front end was given.

    Args:
        values: by the names of the front end.
        name_of: the front end's name of a field.
        read: by the engine's names, how a front end's value becomes the engine's; others are taken as they are.

    Raises:
        ValueError: a value is wrong.
    """
    given = {field.setting: values[name_of(field)] for field in FIELDS}
    return FitSettings(
        **{name: read[name](value) if name in read else value for name, value in given.items()}
    )


def parameters_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of `LDA` that repeat a fit with these settings, as a model has recorded them.

    Settings that an older version did not record had their defaults. Left out is what is the machine's, and where a
    chain began that went on from another: its start is no choice of the parameters.
    """
    return {
        field.parameter: settings[field.setting]
        for field in FIELDS
        if field.setting in settings
        and not field.of_machine
        and (field.setting, settings[field.setting]) != ("start", "given")
    }
