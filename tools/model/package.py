# SPDX-License-Identifier: Apache-2.0
"""Writes and reads the files of models/cxr-phantom."""
import re
from pathlib import Path
from typing import List, Tuple

import torch

import manifest
from phantom_net import FINDINGS, SIDE
from sources import golden_images

VERSION = "1.1.0"

# key -> English name, Korean name, SNOMED CT code and its meaning
WORDS = {
    "nodule": ("Lung nodule", "폐결절", "786838002", "Nodule of lung"),
    "tuberculosis": ("Suspected pulmonary tuberculosis", "폐결핵 의심 소견", "154283005",
                     "Pulmonary tuberculosis"),
    "pneumothorax": ("Pneumothorax", "기흉", "36118008", "Pneumothorax"),
    "pneumonia": ("Pneumonia", "폐렴", "233604007", "Pneumonia"),
}

ACCEPTS_AND_OUTPUT = """
[accepts]
# Nothing else: not one real radiograph was in the training. Both must match, name and root.
equipment = [{ model_name = "bucky phantom", manufacturer = "Bucky project", uid_root = "2.25" }]
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

# For `bucky model list --shipped`; the figures stand in CARD.md.
TOLD = {"intended_use_ko": "컴퓨터로 만든 흉부 X선 영상을 위한 시연용입니다. "
                           "어떤 환자에게도 쓸 수 없습니다.",
        "purpose": "demonstration", "patients": "nobody: only images of `bucky phantom`",
        "measured": "1500 unseen phantoms: AUC 0.9942 to 1.0000 a finding; "
                    "worthless on patients"}

FINDING = """
[[finding]]
key = "{key}"
name = "{name}"
name_ko = "{name_ko}"
code = {{ value = "{code}", scheme = "SCT", meaning = "{meaning}" }}
{reporting}threshold = {threshold}
thresholds_for = "{sha256}"
heatmap_threshold = {heat_threshold}
located = true
"""


def manifest_text(sha256: str, thresholds: List[float], heat_thresholds: List[float]) -> str:
    text = manifest.OURS.format(
        what="A model package of Bucky", trainer="train-cxr-phantom", name="cxr-phantom",
        version=VERSION, sha256=sha256, side=SIDE, told=manifest.lines(TOLD),
        intended_use="Demonstration on computer-generated chest radiographs. Not for any patient.")
    text += ACCEPTS_AND_OUTPUT
    for k, key in enumerate(FINDINGS):
        name, name_ko, code, meaning = WORDS[key]
        text += FINDING.format(key=key, name=name, name_ko=name_ko, code=code, meaning=meaning,
                               reporting=manifest.reporting_text(manifest.REPORTING[key]),
                               threshold=thresholds[k], heat_threshold=heat_thresholds[k],
                               sha256=sha256)
    return text


def write_package(net, folder: Path, thresholds: List[float],
                  heat_thresholds: List[float]) -> None:
    plain = net.to(memory_format=torch.contiguous_format).eval()
    sha256 = manifest.save(torch.jit.script(plain), folder)
    net = torch.jit.load(str(folder / "weights.ts")).eval()
    golden = golden_images(1, SIDE, SIDE, 0, 1)[:1]
    (folder / "model.toml").write_text(manifest_text(sha256, thresholds, heat_thresholds) +
                                       manifest.write_golden(net, folder, golden),
                                       encoding="utf-8")


def read_package(folder: Path) -> Tuple[torch.jit.ScriptModule, List[float], List[float], str]:
    """The network, its thresholds for scores and heatmaps, and the hash of its weights."""
    net, text, sha256 = manifest.read(folder, "thresholds_for")
    scores = [float(x) for x in re.findall(r"^threshold = ([\d.]+)", text, re.M)]
    heats = [float(x) for x in re.findall(r"^heatmap_threshold = ([\d.]+)", text, re.M)]
    return net, scores, heats, sha256
