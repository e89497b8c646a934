"""What a model can be exported to: a row a program, and the file here that knows its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast

if TYPE_CHECKING:
    from lda.evaluation.inferred_documents import InferredDocuments
    from lda.interop.exported_model import ExportedModel

    Write = Callable[[ExportedModel, InferredDocuments | None, Path], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One program, or form, that a model can be exported to.

    Attributes:
        name: as `lda export --to` takes it.
        what: what is written, in some words, for the help.
        module: the file of this room that writes it: its function `write(model, documents, path)` fills the empty
            folder `path`, or writes the new file `path`, or new files whose names begin with `path`. Before anything is
            read, its function `check()`, if it has one, sees that the packages are there. Of a prefix, its function
            `names(prefix, n_topics)` tells the names of the files, the one last that shows that all are there.
        kind: whether a folder is written, a file, or several files whose names begin alike.
        documents: whether it tells of documents: "no", "optional" ones or "needed", which `write` is then sure to get.
        files: regular expression of the names of the files in a folder (`folder/file` for one within), which alone are
            overwritten.
    """

    name: str
    what: str
    module: str
    kind: Literal["folder", "file", "prefix"]
    documents: Literal["no", "optional", "needed"] = "no"
    files: str = ""

    def check(self) -> None:
        """See that what writes it is installed. Raises `MissingPackageError`."""
        check = getattr(import_module(self.module), "check", None)
        if check is not None:
            check()

    def names(self, prefix: str, n_topics: int) -> list[str]:
        """The files that are written under a prefix, in the order in which they are to appear."""
        return cast("list[str]", import_module(self.module).names(prefix, n_topics))

    def write(self, model: ExportedModel, documents: InferredDocuments | None, path: Path) -> None:
        """Fill a new folder, or write a new file. Raises OSError, and `DataError` for what the form cannot hold."""
        cast("Write", import_module(self.module).write)(model, documents, path)


_TABLES: Final = r"(?:topics|words|vocabulary|documents|document_topics)"
_ROWS: Final[tuple[Target, ...]] = (
    Target(
        name="csv",
        what="tables of topics, their words, vocabulary and, where named, documents",
        module="lda.interop.csv_tables",
        kind="folder",
        documents="optional",
        files=rf"{_TABLES}\.csv",
    ),
    Target(
        name="parquet",
        what="the same tables, typed, with all words of each topic",
        module="lda.interop.parquet_tables",
        kind="folder",
        documents="optional",
        files=rf"{_TABLES}\.parquet",
    ),
    Target(
        name="mallet",
        what="MALLET's files: keys, weights, counts, and with documents their topics, state and diagnostics",
        module="lda.interop.mallet",
        kind="folder",
        documents="optional",
        files=(
            r"(?:topic-keys|topic-word-weights|word-topic-counts|doc-topics|topic-docs)\.txt|state\.gz"
            r"|(?:topic-report|topic-phrases|diagnostics)\.xml"
        ),
    ),
    Target(
        name="gensim",
        what="a folder with a saved LdaModel and its Dictionary, which counts the documents if there are any",
        module="lda.interop.to_gensim",
        kind="folder",
        documents="optional",
        files=r"(lda|dictionary)\.gensim(\.[A-Za-z0-9_.]+)?",
    ),
    Target(
        name="pyldavis",
        what="the picture of pyLDAvis as a page of HTML that needs no network, of documents if there are any",
        module="lda.interop.pyldavis",
        kind="file",
        documents="optional",
    ),
    Target(
        name="anndata",
        what="an h5ad file with the documents, their topics in obsm and the topics in varm",
        module="lda.interop.anndata_results",
        kind="file",
        documents="needed",
    ),
    Target(
        name="cistopic",
        what="the files that pycisTopic makes of MALLET's, PATH.K_topics.parameters.json and Parquet",
        module="lda.interop.cistopic",
        kind="prefix",
        documents="needed",
    ),
    Target(
        name="mlflow",
        what="a folder that MLflow loads as a model, from code",
        module="lda.interop.mlflow",
        kind="folder",
        files=r"MLmodel|(conda|python_env)\.yaml|requirements\.txt|topic_model\.py|registered_model_meta"
        r"|artifacts/model/[a-z_]+(-\d+-of-\d+)?\.(json|npy|npz|txt)|__pycache__/topic_model\.[\w.-]+\.pyc",
    ),
    Target(
        name="dfr",
        what="the data of a dfr-browser",
        module="lda.interop.dfr",
        kind="folder",
        documents="needed",
        files=r"(?:info|tw)\.json|dt\.json\.zip|meta\.csv\.zip|topic_scaled\.csv",
    ),
    Target(
        name="jslda",
        what="jsLDA's documents and their state",
        module="lda.interop.jslda",
        kind="folder",
        documents="needed",
        files=r"(?:documents|stoplist)\.txt|state\.csv",
    ),
)

TARGETS: Final[Mapping[str, Target]] = {row.name: row for row in _ROWS}
"""By name."""


def find(name: str) -> Target:
    """The target of a name. Raises ValueError for a name that none has."""
    if name not in TARGETS:
        raise ValueError(f"a model can be exported to {', '.join(TARGETS)}, got {name!r:.60}")
    return TARGETS[name]
