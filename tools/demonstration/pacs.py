# SPDX-License-Identifier: Apache-2.0
"""The PACS of the demo: Debian's Orthanc with its web viewer, on free loopback ports."""

import json
import os
import urllib.error
import urllib.request

from programs import Program, free_port

PLUGINS = "/usr/share/orthanc/plugins"
SR_CLASS = "1.2.840.10008.5.1.4.1.1.88.34"  # Comprehensive 3D SR
SC_CLASS = "1.2.840.10008.5.1.4.1.1.7"      # Secondary Capture


class Pacs:
    def __init__(self, work, dicom_port, node_port):
        self.folder = os.path.join(work, "pacs")
        self.pages = os.path.join(work, "pages")  # served by the PACS as /ai: see pages.py
        os.makedirs(self.folder)
        os.makedirs(self.pages)
        self.dicom_port, self.http_port = dicom_port, free_port()
        config = os.path.join(work, "orthanc.json")
        with open(config, "w", encoding="utf-8") as file:
            json.dump(self._config(node_port), file, indent=2)
        self.program = Program(["Orthanc", config])
        self.program.wait_for("Orthanc has started", 60)

    def _config(self, node_port):
        plugins = ("libOrthancWebViewer.so", "libOrthancDicomWeb.so", "libServeFolders.so")
        return {
            "Name": "Bucky's demo",
            "StorageDirectory": self.folder,
            "IndexDirectory": self.folder,
            "HttpPort": self.http_port,
            "DicomPort": self.dicom_port,
            "DicomAet": "ORTHANC",
            "DicomCheckCalledAet": False,
            "DicomAlwaysAllowStore": True,
            "DicomModalities": {"BUCKY": ["BUCKY", "127.0.0.1", node_port]},
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "OverwriteInstances": True,
            "DefaultEncoding": "Utf8",  # otherwise DICOMweb answers in Latin-1
            "Plugins": [os.path.join(PLUGINS, name) for name in plugins],
            "WebViewer": {"CachePath": os.path.join(self.folder, "viewer-cache")},
            "ServeFolders": {"/ai": self.pages},
        }

    def url(self, path):
        return f"http://127.0.0.1:{self.http_port}{path}"

    def get(self, path):
        with urllib.request.urlopen(self.url(path), timeout=20) as answer:
            return answer.read()

    def post(self, path, question):
        request = urllib.request.Request(self.url(path), data=json.dumps(question).encode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def tag(self, instance, group_element):
        value = self.get(f"/instances/{instance}/content/{group_element}")
        return value.decode("ascii", "replace").strip("\0 ")

    def changes(self, since):
        """(instances that arrived since `since`, the number to ask with next time)."""
        answer = json.loads(self.get(f"/changes?since={since}&limit=1000"))
        new = [one["ID"] for one in answer["Changes"] if one["ChangeType"] == "NewInstance"]
        return new, answer["Last"]

    def parents(self, instance):
        """Orthanc's ids of the study and the series that contain it."""
        return (json.loads(self.get(f"/instances/{instance}/study"))["ID"],
                json.loads(self.get(f"/instances/{instance}/series"))["ID"])

    def file(self, instance):
        return self.get(f"/instances/{instance}/file")

    def picture(self, instance):
        """The instance as a PNG, rendered by the PACS."""
        return self.get(f"/instances/{instance}/preview")

    def close(self):
        self.program.close()
