"""`lda mallet`: MALLET's own commands for topics. A script needs one line more, `mallet() { lda mallet "$@"; }`."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Final

import click

from lda.cli.errors import say
from lda.cli.help import CommandGroup
from lda.cli.mallet import arguments
from lda.cli.mallet.arguments import Given, Options
from lda.cli.terminal import columns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WORD: Final = r"\p{L}[\p{L}\p{P}]+\p{L}"
"""A word, where no --token-regex is given: three letters or more, with punctuation within."""

ALPHA_SUM: Final = "5.0"
BETA: Final = "0.01"
TOPICS: Final = "10"
ITERATIONS: Final = "1000"
BURN_IN: Final = "200"
PARTICLES: Final = 10
"""MALLET's defaults."""


@click.group(
    cls=CommandGroup,
    examples=(
        "lda mallet import-dir --input texts/ --output topics.corpus --keep-sequence --remove-stopwords",
        "lda mallet train-topics --input topics.corpus --num-topics 20 --optimize-interval 10 --output-state s.gz",
    ),
)
def mallet() -> None:
    """MALLET's commands for topics, with its options and defaults.

    Scripts run with one line more: mallet() { lda mallet "$@"; }. What MALLET keeps in files of Java is a folder here,
    and files that exist are replaced, as MALLET does. Each command says which command of ours it runs.
    """


class _MalletCommand(click.Command):
    """A command with MALLET's options, which click knows nothing of."""

    def __init__(self, name: str, what: str, table: Options, run: Callable[[Given], None]) -> None:
        super().__init__(
            name,
            params=[click.Argument(["words"], nargs=-1, type=click.UNPROCESSED)],
            callback=self._called,
            help=what,
            add_help_option=False,
            context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
        )
        self.table, self.run = table, run

    def _called(self, words: Sequence[str]) -> None:
        given = arguments.read(
            ["--help" if word in ("-h", "--help-all") else word for word in words],
            self.table,
            self.name or "",
        )
        if given.on("help"):
            click.echo(self._listed())
            return
        for note in given.notes:
            say(f"note: {note}")
        self.run(given)

    def _listed(self) -> str:
        groups: dict[str, list[str]] = {"Options": [], "Change nothing here": [], "Cannot be had here": []}
        for name, option in self.table.items():
            title = "Options" if option.ignored is None else "Change nothing here"
            groups[title if option.refused is None else "Cannot be had here"].append(f"--{name}")
        lines = [f"Usage: lda mallet {self.name} [OPTIONS]", "", f"  {self.help}"]
        for title, names in groups.items():
            if names:
                told = wrap(
                    f"{title}: {' '.join(names)}",
                    columns() or 100,
                    subsequent_indent="  ",
                    break_on_hyphens=False,
                )
                lines += ["", *told]
        return "\n".join(lines)


def _run(command: click.Command, tool: str, words: list[str]) -> None:
    """Run a command of ours. What it says of wrong usage speaks of our options, so the words are shown first."""
    say(f"running: lda {shlex.join([*tool.split(), *words])}")
    context = click.get_current_context()
    with command.make_context(tool, list(words), parent=context.find_root()) as made:
        command.invoke(made)


def _import(given: Given, *, lines: bool) -> None:
    from lda.cli.corpus.build import build

    inputs = given.several("input")
    if not inputs:
        raise click.UsageError("--input is missing: the texts")
    words = given.passed_on()
    words += ["--format=mallet"] if lines else ["--format=text"]
    words += _tokens(given)
    if given.on("skip-html"):
        words.append("--strip=html")
    if (sizes := given.one("gram-sizes")) is not None:
        words.append(f"--ngram-range={_range(sizes)}")
    output = given.needed("output", "the corpus to write")
    _run(build, "corpus build", [*inputs, *words, f"--output={output}", "--overwrite"])


