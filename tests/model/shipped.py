# SPDX-License-Identifier: Apache-2.0
"""What a trainer writes, beside the package that comes with Bucky."""
import pathlib
import tempfile

from manifest import write

MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"
WEIGHTS_MAX = 4 << 20


def plain(text):
    """Lines without hashes: a copy of weights has its own."""
    return [line for line in text.split("[[golden]]")[0].strip().splitlines()
            if not line.startswith(("sha256", "thresholds_for"))]


def check_manifest(test, package, net):
    """`package` is the trainer's, with the threshold of the one in models/."""
    folder = MODELS / package.name
    with tempfile.TemporaryDirectory() as copy:
        write(package, net, pathlib.Path(copy), f"tools/model/train-{package.name}")
        written = (pathlib.Path(copy) / "model.toml").read_text(encoding="utf-8")
    test.assertEqual(plain(written), plain((folder / "model.toml").read_text(encoding="utf-8")))
    test.assertLess((folder / "weights.ts").stat().st_size, WEIGHTS_MAX)
