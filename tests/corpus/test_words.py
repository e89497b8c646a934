"""Words that the default pattern harms, and what helps: joiners, identifiers, HTML, stop lists."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import tokens

import lda
from lda.cli import cli
from lda.corpus import DataError, Recipe, build_corpus, read_corpus
from lda.corpus.text.markup import markup_hint, strip_html
from lda.corpus.text.stop_words import ENGLISH

if TYPE_CHECKING:
    from pathlib import Path

GENES = "TP53 regulates ENSG00000141510 and IL-6 in cells"
CHINESE = "我 喜欢 苹果 和 香蕉 ，他 不 喜欢"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("می‌خواهم کتاب‌ها", ["می‌خواهم", "کتاب‌ها"]),  # Persian, with zero width non-joiners
        ("ශ්‍රී ලංකාව", ["ශ්‍රී", "ලංකාව"]),  # Sinhala, with a zero width joiner
        ("co\u00adop\u00aderation cooperation", ["cooperation", "cooperation"]),
        ("\u00ada\u00ad b\u00adc", ["bc"]),
        ("\u200cab\u200d a\u200c \u200d a\u200cb", ["ab", "a\u200cb"]),  # joiners begin and end no word
        ("👩‍🔬ab👩‍🔬", ["ab"]),
    ],
)
def test_what_joins_letters_stays_inside_words(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected
    assert tokens(text, Recipe(pattern=f"(?:{Recipe().pattern})")) == expected  # not by the fast path


@settings(deadline=None)
@given(st.text(alphabet="aé1漢\u0301\u200c\u200d\u00ad -\x1b", max_size=12))
def test_the_fast_path_knows_joiners(text: str) -> None:
    assert tokens(text) == tokens(text, Recipe(pattern=f"(?:{Recipe().pattern})"))


def test_identifiers() -> None:
    recipe = Recipe(pattern="identifiers", lowercase=False)
    text = "TP53 (p53), ENSG00000141510.17; HLA-B GO:0008150 IL-6 foo_bar 我 a. 3.5 -x- می‌خواهم"
    found = "TP53 p53 ENSG00000141510.17 HLA-B GO:0008150 IL-6 foo_bar 我 a 3.5 x می‌خواهم"
    assert tokens(text, recipe) == found.split()
    # What is stored is the pattern, which means the same in any version.
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    assert recipe.pattern != "identifiers"
    assert Recipe(pattern="letters") == Recipe()


def lines(path: Path, text: str, times: int = 5) -> Path:
    path.write_text(f"{text}\n" * times, encoding="utf-8")
    return path


@pytest.mark.parametrize(("text", "example"), [(GENES, "ENSG00000141510"), (CHINESE, "我")])
def test_words_that_are_harmed_are_told_of(tmp_path: Path, text: str, example: str) -> None:
    source = lines(tmp_path / "docs.txt", text)
    with pytest.warns(UserWarning, match=rf"\d\d% .*{example}.*--pattern identifiers"):
        read_corpus([source])
    with pytest.warns(UserWarning, match="--pattern identifiers"):
        build_corpus([source], tmp_path / "c")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_corpus([source], recipe=Recipe(pattern="identifiers"))
        read_corpus([source], recipe=Recipe(pattern=r"\w+"))
        read_corpus([source], tokenizer=str.split)


@pytest.mark.parametrize(
    "text",
    [
        "In 1995 a well-known man, I think, said: \u201cdon\u2019t!\u201d 3.5 % of 12:30 ...",
        "L'homme d'une nation qu'il y a à l'école n'est pas d'accord",
        "В 1990 году я и ты с кем-то о мире в стране",
        "你好世界。再见，朋友：2020年",
        "हिन्दी में एक वाक्य है। नमस्ते दुनिया",
        f"{'peace trade nations ' * 20} TP53 3D",  # 2 of 62
    ],
)
def test_ordinary_text_is_not_warned_of(tmp_path: Path, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_corpus([lines(tmp_path / "docs.txt", text)])


def test_the_sample_is_spread_over_the_batches(tmp_path: Path) -> None:
    """Harm in the second half of the documents counts, and so does the middle of a long one."""
    plain = "peace and trade with all nations"
    (source := tmp_path / "docs.txt").write_text(f"{plain}\n" * 500 + f"{GENES}\n" * 500)
    with pytest.warns(UserWarning, match="identifiers"):
        read_corpus([source])
    source.write_text(f"{plain} " * 200 + f"{GENES} " * 400 + f"{plain} " * 200)
    with pytest.warns(UserWarning, match="identifiers"):
        read_corpus([source])


def test_html_is_taken_out() -> None:
    text = (
        "<!DOCTYPE html><p class='a>b'>H<sub>2</sub>O &amp; caf&eacute;<br/>a < b, c > d<!-- no > text -->"
        "<SCRIPT>if (a<b) { evil() }</Script >after&nbsp;&lt;b&gt;<style>p {}</style>\n<td>x</td><td>y</td>"
    )
    assert strip_html(text).split() == "H2O & café a < b, c > d after <b> x y".split()  # noqa: SIM905
    assert tokens(text, Recipe(strip="html")) == ["café", "after"]
    assert tokens("wo<b>r</b>d soft&shy;hyphen", Recipe(strip="html")) == ["word", "softhyphen"]
    assert tokens("<b>a b</b>", Recipe(strip="html"), str.split) == ["a", "b"]
    assert tokens("plain") == tokens("plain", Recipe(strip="html"))
    with pytest.raises(ValueError, match="strip must be 'html' or None, got 'xml'"):
        Recipe(strip="xml")


@pytest.mark.parametrize(
    "text",
    ["<" + "a" * 10**6, "<a " + "\"x' " * 250_000, "<!--" * 250_000, "<script>" * 100_000, "<a href='" * 100_000,
     "<!--" + "-" * 10**6, "&#" * 500_000, '<a "a"' * 100_000],
    ids=range(8),
)  # fmt: skip
def test_html_that_is_none_costs_no_more(text: str) -> None:
    strip_html(text)  # takes days where the time is quadratic


TAGS = [
    "<p>",
    "</p>",
    "<br/>",
    "<!-- a > b -->",
    "<a href='>' title=\"no\">",
    "<?xml?>",
    "<IMG\nSRC=x>",
    "<script>1<2</script>",
]


@given(st.lists(st.tuples(st.sampled_from(["one", "a < b", "&lt;i&gt;", "5 > 4"]), st.sampled_from(TAGS))))
def test_the_text_between_tags_stays(parts: list[tuple[str, str]]) -> None:
    text = "".join(f" {word} {tag}" for word, tag in parts)
    expected = " ".join(word for word, _ in parts).replace("&lt;", "<").replace("&gt;", ">")
    assert strip_html(text).split() == expected.split()


@given(st.text(alphabet=st.characters(exclude_characters="<&")))
def test_what_is_no_html_stays(text: str) -> None:
    assert strip_html(text) == text


def test_html_is_told_of(tmp_path: Path) -> None:
    source = lines(tmp_path / "docs.txt", "<p>peace &amp; trade<br/>with all&nbsp;nations</p>")
    with pytest.warns(UserWarning, match="'amp', 'br', 'nbsp' among .* --strip html"):
        read_corpus([source])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "br" not in read_corpus([source], recipe=Recipe(strip="html")).vocabulary
    assert markup_hint(["peace", "br"]) is not None
    assert markup_hint(["peace", "div", "trade", "span"]) is not None
    assert markup_hint(["peace", *[f"w{i}" for i in range(30)], "br"]) is None  # somebody's initials
    assert markup_hint(["div"]) is None


def test_counts_hold_no_markup(tmp_path: Path) -> None:
    (tmp_path / "docword.x.txt").write_text("1\n1\n1\n1 1 4\n")
    (tmp_path / "vocab.x.txt").write_text("one\n")
    with pytest.raises(DataError, match="--strip need text"):
        read_corpus([tmp_path / "docword.x.txt"], recipe=Recipe(strip="html"))


def run(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert result.exit_code == code, result.output
    return result


def test_a_model_remembers_the_markup(tmp_path: Path) -> None:
    source = lines(tmp_path / "docs.txt", "<p>peace &amp; trade<br/>TP53</p>")
    how = ["--strip", "html", "--pattern", "identifiers", "-k", "2", "-n", "2", "-q"]
    run("fit", source, *how, "-o", tmp_path / "m")
    assert set(lda.load(tmp_path / "m").model_.vocabulary) == {"peace", "trade", "tp53"}
    told = run("transform", tmp_path / "m", source, "-o", tmp_path / "t.jsonl", "--json").stdout
    assert json.loads(told)["n_unknown"] == 0


def test_stop_lists_are_printed() -> None:
    assert set(run("corpus", "stop-words", "en").stdout.split()) == ENGLISH
    value = json.loads(run("corpus", "stop-words", "english", "--json").stdout)
    assert value == {"language": "en", "n_words": len(ENGLISH), "words": sorted(ENGLISH)}
    assert "en  english" in run("corpus", "stop-words").stdout.splitlines()
    assert "klingon" in run("corpus", "stop-words", "klingon", code=2).stderr


def test_extra_stop_words(tmp_path: Path) -> None:
    source = lines(tmp_path / "docs.txt", "the peace and the trade of all nations")
    (tmp_path / "extra.txt").write_text("\ufeffpeace  # trade\n")

    def terms(*options: object) -> set[str]:
        run("corpus", "build", source, "-o", tmp_path / "c", "--overwrite", "-q", *options)
        return set(lda.corpus.Corpus.open(tmp_path / "c").vocabulary)

    extra = ["--extra-stopwords", tmp_path / "extra.txt"]
    assert terms("--remove-stopwords", *extra) == {"nations"}
    assert terms(*extra) == {"the", "and", "of", "all", "nations"}
    (tmp_path / "list.txt").write_text("the\n")
    assert terms("--stoplist-file", tmp_path / "list.txt", *extra) == {"and", "of", "all", "nations"}
    missing = run("corpus", "build", source, "-o", tmp_path / "n", "--extra-stopwords", "nowhere", code=3)
    assert "nowhere" in missing.stderr