def _tokens(given: Given) -> list[str]:
    """How text becomes words: as asked for, as for another corpus (--use-pipe-from), or MALLET's way."""
    other = given.one("use-pipe-from") or given.one("use-pipe-from-without-rewrite")
    if other is None:
        return [f"--pattern={given.one('token-regex', WORD)}"]
    from lda.corpus import Corpus, DataError

    recipe = Corpus.open(other).recipe
    if recipe is None:
        return []
    if recipe.cut_by_function or recipe.imports:
        raise DataError(
            f"{other} was cut by the function {recipe.tokenizer}, which only the user may have run; take `lda corpus "
            "build --tokenizer`"
        )
    # Its stop words need not be taken over: a model that does not know them leaves them out.
    words = [f"--pattern={recipe.pattern}", *([] if recipe.lowercase else ["--keep-case"])]
    names = ("tokenizer", "split_compounds", "normalize", "stem", "lemmatize")
    values = ((name, getattr(recipe, name)) for name in names)
    return [*words, *(f"--{name.replace('_', '-')}={value}" for name, value in values if value is not None)]


def _range(sizes: str) -> str:
    try:
        found = sorted({int(size) for size in sizes.split(",")})
    except ValueError:
        raise click.UsageError(f"--gram-sizes must be numbers such as 1,2, got {sizes!r:.60}") from None
    if found != list(range(found[0], found[-1] + 1)):
        raise click.UsageError(f"--gram-sizes must leave none out between, got {sizes}; give 1,2 or 1,2,3")
    return f"{found[0]},{found[-1]}"


def _train(given: Given) -> None:
    from lda.cli.fit.command import fit
    from lda.corpus.storage.leftovers import temporary_folder

    if given.whole("num-icm-iterations", 0) != 0:
        raise click.UsageError(
            "--num-icm-iterations cannot be had here: leave it out, the model averages states"
        )
    goes_on = "input-model" in given.values or "input-state" in given.values
    reads = given.one("input")
    if reads is None and "input-state" not in given.values:
        raise click.UsageError("--input is missing: the corpus that import-file or import-dir has written")
    if given.on("no-inference") and "input-state" not in given.values:
        raise click.UsageError(
            "--no-inference cannot be had here but beside --input-state: for the files of a model, "
            "lda export MODEL INPUT --to mallet -o FOLDER"
        )
    words = [*([] if reads is None else [reads]), *given.passed_on(), *_learning(given)]
    iterations = "0" if given.on("no-inference") else given.one("num-iterations", ITERATIONS)
    words += [f"--num-iterations={iterations}", "--doc-topics-format=mallet", "--overwrite"]
    if not goes_on or "num-topics" in given.values:
        words.append(f"--num-topics={given.one('num-topics', TOPICS)}")
    if (seed := given.whole("random-seed", 0)) != 0:
        words.append(f"--random-seed={seed}")
    names = ("output-model", "inferencer-filename", "evaluator-filename")
    models = [(name, str(given.one(name))) for name in names if name in given.values]
    with ExitStack() as stack:
        # MALLET writes no model that nobody asks for.
        output = models[0][1] if models else f"{stack.enter_context(temporary_folder())}/model"
        words += [f"--{name}={path}" for name, path in models[1:]]
        _run(fit, "fit", [*words, f"--output={output}"])


def _learning(given: Given) -> list[str]:
    """The priors: fixed, unless --optimize-interval has them learned."""
    interval = given.whole("optimize-interval", 0)
    if interval > 0:
        if ignored := [f"--{name}" for name in ("alpha", "beta") if name in given.values]:
            say(
                f"note: {' and '.join(ignored)} without effect beside --optimize-interval: priors are learned, from "
                "values of our own on; --optimize-interval 0 fixes them"
            )
        learned = [
            f"--optimize-interval={interval}", f"--optimize-burn-in={given.one('optimize-burn-in', BURN_IN)}",
        ]  # fmt: skip
        return [*learned, *(["--use-symmetric-alpha"] if given.on("use-symmetric-alpha") else [])]
    if "input-state" in given.values and not {"alpha", "beta"} & set(given.values):
        return ["--optimize-interval=0"]  # then they are the state's
    return [f"--alpha-sum={given.one('alpha', ALPHA_SUM)}", f"--beta={given.one('beta', BETA)}"]


