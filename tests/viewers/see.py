#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Results in real viewers, as a reader would see them: each check is a sentence and a verdict."""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy
import pydicom
from PIL import Image, ImageDraw

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools", "demonstration"))

from node import Node  # noqa: E402
from origin import Origin  # noqa: E402
from pacs import SC_CLASS, SR_CLASS, Pacs  # noqa: E402
from programs import Failed, free_port, run  # noqa: E402

SEG_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
TOLERANCE_PX = 2.0  # of the image: between what is drawn and what the SR says
STUDIES = (  # name, seed, what `bucky phantom` is asked for
    ("finding", 12, ["--finding", "nodule"]),
    ("two", 41, ["--finding", "tuberculosis", "--finding", "pneumothorax"]),
    ("negative", 11, ["--healthy"]),
    ("lateral", 16, ["--healthy", "--view", "LL"]),
)
KOREAN = "Kim^Gildong=金^吉童=김^길동"
JAPANESE = "Yamada^Tarou=山田^太郎=やまだ^たろう"


class Study:
    """One X-ray with its results as the PACS holds them."""

    def __init__(self, name, file, truth):
        self.name, self.file, self.truth = name, file, truth
        self.xray = pydicom.dcmread(file)
        self.uid = str(self.xray.StudyInstanceUID)
        self.report = self.picture = self.areas = None  # datasets, once they are there
        self.orthanc_series = {}           # by SOP class

    def take(self, pacs):
        query = {"Level": "Instance", "Expand": True, "Query": {"StudyInstanceUID": self.uid}}
        for one in pacs.post("/tools/find", query):
            ds = pydicom.dcmread(io.BytesIO(pacs.file(one["ID"])))
            self.orthanc_series[ds.SOPClassUID] = one["ParentSeries"]
            if ds.SOPClassUID == SR_CLASS:
                self.report = ds
            elif ds.SOPClassUID == SC_CLASS:
                self.picture = ds
            elif ds.SOPClassUID == SEG_CLASS:
                self.areas = ds
        analysed = self.name != "lateral"
        needs_areas = bool(self.truth) and self.areas is None
        return (self.report is not None and not needs_areas
                and (self.picture is not None or not analysed))

    def outlines(self):
        """The SCOORDs of the report, as points of the image."""
        return [numpy.array(item.GraphicData, float).reshape(-1, 2)
                for item in items_below(self.report) if item.get("ValueType") == "SCOORD"]


def items_below(item):
    for child in item.get("ContentSequence", []):
        yield child
        yield from items_below(child)


def drawn_studies(bucky, folder):
    for name, seed, wanted in STUDIES:
        out = os.path.join(folder, name)
        status, said = run([bucky, "phantom", "--out", out, "--seed", str(seed), *wanted])
        if status != 0:
            raise Failed(f"bucky phantom: {said.strip()}")
        with open(os.path.join(out, "truth.json"), encoding="utf-8") as truth:
            lesions = json.load(truth)[0]["lesions"]
        yield Study(name, os.path.join(out, f"phantom-{seed:06}.dcm"), lesions)


def rename_patient(study, name):
    """Another name, before anybody has seen the file."""
    study.xray.SpecificCharacterSet = "ISO_IR 192"
    study.xray.PatientName = name
    study.xray.save_as(study.file)


def send_and_wait(node, pacs, studies):
    """As at a site: the PACS has the X-ray, the node gets its copy."""
    for study in studies:
        node.send([study.file], f"ORTHANC@127.0.0.1:{pacs.dicom_port}")
        node.send([study.file])
    give_up = time.monotonic() + 120
    waiting = list(studies)
    while waiting:
        waiting = [study for study in waiting if not study.take(pacs)]
        if waiting and time.monotonic() > give_up:
            raise Failed("no results for " + ", ".join(study.name for study in waiting))
        time.sleep(0.2)


