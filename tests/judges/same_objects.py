#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two programs make the same objects, to the byte.

    tests/judges/same_objects.py REFERENCE PROGRAM [--work DIR]

Both are a `bucky`. The reference draws 200 phantoms; each program runs a node on a fixed clock
(Debian's faketime) and makes every kind of result of them in six ways: languages, classes that a
destination does not take, pictures that hold outlines and heat. SHA-256 of every result is
compared. Exits 1 when one differs, is missing or was not made before. A change that alters no
object on purpose (a move, a rename, a refactoring) is measured with it (docs/testing.md).
"""
import argparse
import collections
import hashlib
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLOCK = {"LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "TZ": "UTC",
         "FAKETIME": "2026-11-23 09:00:00",  # it stands still
         "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
KINDS = ["sr", "overlay", "presentation", "segmentation", "summary", "notice", "chest_cad"]
WITHIN_S = 1800

# count, and what is drawn: 200 images in all
DRAWN = [
    (60, []),
    (24, ["--healthy"]),
    (16, ["--class", "cr", "--finding", "nodule"]),
    (12, ["--finding", "tuberculosis", "--finding", "pneumothorax"]),
    (12, ["--finding", "pneumonia", "--bits", "16"]),
    (10, ["--photometric", "1", "--finding", "pneumothorax"]),
    (8, ["--view", "LL"]),  # not analysed
    (6, ["--transfer-syntax", "jpeg-2000"]),  # lossy
    (6, ["--transfer-syntax", "rle"]),
    (6, ["--transfer-syntax", "jpeg-lossless-sv1"]),
    (14, ["--one-study"]),  # more than a summary shows
    (5, ["--one-study", "--view", "AP"]),
    (3, ["--one-study", "--healthy"]),
    (3, ["--one-study", "--finding", "nodule"]),
    (15, ["--rows", "420", "--columns", "777"]),
]

REPORTS = ["1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.88.33",
           "1.2.840.10008.5.1.4.1.1.88.22"]
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"

# destination: what else its section says, SOP classes that it does not take
WAYS = {
    "plain": ("", []),
    "korean": ('language = "ko"', []),
    "found": ('language = "ko"', [SECONDARY_CAPTURE]),
    "comprehensive": ("", REPORTS[:1]),
    "enhanced": ("", REPORTS[:2] + [SECONDARY_CAPTURE]),
    "text": ('language = "ko"', REPORTS[:3]),
}


def draw(program: pathlib.Path, folder: pathlib.Path) -> None:
    seed = 1000
    for count, options in DRAWN:
        size = [] if "--rows" in options else ["--rows", "640", "--columns", "512"]
        subprocess.run([program, "phantom", "--out", folder / str(seed), "--count", str(count),
                        "--seed", str(seed), *size, *options],
                       check=True, stdout=subprocess.DEVNULL)
        seed += 1000


def write_config(folder: pathlib.Path) -> pathlib.Path:
    file = folder / "bucky.toml"
    text = f"""
[node]
data_dir = "{folder}/data"
[scp]
listen = "127.0.0.1"
port = 0
[inference]
models = ["{ROOT}/models/cxr-phantom"]
attempts = 1
[study]
reporters = 2
[overlay]
style = "both"
longer_side_px = 1024
[storage]
min_free_mb = 1
[admin]
listen = ""
"""
    for name, (more, _) in WAYS.items():
        words = ", ".join(f'"{kind}"' for kind in KINDS)
        key = "send_if_found" if name == "found" else "send"
        nothing = "" if key == "send" else "send = []\n"
        text += f"""[[destination]]
name = "{name}"
ae_title = "NOBODY"
host = "127.0.0.1"
port = 1
{nothing}{key} = [{words}]
{more}
"""
    file.write_text(text)
    return file


class Node:
    """A node on the fixed clock; what it says lies in node.log."""

    def __init__(self, program: pathlib.Path, config: pathlib.Path):
        self.log = config.parent / "node.log"
        with open(self.log, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(
                [program, "serve", "--config", config], stdout=out, stderr=out, env=CLOCK)
        self.port = self.wait_for_port()

    def wait_for_port(self) -> int:
        for _ in range(1200):
            for line in self.log.read_text(encoding="utf-8").splitlines():
                words = dict(word.split("=", 1) for word in line.split() if "=" in word)
                if "node.ready" in line:
                    return int(words["dicom_port"])
            if self.process.poll() is not None:
                sys.exit(f"the node ended:\n{self.log.read_text(encoding='utf-8')}")
            time.sleep(0.1)
        sys.exit("the node does not listen")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def remember_classes(database: pathlib.Path) -> None:
    with sqlite3.connect(database) as db:
        for name, (_, refused) in WAYS.items():
            for sop_class in refused:
                db.execute("INSERT INTO peer_class (destination, sop_class, taken, since_ms)"
                           " VALUES (?, ?, 0, 1795424400000)", (name, sop_class))


def wait_for_reports(database: pathlib.Path) -> None:
    end = time.monotonic() + WITHIN_S
    while time.monotonic() < end:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
            (left,) = db.execute("SELECT count(*) FROM study WHERE state <> 'reported'").fetchone()
            jobs = db.execute("SELECT lane, last_error FROM job WHERE lane NOT LIKE 'deliver%'"
                              " AND state <> 'done'").fetchall()
            (studies,) = db.execute("SELECT count(*) FROM study").fetchone()
        if studies > 0 and left == 0 and not jobs:
            return
        time.sleep(0.5)
    sys.exit(f"{left} studies are not reported, these jobs are open: {jobs[:5]}")


def objects(folder: pathlib.Path) -> dict:
    """SOP Instance UID -> kind, SOP class, SHA-256."""
    made = {}
    with sqlite3.connect(folder / "data" / "bucky.db") as db:
        rows = db.execute("SELECT sop_instance, kind, sop_class, rendering, file FROM result")
        for uid, kind, sop_class, rendering, file in rows:
            digest = hashlib.sha256((folder / "data" / "results" / file).read_bytes()).hexdigest()
            made[uid] = (kind, sop_class, rendering, digest)
    return made


def made_by(program: pathlib.Path, images: pathlib.Path, folder: pathlib.Path) -> dict:
    folder.mkdir()
    config = write_config(folder)
    Node(program, config).stop()  # makes the database
    remember_classes(folder / "data" / "bucky.db")
    node = Node(program, config)
    try:
        for part in sorted(images.iterdir()):
            subprocess.run([program, "send", "--config", config, f"BUCKY@127.0.0.1:{node.port}",
                            *sorted(part.glob("*.dcm"))], check=True, stdout=subprocess.DEVNULL)
        wait_for_reports(folder / "data" / "bucky.db")
    finally:
        node.stop()
    return objects(folder)


def compare(before: dict, after: dict) -> int:
    wrong = 0
    for uid in sorted(before.keys() | after.keys()):
        if before.get(uid) == after.get(uid):
            continue
        wrong += 1
        if wrong <= 20:
            print(f"{uid}\n  before {before.get(uid)}\n  after  {after.get(uid)}")
    kinds = collections.Counter(kind for kind, *_ in after.values())
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    print(f"{len(before)} objects before, {len(after)} after, {wrong} differ ({listed})")
    return wrong


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("reference", type=pathlib.Path)
    options.add_argument("program", type=pathlib.Path)
    options.add_argument("--work", type=pathlib.Path, help="folder that is kept")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as thrown_away:
        work = (asked.work or pathlib.Path(thrown_away)).resolve()
        images = work / "images"
        if not images.exists():
            draw(asked.reference, images)
        if (work / "before").exists():  # a reference that was kept
            before = objects(work / "before")
        else:
            before = made_by(asked.reference.resolve(), images, work / "before")
        after = made_by(asked.program.resolve(), images, work / "after")
        return 1 if compare(before, after) else 0


if __name__ == "__main__":
    sys.exit(main())
