"""What `lda serve` is asked for."""

from __future__ import annotations

import math
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from lda.corpus.errors import DataError
from lda.corpus.presentable import presentable
from lda.corpus.storage.places import is_uri
from lda.serve.host.listening import is_loopback
from lda.serve.host.processes import TOKEN

if TYPE_CHECKING:
    from lda.cli.console import Console

LONGEST_TOKEN: Final = 4096
SHORTEST_TOKEN: Final = 16
"""Characters of a token; fewer can be tried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What `lda serve` is asked for.

    models: folders or URIs, or NAME=MODEL. named: NAME=MODEL. workers: None for one a core. port: 0 for a free one.
    """

    models: tuple[str, ...]
    named: tuple[str, ...]
    host: str
    port: int
    port_file: str | None
    workers: int | None
    token_file: str | None
    no_auth: bool
    allowed_hosts: tuple[str, ...]
    certificate: str | None
    key: str | None
    max_body: int
    max_documents: int
    max_tokens: int
    max_waiting: int
    max_connections: int
    timeout: float
    keep_alive: float
    drain_seconds: float
    top: int
    log: str
    console: Console

    def __post_init__(self) -> None:
        """Refuse what cannot be. Raises click.UsageError."""
        if not self.models and not self.named:
            raise click.UsageError(
                "there must be a model to serve, got none; name a folder that `lda fit -o` wrote"
            )
        if self.no_auth and self.token_file is not None:
            raise click.UsageError("--no-auth and --token-file exclude each other")
        if (self.certificate is None) != (self.key is None):
            raise click.UsageError(
                "--certificate and --key go together: give both files, or none for plain HTTP"
            )
        if self.max_body < 1:
            raise click.UsageError("--max-body must be at least 1 byte, got 0; leave it out for 16MiB")
        for option, seconds in (
            ("--timeout", self.timeout),
            ("--keep-alive", self.keep_alive),
            ("--drain-seconds", self.drain_seconds),
        ):
            if not math.isfinite(seconds):  # which a range lets pass
                raise click.UsageError(f"{option} must be a number of seconds, got {seconds}")

    def places(self) -> dict[str, str]:
        """Where models lie by the names that they are served under. Raises click.UsageError."""
        from lda.serve.shelf import check_name, name_of

        found = dict[str, str]()
        for entry in [*self.models, *self.named]:
            name, given, place = entry.partition("=")
            try:
                if entry in self.named:
                    if not given or not place:
                        raise ValueError(f"--name must be NAME=MODEL, got {presentable(repr(entry)[:100])}")
                    check_name(name)
                else:
                    name, place = name_of(entry), entry
            except ValueError as error:
                raise click.UsageError(str(error)) from None
            if name in found:
                raise click.UsageError(
                    f"two models have the name {name}; give one another: --name OTHER=MODEL"
                )
            # Workers and the one that reads models keep the folder, whatever becomes of the working directory.
            found[name] = place if is_uri(place) else os.path.abspath(place)
        return found

    def token(self) -> str | None:
        """The token that requests must carry, or None.

        Raises:
            click.UsageError: there is none, and others than this machine could reach the service.
            DataError: the file cannot be read, or holds no token.
            AddressError: the host is not known.
        """
        found = self._given_token()
        if found is None and not self.no_auth and not is_loopback(self.host):
            raise click.UsageError(
                f"{presentable(self.host)} can be reached by others: name a file with a token (--token-file), or set "
                f"{TOKEN}, or let everybody in by --no-auth"
            )
        return None if self.no_auth else found

    def _given_token(self) -> str | None:
        if self.token_file is not None:
            return _token_of(self.token_file, self.console.progress.warn)
        if self.no_auth or TOKEN not in os.environ:
            return None
        return _checked(os.environ[TOKEN].strip(), f"the variable {TOKEN}")

    def hosts(self, token: str | None) -> tuple[str, ...]:
        """Names that requests may be for, as `ServeSettings` has them. Raises click.UsageError for what is none."""
        from lda.serve.settings import check_host

        if not self.allowed_hosts and (token is not None or self.no_auth):
            return ()
        try:
            return tuple(map(check_host, (*self.allowed_hosts, self.host.partition("%")[0])))
        except ValueError as error:
            raise click.UsageError(str(error)) from None

    def tls(self) -> tuple[str | None, str | None]:
        """Certificate and key, as absolute paths, or (None, None). Raises DataError if they cannot be used."""
        if self.certificate is None or self.key is None:
            return None, None
        import ssl

        certificate, key = os.path.abspath(self.certificate), os.path.abspath(self.key)
        for path in (certificate, key):
            try:
                with open(path, "rb"):
                    pass
            except OSError as error:
                raise DataError(f"{path} cannot be read: {error.strerror or error}; check the name") from None
        try:
            # A key with a password would have it asked for at the terminal, by each worker.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: "")
        except (ssl.SSLError, OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or error
            raise DataError(
                f"{self.certificate} and {self.key} are no certificate and its key without a password ({reason}); both "
                "must be PEM files"
            ) from None
        return certificate, key

    def settings(self, token: str | None) -> dict[str, Any]:
        """Fields of `ServeSettings`."""
        return {
            "max_body": self.max_body,
            "max_documents": self.max_documents,
            "max_tokens": self.max_tokens,
            "max_waiting": self.max_waiting,
            "timeout_s": self.timeout,
            "top": self.top,
            "token": token,
            "no_auth": self.no_auth,
            "allowed_hosts": self.hosts(token),
        }


def _token_of(name: str, warn: Any) -> str:  # noqa: ANN401 - takes a line
    """The token in a file. One that everybody may read is warned of, and taken: so secrets are mounted by default."""
    try:
        with Path(name).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISFIFO(mode)):
                raise DataError(f"{name} is no file; name one that holds the token")
            data = file.read(LONGEST_TOKEN + 1)
    except OSError as error:
        raise DataError(
            f"the token {name} cannot be read: {error.strerror or error}; check the name"
        ) from None
    if mode & stat.S_IROTH:
        warn(f"every user of this machine may read the token in {name}; chmod 600 keeps it to you")
    try:
        return _checked(data.decode("ascii").strip(), name)
    except UnicodeDecodeError:
        raise DataError(_BAD.format(presentable(name))) from None


_BAD: Final = (
    "{} must hold a token of "
    f"{SHORTEST_TOKEN} to {LONGEST_TOKEN:,} printable ASCII characters without blanks; make one: "
    "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
)


def _checked(token: str, where: str) -> str:
    if not (SHORTEST_TOKEN <= len(token) <= LONGEST_TOKEN and all("!" <= one <= "~" for one in token)):
        raise DataError(_BAD.format(presentable(where)))
    return token
