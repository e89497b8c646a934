"""`lda serve`: models over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lda.cli.console import output_options
from lda.cli.gathering import taking
from lda.cli.help import Command
from lda.cli.option import Heading, option
from lda.cli.serve.options import ServeOptions
from lda.cli.signals import unhurried
from lda.progress import first_of, plural
from lda.sizes import take_size

if TYPE_CHECKING:
    import socket


@click.command(
    cls=Command,
    essentials=(
        "host", "port", "workers", "named", "token_file", "certificate", "top", "timeout", "log", "json",
    ),
    examples=(
        "lda serve model/",
        "lda serve --name news=model/ --workers 4 --port 8000",
        "lda serve model/ --host 0.0.0.0 --token-file token.txt",
        "lda serve model/ --host 0.0.0.0 --token-file token.txt --certificate cert.pem --key key.pem",
        """curl http://127.0.0.1:8080/v1/topics --json '{"documents": ["peace and trade with all nations"]}'""",
    ),
)  # fmt: skip
@click.argument("models", nargs=-1, metavar="MODEL...")
@option(
    "--name", "named", multiple=True, metavar="NAME=MODEL", heading=Heading.MODEL,
    help="Serve a model under this name; repeat it.  [default: that of the folder]",
    brief="Serve a model under this name; repeat it.",
)  # fmt: skip
@option(
    "--host",
    default="127.0.0.1",
    heading=Heading.SERVICE,
    help="Address to listen at. Any but this machine's own needs a token, or --no-auth.",
    metavar="HOST",
    brief="Others than 127.0.0.1 need a token.",
)
@option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8080,
    heading=Heading.SERVICE,
    help="Port to listen at; 0: a free one, which is printed.",
    brief="0: a free one.  [default: 8080]",
)
@option(
    "--port-file",
    metavar="FILE",
    heading=Heading.SERVICE,
    help="Write the port to this file, once the service is ready.",
)
@option(
    "--workers",
    type=click.IntRange(1, 1024),
    heading=Heading.SERVICE,
    help="Processes that answer; the model is in memory once.  [default: one a core]",
    brief="Processes that answer.  [default: one a core]",
)
@option(
    "--token-file",
    metavar="FILE",
    heading=Heading.SERVICE,
    help="File with the token that requests must carry (Authorization: Bearer TOKEN). Or set RAYLDA_TOKEN.",
    brief="Holds the token that requests must carry.",
)
@option(
    "--no-auth",
    is_flag=True,
    heading=Heading.SERVICE,
    help="Let in everybody who can reach the address, without a token.",
)
@option(
    "--allowed-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME|*.NAME|*",
    heading=Heading.SERVICE,
    # No star in the text: the reference would take it for emphasis.
    help="Name that requests may be for, beside localhost and --host; a star stands for any. Repeat it.  "
    "[default: any with a token or --no-auth, else none]",
)
@option(
    "--certificate",
    metavar="FILE",
    heading=Heading.SERVICE,
    help="Certificate for HTTPS (PEM, with those that vouch for it); needs --key.",
    brief="Certificate (PEM) for HTTPS, with its --key.",
)
@option(
    "--key", metavar="FILE", heading=Heading.SERVICE, help="Key of the certificate (PEM, without a password)."
)
@option(
    "--max-body",
    default="16MiB",
    metavar="SIZE",
    callback=take_size,
    heading=Heading.LIMITS,
    help="Bytes of a request; more are refused (413).",
)
@option(
    "--max-documents",
    type=click.IntRange(min=1),
    default=10_000,
    heading=Heading.LIMITS,
    help="Documents of a request; more are refused (413).",
)
@option(
    "--max-tokens",
    type=click.IntRange(min=1),
    default=1_000_000,
    heading=Heading.LIMITS,
    help="Tokens of a request; more are refused (413).",
)
@option(
    "--max-waiting",
    type=click.IntRange(min=1),
    default=1_000,
    heading=Heading.LIMITS,
    help="Requests that wait in a worker; more are sent away for a moment (429).",
)
@option(
    "--max-connections",
    type=click.IntRange(min=1),
    default=4_096,
    heading=Heading.LIMITS,
    help="Open connections of a worker; for one more, the one that was idle for longest is closed.",
)
@option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    metavar="SECONDS",
    heading=Heading.LIMITS,
    help="Time for a request, from its first byte to the answer (504).",
    brief="Time for a request.",
)
@option(
    "--keep-alive",
    type=click.FloatRange(min=1),
    default=75.0,
    metavar="SECONDS",
    heading=Heading.LIMITS,
    help="Time that a connection is kept for another request.",
)
@option(
    "--drain-seconds",
    type=click.FloatRange(min=0),
    default=30.0,
    metavar="SECONDS",
    heading=Heading.LIMITS,
    help="Time for requests under way after SIGTERM or Ctrl-C.",
)
@option(
    "--top",
    type=click.IntRange(min=0),
    default=5,
    heading=Heading.OUTPUT,
    help="Topics of a document where the request does not say how many.",
    brief="Topics told of a document.",
)
@option(
    "--log",
    type=click.Choice(["access", "errors", "none"]),
    default="access",
    heading=Heading.MONITORING,
    help="Which requests get a JSON line on standard error; none holds texts. errors: answers of 400 and more.",
    brief="Which requests get a line on standard error.",
)
@output_options
@taking(ServeOptions)
def serve(options: ServeOptions) -> None:
    """Serve models over HTTP: topics for a request, the same as `lda transform` gives, from every worker.

    MODEL is a folder that `lda fit -o` wrote, or a URI of one. A folder is watched: when it is replaced (--overwrite),
    or its topics get names (`lda label`), all workers take the new model at once, and no request fails for it; a
    damaged one is refused, and the old one stays. POST /v2/repository/models/NAME/load does the same for a URI.

    POST /v1/topics takes {"documents": ["text", ...]}; /docs describes this, the Open Inference Protocol (/v2), and
    MLflow's /invocations; /metrics is for Prometheus, /v2/health/ready for whoever begins and ends services. SIGTERM
    and Ctrl-C answer what is under way, and end with exit code 0; a second one ends at once.
    """
    from lda.serve.host.requirements import check_installed

    check_installed()
    from lda.serve.host.listening import listening, raise_file_limit

    places, token = options.places(), options.token()
    certificate, key = options.tls()
    files = raise_file_limit()
    with unhurried(), listening(options.host, options.port) as listener:
        _serve(
            options,
            places,
            listener,
            {"token": token, "certificate": certificate, "key": key, "files": files},
        )


