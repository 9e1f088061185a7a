# SPDX-License-Identifier: Apache-2.0
"""Writes a picture as a DICOM file, so that the node's own path can be measured."""
from pathlib import Path

import numpy as np
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

DX = "1.2.840.10008.5.1.4.1.1.1.1"  # Digital X-Ray Image Storage - For Presentation


def write(pixels: np.ndarray, name: str, file: Path, age: str, view: str) -> None:
    """12 bits, with a window over all of them; the patient is fictitious, `age` as in "003Y"."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DX
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[name])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image = FileDataset(str(file), {}, file_meta=meta, preamble=b"\0" * 128)
    image.is_little_endian, image.is_implicit_VR = True, False
    image.SOPClassUID, image.SOPInstanceUID = DX, meta.MediaStorageSOPInstanceUID
    image.StudyInstanceUID = generate_uid(entropy_srcs=[name, "study"])
    image.SeriesInstanceUID = generate_uid(entropy_srcs=[name, "series"])
    image.Modality, image.BodyPartExamined, image.ViewPosition = "DX", "CHEST", view
    image.ImageType = ["ORIGINAL", "PRIMARY"]
    image.PatientOrientation = ["L", "F"]
    image.PatientName, image.PatientID, image.PatientAge = "Nobody^Known", "NOBODY", age
    image.Rows, image.Columns = pixels.shape
    image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit = 16, 12, 11
    image.PixelRepresentation = 0
    image.WindowCenter, image.WindowWidth = "2048", "4096"
    image.PixelData = np.round(pixels * (4095 / 255)).astype("<u2").tobytes()
    image.save_as(str(file), write_like_original=False)
