# SPDX-License-Identifier: Apache-2.0
"""The recipe for Orthanc (packaging/examples/orthanc-to-bucky) with Debian's Orthanc and a real
node: what is stored while Bucky is away or the recipe is not running is analysed all the same, and
once, and no result goes round in a circle.

usage: orthanc_test.py BUCKY [--away SECONDS]"""
import argparse
import glob
import os
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tools", "demonstration"))

import pydicom  # noqa: E402

from node import write_config  # noqa: E402
from pacs import Pacs  # noqa: E402
from programs import Failed, Program, free_port, must  # noqa: E402

RECIPE = os.path.join(ROOT, "packaging", "examples", "orthanc-to-bucky")
MODEL = os.path.join(ROOT, "models", "cxr-phantom")


class Loop:
    """An Orthanc that sends to a node by the recipe, and the node that answers it."""

    def __init__(self, bucky, work):
        self.bucky, self.work, self.node, self.recipe = bucky, work, None, None
        node_port, pacs_port = free_port(), free_port()
        self.pacs = Pacs(work, pacs_port, node_port)
        self.config = write_config(work, MODEL, pacs_port, 'device = "cpu"\ngate = "off"',
                                   "[study]\nquiet_s = 1")
        with open(self.config, encoding="utf-8") as file:
            text = file.read()
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text.replace("port = 0\n", f"port = {node_port}\n", 1))

    def start_node(self):
        self.node = Program([self.bucky, "serve", "--config", self.config])
        self.node.wait_for(" node.ready ", 120)

    def start_recipe(self):
        self.recipe = Program([RECIPE, "--orthanc", self.pacs.url(""), "--modality", "BUCKY",
                               "--state", os.path.join(self.work, "state.json"),
                               "--pause", "0.1"])

    def store(self, file, calling="XRAY1"):
        """As a modality does it, under its own name."""
        peer = f"ORTHANC@127.0.0.1:{self.pacs.dicom_port}"
        must(self.bucky, "send", "--calling", calling, peer, file)
        return str(pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID)

    def close(self):
        for one in (self.recipe, self.node, self.pacs):
            if one is not None:
                one.close()


def walk(loop, films, away_s):
    loop.start_node()
    before = loop.store(next(films))  # stored before the recipe's first start: not sent
    loop.start_recipe()
    loop.recipe.wait_for("begins with change", 30)
    first = loop.store(next(films))
    loop.node.wait_for(f"sop={first} ", 60)
    loop.node.wait_for(" deliver.sent ", 60)

    loop.node.kill()
    waiting = [loop.store(next(films)) for _ in range(2)]
    loop.recipe.wait_for("Bucky does not answer", 60)
    time.sleep(away_s)
    loop.recipe.kill()  # forgets nothing
    waiting.append(loop.store(next(films)))
    loop.start_recipe()
    loop.start_node()
    for sop in waiting:
        loop.node.wait_for(f"image.verdict sop={sop} ", 60)
    print(f"passed: {len(waiting)} images were stored while Bucky was away (for {away_s:.0f} s and "
          "more) or the recipe was not running, and all are analysed")

    loop.store(next(films), calling="BUCKY")  # as `bucky send` does without --calling
    last = loop.store(next(films))
    loop.node.wait_for(f"image.verdict sop={last} ", 60)
    kept = [line for line in loop.node.lines if " store.kept " in line]
    if len(kept) != len(waiting) + 1:
        raise Failed("kept more than was meant for it:\n" + "\n".join(kept))
    if any(before in line for line in loop.node.lines):
        raise Failed("the first start sends what was there before")
    print("passed: nothing else was sent: no result, nothing of before, nothing that BUCKY stored")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bucky", type=os.path.abspath)
    parser.add_argument("--away", type=float, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        drawn = os.path.join(work, "drawn")
        must(options.bucky, "phantom", "--count", "7", "--out", drawn)
        films = iter(sorted(glob.glob(os.path.join(drawn, "*.dcm"))))
        loop = Loop(options.bucky, work)
        try:
            walk(loop, films, options.away)
        except Failed as failed:
            print(f"FAILED: {failed}\nrecipe:", *loop.recipe.lines[-20:], sep="\n")
            return 1
        finally:
            loop.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
