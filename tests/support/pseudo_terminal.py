"""Commands on a terminal of a given size."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
import termios


def on_terminal(*arguments: object, columns: int, rows: int = 24, **env: str) -> str:
    """All that the command writes to a terminal of that size; line ends are "\\n"."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    unsized = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "NO_COLOR")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "lda", *map(str, arguments)],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**unsized, "TERM": "xterm-256color", **env},
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            found = os.read(ours, 4096)
        except OSError:  # Linux says so when nobody has the other end any more
            break
        if not found:
            break
        written += found
    os.close(ours)
    assert process.wait(60) == 0, written.decode()
    return written.decode().replace("\r\n", "\n")
