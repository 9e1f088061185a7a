# SPDX-License-Identifier: Apache-2.0
"""Writes and reads the files of models/cxr-gate."""
import re
from pathlib import Path
from typing import Dict, Tuple

import torch

import manifest
from gate_net import INPUT_SIDE, Gate, GateNet

VERSION = "2.0.0"
LIMITS = ("chest", "chest_without_view", "upright", "inverted", "mirrored")

# For `bucky model list --shipped`; the figures stand in CARD.md.
TOLD = {"patients": "anybody: asked before every model",
        "measured": "222 frontal chests of a held-out source: none refused; made pictures of "
                    "other bodies let through: 6 of 500"}

LIMITS_TEXT = """
# The weights answer seven times, 0 to 1: chest, upright, turned left, upside down, turned right,
# inverted, mirrored.
[gate]
chest = {chest}                # below it: no frontal chest radiograph
chest_without_view = {chest_without_view}  # the same where the header names no view
upright = {upright}              # below it: rotated
inverted = {inverted}             # from it on
mirrored = {mirrored}            # from it on; a warning, never a refusal
limits_for = "{sha256}"
"""


def manifest_text(sha256: str, limits: Dict[str, float]) -> str:
    text = manifest.OURS.format(
        what="The package of Bucky's gate", trainer="train-cxr-gate", name="cxr-gate",
        version=VERSION, sha256=sha256, side=INPUT_SIDE, told=manifest.lines(TOLD),
        intended_use="Tells frontal chest radiographs from other pictures. "
                     "Says nothing about disease.")
    return text + LIMITS_TEXT.format(sha256=sha256, **limits)


def write_package(net: GateNet, folder: Path, limits: Dict[str, float]) -> None:
    sha256 = manifest.save(torch.jit.script(Gate(net).eval()), folder)
    (folder / "model.toml").write_text(manifest_text(sha256, limits), encoding="utf-8")


def read_package(folder: Path) -> Tuple[torch.jit.ScriptModule, Dict[str, float], str]:
    """The gate, its limits and the hash of its weights."""
    gate, text, sha256 = manifest.read(folder, "limits_for")
    limits = {key: float(re.search(rf"^{key} = ([\d.]+)", text, re.M).group(1)) for key in LIMITS}
    return gate, limits, sha256
