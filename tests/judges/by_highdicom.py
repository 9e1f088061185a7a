#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads each report of a folder by highdicom, and compares it with the JSON of the same image:
by_highdicom.py IMAGES RESULTS"""

import json
import math
import os
import sys

import highdicom
import numpy
import pydicom
from highdicom.sr import srread


def shown(score):
    """As results show it: two digits, cut off, never 1 below 1."""
    return 1.0 if score == 1 else min(math.floor(score * 100 + 1e-9), 99) / 100


def outlines_said(result):
    """What the JSON says: finding, score and outline of each region."""
    return [(finding["code"]["value"], shown(finding["score"]), numpy.array(region["outline"]))
            for finding in result["findings"] if finding["answer"] == "present"
            for region in finding["regions"]]


def outlines_read(report):
    """What highdicom finds in the planar ROI groups (TID 1410) of the report."""
    return [(group.finding_type.value, float(group.get_measurements()[0].value), group.roi.value)
            for group in report.content.get_planar_roi_measurement_groups()
            if group.finding_type.scheme_designator != "99BUCKY"]


def same(one, other):
    closed = numpy.vstack([one[2], one[2][:1]])
    return (one[0] == other[0] and one[1] == other[1] and
            closed.shape == other[2].shape and numpy.allclose(closed, other[2], atol=1e-2))


def main():
    images, folder = sys.argv[1:]
    failed = read = 0
    results = {}
    for name in os.listdir(folder):
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as text:
                results[name.removesuffix(".json")] = json.load(text)
    reports = [srread(os.path.join(folder, name))
               for name in sorted(os.listdir(folder)) if name.endswith(".sr.dcm")]
    for name, result in sorted(results.items()):
        said = outlines_said(result)
        study = pydicom.dcmread(os.path.join(images, name + ".dcm")).StudyInstanceUID
        matching = [report for report in reports if report.StudyInstanceUID == study]
        held = outlines_read(matching[0]) if len(matching) == 1 else None
        good = held is not None and len(held) == len(said) and all(
            any(same(one, other) for other in held) for one in said)
        failed += not good
        read += len(said)
        print(("ok      " if good else "FAILED  ") + f"{name}: {len(said)} outlines")
    if len(reports) != len(results) or not read:
        print(f"FAILED  {len(reports)} reports for {len(results)} images, {read} outlines")
        failed += 1
    print(f"highdicom {highdicom.__version__}: {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
