"""Whether a Ray cluster answers at an address: asked by a process of its own, before this one connects.

Ray itself tries for many minutes at a port where something else listens, heeds no Ctrl-C meanwhile, and may end the
process that tries. One that only asks can be ended, and what it prints need not be seen.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import Any, Final

from lda.cluster.spec.errors import ClusterError

ANSWER_SECONDS: Final = 4.0
"""Limit for making a connection, and for the first bytes of the answer."""

LIMIT_SECONDS: Final = 12
"""For all questions together; importing Ray, from a slow disk perhaps, does not count."""

ASK: Final = "from lda.cluster.distributed.address_check import ask; ask()"


def begin(address: str) -> subprocess.Popen[str]:
    """Start to ask; `finish` must follow."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(  # noqa: S603 - this program
        [sys.executable, "-c", ASK, address],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
        start_new_session=True,  # Ctrl-C is for the calling process only
    )


def finish(asking: subprocess.Popen[str], address: str) -> None:
    """Wait for the answer. Raises ClusterError when no cluster answers, or it does not let this process in."""
    try:
        said, _ = asking.communicate()
    finally:
        asking.kill()
        asking.wait()
    found: dict[str, Any] = {}
    for line in said.splitlines():
        if line.startswith("{"):
            found |= json.loads(line)
    named, real = address, found.get("address")
    if address == "auto":
        named = os.environ.get("RAY_ADDRESS") or real or address
    if found.get("refused"):
        raise ClusterError(
            f"the Ray cluster at {named} does not let this process in ({found['refused']}); it wants "
            "RAY_AUTH_MODE=token here, and its token in ~/.ray/auth_token or RAY_AUTH_TOKEN"
        )
    problem = found.get("problem")
    if asking.returncode == -signal.SIGALRM:
        problem = f"nothing answers there within {LIMIT_SECONDS} s"
    if problem:
        raise unreachable(named, problem if real in (None, named) else f"for Ray {real}: {problem}")


def reach(address: str) -> None:
    """Raise ClusterError unless a cluster answers at the address; one that is to be started here does."""
    if address != "local" and not is_connected():
        finish(begin(address), address)


def is_connected() -> bool:
    """Whether the caller has connected this process to a cluster already, which is then the one that is used."""
    if "ray" not in sys.modules:
        return False
    import ray

    return bool(ray.is_initialized())


def unreachable(address: str, reason: str) -> ClusterError:
    """The error of an address where there is no cluster."""
    return ClusterError(
        f"no Ray cluster answers at {address} ({reason.rstrip('.')}); start one with `ray start --head`, "
        "or leave --address out to run in this process"
    )


def ask() -> None:
    """What the process does that asks: it prints what it finds, as lines of JSON."""
    address = sys.argv[1]
    try:
        found = resolved(address)
    except (ConnectionError, OSError, ValueError) as error:
        _say(problem=" ".join(str(error).split()))
        return
    if found is None:  # the connecting process starts the cluster itself
        return
    _say(address=found)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS)  # by default it ends the process
    from lda.cluster.distributed.head import is_silent

    host, _, port = found.rpartition(":")
    if (problem := is_silent(host.strip("[]"), int(port), ANSWER_SECONDS)) is not None:
        _say(problem=problem)
    elif "://" not in address:
        _say(**_asked_by_ray(found))
    os._exit(0)  # Ray's threads have nothing to say any more


def resolved(address: str) -> str | None:
    """HOST:PORT that Ray will connect to: it knows places to look at, and no loopback. None where it starts a cluster.

    Raises ConnectionError when it knows of none, ValueError for what is no address.
    """
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS") or address
    if "://" in address:
        host, _, port = address.rpartition("://")[2].partition("/")[0].rpartition(":")
        if not (host and port.isdecimal()):
            raise ValueError("an address is local, auto or HOST:PORT")
        return f"{host}:{port}"
    from ray._private.services import canonicalize_bootstrap_address

    found: str | None = canonicalize_bootstrap_address(address)
    if found is not None and not found.rpartition(":")[2].isdecimal():
        raise ValueError("an address is local, auto or HOST:PORT")
    return found


def _asked_by_ray(address: str) -> dict[str, str]:
    """What keeps Ray's own client from speaking to the head, or the driver to the node of this host."""
    from ray._raylet import GcsClient  # type: ignore[attr-defined]  # missing in its stubs
    from ray.exceptions import AuthenticationError, RpcError

    _take_token()
    try:
        client = GcsClient(address=address)
        client.internal_kv_get(b"session_name", b"session", timeout=ANSWER_SECONDS)
    except AuthenticationError as error:
        return {"refused": " ".join(error.message.split())}
    except RpcError as error:  # its text may be a stranger's
        code = getattr(error, "rpc_code", "unknown")
        return {
            "problem": f"what listens there speaks gRPC (code {code}), but not as the head of a Ray cluster"
        }
    return _own_node(client)


def _own_node(client: Any) -> dict[str, str]:  # noqa: ANN401 - Ray's client has no types
    """What keeps the node of this host from being spoken to; nothing of one that is not found: Ray tells of that."""
    from lda.cluster.distributed.head import is_silent

    try:
        from ray._private.services import get_node_to_connect_for_driver

        node = get_node_to_connect_for_driver(client, timeout_seconds=1)
        host, port = str(node.node_manager_address), int(node.node_manager_port)
    except Exception:  # noqa: BLE001 - of Ray's inside, which changes; without it there is one question less
        return {}
    problem = is_silent(host, port, ANSWER_SECONDS)
    return {"problem": f"its node on this host, at {host}:{port}: {problem}"} if problem else {}


def _take_token() -> None:
    """As `ray.init` does for a cluster that it has found by itself; of earlier versions of Ray, nothing."""
    if sys.argv[1] != "auto" or os.environ.get("RAY_ADDRESS"):
        return
    try:
        from ray._private.authentication import authentication_token_setup

        authentication_token_setup.maybe_enable_token_auth_if_token_available(warn_if_disabled=False)
    except (ImportError, AttributeError, TypeError):
        pass


def _say(**found: str) -> None:
    print(json.dumps(found), flush=True)  # noqa: T201 - to the process that has asked
