"""Where checkpoints go: see `lda.corpus.storage`, which corpora and models share."""

from __future__ import annotations

from lda.corpus.storage import LocalStorage, RemoteStorage, Storage, storage

__all__ = ["LocalStorage", "RemoteStorage", "Storage", "storage"]
