# SPDX-License-Identifier: Apache-2.0
"""Calibrates, thresholds and packages models/pneumonia-paediatric, or measures it; see
train-pneumonia-paediatric and evaluate-pneumonia-paediatric.

Calibration and threshold come from strangers: each half of the training and validation parts is
asked of the network that learnt the other half, so they are right for a series of pictures that
the network has not seen, as far as this source can show that.
"""
import argparse
import datetime
import re
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
import torch

import manifest
from measure import area_under_curve
from paediatric_measure import (calibrated, calibration_error, draw_calibration, logistic,
                                operating_point, report, threshold_for)
from paediatric_net import INPUT_SIDE, PaediatricNet
from paediatric_set import ChildSet, read_sets
from sources import chest_pattern

VERSION = "2.0.0"
SENSITIVITY_ON_STRANGERS = 0.96  # above the goal of 0.95, so that chance does not bring it below
HEAT_THRESHOLD = 0.8


@torch.no_grad()
def answers(net, children: ChildSet) -> Tuple[np.ndarray, np.ndarray]:
    """Scores [n] and the logits behind them."""
    scores = [net(children.input(np.arange(first, min(first + 20, len(children)))))[0]
              for first in range(0, len(children), 20)]
    score = torch.cat(scores)[:, 0].double().clamp(1e-9, 1 - 1e-9)
    return score.numpy(), torch.logit(score).numpy()


def read_net(file: Path) -> PaediatricNet:
    net = PaediatricNet()
    net.load_state_dict(torch.load(file))
    return net.eval()


def strangers(work: Path, sets: Dict[str, ChildSet]) -> List[Tuple[np.ndarray, np.ndarray]]:
    """Logits and truth of each half, of the network that learnt the other half."""
    found = []
    for half in (0, 1):
        net = read_net(work / f"half-{1 - half}.pt")
        parts = [sets[part].of_half(half) for part in ("train", "validation")]
        found.append((np.concatenate([answers(net, part)[1] for part in parts]),
                      np.concatenate([part.labels for part in parts])))
    return found


def strangers_text(halves: List[Tuple[np.ndarray, np.ndarray]]) -> str:
    """Each half is calibrated and thresholded by the other one alone."""
    lines = ["each half of the training and validation parts, by a network that learnt the other",
             "half, calibrated and thresholded on that half:",
             "threshold  sensitivity             specificity"]
    for half, (logits, truth) in enumerate(halves):
        of, told = halves[1 - half]
        scale, shift = calibrated(of, told.astype(float))
        threshold = threshold_for(logistic(of * scale + shift), told, SENSITIVITY_ON_STRANGERS)
        scores = logistic(logits * scale + shift)
        words = (f"half {half + 1}: {len(truth)} images, "
                 f"AUC {area_under_curve(logits, truth):.4f}, calibration error "
                 f"{calibration_error(scores, truth):.3f}")
        lines.append(operating_point(scores, truth, threshold, words))
    return "\n".join(lines)


def read_package(folder: Path) -> Tuple[torch.jit.ScriptModule, float, str]:
    """The network, the threshold and the hash of the weights."""
    net, text, sha256 = manifest.read(folder, "thresholds_for")
    return net, float(re.search(r"^threshold = ([\d.]+)", text, re.M).group(1)), sha256


def package_of(threshold: float) -> manifest.Package:
    accepts = dict(manifest.FRONTAL_CHEST, min_age_years=0, max_age_years=6,
                   age_may_be_missing=False)
    return manifest.Package(
        name="pneumonia-paediatric", version=VERSION, vendor="Bucky project",
        licence="Apache-2.0; trained on data under CC BY 4.0 (Kermany et al. 2018)",
        intended_use="Research on chest radiographs of children from 0 to 6 years. Not a medical "
                     "device. Not for adults.",
        intended_use_ko="0~6세 소아 흉부 X선 영상 연구용입니다. "
                        "의료기기가 아닙니다. 성인에게는 쓸 수 없습니다.",
        input={"width": INPUT_SIDE, "height": INPUT_SIDE, "channels": 1, "values": "display",
               "range": [0.0, 1.0], "mean": [0.0], "std": [1.0], "resample": "area",
               "fit": "stretch"},
        accepts=accepts, heatmaps=True,
        findings=[manifest.Finding("pneumonia", "Pneumonia", "233604007", "Pneumonia",
                                   threshold, "폐렴", HEAT_THRESHOLD, True,
                                   reporting=manifest.REPORTING["pneumonia"])],
        told={"purpose": "research", "patients": "children of 0 to 6 years with a known age",
              "measured": "760 pictures of one hospital: AUC 0.9907, sensitivity 94.7 %, "
                          "specificity 93.7 %"})


def fix(work: Path, sets: Dict[str, ChildSet], folder: Path) -> None:
    net = read_net(work / "net.pt")
    halves = strangers(work, sets)
    logits = np.concatenate([logits for logits, _ in halves])
    truth = np.concatenate([truth for _, truth in halves])
    scale, shift = calibrated(logits, truth.astype(float))
    net.scale.data.fill_(scale)
    net.shift.data.fill_(shift)
    threshold = threshold_for(logistic(logits * scale + shift), truth, SENSITIVITY_ON_STRANGERS)
    manifest.write(package_of(threshold), torch.jit.script(net), folder,
                   "tools/model/train-pneumonia-paediatric", chest_pattern(INPUT_SIDE))
    (work / "strangers.txt").write_text(strangers_text(halves), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with LABELS.csv")
    parser.add_argument("--package", type=Path, required=True, help="the model package's folder")
    parser.add_argument("--work", type=Path, required=True, help="folder of the training")
    parser.add_argument("--fix", action="store_true", help="write the package from the training")
    parser.add_argument("--card", action="store_true", help="write the figures to CARD.md")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    sets = read_sets(options.data)
    if options.fix:
        fix(options.work, sets, options.package)
        return
    net, threshold, sha256 = read_package(options.package)
    test = sets["test"]
    scores, _ = answers(net, test)
    text = "\n".join([
        f"evaluate-pneumonia-paediatric, {datetime.date.today().isoformat()}",
        f"weights {sha256}", "", "the test part: unseen patients of the same series",
        report(scores, test.labels, test.patients, threshold)])
    if (options.work / "strangers.txt").exists():  # only where it was trained
        text += "\n\n" + (options.work / "strangers.txt").read_text(encoding="utf-8")
    print(text)
    if options.card:
        draw_calibration(scores, test.labels, options.package / "calibration.png")
        manifest.put_into_card(options.package, text)


if __name__ == "__main__":
    main()
