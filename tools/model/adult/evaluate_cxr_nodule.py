# SPDX-License-Identifier: Apache-2.0
"""Packages models/cxr-nodule with the threshold of the validation films, or measures the package on
the test films; see train-cxr-nodule and evaluate-cxr-nodule."""
from pathlib import Path

import torch

import adult_package
import manifest
from adult_films import Films
from adult_measure import answers, sets_threshold
from lung_field import LungNet, lung_maps
from nodule_measure import normal_sources, report, threshold_for
from nodule_net import SIDE, NoduleNet
from nodule_plant import Nodules
from sources import chest_pattern

VERSION = "0.1.0"


def package_of(threshold: float) -> manifest.Package:
    return manifest.Package(
        name="cxr-nodule", version=VERSION, vendor="Bucky project",
        licence="Apache-2.0; trained on NIH ChestX-ray14, RSNA 2018, LIDC-IDRI (CC BY 3.0), LUNA16 "
                "(CC BY 4.0), NODE21 (Apache-2.0)",
        intended_use="Research on frontal chest radiographs of adults. Not a medical device. "
                     "Misses subtle nodules.",
        intended_use_ko="성인 정면 흉부 X선 영상 연구용입니다. "
                        "의료기기가 아닙니다. 희미한 결절은 놓칩니다.",
        input=adult_package.input_of(SIDE), accepts=adult_package.ACCEPTS, heatmaps=True,
        findings=[manifest.Finding("nodule", "Lung nodule", "786838002", "Nodule of lung",
                                   threshold, "폐결절", threshold, True,
                                   reporting=manifest.REPORTING["nodule"])],
        told={"purpose": "research", "patients": "adults of 18 years and over with a known age",
              "measured": "69 of 192 planted nodules found (35.9 %), 9 of 240 normal films marked"})


def fix(weights: Path, films: Films, folder: Path) -> None:
    net = NoduleNet(LungNet())
    net.load_state_dict(torch.load(weights))
    net = net.to(memory_format=torch.contiguous_format).eval()
    sources = [(words, [i for i in ids if sets_threshold(films.films[i])])
               for words, ids in normal_sources(films)]
    threshold = threshold_for([answers(net, films, ids, SIDE)[0] for _, ids in sources])
    print("threshold", threshold, "of", {words: len(ids) for words, ids in sources})
    manifest.write(package_of(threshold), torch.jit.script(net), folder,
                   "tools/model/train-cxr-nodule", chest_pattern(SIDE))


def measured(net, films: Films, threshold: float, data: Path) -> str:
    nodules = Nodules(data / "adult" / "nodule_thickness_maps.npz", True)
    return report(net, films, nodules, lung_maps(net.lungs, films), threshold)


if __name__ == "__main__":
    adult_package.run(__doc__, "cxr-nodule", fix, measured)
