#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the model.py of a Triton model repository without Triton: two requests, the golden input of
a package and the same upside down, as one batch. Prints the shapes and the largest difference of
the first answer from the golden output.

  triton_model.py REPOSITORY/NAME PACKAGE"""
import json
import os
import re
import sys
import types

import numpy as np


class Tensor:
    def __init__(self, name, numbers):
        self.name, self.numbers = name, numbers

    def as_numpy(self):
        return self.numbers


class InferenceResponse:
    def __init__(self, outputs):
        self.outputs = outputs


stand = types.ModuleType("triton_python_backend_utils")
stand.Tensor, stand.InferenceResponse = Tensor, InferenceResponse
stand.get_input_tensor_by_name = lambda request, name: request[name]
sys.modules[stand.__name__] = stand

folder, package = sys.argv[1:3]
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(folder, "1"))
from model import TritonPythonModel  # noqa: E402

with open(os.path.join(folder, "config.pbtxt"), encoding="utf-8") as file:
    config = file.read()
tensors = [(name, [int(side) for side in sides.split(",")]) for name, sides in re.findall(
    r'name: "(\w+)" data_type: TYPE_FP32 dims: \[ ([\d, ]+) \] }', config)]
model = TritonPythonModel()
model.initialize({"model_instance_kind": "CPU", "model_instance_device_id": "0",
                  "model_repository": folder, "model_version": "1",
                  "model_config": json.dumps({"output": [{"name": n} for n, _ in tensors[1:]]})})
image = np.fromfile(os.path.join(package, "golden-1.input.f32"), dtype="<f4")
image = image.reshape([1, *tensors[0][1]])
name = tensors[0][0]
requests = [{name: Tensor(name, one)} for one in (image, image[:, :, ::-1].copy())]
first, _ = model.execute(requests)
for output, (_, sides) in zip(first.outputs, tensors[1:]):
    print(output.name, "as declared" if list(output.numbers.shape) == [1, *sides]
          else f"{output.numbers.shape}, declared {sides}")
answer = np.concatenate([output.numbers.ravel() for output in first.outputs])
golden = np.fromfile(os.path.join(package, "golden-1.output.f32"), dtype="<f4")
print("off by", float(abs(answer - golden).max()) if answer.size == golden.size else answer.size)
