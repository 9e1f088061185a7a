# SPDX-License-Identifier: Apache-2.0
"""Packages models/cxr-opacity with calibration and threshold of the validation films, or measures
the package on the test films; see train-cxr-opacity and evaluate-cxr-opacity."""
from pathlib import Path

import numpy as np
import torch

import adult_package
import manifest
from adult_films import Films
from lung_field import LungNet
from nodule_measure import threshold_for
from opacity_measure import SOURCES, Answers, cell_weights, report
from opacity_net import SIDE, OpacityNet
from paediatric_measure import calibrated
from sources import chest_pattern

VERSION = "0.1.0"


def package_of(threshold: float) -> manifest.Package:
    return manifest.Package(
        name="cxr-opacity", version=VERSION, vendor="Bucky project",
        licence="Apache-2.0; trained on NIH ChestX-ray14 and RSNA 2018",
        intended_use="Research on frontal chest radiographs of adults. Not a medical device. Flags "
                     "other disease, too: an opacity is not pneumonia.",
        intended_use_ko="성인 정면 흉부 X선 영상 연구용입니다. 의료기기가 아닙니다. "
                        "다른 질환도 표시하며, 음영이 곧 폐렴은 아닙니다.",
        input=adult_package.input_of(SIDE), accepts=adult_package.ACCEPTS, heatmaps=True,
        findings=[manifest.Finding("opacity", "Abnormal lung opacity", "112033",
                                   "Abnormal opacity", threshold, "폐 음영 증가", threshold, True,
                                   "DCM", manifest.REPORTING["opacity"])],
        told={"purpose": "research", "patients": "adults of 18 years and over with a known age",
              "measured": "opacities flagged: PA 4 of 9, AP 41 of 53; normal films 4 of 240"})


def calibrate(net: OpacityNet, said: Answers) -> None:
    """Half with opacity, half without, in both views: a score is a probability among such films."""
    known = said.first & (said.kind != "other")
    ill = said.kind[known] == "opacity"
    scores = np.clip(said.scores[known], 1e-6, 1 - 1e-6)
    weights = cell_weights(said.view[known], ill)
    random = np.random.default_rng(3)
    drawn = random.choice(len(scores), 4000, p=weights / weights.sum())
    logits = np.log(scores[drawn] / (1 - scores[drawn]))
    scale, shift = calibrated(logits, ill[drawn].astype(float))
    net.scale.data.fill_(scale)
    net.shift.data.fill_(shift)


def fix(weights: Path, films: Films, folder: Path) -> None:
    net = OpacityNet(LungNet())
    net.load_state_dict(torch.load(weights))
    net = net.to(memory_format=torch.contiguous_format).eval()
    calibrate(net, Answers(net, films))
    said = Answers(net, films)
    normal = [said.scores[said.first & (said.of == number)] for number, source in enumerate(SOURCES)
              if source[1] == "normal"]
    threshold = threshold_for(normal)
    print("threshold", threshold, "of", [len(scores) for scores in normal], "normal films")
    manifest.write(package_of(threshold), torch.jit.script(net), folder,
                   "tools/model/train-cxr-opacity", chest_pattern(SIDE))


def measured(net, films: Films, threshold: float, data: Path) -> str:
    return report(net, films, threshold)


if __name__ == "__main__":
    adult_package.run(__doc__, "cxr-opacity", fix, measured)
