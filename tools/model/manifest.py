# SPDX-License-Identifier: Apache-2.0
"""Writes a model package: weights.ts, model.toml, golden inputs with their outputs, CARD.md.

Shared by all converters and trainers. With the golden files `bucky model check` finds out whether a
node computes the same.
"""
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import torch

GOLDEN_TOLERANCE = 2e-3  # of scores and heatmaps: other convolutions round differently

FRONTAL_CHEST = {
    "sop_classes": ["1.2.840.10008.5.1.4.1.1.1", "1.2.840.10008.5.1.4.1.1.1.1",
                    "1.2.840.10008.5.1.4.1.1.7"],
    "modalities": ["CR", "DX", "OT"],
    "body_parts": ["CHEST", "THORAX", ""],
    "views": ["PA", "AP", ""],
    "min_rows": 200,
    "min_columns": 200,
}

# The beginning of model.toml in packages that come with Bucky; people read it, too.
OURS = """\
# {what}. Written by tools/model/{trainer} together with weights.ts.
[model]
name = "{name}"
version = "{version}"
vendor = "Bucky project"
licence = "Apache-2.0"
intended_use = "{intended_use}"
{told}weights = "weights.ts"
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
"""


class Reporting(NamedTuple):
    """How a finding is reported; docs/models.md."""
    urgency: int             # 1 is named first, 9 last; the same in every package of Bucky
    site: Tuple[str, str]    # SCT: code and meaning
    cad_finding: Tuple[str, str] = ("112033", "Abnormal opacity")  # DCM, of CID 6101
    cad_modifier: Tuple[str, str] = ()  # SCT, of CID 6102; none: it has no word
    is_suspicion: bool = False          # an image can only suspect it


LUNG = ("39607008", "Lung")
REPORTING = {
    "pneumothorax": Reporting(1, ("3120008", "Pleural structure"),
                              ("112062", "Abnormal lucency"), ("36118008", "Pneumothorax")),
    "tuberculosis": Reporting(2, LUNG, is_suspicion=True),
    "pneumonia": Reporting(3, LUNG),
    "opacity": Reporting(3, LUNG),
    "nodule": Reporting(4, LUNG, cad_modifier=("27925004", "Nodule")),
}


@dataclass
class Finding:
    key: str
    name: str
    code: str
    meaning: str
    threshold: float = 0.5
    name_ko: str = ""
    heat_threshold: float = 0.5
    located: bool = False
    scheme: str = "SCT"
    reporting: Optional[Reporting] = None


@dataclass
class Package:
    name: str
    version: str
    vendor: str
    licence: str
    intended_use: str
    input: Dict[str, Any]
    accepts: Dict[str, Any]
    heatmaps: bool
    findings: List[Finding] = field(default_factory=list)
    told: Dict[str, str] = field(default_factory=dict)  # purpose, patients, measured
    intended_use_ko: str = ""


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(item) for item in value) + "]"
    return repr(value)


def lines(values: Dict[str, Any]) -> str:
    return "".join(f"{key} = {toml(value)}\n" for key, value in values.items())


def section(name: str, values: Dict[str, Any]) -> str:
    return f"\n{name}\n" + lines(values)


def code_text(code: Tuple[str, str], scheme: str) -> str:
    value, meaning = code
    return f"{{ value = {toml(value)}, scheme = {toml(scheme)}, meaning = {toml(meaning)} }}"


def reporting_text(how: Reporting) -> str:
    text = 'answer = "suspected"\n' if how.is_suspicion else ""
    text += f"urgency = {how.urgency}\nsite = {code_text(how.site, 'SCT')}\n"
    text += f"cad_finding = {code_text(how.cad_finding, 'DCM')}\n"
    return text + (f"cad_modifier = {code_text(how.cad_modifier, 'SCT')}\n"
                   if how.cad_modifier else "")


