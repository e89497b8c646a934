"""Stop words: none, a language, a file, or words given one by one."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from lda.corpus.errors import DataError
from lda.corpus.presentable import without_keys
from lda.corpus.readers.files import UndecodableError, numbered_lines
from lda.corpus.readers.options import ReadOptions
from lda.corpus.readers.pipes import PipeStore

# English is built in: it must work everywhere and give the same corpus everywhere. The list of stopwordsiso
# would be ten times as long and take content away ("research", "system", "world", "example").
ENGLISH: Final = frozenset(
    """
a about above across after afterwards again against ain't all almost alone along already also although
always am amid among amongst an and another any anybody anyhow anyone anything anyway anywhere are aren't
around as aside at away be became because become becomes becoming been before beforehand behind being below
beside besides between beyond both but by can can't cannot could couldn't despite did didn't do does doesn't
doing don't done down during each either else elsewhere enough especially etc even ever every everybody
everyone everything everywhere except few for former formerly from further furthermore had hadn't has hasn't
have haven't having he he'd he'll he's hence her here here's hereafter hereby herein hers herself him
himself his how how's however i i'd i'll i'm i've if in indeed inside instead into is isn't it it'd it'll
it's its itself just last latter latterly least less let let's like likewise ll many may maybe me meanwhile
might mightn't mine more moreover most mostly much must mustn't my myself namely near nearly neither never
nevertheless next no nobody none nonetheless noone nor not nothing now nowhere of off often on once one ones
only onto or other others otherwise ought our ours ourselves out outside over own per perhaps quite rather
re really same seem seemed seeming seems several shall shan't she she'd she'll she's should shouldn't since
so some somebody somehow someone something sometime sometimes somewhat somewhere soon still such than that
that'll that's the their theirs them themselves then thence there there's thereafter thereby therefore
therein thereupon these they they'd they'll they're they've this those though through throughout thus till
to together too toward towards under unless unlike until up upon us usually ve very via was wasn't we we'd
we'll we're we've well were weren't what what's whatever when when's whence whenever where where's
whereafter whereas whereby wherein whereupon wherever whether which whichever while whither who who's
whoever whole whom whomever whose why why's will with within without won't would wouldn't yet you you'd
you'll you're you've your yours yourself yourselves
""".split()  # noqa: SIM905 - a list literal would take a line for each word
)
"""English function words."""

_NAMES: Final = """
af afrikaans ar arabic bg bulgarian bn bengali br breton ca catalan cs czech da danish de german el greek en
english eo esperanto es spanish et estonian eu basque fa persian fi finnish fr french ga irish gl galician
gu gujarati ha hausa he hebrew hi hindi hr croatian hu hungarian hy armenian id indonesian it italian ja
japanese ko korean ku kurdish la latin lt lithuanian lv latvian mr marathi ms malay nl dutch no norwegian pl
polish pt portuguese ro romanian ru russian sk slovak sl slovenian so somali st sotho sv swedish sw swahili
th thai tl tagalog tr turkish uk ukrainian ur urdu vi vietnamese yo yoruba zh chinese zu zulu
""".split()  # noqa: SIM905 - see above

LANGUAGES: Final = dict(zip(_NAMES[1::2], _NAMES[::2], strict=True))
"""English name of each language with a list, and its ISO 639-1 code."""


def resolve_stop_words(value: str, *more: str) -> str | tuple[str, ...]:
    """What a user typed as a recipe holds it: the code of a language, or the words of a file or pipe; several add up.

    A language wins over a file of the same name; `./en` means the file.

    Raises:
        ValueError: one is neither a language nor a file. DataError: a file is not readable, or one of several languages
            cannot be had.
    """
    found = dict.fromkeys(_resolve(name) for name in (value, *more))
    if len(found) == 1:
        return next(iter(found))
    return tuple(sorted(frozenset[str]().union(*map(stop_words, found))))


def _resolve(value: str) -> str | tuple[str, ...]:
    code = language_code(value)
    if code is not None:
        return code
    with PipeStore() as pipes:
        path = Path(pipes.stored(value))
        if not path.is_file():
            raise ValueError(
                f"stop words must be a language or a file with one word a line, got {without_keys(value)!r}; "
                f"try {_known()}"
            )
        try:
            lines = [line for _, line in numbered_lines(path, ReadOptions())]
        except UndecodableError as error:
            raise DataError(f"{error.fault}; save the stop words as UTF-8") from None
    return tuple(sorted({word for line in lines if (word := line.strip()) and not is_comment(word)}))


def is_comment(line: str) -> bool:
    """Whether a line of a list says something about it: # and a blank begin it. `#hashtag` is a word."""
    return line == "#" or (line.startswith("#") and line[1].isspace())


def with_extra(value: str | tuple[str, ...] | None, path: str | Path) -> tuple[str, ...]:
    """A recipe's stop words, and those of a file, with blanks or line ends between them, as MALLET has it.

    Raises:
        DataError: there is no such file, it is not UTF-8, or the language needs a package that is not installed.
    """
    try:
        words = Path(path).read_text(encoding="utf-8-sig").split()
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 (byte {error.start}); save the stop words as UTF-8") from None
    except OSError as error:
        raise DataError(
            f"the stop words {path} cannot be read: {error.strerror or error}; check the name"
        ) from None
    return tuple(sorted(stop_words(value).union(words)))


def language_code(name: str) -> str | None:
    """ISO 639-1 code of a language given by name or code; None when there is no list for it."""
    folded = name.strip().lower()
    return folded if folded in LANGUAGES.values() else LANGUAGES.get(folded)


def stop_words(value: str | tuple[str, ...] | None) -> frozenset[str]:
    """The words that a recipe's `stop_words` stands for.

    Raises:
        DataError: the language is unknown, or its list needs a package that is not installed.
    """
    if value is None:
        return frozenset()
    if isinstance(value, tuple):
        return frozenset(value)
    code = language_code(value)
    if code is None:
        raise DataError(f"there is no stop-word list for {value!r}; known are {_known()}, or give the words")
    return ENGLISH if code == "en" else _from_package(code)


def _from_package(code: str) -> frozenset[str]:
    try:
        import stopwordsiso
    except ImportError:
        remedy = "install it with `pip install raylda[text]`, or give a file"
        raise DataError(
            f"stop words of the language {code!r} need the package stopwordsiso; {remedy}"
        ) from None
    return frozenset(stopwordsiso.stopwords(code))


def _known() -> str:
    return ", ".join(sorted(LANGUAGES))
