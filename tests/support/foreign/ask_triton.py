"""Asks a service by NVIDIA's client library, and prints what came as JSON; run by a Python that has it.

Standard input: {"port", "token", "model", "texts", "counts"}.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException


def main() -> None:
    asked = json.load(sys.stdin)
    name, headers = asked["model"], {"Authorization": f"Bearer {asked['token']}"}
    texts = np.array([text.encode() for text in asked["texts"]], dtype=np.object_)
    told: dict[str, Any] = {}
    with triton.InferenceServerClient(f"127.0.0.1:{asked['port']}", concurrency=4) as client:
        told["live"] = client.is_server_live()
        told["ready"] = client.is_server_ready()
        told["model_ready"] = client.is_model_ready(name, headers=headers)
        told["nothing_ready"] = client.is_model_ready("nothing", headers=headers)
        told["server"] = client.get_server_metadata(headers=headers)
        told["model"] = metadata = client.get_model_metadata(name, headers=headers)
        told["version_ready"] = client.is_model_ready(name, metadata["versions"][0], headers=headers)
        told["index"] = client.get_model_repository_index(headers=headers)

        def infer(tensor: triton.InferInput, **options: Any) -> Any:
            return client.infer(name, [tensor], headers=headers, **options)

        def text_tensor(*, binary: bool) -> triton.InferInput:
            tensor = triton.InferInput("text", [len(texts)], "BYTES")
            tensor.set_data_from_numpy(texts, binary_data=binary)
            return tensor

        for binary in (True, False):
            answer = infer(
                text_tensor(binary=binary),
                outputs=[triton.InferRequestedOutput("theta", binary_data=binary)],
                request_id="a-1",
            )
            told[f"theta_{'binary' if binary else 'json'}"] = answer.as_numpy("theta").tolist()
            told["id"] = answer.get_response()["id"]
        told["all_outputs"] = {
            one["name"]: list(one["shape"])
            for one in infer(text_tensor(binary=True)).get_response()["outputs"]
        }
        told["theta_of_all"] = infer(text_tensor(binary=True)).as_numpy("theta").tolist()
        told["theta_of_version"] = (
            infer(text_tensor(binary=True), model_version=metadata["versions"][0]).as_numpy("theta").tolist()
        )
        counts = np.array(asked["counts"], dtype=np.int32)
        for binary in (True, False):
            tensor = triton.InferInput("counts", list(counts.shape), "INT32")
            tensor.set_data_from_numpy(counts, binary_data=binary)
            told[f"theta_counts_{'binary' if binary else 'json'}"] = infer(tensor).as_numpy("theta").tolist()
        waiting = [
            client.async_infer(name, [text_tensor(binary=True)], headers=headers, request_id=str(i))
            for i in range(8)
        ]
        told["theta_async"] = [one.get_result().as_numpy("theta").tolist() for one in waiting]

        def refused(call: Any) -> list[str | None]:
            try:
                call()
            except InferenceServerException as error:
                return [error.status(), error.message()]
            return [None, "not refused"]

        told["no_token"] = refused(lambda: client.infer(name, [text_tensor(binary=True)]))
        told["no_model"] = refused(
            lambda: client.infer("nothing", [text_tensor(binary=True)], headers=headers)
        )
        told["load_without_token"] = refused(lambda: client.load_model(name))
        client.load_model(name, headers=headers)
        told["ready_after_load"] = client.is_model_ready(name, headers=headers)
        client.unload_model(name, headers=headers)
        told["ready_after_unload"] = client.is_model_ready(name, headers=headers)
        client.load_model(name, headers=headers)
        told["ready_again"] = client.is_model_ready(name, headers=headers)
    json.dump(told, sys.stdout)


main()