def finding_text(finding: Finding, sha256: str) -> str:
    values = {"key": finding.key, "name": finding.name}
    if finding.name_ko:
        values["name_ko"] = finding.name_ko
    text = section("[[finding]]", values)
    text += f"code = {code_text((finding.code, finding.meaning), finding.scheme)}\n"
    text += reporting_text(finding.reporting) if finding.reporting else ""
    text += f"threshold = {toml(finding.threshold)}\nthresholds_for = {toml(sha256)}\n"
    if finding.located:
        text += f"heatmap_threshold = {toml(finding.heat_threshold)}\nlocated = true\n"
    return text


def golden_text(number: int) -> str:
    return section("[[golden]]", {"input": f"golden-{number}.input.f32",
                                  "output": f"golden-{number}.output.f32",
                                  "tolerance": GOLDEN_TOLERANCE})


def write_golden(net: torch.jit.ScriptModule, folder: Path, inputs: torch.Tensor) -> str:
    text = ""
    with torch.no_grad():
        for number, image in enumerate(inputs, 1):
            answer = net(image.unsqueeze(0))
            parts = list(answer) if isinstance(answer, tuple) else [answer]
            image.numpy().astype("<f4").tofile(folder / f"golden-{number}.input.f32")
            np.concatenate([part.numpy().ravel() for part in parts]).astype("<f4").tofile(
                folder / f"golden-{number}.output.f32")
            text += golden_text(number)
    return text


def save(net: torch.jit.ScriptModule, folder: Path) -> str:
    """Writes weights.ts of a package; returns its hash."""
    folder.mkdir(parents=True, exist_ok=True)
    net.save(str(folder / "weights.ts"))
    return hash_of_weights(folder)


def hash_of_weights(folder: Path) -> str:
    return hashlib.sha256((folder / "weights.ts").read_bytes()).hexdigest()


def read(folder: Path, fixed_for: str) -> Tuple[torch.jit.ScriptModule, str, str]:
    """The network, the text of model.toml and the hash of the weights.

    Debian's Python has no TOML reader and the trainers need none: they search for the numbers that
    they wrote. Refuses numbers that were fixed for other weights, as `fixed_for` says.
    """
    sha256 = hash_of_weights(folder)
    text = (folder / "model.toml").read_text(encoding="utf-8")
    if set(re.findall(rf'^(?:sha256|{fixed_for}) = "(\w+)"', text, re.M)) != {sha256}:
        raise SystemExit(f"{folder}: {fixed_for} is for other weights; train again")
    return torch.jit.load(str(folder / "weights.ts")).eval(), text, sha256


def put_into_card(folder: Path, report: str) -> None:
    """Replaces the measured part of CARD.md, which is between two marks."""
    card = folder / "CARD.md"
    text = card.read_text(encoding="utf-8")
    start, end = "<!-- measured -->", "<!-- /measured -->"
    head, rest = text.split(start, 1)
    tail = rest.split(end, 1)[1]
    card.write_text(f"{head}{start}\n```\n{report}\n```\n{end}{tail}", encoding="utf-8")


def write(package: Package, net: torch.jit.ScriptModule, folder: Path, written_by: str,
          golden: Optional[torch.Tensor] = None) -> str:
    """Writes the whole package except CARD.md; returns the hash of the weights."""
    sha256 = save(net, folder)
    for old in folder.glob("golden-*.f32"):
        old.unlink()
    text = f"# A model package of Bucky. Written by {written_by} together with weights.ts."
    text += section("[model]", {
        "name": package.name, "version": package.version, "vendor": package.vendor,
        "licence": package.licence, "intended_use": package.intended_use,
        **({"intended_use_ko": package.intended_use_ko} if package.intended_use_ko else {}),
        "purpose": "research", **package.told,
        "weights": "weights.ts", "sha256": sha256})
    text += section("[input]", package.input)
    text += section("[accepts]", package.accepts)
    text += section("[output]", {"scores": True, "heatmaps": package.heatmaps})
    text += "".join(finding_text(finding, sha256) for finding in package.findings)
    if golden is not None:
        text += write_golden(net, folder, golden)
    (folder / "model.toml").write_text(text, encoding="utf-8")
    return sha256
