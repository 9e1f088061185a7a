# SPDX-License-Identifier: Apache-2.0
"""Fixes the limits of models/cxr-gate on the validation set, or measures it on the test set; see
train-cxr-gate and evaluate-cxr-gate."""
import argparse
import datetime
from pathlib import Path
from typing import Dict

import numpy as np
import torch

import gate_set
import measure_gate as measure
from gate_net import INPUT_SIDE, Gate, GateNet
from gate_package import read_package, write_package
from manifest import put_into_card
from measure_gate import MIRRORED, letterboxed

# Chosen by hand from the validation's scores. Of its real chests only those of one child, who fills
# the picture and has white lungs, score below 0.6. The limit is lower, because chests of other
# devices score lower; where no view is named, it is higher.
CHEST_LIMIT, CHEST_WITHOUT_VIEW = 0.4, 0.75
WARNED = 0.01  # share of upright chests that are warned of as mirrored


def fix(options) -> None:
    net = GateNet()
    net.load_state_dict(torch.load(options.weights))
    gate = Gate(net.eval()).eval()
    kinds = measure.some(gate_set.listed(options.training, options.samples, "val"), 300)
    pictures = measure.read(options.training, kinds)
    as_is = measure.asked(gate, [letterboxed(p, INPUT_SIDE, measure.aspect_of(kind))
                                 for p, kind in zip(pictures, kinds)])
    limits = {"chest": CHEST_LIMIT, "chest_without_view": CHEST_WITHOUT_VIEW,
              "upright": 0.5, "inverted": 0.5, "mirrored": mirrored_at(as_is[:, MIRRORED])}
    print(measure.line("validation's chests refused", measure.refused(as_is, limits)))
    print(measure.line("where the view is unknown", measure.refused(as_is, limits, False)))
    raw, _ = gate_set.chests(options.training, options.samples, "val")
    others, names = gate_set.others(options.cache, "val", raw)
    print("\n".join(measure.other_lines(gate, INPUT_SIDE, others, names, limits)))
    write_package(net, options.package, limits)
    print(limits)


def mirrored_at(scores: np.ndarray) -> float:
    return float(min(0.99, round(max(0.5, np.quantile(scores, 1 - WARNED)) + 0.005, 2)))


def report(options) -> str:
    gate, limits, sha256 = read_package(options.package)
    lines = [f"evaluate-cxr-gate, {datetime.date.today().isoformat()}", f"weights {sha256}",
             "limits " + ", ".join(f"{key} {value}" for key, value in limits.items()), ""]
    test = gate_set.listed(options.training, options.samples, "test")
    sources: Dict[str, list] = {
        "children, unseen patients": [c for c in test if c.source == "kermany"],
        "adults (NIH), unseen patients": [c for c in test if c.source == "nih512"],
        "adults (RSNA 299 px), unseen pictures": [c for c in test if c.source.startswith("rsna")],
        "adults (RSNA 224 px), a source that was held out":
            gate_set.of_held_out_source(options.training)}
    for name, all_of_it in sources.items():
        kinds = measure.some(all_of_it, 300)
        lines += measure.chest_lines(gate, INPUT_SIDE, name, measure.read(options.training, kinds),
                                     [measure.aspect_of(kind) for kind in kinds], limits) + [""]
    samples = [gate_set.grey(file) for file in sorted((options.samples / "cxr").glob("*"))]
    lines += measure.chest_lines(gate, INPUT_SIDE, "the samples", samples, [0] * len(samples),
                                 limits) + [""]
    drawn = list(gate_set.phantoms(options.maker, options.cache, "test")[:100])
    lines += measure.chest_lines(gate, INPUT_SIDE, "phantoms of unseen seeds", drawn,
                                 [0] * len(drawn), limits) + [""]
    raw, _ = gate_set.chests(options.training, options.samples, "test")
    others, names = gate_set.others(options.cache, "test", raw)
    lines += measure.other_lines(gate, INPUT_SIDE, others, names, limits)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", type=Path, required=True)
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--maker", required=True, help="path of bucky-phantom-set")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--package", type=Path, required=True, help="the package's folder")
    parser.add_argument("--weights", type=Path, help="fix limits for them, write the package")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--card", action="store_true", help="write the figures to CARD.md")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.weights:
        fix(options)
        return
    text = report(options)
    print(text)
    if options.card:
        put_into_card(options.package, text)


if __name__ == "__main__":
    main()
