"""A Ray Serve application that answers with topics, and the config by which it is deployed and its model swapped."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from lda.deploy.quoting import python_text, yaml_text

MODULE: Final = "serve_lda"
"""What the printed file is saved as, without its suffix: the config imports it by this name."""

REQUESTS: Final = 200
"""That a replica is given at a time: they wait there, where they become one batch. Ray's own 5 would starve it."""

GRACE_SECONDS: Final = 30
"""That a replica which is to end has for its last requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RayServe:
    """What both files need to know.

    models: paths or URIs that all nodes see, by name, the first one first. replicas: how many, or how few where
    max_replicas lets Ray add some. cpus: of each. name: of the application. route: prefix of its paths. token_file:
    on all nodes; None takes RAYLDA_TOKEN from the environment of the nodes, where there is one. working_dir: URI
    of a zip file with the application in it; None where the nodes can import it. host, port: that Ray's proxies
    listen at.
    """

    models: Mapping[str, str]
    replicas: int
    max_replicas: int | None
    cpus: int
    name: str
    route: str
    token_file: str | None
    working_dir: str | None
    host: str
    port: int

    def application(self) -> str:
        """The file for `serve run`: a class whose `user_config` has the models."""
        listed = "".join(f"{python_text(name)}: {python_text(path)}, " for name, path in self.models.items())
        route = "" if self.route == "/" else f" --route-prefix {shlex.quote(self.route)}"
        # What `serve run` calls the application; `serve deploy` has the name in its config.
        name = f" --name {shlex.quote(self.name)}"
        return f'''\
# Written by `lda deploy ray-serve`, raylda {version("raylda")}, Ray {version("ray")}. Saved as {MODULE}.py, with
# `pip install 'raylda[ray-serve]'` on all nodes:
#   serve run {MODULE}:app{name}{route}
# Another model, without a failed request: `lda deploy ray-serve --config` prints what `serve deploy` reads.
"""Topics of documents over HTTP: replicas of one application, each with the same models."""

from __future__ import annotations

import asyncio
import logging
{"import os" if self.token_file is None else "from pathlib import Path"}

from ray import serve

import lda
from lda.serve import ServedModel, ServeSettings, Shelf, create_app

{self._token()}

@serve.deployment(
    name="topics",
{self._scale_in_python()}
    ray_actor_options={{"num_cpus": {self.cpus}}},
    max_ongoing_requests={REQUESTS},
    health_check_period_s=10,
    health_check_timeout_s=30,
    graceful_shutdown_timeout_s={GRACE_SECONDS},
    user_config={{"models": {{{listed.removesuffix(", ")}}}}},
)
@serve.ingress()
class Topics:
    """Answers from models on a shelf; a request keeps the model that it began with."""

    def __init__(self):
        self.shelf = Shelf()
        self.config = None

    def __serve_build_asgi_app__(self):
        return create_app(self.shelf, settings=ServeSettings(token=token()))

    async def reconfigure(self, config):
        """Load the models of `user_config` beside those that answer, and swap them in once all are sound."""
        if config == self.config:  # Ray calls this for other reasons, too
            return
        try:
            models = [await asyncio.to_thread(opened, *row) for row in config["models"].items()]
        except Exception as error:  # whatever is wrong with a model, those that answer go on
            if not self.shelf.names():
                raise
            told = f"{{type(error).__name__}}: {{error}}"
            logging.getLogger("ray.serve").error("the models that were served stay: %s", told)
            self.config = config
            return
        for model in models:
            self.shelf.put(model)
        for name in set(self.shelf.names()) - set(config["models"]):
            self.shelf.remove(name)
        self.config = config

    def check_health(self):
        """Ray replaces a replica where this raises."""
        if not self.shelf.names():
            raise RuntimeError("no model is served")


def opened(name, path):
    """The model of a folder or URI, checked, with its kernels loaded."""
    return ServedModel.of(name, lda.Inferencer(path))


app = Topics.bind()
'''

    def config(self) -> str:
        """The file for `serve deploy`."""
        listed = "".join(
            f"            {yaml_text(name)}: {yaml_text(path)}\n" for name, path in self.models.items()
        )
        return f"""\
# Written by `lda deploy ray-serve --config`, raylda {version("raylda")}, Ray {version("ray")}. Saved as {MODULE}.yaml:
#   serve deploy {MODULE}.yaml
#   serve status
# Another model: write its path below and deploy again. Each replica loads it beside the old one, checks it and swaps.
# Where a folder was replaced and its path is the same, count `change` up: Ray tells replicas of changes only.
# {self._where()}
http_options:
  host: {yaml_text(self.host)}
  port: {self.port}
applications:
  - name: {yaml_text(self.name)}
    route_prefix: {yaml_text(self.route)}
    import_path: {MODULE}:app
{self._runtime()}    deployments:
      - name: topics
{self._scale_in_yaml()}
        ray_actor_options:
          num_cpus: {self.cpus}
        user_config:
          change: 1
          models:
{listed}"""

    def _token(self) -> str:
        if self.token_file is None:
            return '''\

def token():
    """What requests must carry, of this node's environment; None for nothing."""
    return os.environ.get("RAYLDA_TOKEN") or None
'''
        return f'''\
TOKEN_FILE = {python_text(self.token_file)}


def token():
    """What requests must carry. Read by each replica, so that no config and no dashboard has it."""
    return Path(TOKEN_FILE).read_text(encoding="utf-8").strip()
'''

    def _where(self) -> str:
        if self.working_dir is not None:
            return f"{MODULE}.py lies in the zip file below, at its top."
        return f"{MODULE}.py must lie in a folder of PYTHONPATH where `ray start` is called, on all nodes."

    def _runtime(self) -> str:
        if self.working_dir is None:
            return ""
        return f"    runtime_env:\n      working_dir: {yaml_text(self.working_dir)}\n"

    def _scaling(self) -> dict[str, int]:
        assert self.max_replicas is not None
        return {
            "min_replicas": self.replicas,
            "initial_replicas": self.replicas,
            "max_replicas": self.max_replicas,
            # Half of what a replica takes: more are started before any has to wait.
            "target_ongoing_requests": REQUESTS // 2,
        }

    def _scale_in_python(self) -> str:
        if self.max_replicas is None:
            return f"    num_replicas={self.replicas},"
        rows = "".join(f'        "{key}": {value},\n' for key, value in self._scaling().items())
        return f"    autoscaling_config={{\n{rows}    }},"

    def _scale_in_yaml(self) -> str:
        if self.max_replicas is None:
            return f"        num_replicas: {self.replicas}"
        rows = "\n".join(f"          {key}: {value}" for key, value in self._scaling().items())
        return f"        autoscaling_config:\n{rows}"
