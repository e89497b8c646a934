"""How text becomes terms: the options, and the recipe that they add up to."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Self

import click

from lda.cli.gathering import gathered
from lda.cli.option import Function, Heading, option
from lda.cli.several import Several

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lda.cli.sources import SourceOptions
    from lda.corpus import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """How text is cut into words, and which of them become terms.

    stop_lists: languages and files whose words are dropped, together. extra_stopwords: a file of more of them. pattern:
    None for the usual one. terms_of: a corpus, a model or a file. The rest is as in `lda.corpus.Recipe`.
    """

    stop_lists: tuple[str, ...]
    extra_stopwords: str | None
    min_df: int | float
    max_df: int | float
    max_features: int | None
    ngram_range: tuple[int, int]
    pattern: str | None
    strip: str | None
    keep_case: bool
    phrases: str | None
    phrase_min_count: int | None
    phrase_threshold: float | None
    tokenizer: str | None = None
    split_compounds: str | None = None
    normalize: str | None = None
    stem: str | None = None
    lemmatize: str | None = None
    terms_of: str | None = None

    @classmethod
    def asked_for(
        cls,
        *,
        stop_words: tuple[str, ...],
        stoplist_file: tuple[str, ...],
        remove_stopwords: bool,
        extra_stopwords: str | None,
        min_df: str,
        max_df: str,
        max_features: int | None,
        ngram_range: str,
        pattern: str | None,
        strip: str | None,
        keep_case: bool,
        phrases: str | None,
        phrase_min_count: int | None,
        phrase_threshold: float | None,
        tokenizer: str | None,
        split_compounds: str | None,
        normalize: str | None,
        stem: str | None,
        lemmatize: str | None,
        terms_of: str | None,
    ) -> Self:
        """What the options of `text_options` mean. Raises click.UsageError for a value that cannot be right."""
        return cls(
            stop_lists=_stop_lists(stop_words, stoplist_file, english=remove_stopwords),
            extra_stopwords=extra_stopwords,
            min_df=frequency("--min-df", min_df),
            max_df=frequency("--max-df", max_df),
            max_features=max_features,
            ngram_range=_ngram_range(ngram_range),
            pattern=pattern,
            strip=strip,
            keep_case=keep_case,
            phrases=phrases,
            phrase_min_count=phrase_min_count,
            phrase_threshold=phrase_threshold,
            tokenizer=tokenizer,
            split_compounds=split_compounds,
            normalize=normalize,
            stem=stem,
            lemmatize=lemmatize,
            terms_of=terms_of,
        )

    def with_phrases(self) -> TextOptions:
        """The same, with phrases by npmi where none are asked for."""
        return replace(self, phrases=self.phrases or "npmi")

    def recipe(self, source: SourceOptions) -> Recipe:
        """The recipe for the text of the source's fields.

        Raises:
            click.UsageError: a value cannot be right. DataError: a stop-word list cannot be had.
        """
        from lda.corpus import Recipe, resolve_stop_words
        from lda.corpus.text.stop_words import with_extra

        try:
            recipe = Recipe(
                text=source.text,
                id=source.id,
                lowercase=not self.keep_case,
                stop_words=resolve_stop_words(*self.stop_lists) if self.stop_lists else None,
                min_df=self.min_df,
                max_df=self.max_df,
                max_features=self.max_features,
                ngram_range=self.ngram_range,
                strip=self.strip,
                phrases=self.phrases,
                phrase_min_count=self.phrase_min_count,
                phrase_threshold=self.phrase_threshold,
                tokenizer=self.tokenizer,
                split_compounds=self.split_compounds,
                normalize=self.normalize,
                stem=self.stem,
                lemmatize=self.lemmatize,
                **self._terms(),
            )
            if self.pattern is not None:
                recipe = replace(recipe, pattern=self.pattern)
            if self.extra_stopwords is None:
                return recipe
            return replace(recipe, stop_words=with_extra(recipe.stop_words, self.extra_stopwords))
        except ValueError as error:
            raise _usage(error) from error

    def _terms(self) -> dict[str, Any]:
        """The terms that are wanted, as settings of a recipe; a model's phrases come with its terms."""
        if self.terms_of is None:
            return {}
        from lda.model.read import is_model

        if not is_model(self.terms_of):
            return {"terms_of": self.terms_of}
        from lda.model.model import Model
        from lda.model.text_recipe import own_recipe

        model = Model.load(self.terms_of)
        if not model.named_terms:
            raise ValueError(f"terms_of needs terms with names, and the model {self.terms_of} has none")
        own = own_recipe(model)
        pairs = None if own is None or self.phrases is None else own.phrase_pairs
        return {"terms_of": tuple(model.vocabulary), "phrase_pairs": pairs}


