"""MALLET's own command lines, and its options of `lda fit`: what they write is read by those who read MALLET's."""

from __future__ import annotations

import gzip
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

import pytest
import tiny
from commands import fails, run

import lda
from lda.corpus.text import guarded_pattern
from lda.interop.mallet_state import read_state

if TYPE_CHECKING:
    from pathlib import Path

LEAVES_FILES_OPEN = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
"""As little_mallet_wrapper does."""


@pytest.fixture(scope="module")
def lmw() -> Any:
    return pytest.importorskip("little_mallet_wrapper", reason="reads MALLET's files as its users do")


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 documents in MALLET's line format."""
    file = tmp_path_factory.mktemp("texts") / "training.txt"
    lines = [f"doc-{i} theme{i % 3} {' '.join(tokens)}\n" for i, tokens in enumerate(tiny.documents())]
    file.write_text("".join(lines), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def trained(texts: Path) -> Path:
    """The folder of a script: import-file, then train-topics."""
    out = texts.parent
    run("mallet", "import-file", "--input", texts, "--output", out / "training.corpus", "--keep-sequence")
    run(
        "mallet", "train-topics", "--input", out / "training.corpus", "--num-topics", 3, "--num-iterations", 60,
        "--optimize-interval", 10, "--optimize-burn-in", 20, "--num-top-words", 5, "--output-state", out / "state.gz",
        "--output-topic-keys", out / "keys", "--output-doc-topics", out / "composition.3",
        "--topic-word-weights-file", out / "weights", "--word-topic-counts-file", out / "counts",
        "--diagnostics-file", out / "diagnostics.xml", "--output-topic-docs", out / "docs", "--num-top-docs", 4,
        "--xml-topic-report", out / "report.xml", "--xml-topic-phrase-report", out / "phrases.xml",
        "--inferencer-filename", out / "inferencer", "--evaluator-filename", out / "evaluator",
        "--show-topics-interval", 50, "--num-threads", 2,
    )  # fmt: skip
    return out


@pytest.mark.slow  # for what that package imports
@LEAVES_FILES_OPEN
def test_little_mallet_wrapper_reads_the_files(lmw: Any, trained: Path) -> None:
    keys = lmw.load_topic_keys(str(trained / "keys"))
    assert tiny.themes_found(keys)
    theta = lmw.load_topic_distributions(str(trained / "composition.3"))
    assert [len(row) for row in theta] == [3] * 60
    assert all(sum(row) == pytest.approx(1) for row in theta)
    ids = lmw.load_training_ids(str(trained / "composition.3"))
    assert ids == [f"doc-{i}" for i in range(60)]
    for topic, words in enumerate(keys):
        best = [name for _, name in lmw.get_top_docs(ids, theta, topic, n=5)]
        theme = next(i for i, theme in enumerate(tiny.THEMES) if words[0] in theme.split())
        assert {int(name.removeprefix("doc-")) % 3 for name in best} == {theme}
    phi = lmw.load_topic_word_distributions(str(trained / "weights"))
    model = lda.Model.load(trained / "inferencer")
    expected = model.counts.toarray().T + model.beta
    expected /= expected.sum(axis=1, keepdims=True)
    for topic in range(3):
        found = [phi[topic][word] for word in model.vocabulary]
        assert found == pytest.approx(expected[topic].tolist())


def test_the_files_are_of_one_state(trained: Path) -> None:
    keys = [line.split("\t") for line in (trained / "keys").read_text().splitlines()]
    assert tiny.themes_found([words.split() for _, _, words in keys])
    state, model = read_state(trained / "state.gz"), lda.Model.load(trained / "evaluator")
    assert state.alpha.tolist() == model.alpha.tolist()
    counts = {word: [0, 0, 0] for word in model.vocabulary}
    for word, topic in zip(state.words.tolist(), state.topics.tolist(), strict=True):
        counts[state.terms[word]][topic] += 1
    assert [counts[word] for word in model.vocabulary] == model.counts.toarray().tolist()
    places = [
        line.split()[2]
        for line in gzip.decompress((trained / "state.gz").read_bytes()).decode().splitlines()[3:]
    ]
    assert places == [str(place) for _ in range(60) for place in range(40)]
    assert len((trained / "docs").read_text().splitlines()) == 1 + 3 * 4


def test_a_script_goes_on_from_its_files(trained: Path) -> None:
    corpus = trained / "training.corpus"
    run(
        "mallet", "train-topics", "--input", corpus, "--input-state", trained / "state.gz", "--no-inference", "true",
        "--output-state", trained / "again.gz", "--output-model", trained / "again",
    )  # fmt: skip
    assert (trained / "again.gz").read_bytes() == (trained / "state.gz").read_bytes()
    run(
        "mallet", "infer-topics", "--inferencer", trained / "inferencer", "--input", corpus, "--doc-topics-threshold",
        0.3, "--doc-topics-max", 1, "--output-doc-topics", trained / "inferred",
    )  # fmt: skip
    head, *rows = (trained / "inferred").read_text().splitlines()
    assert head == "#doc name topic proportion ..."
    assert [row.split("\t")[1] for row in rows] == [f"doc-{i}" for i in range(60)]
    assert all(len(row.rstrip("\t").split("\t")) == 4 for row in rows)
    total = run(
        "mallet", "evaluate-topics", "--evaluator", trained / "evaluator", "--input", corpus, "--output-doc-probs",
        trained / "probs", "--num-particles", 3,
    ).stdout  # fmt: skip
    each = [float(line) for line in (trained / "probs").read_text().splitlines()]
    assert len(each) == 60
    assert float(total) == pytest.approx(sum(each))
    assert -40 * 3 < each[0] < 0


def test_words_are_mallet_s_or_those_of_another_corpus(tmp_path: Path) -> None:
    """Three letters or more, with punctuation within; --use-pipe-from has the case and the expression of a corpus."""
    (tmp_path / "lines").write_text("a x The ox-cart's of oak, it's O'Neill\n")
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    run("mallet", "import-file", "--input", tmp_path / "lines", "--output", first)
    assert sorted(lda.Corpus.open(first).vocabulary) == ["it's", "o'neill", "oak", "ox-cart's", "the"]
    run(
        "mallet", "import-file", "--input", tmp_path / "lines", "--output", second, "--preserve-case", "--token-regex",
        r"\p{Lu}\S+",
    )  # fmt: skip
    assert sorted(lda.Corpus.open(second).vocabulary) == ["O'Neill", "The"]
    run("mallet", "import-file", "--input", tmp_path / "lines", "--output", third, "--use-pipe-from", second)
    assert sorted(lda.Corpus.open(third).vocabulary) == ["O'Neill", "The"]


def test_folders_of_texts(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{folder}.txt").write_text(f"words of <b>{folder}</b> and more")
    run(
        "mallet", "import-dir", "--input", tmp_path / "one", tmp_path / "two", "--output", tmp_path / "both",
        "--keep-sequence", "--remove-stopwords", "--skip-html", "--gram-sizes", "1,2",
    )  # fmt: skip
    corpus = lda.Corpus.open(tmp_path / "both")
    assert corpus.n_documents == 2
    assert "words" in corpus.vocabulary
    assert not {"and", "b"} & set(corpus.vocabulary)
    assert "leave none out between" in (
        run("mallet", "import-dir", "--input", "x", "--output", "y", "--gram-sizes", "1,3", code=2).stderr
    )


def test_a_file_of_options(trained: Path, tmp_path: Path) -> None:
    config = tmp_path / "mallet.conf"
    config.write_text(
        f"# of the chapter\ninput = {trained / 'training.corpus'}\nnum-topics: 4\nnum-iterations = 5\n"
        "use-symmetric-alpha = true\noptimize-interval = 1\noptimize-burn-in = 1\n"
    )
    run("mallet", "train-topics", "--config", config, "--num-topics", 3, "--output-model", tmp_path / "model")
    model = lda.Model.load(tmp_path / "model")
    assert model.n_topics == 3
    assert len(set(model.alpha)) == 1
    assert model.record.settings["alpha"] == "auto-symmetric"


def test_priors_are_mallet_s_where_none_is_learned(trained: Path, tmp_path: Path) -> None:
    run(
        "mallet", "train-topics", "--input", trained / "training.corpus", "--num-iterations", 5, "--output-model",
        tmp_path / "m",
    )  # fmt: skip
    model = lda.Model.load(tmp_path / "m")
    assert (model.n_topics, model.alpha.sum(), model.beta) == (10, pytest.approx(5), 0.01)


def test_what_cannot_be_had_is_told_in_one_line(tmp_path: Path) -> None:
    def refused(*arguments: object) -> str:
        return run("mallet", *arguments, code=2).stderr.splitlines()[-1]

    assert "needs a value" in refused("train-topics", "--input")
    assert "has no option --num-topic; did you mean --num-topics?" in refused(
        "train-topics", "--num-topic", 3
    )
    assert "list the words themselves" in refused("import-file", "--input", "x", "--stop-pattern-file", "y")
    assert "--input is missing" in refused("train-topics", "--num-topics", 3)
    assert "--num-iterations must be a whole number" not in refused("infer-topics", "--inferencer", "x")
    config = tmp_path / "c"
    config.write_text("= 3\n")
    assert "line 1 is not `option = value`" in fails(3, "mallet", "train-topics", "--config", config)


@pytest.mark.slow
@LEAVES_FILES_OPEN
def test_little_mallet_wrapper_trains_with_one_line_changed(
    lmw: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    path_to_mallet = shlex.join([sys.executable, "-m", "lda", "mallet"])
    documents = [" ".join(tokens) for tokens in tiny.documents()]
    keys, theta = lmw.quick_train_topic_model(path_to_mallet, str(tmp_path), 3, documents)
    capfd.readouterr()
    assert tiny.themes_found([words[:5] for words in keys])
    assert len(theta) == 60


def test_a_fit_takes_mallet_s_names(trained: Path, tmp_path: Path) -> None:
    config = tmp_path / "fit.conf"
    config.write_text(f"num-topics = 4\ninput = {trained / 'training.corpus'}\nuse-symmetric-alpha = true\n")
    out = tmp_path / "model"
    run(
        "fit",
        "--config",
        config,
        "--num-iterations",
        3,
        "--output-model",
        out,
        "--output-state",
        tmp_path / "state",
    )
    model = lda.Model.load(out)
    assert model.n_topics == 4
    assert model.record.command is not None
    assert f"{trained / 'training.corpus'}" in model.record.command
    assert "--num-topics 4" in model.record.command or "--topics 4" in model.record.command
    assert "--use-symmetric-alpha" in model.record.command
    corpus = trained / "training.corpus"
    run("fit", "--input", corpus, "-n", 1, "--optimize-interval", 0, "-o", tmp_path / "off", "-q")
    assert set(lda.Model.load(tmp_path / "off").alpha) == {0.1}
    for option in ("--show-topics-interval", "--num-icm-iterations", "--no-inference"):
        line = run("fit", corpus, option, 5, "-o", tmp_path / "x", code=2).stderr.splitlines()[-1]
        assert f"{option} has no meaning here: " in line
    config.write_text("num-topic = 4\n")
    assert "has the option 'num-topic', which lda fit has not" in (
        run("fit", corpus, "--config", config, "-o", tmp_path / "x", code=2).stderr
    )


def test_documents_topics_in_mallet_s_form_or_ours(trained: Path, tmp_path: Path) -> None:
    corpus = trained / "training.corpus"
    run(
        "fit", corpus, "-k", 3, "-n", 2, "-o", tmp_path / "m", "--output-doc-topics", tmp_path / "theta.csv",
        "--doc-topics-max", 1, "-q",
    )  # fmt: skip
    head, *rows = (tmp_path / "theta.csv").read_text().splitlines()
    assert head == "id,topic,weight"
    assert len(rows) == 60
    run("transform", tmp_path / "m", corpus, "-o", tmp_path / "theta.txt", "-q")
    head, *rows = (tmp_path / "theta.txt").read_text().splitlines()
    assert head == "#doc name topic proportion ..."
    assert [row.split("\t")[:2] for row in rows] == [[str(i), f"doc-{i}"] for i in range(60)]
    run("transform", "--input", corpus, f"--inferencer={tmp_path / 'm'}", "-o", tmp_path / "same.txt", "-q")
    assert (tmp_path / "same.txt").read_bytes() == (tmp_path / "theta.txt").read_bytes()
    assert "no place for names of topics" in fails(
        3, "transform", tmp_path / "m", corpus, "-o", tmp_path / "named.txt", "--labels", tmp_path / "m", "-q"
    )


def test_the_command_lines_of_gensim_s_wrapper(tmp_path: Path) -> None:
    """Those that the wrapper of gensim 3 gave to a shell, and what it read of the files."""
    lines = [f"{i} 0 {' '.join(tokens)}\n" for i, tokens in enumerate(tiny.documents())]
    (tmp_path / "corpus.txt").write_text("".join(lines), encoding="utf-8")
    given = {
        "import-file": r"--preserve-case --keep-sequence --remove-stopwords --token-regex \S+ "
        "--input {0}corpus.txt --output {0}corpus.mallet",
        "train-topics": "--input {0}corpus.mallet --num-topics 3 --alpha 50 --optimize-interval 0 --num-threads 4 "
        "--output-state {0}state.mallet.gz --output-doc-topics {0}doctopics.txt --output-topic-keys {0}topickeys.txt "
        "--num-iterations 60 --inferencer-filename {0}inferencer.mallet --doc-topics-threshold 0.0 --random-seed 0",
        "infer-topics": "--input {0}corpus.mallet --inferencer {0}inferencer.mallet "
        "--output-doc-topics {0}doctopics.txt.infer --num-iterations 100 --doc-topics-threshold 0.0 --random-seed 0",
    }
    for tool, words in given.items():
        run("mallet", tool, *words.format(f"{tmp_path}/").split())
    with gzip.open(tmp_path / "state.mallet.gz", "rt", encoding="utf-8") as file:
        next(file)
        alpha = [float(number) for number in next(file).split()[2:]]
        next(file)
        rows = [line.split(" ") for line in file]
    assert alpha == pytest.approx([50 / 3] * 3)
    assert len(rows) == 60 * 40
    assert all(len(row) == 6 for row in rows)
    for name, head in (("doctopics.txt", 0), ("doctopics.txt.infer", 1)):
        weights = [line.split()[2:] for line in (tmp_path / name).read_text().splitlines()[head:]]
        assert len(weights) == 60
        assert all(sum(map(float, row)) == pytest.approx(1) for row in weights)


def test_priors_that_learning_replaces_are_told(trained: Path) -> None:
    corpus = trained / "training.corpus"
    keys = ["--output-topic-keys", trained / "k"]
    words = ["--num-topics", 3, "--num-iterations", 2, "--alpha", 30, "--beta", 0.1, *keys]
    told = "--alpha and --beta without effect beside --optimize-interval"
    assert told in run("mallet", "train-topics", "--input", corpus, *words, "--optimize-interval", 10).output
    assert told not in run("mallet", "train-topics", "--input", corpus, *words).output
    for given, kept in (
        (["--alpha-sum", 30], "alpha is given"),
        (["--alpha-sum", 3, "--beta", 1], "alpha and beta are given"),
        ([], None),
    ):
        model = ["-k", 3, "-n", 2, "-o", trained / "kept", "--overwrite"]
        output = run("fit", corpus, *model, "--optimize-interval", 5, *given).output
        assert ("and so not learned, in spite of --optimize-interval" in output) == (kept is not None)
        assert kept is None or kept in output


def test_no_output_takes_the_place_of_what_is_read_or_of_another(trained: Path, tmp_path: Path) -> None:
    model, texts = trained / "evaluator", trained / "training.corpus"
    evaluate = ("mallet", "evaluate-topics", "--evaluator", model, "--input", texts)
    for name in ("--output-prob", "--output-doc-probs"):
        assert "lies in" in fails(3, *evaluate, name, model / "model.json")
        assert "lies in" in fails(3, *evaluate, name, texts / "manifest.json")
    lda.Model.load(model)
    out = tmp_path / "out"
    said = fails(3, *evaluate, "--output-prob", out, "--output-doc-probs", out)
    assert f"{out} is named for two outputs" in said
    fit = ("fit", texts, "-k", 3, "-n", 1, "-o", tmp_path / "model", "--overwrite", "-q")
    (tmp_path / "link").symlink_to(out)
    said = fails(3, *fit, "--output-topic-keys", out, "--output-state", tmp_path / "link")
    assert "is named for two outputs" in said
    assert "is named for two outputs" in fails(3, *fit, "--output-state", tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_options_that_cannot_be(trained: Path, tmp_path: Path) -> None:
    fit = ("fit", trained / "training.corpus", "-k", 3, "-n", 1, "-o", tmp_path / "model", "-q")
    topics = ("--output-doc-topics", tmp_path / "topics.txt")
    assert "must lie in 0 to 1, got nan" in run(*fit, *topics, "--doc-topics-threshold", "nan", code=2).stderr
    os.mkfifo(tmp_path / "pipe")
    assert "are no file" in fails(3, *fit, "--config", tmp_path / "pipe")
    (tmp_path / "options").write_text("config = other\n")
    assert "names another file of options" in run(*fit, "--config", tmp_path / "options", code=2).stderr
    (tmp_path / "options").write_text("#" * (1 << 20) + "\n")
    assert "larger than 1 MiB" in fails(3, *fit, "--config", tmp_path / "options")
    said = run("mallet", "train-topics", "--input", "x", "--num-topics", 0, code=2).stderr
    assert "Usage: lda fit " in said


def test_an_expression_for_lines_that_takes_for_ever_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guarded_pattern, "SECONDS", 0.3)
    (tmp_path / "texts").write_text("a" * 60 + "!\n")
    build = ("corpus", "build", tmp_path / "texts", "--format", "mallet", "-o", tmp_path / "corpus", "-q")
    said = fails(3, *build, "--line-regex", "^(a+)+()()$")
    assert "'^(a+)+()()$' takes too long" in said
    assert "tokenizer function" not in said
    (tmp_path / "texts").write_text("d1 Été bon jour\nd2 x bon soir\n")
    run(*build, "--line-regex", r"^(\S*) (\p{L}+) (.*)$")  # as Java knows it
    assert sorted(lda.Corpus.open(tmp_path / "corpus").vocabulary) == ["bon", "jour", "soir"]
