# SPDX-License-Identifier: Apache-2.0
"""The container image and what goes with it: the configs of the compose file and of the Helm chart
are good, and say what the image says.

  BUCKY_IMAGE=1  also makes the image (packaging/oci/make-image: minutes, network), unpacks it, and
                 runs it in bubblewrap as its user, read-only but for its data, as an engine does

usage: image_test.py BUILD_FOLDER BUCKY [unittest's arguments]"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import yaml

BUCKY, BUILD = Path(sys.argv.pop(2)).resolve(), Path(sys.argv.pop(1)).resolve()
ROOT = Path(__file__).resolve().parents[2]
OCI, CHART = ROOT / "packaging/oci", ROOT / "packaging/helm/bucky"


def run(words, expect=0, **more):
    done = subprocess.run([str(word) for word in words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **more)
    assert done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}"
    return done.stdout


class Image(unittest.TestCase):
    def is_good(self, config, variables=None):
        models = str(ROOT / "models")
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(config.replace("/usr/share/bucky/models", models))
            file.flush()
            return run([BUCKY, "config", "show", file.name],
                       env={**os.environ, **(variables or {})})

    def test_the_compose_file_gives_each_service_what_it_reads(self):
        services = yaml.safe_load((OCI / "compose.yml").read_text())["services"]
        self.assertEqual(set(services), {"bucky", "orthanc", "orthanc-to-bucky"})
        for service in services.values():
            for volume in service["volumes"]:
                if volume.startswith("."):
                    self.assertTrue((OCI / volume.split(":")[0]).is_file(), volume)
        shown = self.is_good((OCI / "bucky.toml").read_text(), services["bucky"]["environment"])
        self.assertIn('host = "orthanc"', shown)
        self.assertIn('language = "en"  # environment', shown)
        orthanc = json.loads((OCI / "orthanc.json").read_text())
        self.assertEqual(orthanc["DicomModalities"]["bucky"], ["BUCKY", "bucky", 11112])

    def test_the_chart_has_a_good_config_and_the_users_and_ports_of_the_image(self):
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        shown = self.is_good(values["config"].replace("/run/bucky/admin-token", "credential:t"))
        self.assertIn('listen = "0.0.0.0:8090"', shown)
        node = (CHART / "templates/node.yaml").read_text()
        made = (OCI / "make-image").read_text()
        user = re.search(r"^user=(\d+)", made, re.M)[1]
        self.assertIn(f"runAsUser: {user}, runAsGroup: {user}, fsGroup: {user}", node)
        self.assertIn("containerPort: 11112", node)
        self.assertIn("--config.exposedports 11112/tcp", made)
        for template in (CHART / "templates").iterdir():
            for name in re.findall(r"\.Values\.([\w.]+)", template.read_text()):
                there = values
                for part in name.split("."):
                    self.assertIn(part, there, name)
                    there = there[part]
        project = (ROOT / "CMakeLists.txt").read_text()
        version = re.search(r"project\(bucky VERSION ([0-9.]+)", project)
        chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
        self.assertEqual(chart["appVersion"], version[1])
        self.assertIn(f"image: bucky:{version[1]}\n", (OCI / "compose.yml").read_text())

    def test_the_image_runs_as_its_user(self):
        if os.environ.get("BUCKY_IMAGE") != "1":
            self.skipTest("skipped: BUCKY_IMAGE=1 asks for it")
        with tempfile.TemporaryDirectory() as work:
            work = Path(work)
            run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-B", work / "packed"],
                cwd=BUILD)
            [package] = glob.glob(str(work / "packed/bucky_*.deb"))
            image = run([OCI / "make-image", work / "image", package]).splitlines()[-1]
            try_image(image, work)


def try_image(image, work):
    run(["umoci", "unpack", "--image", image, work / "bundle"])
    told = json.loads((work / "bundle/config.json").read_text())["process"]
    assert told["args"] == ["/usr/bin/bucky", "serve"], told["args"]
    user = told["user"]
    assert user["uid"] == user["gid"] == 10104, user
    data = work / "data"
    data.mkdir()
    os.chown(data, user["uid"], user["gid"])
    shutil.copy(OCI / "bucky.toml", work)
    for folder in (work, work / "bundle"):
        folder.chmod(0o755)
    inside = ["setpriv", f"--reuid={user['uid']}", f"--regid={user['gid']}", "--clear-groups",
              "bwrap", "--unshare-all", "--die-with-parent",
              "--ro-bind", work / "bundle/rootfs", "/",
              "--bind", data, "/var/lib/bucky", "--proc", "/proc", "--dev", "/dev",
              "--tmpfs", "/tmp", "--ro-bind", work / "bucky.toml", "/etc/bucky/bucky.toml"]
    health = yaml.safe_load((OCI / "compose.yml").read_text())["services"]["bucky"]["healthcheck"]
    script = ("set -e; bucky serve >/tmp/log 2>&1 & node=$!; tries=0;"
              f"until {' '.join(health['test'][1:])}; do tries=$((tries + 1));"
              "if [ $tries -gt 100 ]; then cat /tmp/log; exit 1; fi; sleep 0.3; done; id -u;"
              "kill $node; wait $node; cat /tmp/log")
    said = run([*inside, "/bin/sh", "-c", script])
    print(said)
    assert "status 0x0000" in said and "\n10104\n" in said and "node.stopped" in said, said
    assert not re.search(r"decoder\.(no_landlock|not_shut_in)", said), said


if __name__ == "__main__":
    unittest.main(verbosity=2)