def text_options(command: Function) -> Function:
    """Options on how text becomes terms, MALLET's names included; the command gets them as `text`."""
    return gathered(
        "text",
        TextOptions.asked_for,
        option(
            "--stop-words",
            multiple=True,
            type=Several(os.pathsep),
            metavar="LANG|FILE",
            heading=Heading.TEXT,
            help="Drop these words: en, german, ..., or a file; given several times, the lists add up.",
            brief="Drop these words: en, german, ..., or a file.",
        ),
        option(
            "--stoplist-file",
            multiple=True,
            type=Several(os.pathsep),
            metavar="FILE",
            heading=Heading.TEXT,
            help="As --stop-words FILE; as in MALLET, --remove-stopwords beside it means these words only.",
        ),
        option("--remove-stopwords", is_flag=True, heading=Heading.TEXT, help="The same as --stop-words en."),
        option(
            "--extra-stopwords",
            "--extra-stop-words",
            metavar="FILE",
            heading=Heading.TEXT,
            help="Drop the words of this file (between blanks) as well.",
        ),
        option(
            "--min-df",
            metavar="N|SHARE",
            default="1",
            heading=Heading.TEXT,
            help="Drop terms in fewer documents (5, or 0.01).",
            brief="Drop terms in fewer documents (5, or 0.01).",
        ),
        option(
            "--max-df",
            metavar="N|SHARE",
            default="1.0",
            heading=Heading.TEXT,
            help="Drop terms in more documents (100, or 0.5).",
            brief="Drop terms in more documents (100, or 0.5).",
        ),
        option(
            "--max-features",
            type=int,
            metavar="N",
            heading=Heading.TEXT,
            help="Keep only the N most frequent terms.",
        ),
        option(
            "--ngram-range",
            metavar="LOW,HIGH",
            default="1,1",
            heading=Heading.TEXT,
            help="Lengths of runs of words to count as terms.",
            brief="Lengths of runs of words to count as terms.",
        ),
        option(
            "--phrases",
            type=click.Choice(["npmi", "count"]),
            heading=Heading.TEXT,
            help="Make one term of two words that often stand side by side (united_states), judged by normalised "
            "pointwise mutual information, or by their counts as gensim does by default.",
            brief="Make one term of frequent pairs of words.",
        ),
        option(
            "--phrase-min-count",
            type=int,
            metavar="N",
            heading=Heading.TEXT,
            help="Least number of times that they stand so.  [default: 5]",
        ),
        option(
            "--phrase-threshold",
            type=float,
            metavar="X",
            heading=Heading.TEXT,
            help="Their score is above this.  [default: 0.5 for npmi, 10 for count]",
        ),
        pattern_option(
            Heading.TEXT,
            help="What a word is: letters (2 or more), identifiers (also TP53, HLA-B), words (between the word "
            "boundaries of Unicode, UAX 29), or a regular expression.  [default: letters]",
            brief="letters, identifiers, words or a regular expression.",
        ),
        tokenizer_option(
            help="What cuts the text instead: chinese, japanese, korean, thai, or a Python function by where it is "
            "imported from.",
        ),
        option(
            "--split-compounds",
            type=click.Choice(["german"]),
            heading=Heading.TEXT,
            help="Put the parts of compounds in their place (arbeits markt politik).",
        ),
        option(
            "--normalize",
            type=click.Choice(["arabic", "hindi"]),
            heading=Heading.TEXT,
            help="Count words as one that differ in vowel marks, or in letters commonly written for each other.",
        ),
        option(
            "--stem",
            metavar="LANG",
            heading=Heading.TEXT,
            help="Count words with one stem as one term, shown as the most frequent of them: english, german, ...",
        ),
        option(
            "--lemmatize",
            metavar="LANG",
            heading=Heading.TEXT,
            help="The same with words of one basic form.",
        ),
        option(
            "--terms-of",
            metavar="CORPUS|MODEL|FILE",
            heading=Heading.TEXT,
            help="Take exactly the terms of another corpus, of a model, or of a file (one a line), in their order.",
        ),
        strip_option(Heading.TEXT),
        keep_case_option(Heading.TEXT, help="Do not lower-case the text."),
    )(command)


def phrases_in_words(recipe: Mapping[str, Any] | None) -> str | None:
    """How many phrases a recorded recipe has, and the first few of them; None if it has none to speak of."""
    pairs = recipe.get("phrase_pairs") if recipe else None
    if pairs is None:
        return None
    some = " ".join("_".join(pair) for pair in pairs[:5])
    return f"{len(pairs):,}" + (f" ({some}{' ...' if len(pairs) > 5 else ''})" if pairs else "")


