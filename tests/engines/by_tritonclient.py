# SPDX-License-Identifier: Apache-2.0
"""Asks a server of the Open Inference Protocol through NVIDIA's own client: metadata, binary
tensors, numbers of the JSON, and errors. One line a check; exit 1 when one failed.

  by_tritonclient.py HOST:PORT MODEL PACKAGE [--batch] [--tls CERTIFICATE KEY CA]"""
import argparse
import os
import ssl
import statistics
import sys
import time

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

ASKED = 50
failed = []


def check(what, is_so, said=""):
    print(("ok    " if is_so else "WRONG ") + what + (f": {said}" if said else ""), flush=True)
    if not is_so:
        failed.append(what)


def refused(what, ask, *words):
    """The server must say no, in words."""
    try:
        ask()
        check(what, False, "it was answered")
    except InferenceServerException as error:
        check(what, any(word in str(error) for word in words), str(error)[:110])


class Model:
    def __init__(self, client, name):
        self.client, self.name = client, name
        told = client.get_model_metadata(name)
        self.input = told["inputs"][0]
        self.outputs = [one["name"] for one in told["outputs"]]

    def ask(self, images, binary=True, name=None, outputs=None):
        tensor = http.InferInput(name or self.input["name"], images.shape, "FP32")
        tensor.set_data_from_numpy(images, binary_data=binary)
        wanted = [http.InferRequestedOutput(one, binary_data=binary)
                  for one in outputs or self.outputs]
        return self.client.infer(self.name, [tensor], outputs=wanted, request_id="1")

    def numbers(self, images, binary=True):
        answer = self.ask(images, binary)
        return [answer.as_numpy(name) for name in self.outputs]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("server")
    parser.add_argument("model")
    parser.add_argument("package")
    parser.add_argument("--batch", action="store_true", help="two images in a request")
    parser.add_argument("--tls", nargs=3)
    told = parser.parse_args()
    more = {}
    if told.tls:
        context = ssl.create_default_context(cafile=told.tls[2])
        context.load_cert_chain(told.tls[0], told.tls[1])
        more = {"ssl": True, "ssl_context_factory": lambda: context}
    client = http.InferenceServerClient(told.server, network_timeout=60, connection_timeout=60,
                                        **more)
    check("live and ready", client.is_server_live() and client.is_server_ready())
    check("the model is ready", client.is_model_ready(told.model))
    server = client.get_server_metadata()
    check("binary tensors are announced", "binary_tensor_data" in server["extensions"],
          f"{server['name']} {server['version']}")
    model = Model(client, told.model)
    check("the model's tensors", len(model.outputs) == 2 and model.input["datatype"] == "FP32",
          f"{model.input['shape']} -> {model.outputs}")

    shape = [1, *model.input["shape"][1:]]
    image = np.fromfile(os.path.join(told.package, "golden-1.input.f32"), "<f4").reshape(shape)
    golden = np.fromfile(os.path.join(told.package, "golden-1.output.f32"), "<f4")
    binary = model.numbers(image)
    off = abs(np.concatenate([one.ravel() for one in binary]) - golden).max()
    check("the golden output, binary", off <= 0.001, f"off by {off:.1e}")
    text = model.numbers(image, binary=False)
    check("numbers of the JSON are the same to the bit",
          all(np.array_equal(a, b) for a, b in zip(binary, text)))
    if told.batch:
        both = model.numbers(np.concatenate([image, image[:, :, ::-1]]))
        off = max(abs(a[:1] - b).max() for a, b in zip(both, binary))
        check("two images in a request", len(both[0]) == 2 and off < 1e-5, f"off by {off:.1e}")

    refused("an unknown model", lambda: client.get_model_metadata("nobody"), "no such", "unknown")
    refused("another input", lambda: model.ask(image, name="picture"), "called image", "picture")
    refused("another output", lambda: model.ask(image, outputs=["verdict"]), "no such output",
            "verdict")
    refused("another shape", lambda: model.ask(image[:, :, :-1]), "shape", "size")
    took = []
    for _ in range(ASKED):
        began = time.monotonic()
        model.ask(image)
        took.append((time.monotonic() - began) * 1000)
    print(f"ms    {statistics.median(took):.1f} median of {ASKED}, {shape}", flush=True)
    client.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
