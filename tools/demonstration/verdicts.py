# SPDX-License-Identifier: Apache-2.0
"""Reads a report from the PACS's own copy: the content tree of a TID 1500 SR as PS3.16 defines it.
Nothing comes from Bucky itself."""

import io
import math
from dataclasses import dataclass, field

import pydicom

QUALITATIVE_EVALUATIONS = ("C0034375", "UMLS")
SUMMARY_OF_ANALYSES = ("111065", "DCM")
MEASUREMENT_GROUP = ("125007", "DCM")
FINDING = ("121071", "DCM")
IMAGE_REGION = ("111030", "DCM")
LATERALITY = ("272741003", "SCT")
PRESENT = ("52101004", "SCT")
SUSPECTED = ("415684004", "SCT")  # an image can only suspect it
SIDES = {"7771000": "left", "24028007": "right", "51440002": "both"}


@dataclass
class Finding:
    name: str
    score: float
    is_suspicion: bool = False
    sides: list = field(default_factory=list)

    @property
    def score_text(self):
        """Rounded down, as in the picture: only a score of 1 is shown as 1.00."""
        return f"{math.floor(self.score * 100 + 1e-9) / 100:.2f}"

    @property
    def said(self):
        """"Suspected pulmonary tuberculosis"."""
        if not self.is_suspicion:
            return self.name
        return f"Suspected {self.name[:1].lower()}{self.name[1:]}"

    def __str__(self):
        return " ".join([self.said, self.score_text, "+".join(self.sides)]).strip()

    def fitted(self, width):
        """With letters for the sides if it is longer. A name is never cut: the caller wraps it."""
        if len(str(self)) <= width:
            return str(self)
        return " ".join([self.said, self.score_text, *(side[0].upper() for side in self.sides)])


@dataclass
class Verdict:
    """The answer of one report for one image."""
    analysed: bool
    reason: str = ""  # the reason if it was not analysed
    findings: list = field(default_factory=list)

    def lines(self, width=1000):
        if not self.analysed:
            return ["not analysed"]
        return [finding.fitted(width) for finding in self.findings] or ["no findings"]


def code_of(item, name):
    sequence = item.get(name)
    if not sequence:
        return ("", "")
    return (sequence[0].get("CodeValue", ""), sequence[0].get("CodingSchemeDesignator", ""))


def children(item):
    return item.get("ContentSequence", [])


def everything_below(item):
    for child in children(item):
        yield child
        yield from everything_below(child)


def images_below(item):
    """SOP Instance UIDs of the images to which an item, or any item below it, refers."""
    for child in [item, *everything_below(item)]:
        if child.ValueType == "IMAGE":
            yield child.ReferencedSOPSequence[0].ReferencedSOPInstanceUID


def read(part10):
    """{SOP Instance UID: Verdict} of every image in this report."""
    report = pydicom.dcmread(io.BytesIO(part10))
    verdicts = {}
    for item in everything_below(report):
        if code_of(item, "ConceptNameCodeSequence") == QUALITATIVE_EVALUATIONS:
            for answer in children(item):
                _take_answer(answer, verdicts)
    for item in everything_below(report):
        if code_of(item, "ConceptNameCodeSequence") == MEASUREMENT_GROUP:
            _take_side(item, verdicts)
    for verdict in verdicts.values():
        verdict.findings.sort(key=lambda finding: -finding.score)
    return verdicts


def _take_answer(answer, verdicts):
    name = code_of(answer, "ConceptNameCodeSequence")
    for image in images_below(answer):
        if name == SUMMARY_OF_ANALYSES:  # present only if an image was not analysed
            texts = [child.TextValue for child in children(answer) if child.ValueType == "TEXT"]
            verdicts[image] = Verdict(False, " ".join(texts))
            continue
        verdict = verdicts.setdefault(image, Verdict(True))
        said = code_of(answer, "ConceptCodeSequence")
        if said in (PRESENT, SUSPECTED):
            meaning = answer.ConceptNameCodeSequence[0].CodeMeaning
            numbers = [float(child.MeasuredValueSequence[0].NumericValue)
                       for child in children(answer) if child.ValueType == "NUM"]
            verdict.findings.append(Finding(meaning, numbers[0] if numbers else float("nan"),
                                            said == SUSPECTED))


def _take_side(group, verdicts):
    names = [child.ConceptCodeSequence[0].CodeMeaning for child in children(group)
             if code_of(child, "ConceptNameCodeSequence") == FINDING]
    sides = [SIDES.get(code_of(item, "ConceptCodeSequence")[0], "")
             for item in everything_below(group)
             if code_of(item, "ConceptNameCodeSequence") == LATERALITY]
    for image in images_below(group):
        for finding in verdicts.get(image, Verdict(False)).findings:
            if finding.name in names:
                finding.sides += [side for side in sides if side and side not in finding.sides]