def _infer(given: Given) -> None:
    from lda.cli.transform.command import transform

    model = given.needed("inferencer", "what --inferencer-filename or --output-model has written")
    words = [model, given.needed("input", "the documents"), *given.passed_on()]
    words.append(f"--output={given.needed('output-doc-topics', 'the file to write')}")
    if (most := given.whole("doc-topics-max", -1)) >= 0:
        words.append(f"--top={most}")
    if (seed := given.whole("random-seed", 0)) != 0:
        words.append(f"--seed={seed}")
    _run(transform, "transform", [*words, "--doc-topics-format=mallet", "--overwrite"])


def _evaluate(given: Given) -> None:
    """The sum of the documents' log-likelihoods, and maybe each of them, in nats."""
    from lda.cli.sources import stored_inputs
    from lda.corpus import iter_documents
    from lda.corpus.storage.output_target import new_file
    from lda.evaluation.heldout import Estimation
    from lda.model.model import Model
    from lda.model.text_recipe import recipe_of

    evaluator = given.needed("evaluator", "what --evaluator-filename or --output-model has written")
    reads = given.needed("input", "the documents")
    of_documents, of_all = _evaluation_files(given, evaluator, reads)
    model = Model.load(evaluator)
    try:
        how = Estimation(
            estimator="left-to-right",
            seed=max(given.whole("random-seed", -1), 0),
            particles=given.whole("num-particles", PARTICLES),
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    frozen = model.frozen()
    scores: list[float] = []
    with stored_inputs([reads], None) as stored:
        for batch in iter_documents(
            stored.inputs, recipe=recipe_of(model), vocabulary_terms=model.vocabulary, require_id=False
        ):
            scores += how.score(frozen, batch)[0].tolist()
    if of_documents is not None:
        with new_file(of_documents, overwrite=True) as temporary:
            temporary.write_text("".join(f"{score!r}\n" for score in scores), encoding="utf-8")
    total = f"{sum(scores)!r}\n"
    if of_all is None:
        click.echo(total, nl=False)
    else:
        with new_file(of_all, overwrite=True) as temporary:
            temporary.write_text(total, encoding="utf-8")


def _evaluation_files(given: Given, evaluator: str, reads: str) -> tuple[Path | None, Path | None]:
    """The files for each document and for all of them, as far as they are wanted, checked before any work is done."""
    from lda.corpus.storage.output_target import check_apart, check_different, check_file_target, local_path

    found = []
    for name in ("output-doc-probs", "output-prob"):
        value = given.one(name, "-")
        path = None if value in (None, "-") else local_path(str(value))
        if path is not None:
            check_file_target(path, overwrite=True)
            check_apart(path, [reads], whole=[evaluator])
        found.append(path)
    check_different([path for path in found if path is not None])
    return found[0], found[1]


for _command in (
    _MalletCommand(
        "import-dir",
        "Read folders of text files.",
        arguments.IMPORT_DIR,
        lambda given: _import(given, lines=False),
    ),
    _MalletCommand(
        "import-file",
        "Read a file with a document on each line.",
        arguments.IMPORT_FILE,
        lambda given: _import(given, lines=True),
    ),
    _MalletCommand("train-topics", "Fit topics.", arguments.TRAIN, _train),
    _MalletCommand("infer-topics", "Find the topics of new documents.", arguments.INFER, _infer),
    _MalletCommand(
        "evaluate-topics", "Estimate the likelihood of new documents.", arguments.EVALUATE, _evaluate
    ),
):
    mallet.add_command(_command)
