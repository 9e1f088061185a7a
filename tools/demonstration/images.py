# SPDX-License-Identifier: Apache-2.0
"""The X-rays of one demo, each from its file to its result in the PACS."""

import os
from dataclasses import dataclass, field

import pydicom

import pictures
from verdicts import Verdict


@dataclass
class Xray:
    name: str                # name of the file, for people
    file: str
    sop_instance: str = ""
    study: str = ""
    problem: str = ""        # the reason why it gets no verdict
    verdict: Verdict | None = None
    in_at: float | None = None        # the node had received it (seconds since 1970)
    answered_at: float | None = None  # the PACS had received its whole result
    has_overlay: bool = False
    pacs_ids: dict = field(default_factory=dict)  # "study", "xray", "report", "overlay" series
    picture: str = ""        # path of the overlay as PNG

    def is_done(self):
        if self.problem:
            return True
        return self.verdict is not None and (self.has_overlay or not self.verdict.analysed)


def gather(paths, work):
    """An Xray for every given file, in this order; pictures are wrapped as DICOM in `work`."""
    found = []
    for path in pictures.files_in(paths):
        xray = Xray(os.path.splitext(os.path.basename(path))[0], path)
        try:
            if path.lower().endswith(pictures.PICTURE_ENDINGS):
                xray.file = os.path.join(work, f"picture-{len(found)}.dcm")
                pictures.wrap(path, xray.file)
            _identify(xray)
        except Exception as error:  # a bad file is reported, it does not end the demo
            xray.problem = f"not sent: {type(error).__name__}: {error}"
        found.append(xray)
    return found


def _identify(xray):
    ds = pydicom.dcmread(xray.file, stop_before_pixels=True)
    xray.sop_instance, xray.study = str(ds.SOPInstanceUID), str(ds.StudyInstanceUID)


def by_study(xrays):
    """The files that are sent in one association, as a modality sends them."""
    studies = {}
    for xray in xrays:
        if not xray.problem:
            studies.setdefault(xray.study, []).append(xray)
    return list(studies.values())
