"""`export_corpus`: a corpus as files of other programs, and the forms that there are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from lda.corpus.errors import DataError
from lda.corpus.export.anndata_file import write_anndata
from lda.corpus.export.counts import write_ldac, write_matrix_market, write_svmlight, write_uci
from lda.corpus.export.lines import write_ids, write_terms
from lda.corpus.export.tokens import write_jsonl, write_mallet, write_parquet
from lda.corpus.readers.ids_beside import ids_path
from lda.corpus.storage.output_target import check_different, check_file_target, local_path, new_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lda.corpus.corpus import Corpus

PACKED: Final = ".gz"
"""The ending of a name that has lines packed by gzip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusForm:
    """A form that a corpus can be exported to.

    Attributes:
        name: by which it is asked for.
        what: it is, in a few words.
        keeps: "counts" without the order of tokens, or "tokens" in their order.
        lists: whether terms and ids stand in files beside it.
        packs: whether a name ending in .gz packs it.
        labels: whether a field can be written as the label of documents.
        write: writes the file: corpus, path; packed and label where it knows of them.
    """

    name: str
    what: str
    keeps: Literal["counts", "tokens"]
    lists: bool
    packs: bool
    labels: bool
    write: Callable[..., None]


_ROWS: Final = (
    CorpusForm(
        name="uci", what="UCI bag of words", keeps="counts", lists=True, packs=True, labels=False, write=write_uci
    ),
    CorpusForm(
        name="matrix-market", what="Matrix Market", keeps="counts", lists=True, packs=True, labels=False,
        write=write_matrix_market,
    ),
    CorpusForm(
        name="svmlight", what="SVMlight", keeps="counts", lists=True, packs=True, labels=True, write=write_svmlight
    ),
    CorpusForm(name="ldac", what="LDA-C", keeps="counts", lists=True, packs=True, labels=False, write=write_ldac),
    CorpusForm(
        name="anndata", what="AnnData (.h5ad)", keeps="counts", lists=False, packs=False, labels=False,
        write=write_anndata,
    ),
    CorpusForm(
        name="mallet", what="lines for mallet import-file", keeps="tokens", lists=False, packs=True, labels=True,
        write=write_mallet,
    ),
    CorpusForm(
        name="jsonl", what="JSON lines with lists of tokens", keeps="tokens", lists=False, packs=True, labels=False,
        write=write_jsonl,
    ),
    CorpusForm(
        name="parquet", what="Parquet with lists of tokens", keeps="tokens", lists=False, packs=False, labels=False,
        write=write_parquet,
    ),
)  # fmt: skip

FORMS: Final[Mapping[str, CorpusForm]] = {row.name: row for row in _ROWS}
"""The forms by their names."""


def export_corpus(
    corpus: Corpus, path: str | Path, to: str, *, label: str | None = None, overwrite: bool = False
) -> list[Path]:
    """Write a corpus as a file of another program, shard by shard: memory is that of the vocabulary and a shard.

    Forms of counts (uci, matrix-market, svmlight, ldac) have the terms beside them, one a line, and the ids of the
    documents: `counts.mtx`, `counts.vocab` and `counts.ids`; of `docword.x.txt` the terms are in `vocab.x.txt`. Fields
    are written by parquet, jsonl and anndata. The files appear together once they are complete; the same corpus gives
    the same bytes, but for parquet and anndata, which name versions of libraries.

    Args:
        corpus: in memory, in a folder or at a URI.
        path: the file; lines are packed by gzip if its name ends in `.gz`.
        to: one of `FORMS`.
        label: field with the label of each document, for mallet and svmlight.
        overwrite: replace files that stand there.

    Returns:
        The files, the one that was named last.

    Raises:
        DataError: a file exists, the corpus holds what the form cannot, or is damaged.
        ValueError: there is no such form, or it has no labels.
    """
    form = check_export(path, to, label=label, overwrite=overwrite)
    names = files_of(local_path(str(path)), form)
    target, packed = names[-1], names[-1].name.endswith(PACKED)
    with new_files(target.parent, [name.name for name in names], overwrite=overwrite) as folder:
        if form.lists:
            write_terms(folder / names[0].name, corpus, packed=packed)
            write_ids(folder / names[1].name, corpus, packed=packed)
        write = partial(form.write, corpus, folder / target.name)
        if form.packs:
            write = partial(write, packed=packed)
        if form.labels:
            write = partial(write, label=label)
        write()
    return names


def check_export(
    path: str | Path, to: str, *, label: str | None = None, overwrite: bool = False
) -> CorpusForm:
    """The form; refuses what cannot be written, before any work is done. Raises as `export_corpus`."""
    if to not in FORMS:
        raise ValueError(f"a corpus can be exported to {', '.join(FORMS)}, got {to!r:.40}")
    form = FORMS[to]
    if label is not None and not form.labels:
        having = " and ".join(one.name for one in _ROWS if one.labels)
        raise ValueError(f"only {having} have labels, and {to} has none; leave out label (--label)")
    target = local_path(str(path))
    if target.name.endswith(PACKED) and not form.packs:
        raise DataError(f"{to} is not packed by gzip; choose a name without {PACKED}")
    names = files_of(target, form)
    check_different(names)
    for name in names:
        check_file_target(name, overwrite=overwrite)
    return form


def files_of(target: Path, form: CorpusForm) -> list[Path]:
    """The files that are written: terms and ids, where they lie beside it, and the target."""
    if not target.name:
        raise DataError(f"{target} is a folder; name a file to write")
    if not form.lists:
        return [target]
    packed = PACKED if target.name.endswith(PACKED) else ""
    plain = target.name.removesuffix(PACKED)
    if "docword" in plain:
        terms = plain.replace("docword", "vocab", 1)
    else:
        stem = plain.rsplit(".", 1)[0] if "." in plain.strip(".") else plain
        terms = f"{stem}.vocab"
    return [target.with_name(terms + packed), ids_path(target), target]
