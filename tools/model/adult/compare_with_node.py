# SPDX-License-Identifier: Apache-2.0
"""Compares the node's scores of held-out films with Python's; see compare-adult-films."""
import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from adult_films import Films, letterboxed
from adult_package import read_package
from wrapping import write

SIDE = 448
LEAST_SIDE = 512  # smaller pictures are enlarged first; a node refuses films below 200 px


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bucky", required=True, help="the program")
    parser.add_argument("--data", type=Path, required=True, help="folder with nih512 and adult")
    parser.add_argument("--package", type=Path, required=True, help="the model package's folder")
    parser.add_argument("--count", type=int, default=50)
    options = parser.parse_args()
    torch.set_num_threads(1)
    films = Films(options.data)
    ids = films.where(True, "normal opacity other nodule")
    ids = ids[::max(1, len(ids) // options.count)][:options.count]
    net, _, sha256 = read_package(options.package)
    with tempfile.TemporaryDirectory() as folder:
        wrapped, out = Path(folder) / "films", Path(folder) / "out"
        wrapped.mkdir()
        ours = []
        for number, film in enumerate(ids):
            picture = films.pictures[film]
            if len(picture) < LEAST_SIDE:
                picture = np.asarray(Image.fromarray(picture).resize((LEAST_SIDE, LEAST_SIDE),
                                                                     Image.BILINEAR))
            write(picture, f"{number:03d}", wrapped / f"{number:03d}.dcm", "050Y",
                  films.films[film].view)
            stored = np.round(picture * (4095 / 255)) * (255 / 4095)  # of 12 bits, as in the file
            x = torch.from_numpy(letterboxed(stored, SIDE))[None, None]
            with torch.no_grad():
                ours.append(float(net(x)[0]))
        subprocess.run([options.bucky, "analyze", "--gate", "off", "--device", "cpu", "--model",
                        str(options.package), "--out", str(out), str(wrapped)], check=True,
                       stdout=subprocess.DEVNULL)
        theirs = [json.loads((out / f"{number:03d}.json").read_text())["findings"]
                  for number in range(len(ids))]
    apart = [abs(mine - said[0]["score"]) for mine, said in zip(ours, theirs)]
    print(f"{len(ids)} films, weights {sha256}: scores of the node and of Python differ by at most "
          f"{max(apart):.6f}, {np.mean(apart):.6f} in the mean")


if __name__ == "__main__":
    main()
