"""`append_corpus`: documents join a corpus, by one process at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lda.corpus.presentable import presentable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lda.corpus.append.append import Appended


def append_corpus(
    path: str | Path,
    inputs: Sequence[str | Path],
    *,
    tell: Callable[[str], None] = lambda text: None,
    **reading: Any,  # noqa: ANN401 - those of append_documents, where they are explained
) -> Appended:
    """Append documents to a corpus folder or URI, by the recipe that it was made by.

    New terms stand at the end of the vocabulary; shards that are there stay byte for byte. Readers see the old corpus
    or the new one, never a part; of two appends at a time the second is refused.

    Args:
        path: the corpus.
        inputs: files and folders, as of `build_corpus`.
        tell: told that another host's append is being watched for signs of life.
        **reading: `text` and `id`, the fields of the new documents where they are called otherwise there; `format`,
            `vocabulary`, `tokenizer`, `threads`, `encoding`, `errors`, `layer`, `readers`, `on_error`, `max_errors`,
            `skipped` as of `build_corpus`; `where`: a condition that new documents must fulfil, beside that of the
            corpus; `skip_known`: leave out documents whose ids are there, instead of refusing them; `new_min_df`:
            least number or share of the new documents that a new term is in.

    Raises:
        DataError: there is no such corpus, or another process is appending to it; the documents are damaged, none, all
            empty, or there already; a field has another type.
        ValueError: an argument cannot be right.
    """
    from lda.cluster.checkpoints.lock import alone
    from lda.cluster.spec.errors import CheckpointError, InUseError
    from lda.corpus import DataError
    from lda.corpus.append.append import append_documents
    from lda.corpus.files.manifest import MANIFEST, read_manifest
    from lda.corpus.storage.places import is_uri, storage

    if not (is_uri(path) or Path(path).is_dir()):
        raise DataError(f"{presentable(str(path))} is not a corpus: there is no such folder; check the name")
    if is_uri(path) or not (Path(path) / MANIFEST).is_file():
        read_manifest(path)  # which says what is wrong, before anything is written there
    try:
        with alone(storage(path), tell):
            return append_documents(path, inputs, **reading)
    except InUseError as error:
        who = f" ({error.who})" if getattr(error, "who", "") else ""
        raise DataError(
            f"{presentable(str(path))} is being appended to by another process{who}; wait for its end"
        ) from None
    except CheckpointError:
        raise DataError(
            f"nothing can be written to {presentable(str(path))}; check your rights there"
        ) from None
