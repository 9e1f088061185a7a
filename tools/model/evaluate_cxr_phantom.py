# SPDX-License-Identifier: Apache-2.0
"""Measures models/cxr-phantom on unseen phantoms; see evaluate-cxr-phantom."""
import argparse
import datetime
from pathlib import Path

import torch

import measure
from manifest import put_into_card
from package import read_package
from phantom_set import TEST_SEEDS, PhantomSet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--maker", required=True, help="path of bucky-phantom-set")
    parser.add_argument("--cache", type=Path, required=True, help="folder of the phantoms")
    parser.add_argument("--package", type=Path, required=True, help="the model package's folder")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--card", action="store_true", help="write the figures to CARD.md")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    net, thresholds, heat_thresholds, sha256 = read_package(options.package)
    phantoms = PhantomSet(options.maker, options.cache, "test", TEST_SEEDS)
    answers = measure.run(net, phantoms)
    first, count = TEST_SEEDS
    report = "\n".join([
        f"evaluate-cxr-phantom, {datetime.date.today().isoformat()}, "
        f"unseen seeds {first} to {first + count - 1}",
        f"weights {sha256}", "",
        measure.report(answers, thresholds, heat_thresholds)])
    print(report)
    if options.card:
        put_into_card(options.package, report)


if __name__ == "__main__":
    main()