def _serve(
    options: ServeOptions, places: dict[str, str], listener: socket.socket, found: dict[str, Any]
) -> None:
    from lda.corpus.machine import available_cores
    from lda.serve.host.supervisor import ServicePlan, Supervisor

    plan = ServicePlan(
        places=places,
        workers=options.workers or available_cores(),
        settings=options.settings(found["token"]),
        connections={
            "most": max(1, min(options.max_connections, found["files"] - 128)),
            "keep_alive": options.keep_alive,
            "receive": options.timeout + 5.0,  # the application itself says so before, to who listens
        },
        log=options.log,
        drain_seconds=options.drain_seconds,
        certificate=found["certificate"],
        key=found["key"],
    )
    host, port = listener.getsockname()[:2]
    address = f"{'http' if found['certificate'] is None else 'https'}://{f'[{host}]' if ':' in host else host}:{port}"

    def started(fingerprints: dict[str, str]) -> None:
        if options.port_file is not None:
            from lda.corpus.presentable import presentable
            from lda.corpus.storage.atomic_write import replaced_file

            try:
                with replaced_file(Path(options.port_file)) as temporary:
                    temporary.write_text(f"{port}\n", encoding="ascii")
            except OSError as error:
                raise click.UsageError(
                    f"the port cannot be written to {presentable(options.port_file)}: {error.strerror or error}; "
                    "name another file (--port-file)"
                ) from None
        models = [f"{name} ({fingerprint[:12]})" for name, fingerprint in fingerprints.items()]
        options.console.result(
            {
                "address": address,
                "host": host,
                "port": port,
                "workers": plan.workers,
                "models": [
                    {"name": name, "version": fingerprint[:12], "fingerprint": fingerprint}
                    for name, fingerprint in fingerprints.items()
                ],
            },
            lambda: f"{address} serves {first_of(models, 5)} with {plural(plan.workers, 'worker')}",
        )

    progress = options.console.progress
    code = Supervisor(plan, listener, started=started, note=progress.note, warn=progress.warn).run()
    click.get_current_context().exit(code)
