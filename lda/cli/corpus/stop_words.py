"""`lda corpus stop-words`: lists of stop words, and those that a corpus has of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from lda.cli.console import Console, output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.shared_options import seed_option, threads_option
from lda.cli.sources import size_of
from lda.corpus.presentable import presentable, without_keys
from lda.progress import plural

if TYPE_CHECKING:
    from lda.stop_words.suggestion import StopWordSuggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class StopWordsOptions:
    """What `lda corpus stop-words` is asked for.

    language: None for the languages there are. corpus: whose own words are looked for; None for a list of a language.
    model, topics, top: of that search; None for a quick fit, its own number of topics, and the usual number of words.
    """

    language: str | None
    corpus: str | None
    model: str | None
    topics: int | None
    top: int | None
    seed: int
    threads: int | None
    console: Console

    def __post_init__(self) -> None:
        if self.corpus is None:
            given = {"--model": self.model, "--topics": self.topics, "--top": self.top}
            if odd := [name for name, value in given.items() if value is not None]:
                raise click.UsageError(f"{odd[0]} goes with --suggest CORPUS, whose words are looked for")
        elif self.language is not None:
            raise click.UsageError(
                f"--suggest looks for a corpus's own words, and takes no language, got {self.language!r:.40}"
            )
        if self.model is not None and self.topics is not None:
            raise click.UsageError("--model and --topics exclude each other: a model has its topics")


@click.command(
    "stop-words",
    cls=Command,
    essentials=("corpus", "model", "topics", "top", "seed", "threads", "json"),
    examples=(
        "lda corpus stop-words en > stop.txt",
        "lda corpus stop-words --suggest corpus/ > empty-words.txt",
        "lda corpus stop-words german --json",
        "lda corpus stop-words --suggest corpus/ --model model/ --top 20",
    ),
    short_help="Print stop words: of a language, of a corpus.",
)
@click.argument("language", required=False)
@option(
    "--suggest",
    "corpus",
    metavar="CORPUS",
    heading=Heading.TEXT,
    help="Look for the corpus's own empty words: many documents have them, and all topics about as often.",
    brief="Look for the empty words of this corpus.",
)
@option(
    "--model",
    metavar="MODEL",
    heading=Heading.TEXT,
    help="Judge them by the topics of this model, and not by a quick fit.",
    brief="Judge them by this model, not by a quick fit.",
)
@option(
    "-k",
    "--topics",
    type=click.IntRange(min=2),
    heading=Heading.TEXT,
    help="Topics of the quick fit.  [default: one for 10,000 tokens, 10 to 50]",
    brief="Topics of the quick fit.  [default: 10 to 50]",
)
@option(
    "--top",
    type=click.IntRange(min=1),
    metavar="N",
    heading=Heading.OUTPUT,
    help="So many of these words at most.  [default: 50]",
)
@seed_option(default=0, help="Seed of the quick fit.")
@threads_option
@output_options
@taking(StopWordsOptions)
def print_stop_words(options: StopWordsOptions) -> None:
    """Print the words that --stop-words LANGUAGE drops, one a line; without LANGUAGE the languages there are.

    With --suggest CORPUS it prints words that say nothing in this corpus, as "film" among film reviews, each with its
    reasons in a comment. Either list, looked through, goes into --stop-words FILE.
    """
    if options.corpus is not None:
        _print_suggestion(options, options.corpus)
        return
    from lda.corpus.text.stop_words import LANGUAGES, language_code, stop_words

    console, language = options.console, options.language
    if language is None:
        codes = {code: name for name, code in LANGUAGES.items()}
        console.result({"languages": codes}, lambda: "\n".join(f"{c}  {codes[c]}" for c in sorted(codes)))
        return
    code = language_code(language)
    if code is None:
        raise click.UsageError(
            f"there is no stop-word list for {language!r}; `lda corpus stop-words` names all languages"
        )
    words = sorted(stop_words(code))
    value = {"language": code, "n_words": len(words), "words": words}
    console.result(value, lambda: "\n".join(words))


def _print_suggestion(options: StopWordsOptions, place: str) -> None:
    from lda.corpus import Corpus
    from lda.model.model import Model
    from lda.stop_words.suggestion import MOST_WORDS, suggest_stop_words

    progress = options.console.progress
    corpus = Corpus.open(place)
    model = None if options.model is None else Model.load(options.model)
    progress.note(f"read {size_of(corpus)}")
    found = suggest_stop_words(
        corpus,
        model=model,
        n_topics=options.topics,
        most=options.top or MOST_WORDS,
        random_state=options.seed,
        n_jobs=options.threads,
    )
    progress.note(_told(found))
    value = {
        "corpus": without_keys(place),
        "model": None if options.model is None else without_keys(options.model),
        **found.to_dict(),
    }
    options.console.result(value, lambda: "\n".join(found.file_lines(presentable(place))))


def _told(found: StopWordSuggestion) -> str:
    if not found.words:
        return "no word is as frequent and as evenly spread as an empty one would be"
    words = plural(len(found.words), "word")
    return f"{words} with {found.token_share:.1%} of the tokens; look through them before use"
