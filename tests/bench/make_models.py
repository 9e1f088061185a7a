# SPDX-License-Identifier: Apache-2.0
"""Random weights of the architectures in the benchmarks, as TorchScript and, for ONNX Runtime, as
ONNX: make_models.py FOLDER."""
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "model"))
from architectures import DenseNet121, ResNet50  # noqa: E402


class Scores(torch.nn.Module):
    def __init__(self, net: torch.nn.Module):
        super().__init__()
        self.net = net

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(self.net(x))


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    torch.set_num_threads(2)
    for name, net, side in (("densenet121-224", DenseNet121(18), 224),
                            ("densenet121-512", DenseNet121(18), 512),
                            ("resnet50-512", ResNet50(18, channels=1), 512)):
        scores, example = Scores(net).eval(), torch.rand(1, 1, side, side)
        torch.jit.trace(scores, example, check_trace=False).save(str(folder / f"{name}.ts"))
        torch.onnx.export(scores, example, str(folder / f"{name}.onnx"), opset_version=13,
                          input_names=["x"], output_names=["scores"])


if __name__ == "__main__":
    main()
