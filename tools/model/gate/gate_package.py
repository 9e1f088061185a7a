# SPDX-License-Identifier: Apache-2.0
"""Writes and reads the files of models/cxr-gate."""
import hashlib
import re
from pathlib import Path
from typing import Dict, Tuple

import torch

from gate_net import SIDE, Gate, GateNet

VERSION = "1.0.0"
LIMITS = ("chest", "upright", "inverted", "mirrored")

MANIFEST = """\
# The package of Bucky's gate. Written by tools/model/train-cxr-gate together with weights.ts.
[model]
name = "cxr-gate"
version = "{version}"
vendor = "Bucky project"
licence = "Apache-2.0"
intended_use = "Tells frontal chest radiographs from other pictures. Says nothing about disease."
weights = "weights.ts"
sha256 = "{sha256}"

[input]
width = {side}
height = {side}
channels = 1
values = "display"          # after the VOI window: 0 = black, 1 = white, bright = dense
range = [0.0, 1.0]
mean = [0.0]
std = [1.0]
resample = "area"           # each pixel is the mean of the area it covers
fit = "letterbox"           # the longer side fills the square, the rest is 0

# The weights answer seven times, 0 to 1: chest, upright, turned left, upside down, turned right,
# inverted, mirrored.
[gate]
chest = {chest}      # below it: no frontal chest radiograph
upright = {upright}    # below it: rotated
inverted = {inverted}   # from it on
mirrored = {mirrored}   # from it on; a warning, never a refusal
limits_for = "{sha256}"
"""


def write_package(net: GateNet, folder: Path, limits: Dict[str, float]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.ts"
    torch.jit.script(Gate(net).eval()).save(str(weights))
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    text = MANIFEST.format(version=VERSION, sha256=sha256, side=SIDE, **limits)
    (folder / "model.toml").write_text(text, encoding="utf-8")


def read_package(folder: Path) -> Tuple[torch.jit.ScriptModule, Dict[str, float], str]:
    """The gate, its limits and the hash of its weights; refuses limits for other weights."""
    weights = folder / "weights.ts"
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    text = (folder / "model.toml").read_text(encoding="utf-8")
    if set(re.findall(r'^(?:sha256|limits_for) = "(\w+)"', text, re.M)) != {sha256}:
        raise SystemExit(f"{folder}: the limits were fixed for other weights; train again")
    limits = {key: float(re.search(rf"^{key} = ([\d.]+)", text, re.M).group(1)) for key in LIMITS}
    return torch.jit.load(str(weights)).eval(), limits, sha256


def put_into_card(folder: Path, report: str) -> None:
    """Replace the measured part of CARD.md, which stands between two marks."""
    card = folder / "CARD.md"
    text = card.read_text(encoding="utf-8")
    start, end = "<!-- measured -->", "<!-- /measured -->"
    head, rest = text.split(start, 1)
    tail = rest.split(end, 1)[1]
    card.write_text(f"{head}{start}\n```\n{report}\n```\n{end}{tail}", encoding="utf-8")
