# SPDX-License-Identifier: Apache-2.0
"""Waits for results in the PACS and reads each new instance there once."""

import io
import os
import re
import time

import pydicom

import verdicts
from pacs import SC_CLASS, SR_CLASS


class Collector:
    def __init__(self, pacs, xrays, out, with_dicom=False):
        self.pacs, self.out, self.with_dicom, self.seen = pacs, out, with_dicom, 0
        self.xrays = {}
        for xray in xrays:
            self.xrays.setdefault(xray.sop_instance, []).append(xray)

    def look(self):
        """Reads the instances that are new in the PACS. Returns whether there were any."""
        new, self.seen = self.pacs.changes(self.seen)
        arrived_at = time.time()
        for instance in new:
            sop_class = self.pacs.tag(instance, "0008-0016")
            if sop_class == SR_CLASS:
                self._take_report(instance, arrived_at)
            elif sop_class != SC_CLASS or not self._take_overlay(instance, arrived_at):
                self._take_xray(instance)
        return bool(new)

    def _take_report(self, instance, arrived_at):
        study, series = self.pacs.parents(instance)
        report = self.pacs.file(instance)
        for sop_instance, verdict in verdicts.read(report).items():
            for xray in self.xrays.get(sop_instance, []):
                xray.verdict = verdict
                xray.pacs_ids.update(study=study, report=series)
                self._answered(xray, arrived_at)
                self._keep_dicom(xray, ".sr.dcm", report)

    def _take_overlay(self, instance, arrived_at):
        overlay = self.pacs.file(instance)
        ds = pydicom.dcmread(io.BytesIO(overlay), stop_before_pixels=True)
        about = [item.ReferencedSOPInstanceUID for item in ds.get("SourceImageSequence", [])]
        _, series = self.pacs.parents(instance)
        ours = [xray for sop in about for xray in self.xrays.get(sop, [])]
        for xray in ours:
            xray.has_overlay = True
            xray.pacs_ids["overlay"] = series
            self._answered(xray, arrived_at)
            xray.picture = os.path.join(self.out, _file_name(xray.name) + ".png")
            with open(xray.picture, "wb") as file:
                file.write(self.pacs.picture(instance))
            self._keep_dicom(xray, ".overlay.dcm", overlay)
        return bool(ours)

    def _take_xray(self, instance):
        sop_instance = self.pacs.tag(instance, "0008-0018")
        for xray in self.xrays.get(sop_instance, []):
            study, series = self.pacs.parents(instance)
            xray.pacs_ids.update(study=study, xray=series)

    def _keep_dicom(self, xray, ending, part10):
        if self.with_dicom:
            with open(os.path.join(self.out, _file_name(xray.name) + ending), "wb") as file:
                file.write(part10)

    @staticmethod
    def _answered(xray, arrived_at):
        if xray.is_done() and xray.answered_at is None:
            xray.answered_at = arrived_at


def _file_name(name):
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)
