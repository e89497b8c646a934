"""`python -m lda`: the same as the command `lda`."""

from __future__ import annotations

from lda.cli import main

if __name__ == "__main__":
    main()
