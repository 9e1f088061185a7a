#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Turns the user's files into DICOM files: DICOM is kept as it is; PNG and JPEG are wrapped as a
digital X-ray (DX for presentation, 8 bits, frontal chest).

The tests use the same code: pictures.py FOLDER PICTURE...
"""

import hashlib
import os
import sys

import pydicom
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

DX_FOR_PRESENTATION = "1.2.840.10008.5.1.4.1.1.1.1"
FIELD_MM = 400  # about the longer side of a chest radiograph
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")


def uid_of(*names):
    """A UID from the bytes: the same picture is always the same instance (PS3.5 B.2)."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return "2.25." + str(int.from_bytes(digest[:16], "big"))


def wrap(picture, target):
    """Writes a PNG or JPEG as a DX image (PS3.3 A.26). Returns its SOP Instance UID."""
    with Image.open(picture) as opened:
        grey = opened.convert("L")
    digest = hashlib.sha256(grey.tobytes()).hexdigest()
    ds = Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ImageType = ["DERIVED", "PRIMARY", ""]
    ds.SOPClassUID = DX_FOR_PRESENTATION
    ds.SOPInstanceUID = uid_of(digest, "image")
    ds.StudyInstanceUID = uid_of(digest, "study")
    ds.SeriesInstanceUID = uid_of(digest, "series")
    ds.StudyDate, ds.StudyTime, ds.StudyID, ds.AccessionNumber = "20260101", "120000", "1", ""
    ds.ContentDate, ds.ContentTime = "20260101", "120000"
    ds.PatientName, ds.PatientID = "Picture^" + digest[:8], "PICTURE-" + digest[:8]
    ds.PatientBirthDate, ds.PatientSex, ds.ReferringPhysicianName = "", "", ""
    ds.Manufacturer, ds.Modality, ds.SeriesNumber, ds.InstanceNumber = "Bucky", "DX", 1, 1
    ds.PresentationIntentType = "FOR PRESENTATION"
    ds.BodyPartExamined, ds.ViewPosition, ds.ImageLaterality = "CHEST", "PA", "U"
    ds.PatientOrientation = ["L", "F"]
    ds.AnatomicRegionSequence = Sequence([code("43799004", "SCT", "Chest")])
    ds.ViewCodeSequence = Sequence([code("272479007", "SCT", "Postero-anterior")])
    ds.ViewCodeSequence[0].ViewModifierCodeSequence = Sequence([])
    ds.DetectorType, ds.PositionerType, ds.AcquisitionContextSequence = "", "", Sequence([])
    ds.ImagerPixelSpacing = [f"{FIELD_MM / max(grey.size):.4f}"] * 2  # unknown, assumed
    ds.Rows, ds.Columns, ds.SamplesPerPixel = grey.height, grey.width, 1
    ds.PhotometricInterpretation, ds.PresentationLUTShape = "MONOCHROME2", "IDENTITY"
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.WindowCenter, ds.WindowWidth = "128", "256"
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", 1
    ds.BurnedInAnnotation, ds.LossyImageCompression = "NO", "00"
    ds.PixelData = grey.tobytes() + b"\0" * (grey.width * grey.height % 2)
    ds["PixelData"].VR = "OW"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    ds.is_little_endian, ds.is_implicit_VR = True, False
    pydicom.dcmwrite(target, ds, write_like_original=False)
    return ds.SOPInstanceUID


def code(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def files_in(paths):
    """All given files, and all files in the given folders, in order."""
    for path in paths:
        if os.path.isdir(path):
            for folder, folders, names in os.walk(path):
                folders.sort()
                yield from (os.path.join(folder, name) for name in sorted(names))
        else:
            yield path


if __name__ == "__main__":
    for named in sys.argv[2:]:
        print(wrap(named, os.path.join(sys.argv[1], os.path.basename(named) + ".dcm")))
