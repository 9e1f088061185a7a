# SPDX-License-Identifier: Apache-2.0
"""The 18 labels of TorchXRayVision and their codes in a report.

A label gets a SNOMED CT code if the concept and its number are certain; DICOM's own code (PS3.16
CID 6104) if DICOM has one; a private code (99BUCKY) if no source confirmed a number. A wrong code
would name another disease to every reader that relies on it.
"""
from typing import Dict, NamedTuple


class Label(NamedTuple):
    name: str
    name_ko: str
    code: str
    scheme: str
    meaning: str


LABELS: Dict[str, Label] = {
    "Atelectasis": Label("Atelectasis", "무기폐", "46621007", "SCT", "Atelectasis"),
    "Consolidation": Label("Consolidation", "폐경화", "95436008", "SCT", "Lung consolidation"),
    "Infiltration": Label("Infiltrate", "폐침윤", "112121", "DCM", "Infiltrate"),
    "Pneumothorax": Label("Pneumothorax", "기흉", "36118008", "SCT", "Pneumothorax"),
    "Edema": Label("Pulmonary oedema", "폐부종", "19242006", "SCT", "Pulmonary edema"),
    "Emphysema": Label("Emphysema", "폐기종", "87433001", "SCT", "Pulmonary emphysema"),
    "Fibrosis": Label("Lung fibrosis", "폐섬유화", "51615001", "SCT", "Fibrosis of lung"),
    "Effusion": Label("Pleural effusion", "흉수", "60046008", "SCT", "Pleural effusion"),
    "Pneumonia": Label("Pneumonia", "폐렴", "233604007", "SCT", "Pneumonia"),
    "Pleural_Thickening": Label("Pleural thickening", "흉막비후", "PLEURA_THICK", "99BUCKY",
                                "Pleural thickening"),
    "Cardiomegaly": Label("Cardiomegaly", "심비대", "8186001", "SCT", "Cardiomegaly"),
    "Nodule": Label("Lung nodule", "폐결절", "786838002", "SCT", "Nodule of lung"),
    "Mass": Label("Lung mass", "폐종괴", "309529002", "SCT", "Lung mass"),
    "Hernia": Label("Hiatal hernia", "열공탈장", "84089009", "SCT", "Hiatal hernia"),
    "Lung Lesion": Label("Lung lesion", "폐병변", "LUNG_LESION", "99BUCKY", "Lesion of lung"),
    "Fracture": Label("Fracture", "골절", "125605004", "SCT", "Fracture of bone"),
    "Lung Opacity": Label("Lung opacity", "폐음영", "112001", "DCM", "Opacity"),
    "Enlarged Cardiomediastinum": Label("Enlarged cardiomediastinum", "종격동 확장",
                                        "WIDE_MEDIASTIN", "99BUCKY",
                                        "Enlarged cardiomediastinum"),
}


def key_of(label: str) -> str:
    return label.lower().replace(" ", "_")
