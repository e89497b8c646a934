"""The token of a cluster that is started here.

Ray listens on all interfaces, and from 2.59 on it asks for a token where a program starts a cluster. It would make
one by itself, in a file that everybody on the machine can read.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from lda.cluster.spec.errors import ClusterError

TOKEN_BYTES: Final = 32
SAYS_OTHERWISE: Final = ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH")


def keep_token() -> None:
    """Make the token of this user, for nobody else to read, unless there is one or the environment says otherwise.

    Raises ClusterError when it cannot be kept.
    """
    if os.environ.get("RAY_AUTH_MODE", "token").lower() != "token" or any(
        map(os.environ.get, SAYS_OTHERWISE)
    ):
        return
    try:
        path = Path.home() / ".ray" / "auth_token"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(file, "w") as text:
            text.write(secrets.token_hex(TOKEN_BYTES))
    except (OSError, RuntimeError) as error:  # RuntimeError: nobody knows where home is
        raise ClusterError(
            f"no token for Ray can be kept ({error}); give one by RAY_AUTH_TOKEN, or name a file that holds one by "
            "RAY_AUTH_TOKEN_PATH"
        ) from error
