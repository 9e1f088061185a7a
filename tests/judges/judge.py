#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Shows every object that the tests made to software by others: judge.py FOLDER

dciodvfy (dicom3tools) sees each file, and pydicom reads all of it: text, content, pixels.
PixelMed's DicomSRValidator needs seconds for a report, so it sees as many as it takes to show it
every part once, as a template looks at parts: an item with what stands right below it.
BUCKY_LONG=1 shows it one report of every whole shape. ctest runs this after the last test
(tests/CMakeLists.txt); tests/support/exhibits.h fills the folder.
"""

import os
import queue
import re
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import jpype
import pydicom

SR_CLASSES = "1.2.840.10008.5.1.4.1.1.88."
UID = re.compile(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+")  # PS3.5 9.1
PIXELMED_BYTES_MAX = 500_000  # a report of hundreds of images takes it gigabytes and minutes
SHOWN = 20  # complaints on the terminal; the rest would be more of the same

# Java's limits on XPath are too tight for the templates of PS3.16 (JAXP0801003).
JAVA_OPTIONS = ("-Xmx2g", "-XX:+UseSerialGC", "-Djdk.xml.xpathExprOpLimit=0",
                "-Djdk.xml.xpathTotalOpLimit=0", "-Djdk.xml.xpathExprGrpLimit=0")


def illegal_uids(dataset):
    """UIDs that a sender made up against PS3.5 9.1. A result must cite them as they are, so what
    dciodvfy says of these is not said of us."""
    found = set()
    for element in dataset.iterall():
        if element.VR == "UI":
            values = element.value if element.VM > 1 else [element.value]
            found.update(str(uid) for uid in values
                         if uid and not (UID.fullmatch(str(uid)) and len(str(uid)) <= 64))
    return found


# Results copy these from the image as they are, also if they are longer than their VR allows, and
# dciodvfy counts the bytes of UTF-8 where PS3.5 6.2 counts characters: docs/decisions/0506.
COPIED = ("PatientName", "PatientID", "IssuerOfPatientID", "AccessionNumber", "StudyID",
          "ReferringPhysicianName", "StudyDescription", "RequestedProcedureID",
          "PlacerOrderNumberImagingServiceRequest", "FillerOrderNumberImagingServiceRequest",
          "InstitutionName", "AdmissionID", "RequestedProcedureDescription")
TOO_LONG = re.compile(rf"/({'|'.join(COPIED)})\([^>]*> - .*Length invalid for this VR")


def dciodvfy(path):
    """Its lines that say Error; one of its own making when it did not know the object."""
    said = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True,
                          errors="replace", check=False)
    lines = (said.stdout + said.stderr).splitlines()
    errors = [line for line in lines
              if line.startswith("Error") and not TOO_LONG.search(line)]
    if not lines or any("not recognized" in line for line in lines):
        errors.append("dciodvfy does not know this object")
    if errors:
        cited = illegal_uids(pydicom.dcmread(path, stop_before_pixels=True))
        errors = [line for line in errors if not any(uid in line for uid in cited)]
    return errors


def unreadable(path):
    """What pydicom cannot make of it, as a Python programme would read it."""
    try:
        dataset = pydicom.dcmread(path)
        dataset.decode()  # every text, by its character set
        for element in dataset.iterall():
            str(element.value)
        if "PixelData" in dataset:
            sides = (dataset.Rows, dataset.Columns)
            read = dataset.pixel_array.shape  # frames before them, samples behind them
            if sides not in (read[-2:], read[-3:-1]):
                return [f"pydicom reads pixels of {read}"]
        if dataset.SOPClassUID.startswith(SR_CLASSES) and not dataset.ContentSequence:
            return ["pydicom reads a report without content"]
    except Exception as why:  # whatever it stumbles over is a complaint
        return [f"pydicom: {type(why).__name__}: {why}"]
    return []


def complaints_of(path):
    """What dciodvfy and pydicom say of one object."""
    return [f"{path}: {line}" for line in dciodvfy(path) + unreadable(path)]


def shape(item, levels):
    """What a template checks: which attributes, which codes, which choices, in which order, so many
    levels deep. Siblings of one shape count once, so three nodules are the shape of one."""
    parts = []
    for element in item:
        if element.VR == "SQ":
            below = dict.fromkeys(shape(one, levels - 1) for one in element.value if levels)
            parts.append((element.tag, tuple(below)))
        elif element.VR == "CS" or element.keyword in ("CodeValue", "CodingSchemeDesignator",
                                                       "SOPClassUID"):
            parts.append((element.tag, str(element.value)))
        else:
            parts.append((element.tag, element.VR, bool(element.value)))
    return tuple(parts)


WHOLE = 100  # levels: deeper than any report


def name(item):
    """What a row of a template calls a content item: its relation, type and concept."""
    concepts = item.get("ConceptNameCodeSequence") or []
    return (item.get("RelationshipType"), item.get("ValueType"),
            *((code.get("CodeValue"), code.get("CodingSchemeDesignator")) for code in concepts))


def parts_of(item, owner=None):
    """What rules look at: every attribute of an item, and which content stands right below it."""
    owner = name(item) if "ValueType" in item else owner
    parts = {(owner, attribute) for attribute in shape(item, 0)}
    for element in item:
        if element.VR == "SQ":
            if element.keyword == "ContentSequence":
                parts.add((owner, tuple(dict.fromkeys(map(name, element.value)))))
            for below in element.value:
                parts |= parts_of(below, (owner, element.tag))
    return parts


def reports_to_show(paths, every_shape):
    """The fewest, about, that show every part; or one of each whole shape."""
    parts = {}
    for path in paths:
        dataset = pydicom.dcmread(path, stop_before_pixels=True)
        if dataset.SOPClassUID.startswith(SR_CLASSES):
            parts[path] = {shape(dataset, WHOLE)} if every_shape else parts_of(dataset)
    shown, chosen = set(), []
    for path in sorted(parts, key=lambda path: len(parts[path]), reverse=True):
        if not parts[path] <= shown:
            shown |= parts[path]
            chosen.append(path)
    return chosen


JARS = ["/usr/share/java/pixelmed.jar", "/usr/share/java/org.jpype.jar"]


# TID 1500 row 4 takes its codes from CID 100, which is extensible: a site's own procedure codes are
# legal (PS3.16 7.2.3), and PixelMed knows the members of the standard only. A code that did not
# come with the image is no site's.
EXTENDED = re.compile(r'CODE \(121058,DCM,"Procedure reported"\): Code .* not found in context '
                      r"group 100")


def came_with_the_image(path):
    """Whether each procedure reported is one of the codes that the report copied of its image."""
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    code = lambda item: (item.get("CodeValue"), item.get("CodingSchemeDesignator"))
    copied = {code(item) for item in dataset.get("ProcedureCodeSequence", [])}
    for request in dataset.get("ReferencedRequestSequence", []):
        copied |= {code(item) for item in request.get("RequestedProcedureCodeSequence", [])}
    reported = [code(item.ConceptCodeSequence[0]) for item in dataset.get("ContentSequence", [])
                if item.ValueType == "CODE"
                and code(item.ConceptNameCodeSequence[0]) == ("121058", "DCM")]
    return bool(reported) and copied.issuperset(reported)


class PixelMed:
    """One JVM, and as many validators as may work at once: none says that two may share one."""

    def __init__(self, at_once):
        jpype.startJVM(*JAVA_OPTIONS, classpath=JARS)
        validator = jpype.JClass("com.pixelmed.validate.DicomSRValidator")
        self.free = queue.SimpleQueue()
        for _ in range(at_once):
            self.free.put(validator())

    def errors(self, path):
        validator = self.free.get()
        try:
            lines = str(validator.validate(path)).splitlines()
        finally:
            self.free.put(validator)
        errors = [line for line in lines if (line.startswith("Error") or "Exception" in line)
                  and not (EXTENDED.search(line) and came_with_the_image(path))]
        if "IOD validation complete" not in lines:
            errors.append("DicomSRValidator did not come to its end: " + " ".join(lines[-2:]))
        return errors

    def errors_of_each(self, paths):
        """The first alone, in the thread that made the JVM: it loads the classes of all."""
        yield self.errors(paths[0])
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            yield from pool.map(self.errors, paths[1:])


def main():
    folder = sys.argv[1]
    every_shape = "BUCKY_LONG" in os.environ
    names = os.listdir(folder) if os.path.isdir(folder) else []  # no test that ran made an object
    paths = sorted(os.path.join(folder, name) for name in names)
    complaints = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:  # pydicom's pixels are work for one core
        for lines in pool.map(complaints_of, paths, chunksize=8):
            complaints += lines
    small = [path for path in paths if os.path.getsize(path) <= PIXELMED_BYTES_MAX]
    reports = reports_to_show(small, every_shape)
    if reports:
        pixelmed = PixelMed(os.cpu_count())
        for path, errors in zip(reports, pixelmed.errors_of_each(reports)):
            complaints += [f"{path}: PixelMed: {line}" for line in errors]
    print(f"{len(paths)} objects shown to dciodvfy and pydicom, {len(reports)} reports "
          f"of at most {PIXELMED_BYTES_MAX} bytes to PixelMed: {len(complaints)} errors")
    for line in complaints[:SHOWN]:
        print(line)
    if paths and not complaints:
        for path in paths:
            os.remove(path)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
