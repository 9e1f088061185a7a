# SPDX-License-Identifier: Apache-2.0
"""Fixes the limits of models/cxr-gate on the validation set, or measures it on the test set; see
train-cxr-gate and evaluate-cxr-gate."""
import argparse
import datetime
from pathlib import Path

import numpy as np
import torch

import gate_set
import measure_gate as measure
from gate_net import Gate, GateNet
from gate_package import read_package, write_package
from manifest import put_into_card


def fix(options) -> None:
    net = GateNet()
    net.load_state_dict(torch.load(options.weights))
    gate = Gate(net.eval()).eval()
    real = measure.real_chests(options.training, options.samples, "val")
    drawn = measure.plain(gate_set.phantoms(options.maker, options.cache, "val"))
    raw, _ = gate_set.chests(options.training, options.samples, "val")
    others, _ = gate_set.others(options.cache, "val", raw)
    limits = measure.limits_for(gate, np.concatenate([real, drawn]), measure.plain(others))
    write_package(net, options.package, limits)
    print(limits)


def report(options) -> str:
    gate, limits, sha256 = read_package(options.package)
    raw, _ = gate_set.chests(options.training, options.samples, "test")
    others, names = gate_set.others(options.cache, "test", raw)
    real = measure.real_chests(options.training, options.samples, "test")
    drawn = measure.plain(gate_set.phantoms(options.maker, options.cache, "test"))
    lines = [f"evaluate-cxr-gate, {datetime.date.today().isoformat()}", f"weights {sha256}",
             "limits " + ", ".join(f"{key} {value}" for key, value in limits.items()), ""]
    lines += measure.chest_lines(gate, "real chests of unseen patients", real, limits) + [""]
    lines += measure.chest_lines(gate, "real chests of the samples",
                                 measure.sample_chests(options.samples), limits) + [""]
    lines += measure.chest_lines(gate, "phantoms of unseen seeds", drawn, limits) + [""]
    lines += measure.other_lines(gate, measure.plain(others), names, limits)
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