class Looker:
    """What is to be opened, and what was seen when it was."""

    def __init__(self, origin, pacs, shots):
        self.origin, self.pacs, self.shots, self.views = origin, pacs, shots, []

    def ohif(self, name, study, ds=None, outlines=None, areas=0):
        url = self.origin.url(f"/viewer?StudyInstanceUIDs={study.uid}")
        if ds is not None:
            url += f"&initialSeriesInstanceUID={ds.SeriesInstanceUID}"
        self._add(name, url, True, outlines, areas)

    def web_viewer(self, name, study, sop_class):
        series = study.orthanc_series[sop_class]
        self._add(name, self.pacs.url(f"/web-viewer/app/viewer.html?series={series}"), False, None)

    def _add(self, name, url, ohif, outlines, areas=0):
        shot = os.path.join(self.shots, name + ".png")
        self.views.append({"name": name, "url": url, "ohif": ohif, "wait_for": outlines,
                           "shot": shot, "areas": areas})

    def look(self, driver, browser):
        ended = subprocess.run(
            ["node", os.path.join(HERE, "browser.mjs"), driver, browser],
            input=json.dumps(self.views), stdout=subprocess.PIPE, text=True, timeout=900,
            check=False)
        if ended.returncode != 0:
            raise Failed("the browser did not come back with anything")
        return {seen["name"]: seen for seen in json.loads(ended.stdout)}


class Verdicts:
    def __init__(self):
        self.failed = 0

    def check(self, sentence, holds, but=""):
        self.failed += not holds
        print(("ok      " if holds else "FAILED  ") + sentence + (f": {but}" if but else ""),
              flush=True)


def distance_px(drawn, said):
    """The farthest that a drawn corner is from the same corner in the report."""
    drawn = numpy.array(drawn, float)
    if len(drawn) != len(said):
        return float("inf")
    return float(numpy.max(numpy.hypot(*(drawn - said).T)))


def overlap(one, other, shape):
    """The share of the smaller of two outlines that the other covers."""
    def filled(outline):
        mask = Image.new("1", (shape[1], shape[0]))
        ImageDraw.Draw(mask).polygon([tuple(map(float, point)) for point in outline], fill=1)
        return numpy.asarray(mask)

    first, second = filled(one), filled(other)
    smaller = min(first.sum(), second.sum())
    return (first & second).sum() / smaller if smaller else 0.0


