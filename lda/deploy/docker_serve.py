"""The image that answers with topics: `lda serve`, its kernels compiled, as a user who may write nothing."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from lda.deploy.docker import BUILD
from lda.deploy.kuberay import USER

PORT: Final = 8080
"""That the container listens at; KServe expects this one."""

MODELS: Final = "/models"
KERNELS: Final = "/opt/raylda-kernels"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingImage:
    """What the Dockerfile needs to know.

    image: what it is called. package: what pip installs, an extra left out; None for the checkout. models: folders
    below the one where the image is built, by name; none, where they are mounted. topics: numbers of topics that
    kernels are compiled for; none for all kinds.
    """

    image: str
    package: str | None
    models: Mapping[str, str]
    topics: Sequence[int]

    def text(self) -> str:
        """The Dockerfile."""
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        where = "in any folder" if self.package else "in the checkout of raylda"
        if self.models:
            where += ", the models below it"
        topics = "".join(f" --topics {number}" for number in sorted(set(self.topics)))
        served = [f"{MODELS}/{name}" for name in self.models or ("model",)]
        default = [*served, "--host", "0.0.0.0", "--port", str(PORT)]  # noqa: S104 - within its container
        return f"""\
# Written by `lda deploy docker-serve`, raylda {version("raylda")}. Saved as Dockerfile {where}:
#   docker build --tag {shlex.quote(self.image)} .
#   docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --publish 127.0.0.1:8080:{PORT} \\
#     {self._mounted()}--env RAYLDA_TOKEN {shlex.quote(self.image)}
# The token, which every request but those after health carries, comes from the variable RAYLDA_TOKEN, or from a
# file: {shlex.join(["docker", "run", "...", self.image, *served])} --host 0.0.0.0 --port {PORT} --token-file FILE
{"" if self.package else BUILD.format(python=python)}FROM python:{python}-slim
{self._install()}
# Whoever gets into the process can change nothing of the program.
RUN useradd --no-create-home --uid {USER} lda && install --directory --owner={USER} {KERNELS}
ENV HOME=/tmp NUMBA_CACHE_DIR={KERNELS} PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER {USER}
# Kernels, for the kind of processor that builds the image; on another kind each start compiles its own.
RUN lda warm{topics}
{self._copied()}WORKDIR {MODELS}
EXPOSE {PORT}
HEALTHCHECK --interval=10s --timeout=5s --start-period=5m --retries=3 \\
    CMD ["python", "-c", {json.dumps(_CHECK)}]
STOPSIGNAL SIGTERM
ENTRYPOINT ["lda", "serve"]
CMD {json.dumps(default)}
"""

    def _mounted(self) -> str:
        return "" if self.models else f'--volume "$PWD/model:{MODELS}/model:ro" '

    def _install(self) -> str:
        if self.package is not None:
            return f"RUN pip install --no-cache-dir {shlex.quote(with_extra(self.package))}"
        return (
            "COPY --from=build /wheels /wheels\n"
            # Versions of what it needs are those that its own file asks for.
            "# hadolint ignore=DL3013\n"
            'RUN set -- /wheels/*.whl && pip install --no-cache-dir "$1[serve]"'
        )

    def _copied(self) -> str:
        return "".join(
            f"COPY --chown=0:0 {json.dumps([path, f'{MODELS}/{name}'])}\n"
            for name, path in self.models.items()
        )


def with_extra(package: str) -> str:
    """What pip installs, with the extra `serve`.

    Raises:
        ValueError: it is neither raylda by its name, nor a path or URL of it.
    """
    if (named := _NAMED.fullmatch(package)) is not None:
        extras = [extra.strip() for extra in (named["extras"] or "").split(",") if extra.strip()]
        return f"raylda[{','.join(dict.fromkeys([*extras, 'serve']))}]{named['rest']}"
    if _URL.match(package):
        return f"raylda[serve] @ {package}"
    if package.startswith(("/", "./")):
        return f"{package}[serve]"
    raise ValueError(
        f"--package must be raylda by its name, as raylda==0.2.0, or a path or URL of it, got {package!r}"
    )


_NAMED: Final = re.compile(r"raylda\s*(\[(?P<extras>[\w\s,-]*)\])?(?P<rest>\s*([@<>=!~,;].*)?)", re.ASCII)
_URL: Final = re.compile(r"(git\+)?https?://\S+$")
_CHECK: Final = (
    f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:{PORT}/v2/health/ready', timeout=4)"
)
