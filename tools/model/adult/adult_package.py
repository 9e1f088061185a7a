# SPDX-License-Identifier: Apache-2.0
"""What the packages of adult films have in common: what they take, and the two commands that fix
the threshold of new weights and that measure a package."""
import argparse
import datetime
import re
from pathlib import Path
from typing import Callable, Tuple

import torch

import manifest
from adult_films import Films

ACCEPTS = dict(manifest.FRONTAL_CHEST, min_age_years=18, age_may_be_missing=False)


def input_of(side: int) -> dict:
    return {"width": side, "height": side, "channels": 1, "values": "display",
            "range": [0.0, 1.0], "mean": [0.0], "std": [1.0], "resample": "area",
            "fit": "letterbox"}


def read_package(folder: Path) -> Tuple[torch.jit.ScriptModule, float, str]:
    """The network, the threshold of its finding and the hash of its weights."""
    net, text, sha256 = manifest.read(folder, "thresholds_for")
    return net, float(re.search(r"^threshold = ([\d.]+)", text, re.M).group(1)), sha256


def run(words: str, name: str, fix: Callable, report: Callable) -> None:
    """With --weights: fix(weights, films, package). Else: report(net, films, threshold, data)."""
    parser = argparse.ArgumentParser(description=words)
    parser.add_argument("--data", type=Path, required=True, help="folder with nih512 and adult")
    parser.add_argument("--package", type=Path, required=True, help="the model package's folder")
    parser.add_argument("--weights", type=Path, help="write the package with them")
    parser.add_argument("--card", action="store_true", help="write the figures to CARD.md")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    films = Films(options.data)
    if options.weights:
        fix(options.weights, films, options.package)
        return
    net, threshold, sha256 = read_package(options.package)
    text = "\n".join([f"evaluate-{name}, {datetime.date.today().isoformat()}",
                      f"weights {sha256}", f"threshold {threshold}", "",
                      report(net, films, threshold, options.data)])
    print(text)
    if options.card:
        manifest.put_into_card(options.package, text)