def shift_of_picture(shot, seen, study):
    """By how many screen pixels the X-ray on the screen is off the place where a picture fitted to
    the canvas lies: (columns, rows). Measured on the pixels, apart from all that OHIF says."""
    box, pixels = seen["canvas"], study.xray.pixel_array.astype(float)
    rows, columns = pixels.shape
    scale = min(box["width"] / columns, box["height"] / rows)
    size = (round(columns * scale), round(rows * scale))
    left = round(box["x"] + (box["width"] - size[0]) / 2)
    top = round(box["y"] + (box["height"] - size[1]) / 2)
    expected = Image.fromarray((255 * pixels / pixels.max()).astype("uint8")).resize(size)
    part = (slice(size[1] // 4, size[1] // 2), slice(size[0] // 4, 3 * size[0] // 4))
    wanted = numpy.asarray(expected, float)[part]
    screen = numpy.asarray(Image.open(shot).convert("L"), float)

    def likeness(off):
        rows_at = slice(top + part[0].start + off[1], top + part[0].stop + off[1])
        columns_at = slice(left + part[1].start + off[0], left + part[1].stop + off[0])
        return numpy.corrcoef(screen[rows_at, columns_at].ravel(), wanted.ravel())[0, 1]

    offsets = [(x, y) for x in range(-6, 7) for y in range(-6, 7)]
    return max(offsets, key=likeness)


def check_areas(verdicts, study, seen, shot):
    """The coloured areas on the screen against the report's outlines, by pixels of the screen."""
    verdicts.check(f"{study.name}: OHIF opens the segmentation, and names each segment",
                   len(seen.get("areas", [])) == len(study.areas.SegmentSequence),
                   "; ".join(seen.get("areas", [])))
    box, (rows, columns) = seen["canvas"], study.xray.pixel_array.shape
    scale = min(box["width"] / columns, box["height"] / rows)
    corner = numpy.array([box["x"] + (box["width"] - columns * scale) / 2,
                          box["y"] + (box["height"] - rows * scale) / 2])
    rgb = numpy.asarray(Image.open(shot).convert("RGB"), int)
    coloured = rgb.max(axis=2) - rgb.min(axis=2) > 40
    wanted = Image.new("1", (rgb.shape[1], rgb.shape[0]))
    for outline in study.outlines():
        corners = [tuple(map(float, point * scale + corner)) for point in outline]
        ImageDraw.Draw(wanted).polygon(corners, fill=1)
    wanted = numpy.asarray(wanted)
    picture = numpy.zeros_like(wanted)
    left, top = corner.round().astype(int)
    picture[top:top + round(rows * scale), left:left + round(columns * scale)] = True
    common = (coloured & wanted & picture).sum() / (wanted | (coloured & picture)).sum()
    verdicts.check(f"{study.name}: the areas lie where the report's outlines do", common > 0.9,
                   f"{common:.0%} of both is common")


def colourful_pixels(shot):
    rgb = numpy.asarray(Image.open(shot).convert("RGB"), int)
    orange = (rgb[..., 0] > 180) & (rgb[..., 2] < 80) & (rgb[..., 0] - rgb[..., 2] > 120)
    return int(orange.sum())


def words_of(seen):
    return " / ".join(line["text"] for line in seen["words"])


def check_outlines(verdicts, study, seen, shot):
    said = study.outlines()
    drawn = [outline["image"] for outline in seen["outlines"]]
    verdicts.check(f"{study.name}: OHIF draws each of the report's outlines, and no other",
                   len(drawn) == len(said), f"{len(drawn)} of {len(said)}")
    for number, outline in enumerate(said, start=1):
        off = min((distance_px(one, outline) for one in drawn), default=float("inf"))
        verdicts.check(f"{study.name}: outline {number} lies where the report says",
                       off <= TOLERANCE_PX, f"{off:.2f} px of the image off")
    shift = shift_of_picture(shot, seen, study)
    verdicts.check(f"{study.name}: the X-ray lies under it where a fitted picture lies",
                   max(map(abs, shift)) <= 1, f"{shift} px of the screen off")
    for lesion in study.truth:
        share = max((overlap(one, lesion["outline"], study.xray.pixel_array.shape)
                     for one in drawn), default=0.0)
        verdicts.check(f"{study.name}: an outline is drawn where the {lesion['finding']} is",
                       share > 0.5, f"{share:.0%} of the smaller area is common")


def check_all(verdicts, studies, seen, looker):
    shots = {view["name"]: view["shot"] for view in looker.views}
    for name, one in seen.items():
        verdicts.check(f"{name}: something is on the screen", one["painted"])
        if name.startswith("ohif"):
            verdicts.check(f"{name}: no script failed", not one["errors"], "; ".join(one["errors"]))

    check_outlines(verdicts, studies["finding"], seen["ohif-report"], shots["ohif-report"])
    check_outlines(verdicts, studies["two"], seen["ohif-two"], shots["ohif-two"])
    check_areas(verdicts, studies["two"], seen["ohif-areas"], shots["ohif-areas"])
    for name, words in (("label", words_of(seen["ohif-two"])),
                        ("segment", "; ".join(seen["ohif-areas"].get("areas", [])))):
        verdicts.check(f"the {name} of a tuberculosis says that it is suspected",
                       "Suspected pulmonary tuberculosis" in words, words)
    words = words_of(seen["ohif-report"])
    verdicts.check("a reader of the outline can tell which finding it is",
                   "nodule" in words.lower() and "score" in words.lower(), words)
    verdicts.check("the list of series says what was found",
                   "AI result: Lung nodule" in seen["ohif-study"]["page"])
    verdicts.check("the picture with its outline shows in OHIF",
                   colourful_pixels(shots["ohif-picture"]) > 100)
    verdicts.check("the picture with its outline shows in Orthanc's web viewer",
                   colourful_pixels(shots["orthanc-picture"]) > 100)

    words = words_of(seen["ohif-negative"])
    verdicts.check("a negative study opens in OHIF with its scores in words",
                   words.lower().count("score") >= 4, words)
    cut = [line["text"] for line in seen["ohif-negative"]["words"] if not line["whole"]]
    verdicts.check("and no word of them is cut", not cut, "; ".join(cut))
    verdicts.check("the list of series says that nothing was found",
                   "AI result: No finding" in seen["ohif-negative"]["page"])
    verdicts.check("a study that was not analysed opens, and the list says so",
                   "AI result: Not analysed" in seen["ohif-lateral"]["page"])
    for name, person in (("orthanc-korean", KOREAN), ("orthanc-japanese", JAPANESE)):
        verdicts.check(f"{name}: the patient's name is whole", person in seen[name]["page"])


def look_at(looker, studies):
    finding, two = studies["finding"], studies["two"]
    negative, lateral = studies["negative"], studies["lateral"]
    looker.ohif("ohif-study", finding)
    looker.ohif("ohif-picture", finding, finding.picture)
    looker.ohif("ohif-report", finding, finding.report, outlines=len(finding.outlines()))
    looker.ohif("ohif-two", two, two.report, outlines=len(two.outlines()))
    looker.ohif("ohif-areas", two, two.areas, areas=len(two.areas.SegmentSequence))
    looker.ohif("ohif-negative", negative, negative.report, outlines=1)
    looker.ohif("ohif-lateral", lateral, lateral.report, outlines=1)
    looker.web_viewer("orthanc-picture", finding, SC_CLASS)
    looker.web_viewer("orthanc-korean", two, SC_CLASS)
    looker.web_viewer("orthanc-japanese", negative, SC_CLASS)


def make_small(shot):
    """For docs/: fewer pixels, and a palette of greys with what colours there are."""
    whole = Image.open(shot).convert("RGB")
    small = whole.resize((1200, 1200 * whole.height // whole.width), Image.Resampling.LANCZOS)
    rgb = numpy.asarray(small, int)
    coloured = rgb[rgb.max(axis=2) - rgb.min(axis=2) > 24].astype("uint8")
    if not len(coloured):
        coloured = numpy.zeros((1, 3), "uint8")
    colours = Image.fromarray(coloured[None]).quantize(128).getpalette()[:3 * 128]
    greys = [grey for level in range(0, 256, 2) for grey in (level, level, level)]
    palette = Image.new("P", (1, 1))
    palette.putpalette((greys + colours + [0] * 768)[:768])
    small.quantize(palette=palette, dither=Image.Dither.NONE).save(shot, optimize=True)


def arguments():
    parser = argparse.ArgumentParser(prog="tests/viewers/see", description=__doc__)
    parser.add_argument("--shots", metavar="DIR", help="keep the pictures of the screen there")
    for name in ("bucky", "model", "ohif", "driver", "browser"):
        parser.add_argument("--" + name, required=True)
    return parser.parse_args()


def main():
    asked = arguments()
    verdicts, servers = Verdicts(), []
    with tempfile.TemporaryDirectory(prefix="bucky-viewers-") as work:
        shots = asked.shots or os.path.join(work, "shots")
        os.makedirs(shots, exist_ok=True)
        try:
            pacs = Pacs(work, free_port(), free_port())
            servers.append(pacs)
            node = Node(asked.bucky, asked.model, work, pacs.dicom_port,
                        results='send_if_found = ["segmentation"]')
            servers.append(node)
            origin = Origin(asked.ohif, pacs.http_port)
            servers.append(origin)
            studies = {study.name: study for study in drawn_studies(asked.bucky, work)}
            rename_patient(studies["two"], KOREAN)
            rename_patient(studies["negative"], JAPANESE)
            send_and_wait(node, pacs, studies.values())
            looker = Looker(origin, pacs, shots)
            look_at(looker, studies)
            check_all(verdicts, studies, looker.look(asked.driver, asked.browser), looker)
            for view in looker.views:
                make_small(view["shot"])
        finally:
            for server in reversed(servers):
                server.close()
    print(f"{verdicts.failed} failed" if verdicts.failed else "all of it was seen")
    return 1 if verdicts.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as why:
        print(f"see: {why}", file=sys.stderr)
        sys.exit(1)
