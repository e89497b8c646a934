"""A model card as the Hugging Face Hub shows it: `README.md` with a head in YAML, of what is known of a model.

What comes from outside (words, names, ids, patterns) is shown as text: it can neither begin a heading, a link or an
entry of the head, nor hold a command to a terminal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from lda.interop.exported_model import takes_texts
from lda.interop.yaml_document import yaml_document
from lda.markdown import escaped
from lda.progress import plural
from lda.report.facts import facts, heldout_data
from lda.report.findings import findings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lda.evaluation.heldout import HeldoutScore
    from lda.interop.exported_model import ExportedModel

TAGS: Final = ("topic-modeling", "latent-dirichlet-allocation", "lda", "gibbs-sampling")
"""What a search on the Hub should find it by. A `pipeline_tag` it has none: those are tasks that the Hub can run."""

MOST_TOPICS: Final = 500
"""As many a table is still read, and a page still shown."""

_OF_MACHINES: Final = frozenset({"command"})
"""Facts that are left out: a command holds the paths of its author's machine."""

_LIMITS: Final = (
    """A topic is a distribution over the words of this corpus, not a meaning; its name, if it has one, is a reading of
  its words. Read documents before relying on it.""",
    """The order of words is not looked at, and words that were not in the corpus are left out of new documents. Texts
  of another kind, time or language get topics all the same.""",
    """Another seed or another number of topics gives other topics; what a conclusion rests on should hold in several
  fits.""",
    """What is one-sided in the documents is one-sided in the topics. The vocabulary holds words of the documents, names
  among them.""",
)

_KEEPS_HASHES: Final = """The model holds hashes of its training documents, by which who has a document can tell that it
  was among them; `dataclasses.replace(model, document_hashes=None).save("copy")` makes a model without."""

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)?")
"""Of a model or a data set on the Hub."""

_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardOptions:
    """What a card says that a model does not know.

    Attributes:
        name: of the model; None is a name made of its size.
        license: as the Hub names it ("apache-2.0"); None says nothing of one.
        languages: codes (ISO 639) of the texts.
        datasets: names of data sets on the Hub.
        tags: further ones.
        repository: "owner/name" on the Hub, for the example; None leaves a place for it.
        description: a paragraph about the model, in Markdown, taken as it is: it is the author's own.
        n_words: words of each topic.
        n_topics: topics in the table; of more the largest ones.
    """

    name: str | None = None
    license: str | None = None
    languages: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    repository: str | None = None
    description: str | None = None
    n_words: int = 10
    n_topics: int = MOST_TOPICS

    def __post_init__(self) -> None:
        """Refuse what the Hub would. Raises ValueError."""
        for name, number in (("n_words", self.n_words), ("n_topics", self.n_topics)):
            if number < 1:
                raise ValueError(f"{name} must be at least 1, got {number}")
        for name, values in (
            ("license", (self.license,)),
            ("languages", self.languages),
            ("tags", self.tags),
        ):
            for value in values:
                if value is not None and not _WORD.fullmatch(value):
                    raise ValueError(
                        f"{name} must be of letters, digits, '.', '_', '+' and '-', got {value!r:.60}"
                    )
        for name, values in (("datasets", self.datasets), ("repository", (self.repository,))):
            for value in values:
                if value is not None and not _ID.fullmatch(value):
                    raise ValueError(f"{name} must be a name on the Hub, owner/name, got {value!r:.60}")


def model_card(
    model: ExportedModel, heldout: HeldoutScore | None = None, options: CardOptions | None = None
) -> str:
    """The card of a model.

    Args:
        model: a fitted model, with the names of its topics.
        heldout: its score on documents that it was not fitted to; without it the card has what the fit found on
            documents that it kept out, if it did.
        options: what the model does not know.
    """
    options = options or CardOptions()
    score = heldout_data(model.record, heldout)
    parts = [
        f"---\n{yaml_document(_head(heldout, options))}---",
        f"# {escaped(options.name or _name(model))}",
        _summary(model),
        options.description,
        _use(model, options),
        _topics(model, options),
        _score(score, heldout),
        *_facts(model),
        _limits(model),
    ]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _head(heldout: HeldoutScore | None, options: CardOptions) -> dict[str, Any]:
    head: dict[str, Any] = {"library_name": "raylda", "tags": list(dict.fromkeys((*TAGS, *options.tags)))}
    if options.license is not None:
        head["license"] = options.license
    if options.languages:
        head["language"] = list(options.languages)
    if options.datasets:
        head["datasets"] = list(options.datasets)
    if heldout is not None and heldout.perplexity is not None:
        head["metrics"] = ["perplexity"]
    return head


