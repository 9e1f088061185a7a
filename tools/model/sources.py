# SPDX-License-Identifier: Apache-2.0
"""Shared by the converters: reading weights and tables of findings, and the card of the package."""
import argparse
import csv
import importlib
import os
from pathlib import Path
from typing import List

import torch
from torch import nn

import manifest

CARD = """\
# {name}

Converted by `tools/model/{converter}` from {source}. Nothing about how well it reads images was
measured in the conversion; only that the package computes what the original computes.

## Before it sees a patient
- Fill in: the data it was trained on, its licence, its measured performance, for whom it is meant.
- The thresholds are {thresholds}. Choose yours on images of your own site.
- {heatmaps}
"""


def read_network(options: argparse.Namespace) -> nn.Module:
    """Loads TorchScript, a pickled module, or a state_dict and the function to build its network.

    A pickle can run any code: convert only files that you trust.
    """
    try:
        return torch.jit.load(str(options.weights), map_location="cpu").eval()
    except RuntimeError:
        stored = torch.load(options.weights, map_location="cpu")
    if isinstance(stored, nn.Module):
        return stored.float().eval()
    if not options.architecture:
        raise SystemExit(f"{options.weights} holds weights without a network: name one with "
                         "--architecture, such as torchvision.models:densenet121")
    module, _, function = options.architecture.partition(":")
    net = getattr(importlib.import_module(module), function)(num_classes=options.classes)
    net.load_state_dict(stored.get("state_dict", stored))
    return net.float().eval()


def read_findings(file: Path) -> List[manifest.Finding]:
    """Reads a CSV with the columns key, name, code, scheme, meaning and optionally threshold and
    name_ko, one row for each output in order."""
    with open(file, newline="", encoding="utf-8") as text:
        return [manifest.Finding(row["key"], row["name"], row["code"], row["meaning"],
                                 float(row.get("threshold") or 0.5), row.get("name_ko") or "",
                                 scheme=row["scheme"]) for row in csv.DictReader(text)]


def arguments(words: str) -> argparse.ArgumentParser:
    torch.set_num_threads(os.cpu_count() or 1)  # Debian's torch uses one by default
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--out", type=Path, required=True, help="folder of the new package")
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--vendor", required=True)
    parser.add_argument("--licence", required=True)
    parser.add_argument("--intended-use", required=True)
    return parser


def describe(options: argparse.Namespace, findings: List[manifest.Finding], heatmaps: bool,
             model_input: dict) -> manifest.Package:
    for finding in findings:
        finding.located = heatmaps
    return manifest.Package(options.name, options.version, options.vendor, options.licence,
                            options.intended_use, model_input, dict(manifest.FRONTAL_CHEST),
                            heatmaps, findings)


def golden_images(channels: int, height: int, width: int, low: float, high: float) -> torch.Tensor:
    """Three synthetic inputs: smooth noise over the range of values."""
    random = torch.Generator().manual_seed(1)
    coarse = torch.rand(3, 1, 9, 9, generator=random)
    fine = nn.functional.interpolate(coarse, size=(height, width), mode="bicubic",
                                     align_corners=False).clamp(0, 1)
    return (low + fine * (high - low)).repeat(1, channels, 1, 1)


def chest_pattern(side: int) -> torch.Tensor:
    """[1, 1, side, side]. Not a patient's picture: chest-like, with a black border on one side."""
    along = torch.linspace(-1, 1, side)
    rows, columns = torch.meshgrid(along, along, indexing="ij")
    lungs = torch.exp(-((columns.abs() - 0.45) / 0.25) ** 2 - (rows / 0.7) ** 2)
    ribs = 0.06 * torch.sin(rows * 30 + columns.abs() * 8)
    picture = (0.75 - 0.5 * lungs + ribs).clamp(0, 1)
    picture[:, :side * 40 // 448] = 0
    return picture.reshape(1, 1, side, side)


def write_card(options: argparse.Namespace, converter: str, source: str, thresholds: str,
               heatmaps: bool) -> None:
    words = ("Heatmaps are class activation maps: the evidence by place, a few centimetres coarse; "
             "they are no outline of a lesion." if heatmaps else "It gives no heatmaps.")
    (options.out / "CARD.md").write_text(
        CARD.format(name=options.name, converter=converter, source=source, thresholds=thresholds,
                    heatmaps=words), encoding="utf-8")
