"""Cutting text into words: megabytes a second of processor time, by segmenters, stems and basic forms.

Processor time of this process, so that others on the machine matter little; patterns but the default one are left out,
for they run in processes of their own.
"""

from __future__ import annotations

import gzip
import itertools
import json
import time
from typing import TYPE_CHECKING, Final

import click

from benchmarks.corpora import SOURCES
from benchmarks.report import machine, table
from lda.corpus import DataError, Recipe
from lda.corpus.arrow import strings
from lda.corpus.text.tokenizer import TextTokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

SENTENCES: Final = {
    "chinese": "政府宣布新的经济政策，希望降低失业率。医生说这种药物可以治疗心脏病。中央银行提高利率，经济学家担心。",
    "japanese": "政府は新しい経済政策を発表した。医者は患者に薬を飲ませた。彼女は東京の大学へ行った。",
    "korean": "정부는 새로운 경제 정책을 발표했습니다. 의사가 환자에게 약을 주었다. 학생들이 학교에서 공부합니다.",
    "thai": "รัฐบาลประกาศนโยบายเศรษฐกิจใหม่ แพทย์รักษาผู้ป่วยโรคหัวใจในโรงพยาบาล",
}
"""For segmenters, over and over: no corpus of these languages ships here."""

BYTES: Final = 1_000_000
"""Of each of these."""

ENGLISH: Final = {
    "letters, the default": Recipe(),
    "--pattern words": Recipe(pattern="words"),
    "--stem english": Recipe(stem="english"),
    "--lemmatize english": Recipe(lemmatize="english"),
    "--normalize arabic": Recipe(normalize="arabic"),
}


def speed(recipe: Recipe, texts: Sequence[str], repeats: int) -> float:
    """MB of UTF-8 a second of processor time, the best of some runs. Raises DataError where a package is missing."""
    size = sum(len(text.encode()) for text in texts)
    documents, ids = strings(texts), strings([str(number) for number in range(len(texts))])
    tokenize = TextTokenizer(recipe)
    tokenize(documents.slice(0, 1), ids.slice(0, 1))  # what is loaded once
    best = float("inf")
    for _ in range(repeats):
        before = time.process_time()
        tokenize(documents, ids)
        best = min(best, time.process_time() - before)
    return size / best / 1e6


@click.command()
@click.option("--repeats", type=int, default=3, help="Runs of which the best is taken.")
def words(repeats: int) -> None:
    """Text cut into words, by each of the ways that there are; those whose packages are missing are left out."""
    with gzip.open(SOURCES["sotu"].path, "rt", encoding="utf-8") as lines:
        english = [json.loads(line)["text"] for line in itertools.islice(lines, 100)]
    runs = [(label, recipe, english) for label, recipe in ENGLISH.items()]
    for language, text in SENTENCES.items():
        times = -(-BYTES // len(text.encode()))
        size = -(-times // 100)
        runs.append((f"--tokenizer {language}", Recipe(tokenizer=language), [text * size] * 100))
    rows = []
    for label, recipe, texts in runs:
        try:
            rows.append([label, f"{speed(recipe, texts, repeats):.1f}"])
        except DataError as missing:
            rows.append([label, str(missing)])
    found = table(["words", "MB/s"], rows)
    click.echo(f"a second of processor time; {machine()}\n\n{found}")
