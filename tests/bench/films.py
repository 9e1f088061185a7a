#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes pictures as PGM to standard output, one after another, for bench_grey.

  tests/bench/films.py ../shared/samples/cxr ../shared/training | build/dev/tests/bench/bench_grey
"""
import sys
from pathlib import Path

from PIL import Image

ENDINGS = {".png", ".jpg", ".jpeg"}

for folder in sys.argv[1:]:
    for file in sorted(Path(folder).rglob("*")):
        if file.suffix.lower() in ENDINGS:
            Image.open(file).convert("L").save(sys.stdout.buffer, format="PPM")
