#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A presentation state of a Korean report in DICOMscope 3.6 (Debian), on a screen of Xvfb.

    tests/viewers/dicomscope.py --bucky PROGRAM [--shot FILE]

The outlines on the screen are compared with those of the file. Needs Debian's dicomscope, xvfb,
xdotool and imagemagick; exit 77 without them or without BUCKY_VIEWERS=1: skipped."""

import argparse
import glob
import os
import shutil
import subprocess
import sys
import tempfile
import time

import numpy
import pydicom
from PIL import Image, ImageDraw

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tools", "demonstration"))

from node import Node  # noqa: E402
from programs import Failed, Program, free_port, must  # noqa: E402

CONFIG = "/etc/dcmtk/DICOMscope.cfg"
NEEDED = ("dicomscope", "Xvfb", "xdotool", "import", "dcmqridx", "storescp")
# Where DICOMscope 3.6 has its parts on a screen of 1400 x 1000, and how long each takes.
STUDY, SERIES, STATE, LOAD, VIEWER = (32, 97), (53, 129), (200, 145), (54, 14), (103, 41)


def results(bucky, work):
    """The X-ray and its presentation state, as files of a database of DICOMscope."""
    arrived, database = os.path.join(work, "in"), os.path.join(work, "db")
    os.makedirs(arrived)
    os.makedirs(database)
    must(bucky, "phantom", "--out", work + "/x", "--seed", "41", "--finding", "tuberculosis",
         "--finding", "pneumothorax")
    film = glob.glob(work + "/x/*.dcm")[0]
    port = free_port()
    pacs = Program(["storescp", "-aet", "ORTHANC", "-od", arrived, str(port)])
    node = Node(bucky, os.path.join(ROOT, "models", "cxr-phantom"), work, port,
                results='send = ["presentation"]\nlanguage = "ko"')
    try:
        node.send([film])
        node.program.wait_for(" deliver.sent ", 60)
    finally:
        node.close()
        pacs.close()
    shutil.copy(film, database + "/image.dcm")
    shutil.copy(glob.glob(arrived + "/PS*")[0], database + "/state.dcm")
    subprocess.run(["dcmqridx", ".", "image.dcm", "state.dcm"], cwd=database, check=True)
    return database


class Screen:
    def __init__(self, work):
        read, write = os.pipe()
        self.server = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0",
                                        "1400x1000x24"], pass_fds=[write],
                                       stderr=subprocess.DEVNULL)
        os.close(write)
        with os.fdopen(read) as said:
            self.env = dict(os.environ, DISPLAY=":" + said.readline().strip(), HOME=work)

    def click(self, at, wait_s):
        subprocess.run(["xdotool", "mousemove", *map(str, at), "click", "1"], env=self.env,
                       check=True)
        time.sleep(wait_s)  # it says nothing when it is ready

    def shot(self, file):
        subprocess.run(["import", "-window", "root", file], env=self.env, check=True)

    def close(self):
        self.server.kill()
        self.server.wait()


def look(database, work, shot):
    with open(CONFIG, encoding="latin-1") as file:
        config = file.read()
    config = "\n".join("Directory = " + database if line.startswith("Directory = /var/") else line
                       for line in config.split("\n"))
    with open(database + "/DICOMscope.cfg", "w", encoding="latin-1") as file:
        file.write(config)
    screen = Screen(work)
    scope = Program(["env", "-C", database, "DISPLAY=" + screen.env["DISPLAY"], "HOME=" + work,
                     "dicomscope", database + "/DICOMscope.cfg"])
    try:
        time.sleep(10)
        for at, wait_s in ((STUDY, 2), (SERIES, 2), (STATE, 2), (LOAD, 8), (VIEWER, 4)):
            screen.click(at, wait_s)
        screen.shot(shot)
    finally:
        scope.close()
        screen.close()


def drawn_share(database, shot):
    """The share of the outlines' pixels that are white on the screen, at the best place near that
    where DICOMscope fits a picture."""
    state = pydicom.dcmread(database + "/state.dcm")
    rows = pydicom.dcmread(database + "/image.dcm", stop_before_pixels=True).Rows
    white = numpy.asarray(Image.open(shot).convert("RGB"), int).min(axis=2) > 240
    left, top, bottom = 8, 68, 930  # of the viewer's pane
    scale = (bottom - top) / rows
    best = 0.0
    for off in [(x, y) for x in range(-4, 5) for y in range(-4, 5)]:
        wanted = Image.new("1", (white.shape[1], white.shape[0]))
        for annotation in state.GraphicAnnotationSequence:
            for graphic in annotation.get("GraphicObjectSequence", []):
                points = numpy.array(graphic.GraphicData, float).reshape(-1, 2) * scale
                points += (left + off[0], top + off[1])
                ImageDraw.Draw(wanted).line([tuple(point) for point in points], fill=1, width=3)
        mask = numpy.asarray(wanted)
        best = max(best, (white & mask).sum() / (mask.sum() / 3))  # a line is a pixel wide
    return min(best, 1.0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bucky", required=True, type=os.path.abspath)
    parser.add_argument("--shot", help="keep the picture of the screen")
    asked = parser.parse_args()
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if os.environ.get("BUCKY_VIEWERS") != "1" or missing:
        print("skipped: " + (f"not installed: {', '.join(missing)}" if missing
                             else "BUCKY_VIEWERS=1 runs it (docs/testing.md)"))
        return 77
    with tempfile.TemporaryDirectory(prefix="bucky-scope-") as work:
        shot = os.path.abspath(asked.shot or os.path.join(work, "shot.png"))
        database = results(asked.bucky, work)
        look(database, work, shot)
        share = drawn_share(database, shot)
    print(f"DICOMscope draws {share:.0%} of the outlines' pixels")
    return 0 if share > 0.7 else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as why:
        print(f"dicomscope: {why}", file=sys.stderr)
        sys.exit(1)
