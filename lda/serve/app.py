"""`create_app`: the service as an ASGI application, for any server that runs such."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from lda.extras import needed
from lda.serve.control import LocalControl
from lda.serve.settings import ServeSettings
from lda.serve.shelf import ServedModel, Shelf, name_of, opened

if TYPE_CHECKING:
    import logging
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from starlette.routing import Router
    from starlette.types import Receive, Scope, Send

    from lda.inference.inferencer import Inferencer
    from lda.model.model import Model
    from lda.serve.control import Control

REMEDY = "pip install 'raylda[serve]'"


class TopicsApp:
    """The service: an ASGI application, which `create_app` makes.

    Attributes:
        shelf: the models that are served.
        settings: limits, and the token.
        control: loads and unloads them.
    """

    def __init__(
        self,
        shelf: Shelf,
        settings: ServeSettings,
        control: Control | None = None,
        *,
        folders: Mapping[str, str | Path] | None = None,
        log: logging.Logger | None = None,
    ) -> None:
        """folders: where models are loaded anew from, for an application without a `control`."""
        self.shelf, self.settings = shelf, settings
        self.control: Control = control or _local(shelf, folders or {}, settings)
        self._made_of = (shelf, settings, control, folders, log)
        self._router = self._routed(log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        await self._router(scope, receive, send)

    def __reduce__(self) -> tuple[Any, ...]:
        # Ray Serve sends applications to other processes.
        return _made_again, self._made_of

    def _routed(self, log: logging.Logger | None) -> Router:
        for package in ("orjson", "prometheus_client"):
            needed(package, "served models", REMEDY)
        routing = needed("starlette.routing", "served models", REMEDY)
        from lda.serve.http.access_log import AccessLog
        from lda.serve.http.endpoint import Endpoint
        from lda.serve.http.service import Service
        from lda.serve.openapi.document import describe
        from lda.serve.routes import OPERATIONS

        service = Service(self.shelf, self.settings, self.control, describe(OPERATIONS, self.settings))
        access_log = AccessLog(log)
        paths = dict.fromkeys(operation.path for operation in OPERATIONS)
        routes = [
            routing.Route(
                path,
                Endpoint(path, [one for one in OPERATIONS if one.path == path], service, access_log),
            )
            for path in paths
        ]
        nowhere = Endpoint(None, [], service, access_log)

        async def default(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                await nowhere(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1003, "reason": ""})

        @asynccontextmanager
        async def lifespan(_: object) -> AsyncIterator[None]:
            yield
            service.gatherer.close()

        router: Router = routing.Router(routes, redirect_slashes=False, default=default, lifespan=lifespan)
        return router


def create_app(
    models: Mapping[str, Model | Inferencer | str | Path] | Sequence[str | Path] | Shelf,
    *,
    settings: ServeSettings | None = None,
    control: Control | None = None,
    log: logging.Logger | None = None,
) -> TopicsApp:
    """Serve models by HTTP: an ASGI application for uvicorn, Ray Serve's ingress, or whatever runs such.

    Args:
        models: by the names that they are served by: models, inferencers, or folders; or folders alone, whose own names
            are those of the models; or a `Shelf`. The first one answers where a request names none.
        settings: limits, and the token; None for the defaults, which ask for no token.
        control: loads and unloads models; None loads folders that are given here in this process alone.
        log: takes a JSON line for each request; None for the logger "lda.serve.access".

    Raises:
        MissingPackageError: a package of the extra `serve` is not installed.
        DataError: a folder holds no model, or it is damaged (a `ValueError`).
        ValueError: a name cannot be one, or is given twice; or there are no models.
    """
    settings = settings or ServeSettings()
    if isinstance(models, Shelf):
        return TopicsApp(models, settings, control, log=log)
    if not isinstance(models, Mapping):
        named = dict[str, Any]()
        for folder in models:
            name = name_of(folder)
            if name in named:
                raise ValueError(
                    f"two models have the name {name}: {named[name]} and {folder}; give names: {{name: folder}}"
                )
            named[name] = folder
        models = named
    if not models:
        raise ValueError("there must be at least one model to serve, got none")
    served = [_served(name, model, settings) for name, model in models.items()]
    folders: dict[str, Any] = {name: model for name, model in models.items() if _is_place(model)}
    return TopicsApp(Shelf(served), settings, control, folders=folders, log=log)


def _served(name: str, model: Any, settings: ServeSettings) -> ServedModel:  # noqa: ANN401
    from lda.inference.inferencer import Inferencer
    from lda.model.model import Model

    if _is_place(model):
        return opened(name, model, n_words=settings.n_words)
    inferencer = Inferencer(model) if isinstance(model, Model) else model
    return ServedModel.of(name, inferencer, n_words=settings.n_words)


def _is_place(model: object) -> bool:
    return isinstance(model, str) or hasattr(model, "__fspath__")


def _local(shelf: Shelf, folders: Mapping[str, str | Path], settings: ServeSettings) -> LocalControl:
    def take(name: str) -> tuple[str, bool]:
        if name not in folders:
            raise ValueError(f"model {name} was given as an object, so there is no folder to load it from")
        model = opened(name, folders[name], n_words=settings.n_words)
        before = shelf.put(model)
        return model.fingerprint, before is None or before.digest != model.digest

    names = list(dict.fromkeys((*shelf.names(), *folders)))
    return LocalControl(
        names=lambda: names,
        take=take,
        drop=shelf.remove,
        fingerprints=lambda: {model.name: model.fingerprint for model in shelf.models()},
    )


def _made_again(
    shelf: Shelf,
    settings: ServeSettings,
    control: Control | None,
    folders: Mapping[str, str | Path] | None,
    log: logging.Logger | None,
) -> TopicsApp:
    return TopicsApp(shelf, settings, control, folders=folders, log=log)
