# SPDX-License-Identifier: Apache-2.0
"""Calibrates, thresholds, packages and measures models/pneumonia-paediatric; see
train-pneumonia-paediatric."""
import argparse
import datetime
from pathlib import Path
from typing import Tuple

import numpy as np
import torch

import manifest
from paediatric_measure import calibrated, draw_calibration, report, threshold_for
from paediatric_net import INPUT_SIDE, PaediatricNet
from paediatric_set import ChildSet, read_sets
from sources import chest_pattern

VERSION = "1.0.0"
# On the validation part. It is above the goal of 0.95, so that chance does not bring it below.
SENSITIVITY_ON_VALIDATION = 0.965
HEAT_THRESHOLD = 0.8


@torch.no_grad()
def answers(net, children: ChildSet) -> Tuple[np.ndarray, np.ndarray]:
    """Scores [n] and the logits behind them."""
    scores = [net(children.input(np.arange(first, min(first + 20, len(children)))))[0]
              for first in range(0, len(children), 20)]
    score = torch.cat(scores)[:, 0].double().clamp(1e-9, 1 - 1e-9)
    return score.numpy(), torch.logit(score).numpy()


def package_of(threshold: float) -> manifest.Package:
    accepts = dict(manifest.FRONTAL_CHEST, min_age_years=0, max_age_years=6,
                   age_may_be_missing=False)
    return manifest.Package(
        name="pneumonia-paediatric", version=VERSION, vendor="Bucky project",
        licence="Apache-2.0; trained on data under CC BY 4.0 (Kermany et al. 2018)",
        intended_use="Research on chest radiographs of children from 0 to 6 years. Not a medical "
                     "device. Worthless on adults.",
        input={"width": INPUT_SIDE, "height": INPUT_SIDE, "channels": 1, "values": "display",
               "range": [0.0, 1.0], "mean": [0.0], "std": [1.0], "resample": "area",
               "fit": "stretch"},
        accepts=accepts, heatmaps=True,
        findings=[manifest.Finding("pneumonia", "Pneumonia", "233604007", "Pneumonia",
                                   threshold, "폐렴", HEAT_THRESHOLD, True)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with LABELS.csv")
    parser.add_argument("--work", type=Path, required=True, help="folder of the training")
    parser.add_argument("--package", type=Path, required=True, help="the package to write")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    net = PaediatricNet()
    net.load_state_dict(torch.load(options.work / "net.pt"))
    net.eval()
    sets = read_sets(options.data)
    validation = sets["validation"]
    _, logits = answers(net, validation)
    scale, shift = calibrated(logits, validation.labels.astype(float))
    net.scale.data.fill_(scale)
    net.shift.data.fill_(shift)
    scores, _ = answers(net, validation)
    threshold = threshold_for(scores, validation.labels, SENSITIVITY_ON_VALIDATION)

    scripted = torch.jit.script(net)
    sha256 = manifest.write(package_of(threshold), scripted, options.package,
                            "tools/model/train-pneumonia-paediatric", chest_pattern(INPUT_SIDE))
    test = sets["test"]
    scores, _ = answers(scripted, test)
    draw_calibration(scores, test.labels, options.package / "calibration.png")
    text = "\n".join([
        f"train-pneumonia-paediatric, {datetime.date.today().isoformat()}",
        f"weights {sha256}", "",
        report(scores, test.labels, test.patients, threshold)])
    print(text)
    manifest.put_into_card(options.package, text)


if __name__ == "__main__":
    main()
