# SPDX-License-Identifier: Apache-2.0
"""Writes and reads the files of models/cxr-phantom."""
import hashlib
import re
from pathlib import Path
from typing import List, Tuple

import torch

from phantom_net import FINDINGS, SIDE

VERSION = "1.1.0"

# key -> English name, Korean name, SNOMED CT code and its meaning
WORDS = {
    "nodule": ("Lung nodule", "폐결절", "786838002", "Nodule of lung"),
    "tuberculosis": ("Suspected pulmonary tuberculosis", "폐결핵 의심 소견", "154283005",
                     "Pulmonary tuberculosis"),
    "pneumothorax": ("Pneumothorax", "기흉", "36118008", "Pneumothorax"),
    "pneumonia": ("Pneumonia", "폐렴", "233604007", "Pneumonia"),
}

MANIFEST = """\
# A model package of Bucky. Written by tools/model/train-cxr-phantom together with weights.ts.
[model]
name = "cxr-phantom"
version = "{version}"
vendor = "Bucky project"
licence = "Apache-2.0"
intended_use = "Demonstration on computer-generated chest radiographs. Not for any patient."
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

[accepts]
sop_classes = [
    "1.2.840.10008.5.1.4.1.1.1",    # Computed Radiography Image Storage
    "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray Image Storage - For Presentation
    "1.2.840.10008.5.1.4.1.1.7",    # Secondary Capture Image Storage
]
modalities = ["CR", "DX", "OT"]
body_parts = ["CHEST", "THORAX", ""]  # "" = the attribute may be missing or empty
views = ["PA", "AP", ""]
min_age_years = 0
min_rows = 300
min_columns = 300

[output]
scores = true
heatmaps = true
"""

FINDING = """
[[finding]]
key = "{key}"
name = "{name}"
name_ko = "{name_ko}"
code = {{ value = "{code}", scheme = "SCT", meaning = "{meaning}" }}
threshold = {threshold}
thresholds_for = "{sha256}"
heatmap_threshold = {heat_threshold}
located = true
"""


def write_package(net, folder: Path, thresholds: List[float],
                  heat_thresholds: List[float]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights.ts"
    plain = net.to(memory_format=torch.contiguous_format).eval()
    torch.jit.script(plain).save(str(weights))
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    text = MANIFEST.format(version=VERSION, sha256=sha256, side=SIDE)
    for k, key in enumerate(FINDINGS):
        name, name_ko, code, meaning = WORDS[key]
        text += FINDING.format(key=key, name=name, name_ko=name_ko, code=code, meaning=meaning,
                               threshold=thresholds[k], heat_threshold=heat_thresholds[k],
                               sha256=sha256)
    (folder / "model.toml").write_text(text, encoding="utf-8")


def read_package(folder: Path) -> Tuple[torch.jit.ScriptModule, List[float], List[float], str]:
    """The network, its thresholds for scores and heatmaps, and the hash of its weights.

    Debian's Python has no TOML reader for writing back and needs none here: only the numbers this
    file wrote are read. Refuses thresholds that were fixed for other weights.
    """
    weights = folder / "weights.ts"
    sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
    text = (folder / "model.toml").read_text(encoding="utf-8")
    if set(re.findall(r'^(?:sha256|thresholds_for) = "(\w+)"', text, re.M)) != {sha256}:
        raise SystemExit(f"{folder}: the thresholds were fixed for other weights; train again")
    scores = [float(x) for x in re.findall(r"^threshold = ([\d.]+)", text, re.M)]
    heats = [float(x) for x in re.findall(r"^heatmap_threshold = ([\d.]+)", text, re.M)]
    return torch.jit.load(str(weights)).eval(), scores, heats, sha256


def put_into_card(folder: Path, report: str) -> None:
    """Replace the measured part of CARD.md, which stands between two marks."""
    card = folder / "CARD.md"
    text = card.read_text(encoding="utf-8")
    start, end = "<!-- measured -->", "<!-- /measured -->"
    head, rest = text.split(start, 1)
    tail = rest.split(end, 1)[1]
    card.write_text(f"{head}{start}\n```\n{report}\n```\n{end}{tail}", encoding="utf-8")
