#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The golden tensors: the model input that a Python pipeline makes of four small radiographs.

Writes NAME.dcm (pydicom) and NAME.f32 (little endian float32 [channels, height, width]) beside this
file. Grey is computed here in NumPy's doubles from the formulas of the standard; resizing is
PyTorch's own if it has the filter. Nothing here uses this project's C++.
tests/inference/run/golden_test compares within 1e-4 of the range.
Debian's python3-pydicom, python3-numpy, python3-torch.
"""
import pathlib

import numpy as np
import pydicom
import torch
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

HERE = pathlib.Path(__file__).resolve().parent
DX = "1.2.840.10008.5.1.4.1.1.1.1"


def write(name, stored, bits, **attributes):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DX
    meta.MediaStorageSOPInstanceUID = "1.2.3.4.5"
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.is_little_endian, dataset.is_implicit_VR = True, False
    dataset.SOPClassUID, dataset.SOPInstanceUID = DX, "1.2.3.4.5"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3", "1.2.3.4"
    dataset.Modality, dataset.SamplesPerPixel = "DX", 1
    dataset.Rows, dataset.Columns = stored.shape
    dataset.BitsAllocated = 8 if bits == 8 else 16
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = 1 if stored.min() < 0 else 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    kind = np.uint8 if bits == 8 else np.dtype("<i2") if stored.min() < 0 else np.dtype("<u2")
    data = stored.astype(kind).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    dataset["PixelData"].VR = "OB" if bits == 8 else "OW"
    dataset.save_as(HERE / f"{name}.dcm", write_like_original=False)


def keep(name, tensor):
    tensor = np.ascontiguousarray(tensor, dtype="<f4")
    (HERE / f"{name}.f32").write_bytes(tensor.tobytes())
    print(name, tensor.shape, float(tensor.min()), float(tensor.max()))


def picture(rows, columns, low, high, seed):
    """Bands, a blob and noise, so that every filter changes something."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns]
    noise = rng.standard_normal((rows, columns))
    shape = 0.5 + 0.25 * np.sin(x / 3.1) * np.cos(y / 4.7) + 0.2 * noise
    shape += 0.4 * np.exp(-((x - columns / 3) ** 2 + (y - rows / 2) ** 2) / 60)
    shape = np.clip((shape - shape.min()) / (shape.max() - shape.min()), 0, 1)
    return np.rint(low + shape * (high - low)).astype(int)


def linear(x, centre, width):  # PS3.3 C.11.2.1.2.1
    return np.clip((x - (centre - 0.5)) / (width - 1) + 0.5, 0, 1)


def sigmoid(x, centre, width):  # PS3.3 C.11.2.1.3.1
    return 1 / (1 + np.exp(-4 * (x - centre) / width))


def area_matrix(inputs, outputs):
    """The overlaps of each output with the inputs: each output is the mean of what it covers."""
    edges_in, edges_out = np.arange(inputs + 1), np.arange(outputs + 1) * inputs / outputs
    low = np.maximum(edges_out[:-1, None], edges_in[None, :-1])
    high = np.minimum(edges_out[1:, None], edges_in[None, 1:])
    return np.clip(high - low, 0, None) * outputs / inputs


def area(image, height, width):
    return area_matrix(image.shape[0], height) @ image @ area_matrix(image.shape[1], width).T


def torch_resize(image, height, width, antialias):
    tensor = torch.from_numpy(image)[None, None]
    resized = torch.nn.functional.interpolate(
        tensor, size=(height, width), mode="bilinear", align_corners=False, antialias=antialias)
    return resized[0, 0].numpy()


def centre_crop(image):
    """TorchXRayVision's XRayCenterCrop."""
    rows, columns = image.shape
    side = min(rows, columns)
    left, top = columns // 2 - side // 2, rows // 2 - side // 2
    return image[top:top + side, left:left + side]


def letterbox(image, height, width, background, resize):
    rows, columns = image.shape
    if width * rows <= height * columns:
        h, w = max(1, int(np.floor(rows * width / columns + 0.5))), width
    else:
        h, w = height, max(1, int(np.floor(columns * height / rows + 0.5)))
    out = np.full((height, width), background, dtype=float)
    top, left = (height - h) // 2, (width - w) // 2
    out[top:top + h, left:left + w] = resize(image, h, w)
    return out


def xrayvision():
    """-1024..1024, centre crop, as in torchxrayvision.datasets.normalize."""
    stored = picture(61, 47, 0, 4095, 1)
    write("xrayvision", stored, 12, WindowCenter=["1900", "800"], WindowWidth=["3000", "300"])
    shown = linear(stored, 1900, 3000)
    keep("xrayvision", area((2 * centre_crop(shown) - 1) * 1024, 14, 14)[None])


def imagenet():
    """MONOCHROME1, three channels, ImageNet's mean and deviation, torchvision's Resize."""
    stored = picture(50, 70, 0, 255, 2)
    write("imagenet", stored, 8, PhotometricInterpretation="MONOCHROME1", WindowCenter="120",
          WindowWidth="200")
    shown = torch_resize(1 - linear(stored, 120, 200), 16, 20, True)
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    keep("imagenet", (shown[None] - mean[:, None, None]) / std[:, None, None])


def unit():
    """0..1, a negative slope and a SIGMOID window over signed values, plain bilinear."""
    stored = picture(40, 64, -900, 900, 3)
    write("unit", stored, 16, RescaleSlope="-1.5", RescaleIntercept="200", WindowCenter="100",
          WindowWidth="1600", VOILUTFunction="SIGMOID")
    shown = sigmoid(stored * -1.5 + 200, 100, 1600)
    resize = lambda image, h, w: torch_resize(image, h, w, False)
    keep("unit", letterbox(shown, 24, 24, 0, resize)[None])


def modality():
    """Raw modality values with padding around the detector, which is not the darkest tissue."""
    stored = picture(45, 45, 300, 1000, 4)
    stored[:, :5] = 0
    write("modality", stored, 10, PixelPaddingValue=0, RescaleSlope="2", RescaleIntercept="-500",
          WindowCenter="40", WindowWidth="80")
    values = stored * 2.0 - 500
    background = values[stored != 0].min()
    values[stored == 0] = background
    keep("modality", (letterbox(values, 15, 20, background, area)[None] - 700) / 250)


if __name__ == "__main__":
    xrayvision()
    imagenet()
    unit()
    modality()
