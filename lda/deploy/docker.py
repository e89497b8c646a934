"""The image that containers of a cluster run, and the submission of a fit to a cluster that is there."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import version

from lda.deploy.kuberay import USER
from lda.deploy.quoting import submitted


def dockerfile(image: str, package: str | None) -> str:
    """A Dockerfile with this version of Python, Ray and raylda. package: what pip installs; None for the checkout.

    Ray wants the same Python on all nodes and on the driver, raylda the same major and minor version.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    if package is None:
        build, copy, what = BUILD.format(python=python), _COPY, "/wheels/*.whl"
        where = "in the checkout of raylda"
    else:
        build, copy, what, where = "", "", shlex.quote(package), "in any folder"
    return f"""\
# Written by `lda deploy docker`, raylda {version("raylda")}. Saved as Dockerfile {where}:
#   docker build --tag {shlex.quote(image)} . && docker push {shlex.quote(image)}
{build}FROM python:{python}-slim
# wget is for KubeRay's health checks of pods, rsync and tmux for `ray up` and `ray exec`.
RUN apt-get update && apt-get install --yes --no-install-recommends rsync tmux wget && rm -rf /var/lib/apt/lists/*
# Jobs need what [default] brings.
{copy}RUN pip install --no-cache-dir "ray[default]=={version("ray")}" {what}
# `ray up` looks for HOME among the image's variables.
RUN useradd --create-home --uid {USER} ray
ENV HOME=/home/ray NUMBA_CACHE_DIR=/home/ray/raylda-kernels PYTHONUNBUFFERED=1
USER {USER}
# Kernels, for the kind of processor that builds the image; on another kind the first fit compiles its own.
RUN lda warm
WORKDIR /home/ray
ENTRYPOINT ["lda"]
CMD ["--help"]
"""


BUILD = """\
FROM python:{python}-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY lda lda
COPY cluster cluster
COPY corpus corpus
COPY samplers samplers
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

"""


_COPY = "COPY --from=build /wheels /wheels\n"


def job(fit: Sequence[str], address: str, name: str | None) -> str:
    """A script that submits the fit to a cluster; address: of its dashboard, name: the job's id, None for any."""
    named = "" if name is None else f" --submission-id {shlex.quote(name)}"
    return f"""\
#!/bin/sh
# Written by `lda deploy job`, raylda {version("raylda")}. Needs ray[default] here and on the cluster, and raylda there.
# Repeated after a failure, it goes on from the last checkpoint.
# Ray starts clusters with a token where there is one, but submits with it only if it is told to.
if [ -z "${{RAY_AUTH_MODE-}}" ] && [ -e "$HOME/.ray/auth_token" ]; then export RAY_AUTH_MODE=token; fi
exec ray job submit --address {shlex.quote(address)}{named} -- \\
    {submitted(fit)}
"""
