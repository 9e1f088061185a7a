#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An independent decoder: pydicom with GDCM, its own RLE and NumPy. One start for many files.

Reads lines "FILE<tab>RAW<tab>BITS<tab>SHIFT" from stdin. RAW is a file with the little endian
uint16
of frame 1 as this project decoded them: BITS wide, from bit SHIFT up. Prints a line for each: the
largest difference to pydicom's values of FILE, or "cannot" and the reason.
"""
import sys
import warnings

import numpy as np
import pydicom
from pydicom.pixel_data_handlers import gdcm_handler, numpy_handler, pillow_handler, rle_handler

warnings.filterwarnings("ignore")
pydicom.config.pixel_data_handlers = [numpy_handler, rle_handler, gdcm_handler, pillow_handler]


def frame_1(path):
    dataset = pydicom.dcmread(path, force=True)
    if "TransferSyntaxUID" not in dataset.file_meta:
        dataset.file_meta.TransferSyntaxUID = pydicom.uid.ImplicitVRLittleEndian
    frames = int(dataset.get("NumberOfFrames", None) or 1)
    return dataset.pixel_array[0] if frames > 1 else dataset.pixel_array


def difference(path, raw, bits, shift):
    ours = np.fromfile(raw, dtype="<u2").astype(np.int64)
    theirs = (frame_1(path).astype(np.int64).ravel() >> shift) & ((1 << bits) - 1)
    if ours.shape != theirs.shape:
        return f"cannot compare {ours.size} pixels with {theirs.size}"
    return str(int(np.abs(ours - theirs).max()))


for line in sys.stdin:
    file, raw, bits, shift = line.rstrip("\n").split("\t")
    try:
        print(difference(file, raw, int(bits), int(shift)), flush=True)
    except Exception as error:  # every exception of pydicom means "cannot"
        print("cannot:", type(error).__name__, str(error).replace("\n", " ")[:100], flush=True)