def words_in_words(recipe: Mapping[str, Any] | None) -> str | None:
    """What cut the text, and which words count as one, by a recorded recipe; None where that is the usual."""
    if recipe is None:
        return None
    told = [
        f"{what} {recipe[name]}"
        for name, what in (
            ("tokenizer", "cut by"),
            ("split_compounds", "parts of compounds,"),
            ("normalize", "one spelling,"),
            ("stem", "one stem,"),
            ("lemmatize", "one basic form,"),
        )
        if recipe.get(name)
    ]
    if recipe.get("terms_of"):
        told.append("terms that were given")
    if not told:
        return None
    return "; ".join(told) + (f" ({', '.join(recipe['made_with'])})" if recipe.get("made_with") else "")


def pattern_option(
    heading: Heading,
    *,
    help: str,  # noqa: A002 - as in click
    brief: str | None = None,
) -> Callable[[Function], Function]:
    """--pattern: what a word is."""
    return option("--pattern", "--token-regex", metavar="NAME|REGEX", heading=heading, help=help, brief=brief)


def tokenizer_option(*, help: str) -> Callable[[Function], Function]:  # noqa: A002 - as in click
    """--tokenizer: what cuts the text."""
    return option(
        "--tokenizer",
        metavar="NAME|MODULE:FUNCTION",
        heading=Heading.TEXT,
        callback=_checked_tokenizer,
        help=help,
    )


def _checked_tokenizer(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    from lda.corpus.text.imported_function import check_tokenizer_name

    if value is not None:
        try:
            check_tokenizer_name(value)
        except ValueError as error:
            raise _usage(error) from None
    return value


def imports_tokenizer(command: Function) -> Function:
    """--tokenizer of a command that reads texts as a model's own were: the leave to import what the model names.

    It is kept with the context of the command, where `named_tokenizer` finds it: the documents of a model are read in
    many places, none of which has another use for it.
    """
    add = option(
        "--tokenizer",
        metavar="MODULE:FUNCTION",
        heading=Heading.INPUT,
        expose_value=False,
        callback=_named,
        help="Leave to import the function that cut the text of the model; a model imports nothing by itself.",
        brief="Leave to import the function of the model's words.",
    )
    return add(command)


def _named(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    context.meta[_NAMED] = _checked_tokenizer(context, parameter, value)


_NAMED: Final = "lda.tokenizer"


def named_tokenizer() -> str | None:
    """What --tokenizer of the running command names."""
    context = click.get_current_context(silent=True)
    found: str | None = None if context is None else context.meta.get(_NAMED)
    return found


def strip_option(heading: Heading) -> Callable[[Function], Function]:
    """--strip: what is taken out of the text before it is cut into words."""
    return option(
        "--strip",
        type=click.Choice(["html"]),
        heading=heading,
        help="Take tags and entities out of the text first.",
    )


def keep_case_option(heading: Heading, *, help: str) -> Callable[[Function], Function]:  # noqa: A002 - as in click
    """--keep-case."""
    return option("--keep-case", "--preserve-case", is_flag=True, heading=heading, help=help)


def _stop_lists(stop_words: tuple[str, ...], files: tuple[str, ...], *, english: bool) -> tuple[str, ...]:
    """The stop-word lists that the options name, and that add up."""
    lists = (*stop_words, *files, *(("en",) if english and not files else ()))
    if "none" not in lists:
        return lists
    if len(lists) > 1:
        raise click.UsageError(f"--stop-words none goes without other lists, got {', '.join(lists)}")
    return ()


def _usage(error: ValueError) -> Exception:
    from lda.corpus import DataError

    if isinstance(error, DataError):
        return error
    # What Python calls min_df is --min-df here; other messages begin with a word of their own.
    words = re.sub(
        r"^(text|id|pattern|strip|stop_words|min_df|max_df|max_features|ngram_range|phrases|phrase_min_count|"
        r"phrase_threshold|tokenizer|split_compounds|normalize|stem|lemmatize|terms_of)\b",
        lambda name: "--" + name[0].replace("_", "-"),
        str(error),
    )
    return click.UsageError(words)


def frequency(name: str, value: str) -> int | float:
    """The count or share of documents that was typed for an option. Raises click.UsageError for anything else."""
    try:
        return int(value) if value.lstrip("+-").isdigit() else float(value)
    except ValueError:
        raise click.UsageError(f"{name} must be a count (5) or a share (0.05), got {value!r}") from None


def _ngram_range(value: str) -> tuple[int, int]:
    parts = value.replace("-", ",").split(",")
    if len(parts) not in (1, 2) or not all(part.strip().isdigit() for part in parts):
        raise click.UsageError(f"--ngram-range must be LOW,HIGH such as 1,2; got {value!r}")
    return int(parts[0]), int(parts[-1])