def _name(model: ExportedModel) -> str:
    return f"LDA, {plural(model.n_topics, 'topic')}"


def _summary(model: ExportedModel) -> str:
    run = model.record
    named = f", {len(model.labels):,} of them named by hand or by a program" if len(model.labels) else ""
    return (
        f"A topic model, by Latent Dirichlet Allocation: {plural(model.n_topics, 'topic')}{named} over "
        f"{plural(model.n_terms, 'term')}, fitted to {plural(run.n_documents, 'document')} with "
        f"{plural(run.n_trained_tokens, 'token')} by raylda {escaped(run.versions.get('raylda', ''))}".rstrip()
        + "."
    )


def _use(model: ExportedModel, options: CardOptions) -> str:
    if takes_texts(model.record.recipe):
        example = 'theta = model.transform_texts(["..."])'
        told = "Text is cut into words as it was for the model."
    else:
        example = "theta = model.transform(counts)  # (D, V) counts with the model's terms, or token lists"
        told = "It was fitted to words that were counted or cut outside of it, and takes new documents in that form."
    return f"""## How to use it

```python
import lda  # pip install raylda
from huggingface_hub import snapshot_download

model = lda.Model.load(snapshot_download("{options.repository or "OWNER/NAME"}"))
print(model.top_words())
{example}
```

`theta` has a row a document and a column a topic. {told} The same seed gives the same answer on any machine."""


def _topics(model: ExportedModel, options: CardOptions) -> str:
    tokens = model.last_tokens
    assert tokens is not None, "a model that was fitted has tokens"
    total = max(float(tokens.sum()), 1.0)
    shown = np.arange(model.n_topics)
    left_out = ""
    if model.n_topics > options.n_topics:
        shown = np.sort(np.argsort(-tokens, kind="stable")[: options.n_topics])
        left_out = f" These are the {options.n_topics:,} largest of {model.n_topics:,}."
    named = len(model.labels) > 0
    head = ["topic", *(["name"] if named else []), "share", "most probable words"]
    rows = [head, ["---:", *(["---"] if named else []), "---:", "---"]]
    words = model.top_words(options.n_words)
    for k in shown.tolist():
        name = [escaped(model.labels.name(k) or "")] if named else []
        rows.append([str(k), *name, f"{tokens[k] / total:.2%}", " ".join(map(escaped, words[k]))])
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"## Topics\n\nShares are those of all tokens in the last sweep.{left_out}\n\n{table}"


def _score(score: dict[str, Any] | None, heldout: HeldoutScore | None) -> str:
    if score is None:
        return "## How well it predicts\n\nNot measured: no documents were kept out, and none were given for this card."
    rows = [("log-likelihood", f"{score['log_likelihood']:.4f} nats a token")]
    if score["standard_error"] is not None:
        rows.append(("standard error", f"{score['standard_error']:.4f}, over documents"))
    if heldout is not None and heldout.perplexity is not None:
        rows.append(("perplexity", f"{heldout.perplexity:,.2f}"))
    if score["n_documents"] is not None:
        rows.append(("scored", f"{score['n_tokens']:,} tokens of {plural(score['n_documents'], 'document')}"))
    if heldout is not None and heldout.n_trained:
        rows.append(("beware", f"{plural(heldout.n_trained, 'document')} of these were trained on: too good"))
    how = escaped(score["how"] if heldout is None else _how(heldout))
    return f"## How well it predicts\n\n{how}\n\n{_table(rows)}"


def _how(heldout: HeldoutScore) -> str:
    if heldout.estimator == "completion":
        return (
            "On documents given for this card, by document completion: half of each gives its topics, the other half "
            f"is scored (seed {heldout.seed})."
        )
    return f"On documents given for this card, by the left-to-right estimator (seed {heldout.seed})."


def _facts(model: ExportedModel) -> Iterator[str]:
    """Sections on the data and the settings; the fingerprint is among the first."""
    titles = {"Model": "Model", "Corpus": "Data", "Run": "Settings"}
    for group in facts(model):
        rows = [(name, escaped(value)) for name, value in group["rows"] if name not in _OF_MACHINES]
        section = f"## {titles[group['heading']]}\n\n{_table(rows)}"
        if group["heading"] == "Model":
            section += (
                "\n\n`lda info` computes the fingerprint anew: where it is equal the model is this one."
            )
        yield section


def _table(rows: Iterable[Sequence[str]]) -> str:
    lines = ["| | |", "|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines)


def _limits(model: ExportedModel) -> str:
    said = list(_LIMITS)
    if model.document_hashes is not None:
        said.append(_KEEPS_HASHES)
    said += [escaped(one.text) for one in findings(model, None)]
    return "\n".join(["## Limits", "", *(f"- {text}" for text in said)])
