"""Where the row groups of a Parquet file lie."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pyarrow as pa

from lda.corpus.errors import DataError
from lda.corpus.inputs.fetching import path_here
from lda.corpus.inputs.input_file import InputFile, RowGroup
from lda.corpus.storage.leftovers import temporary_folder
from lda.corpus.storage.remote_file import RemoteFile

FOOTER_BYTES: Final = 2**18
"""So much is fetched of the end of a remote file, which most footers fit into."""


def row_groups_of(file: InputFile) -> tuple[RowGroup, ...]:
    """The row groups of a Parquet file, in their order; none where it is damaged, of which its reader will tell.

    Raises:
        DataError, NetworkError: a remote one cannot be read.
    """
    local = path_here(file.place)
    if local is not None:
        return _row_groups(local)
    source = RemoteFile(file.place)
    try:
        with temporary_folder() as folder:
            # Its last bytes at their places, and a hole before: pyarrow reads nothing else to know the row groups.
            copy, start = Path(folder) / "footer", max(source.size - FOOTER_BYTES, 0)
            end = b"".join(source.pieces(start))
            length = int.from_bytes(end[-8:-4], "little") + 8
            if length > len(end):
                start = max(source.size - length, 0)
                end = b"".join(source.pieces(start))
            with copy.open("wb") as target:
                target.seek(start)
                target.write(end)
            return _row_groups(copy)
    finally:
        source.close()


def _row_groups(path: Path) -> tuple[RowGroup, ...]:
    import pyarrow.parquet as pq

    try:
        footer = pq.read_metadata(path)
    except (pa.ArrowException, OSError, DataError):
        return ()
    found = []
    for number in range(footer.num_row_groups):
        group = footer.row_group(number)
        columns = [group.column(i) for i in range(group.num_columns)]
        starts = [c.dictionary_page_offset or c.data_page_offset for c in columns]
        stops = [start + c.total_compressed_size for start, c in zip(starts, columns, strict=True)]
        found.append(RowGroup(int(group.num_rows), int(min(starts, default=0)), int(max(stops, default=0))))
    return tuple(found)
