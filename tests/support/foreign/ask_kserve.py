"""Asks a service by KServe's client library, and prints what came as JSON; run by a Python that has it.

Standard input: {"port", "token", "model", "texts", "counts"}.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig


async def main() -> None:
    asked = json.load(sys.stdin)
    name, headers = asked["model"], {"Authorization": f"Bearer {asked['token']}"}
    url, texts = f"http://127.0.0.1:{asked['port']}", asked["texts"]
    told: dict[str, Any] = {}
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    told["live"] = await client.is_server_live(url)
    told["ready"] = await client.is_server_ready(url)
    told["model_ready"] = await client.is_model_ready(url, name, headers=headers)
    told["nothing_ready"] = await client.is_model_ready(url, "nothing", headers=headers)

    def request(tensor: InferInput) -> InferRequest:
        return InferRequest(name, [tensor], request_id="a-1")

    plain = InferInput("text", [len(texts)], "BYTES", data=texts)
    packed = InferInput("text", [len(texts)], "BYTES")
    packed.set_data_from_numpy(np.array(texts, dtype=np.object_), binary_data=True)
    counts = np.array(asked["counts"], dtype=np.int32)
    counted = InferInput("counts", list(counts.shape), "INT32", data=counts)
    for kind, tensor in (("json", plain), ("binary", packed), ("counts", counted)):
        answer = await client.infer(url, request(tensor), model_name=name, headers=dict(headers))
        told["id"] = answer.id
        told[f"theta_{kind}"] = next(one.as_numpy().tolist() for one in answer.outputs if one.name == "theta")
    try:
        await client.infer(url, request(plain), model_name=name)
    except httpx.HTTPStatusError as error:
        told["no_token"] = [str(error.response.status_code), str(error)]
    await client.close()
    json.dump(told, sys.stdout)


asyncio.run(main())
