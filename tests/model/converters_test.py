# SPDX-License-Identifier: Apache-2.0
"""The converters of tools/model, with networks of the right architecture and random weights. Their
output is checked by `bucky model check` (BUCKY_PROGRAM), which runs it as the node does. The
manifests of the packages that come with Bucky are compared with the output of their trainers, and
the words of the demonstration with those of a report."""
import json
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from torch import nn

from architectures import DenseNet121, ResNet50

TESTS = Path(__file__).resolve().parent
TOOLS = TESTS.parent.parent / "tools" / "model"
sys.path[:0] = [str(TOOLS), str(TOOLS / "gate"), str(TOOLS / "adult"),
                str(TOOLS.parent / "demonstration")]
import evaluate_cxr_nodule  # noqa: E402
import evaluate_cxr_opacity  # noqa: E402
import gate_package  # noqa: E402
import manifest  # noqa: E402
import package  # noqa: E402
import package_pneumonia_paediatric  # noqa: E402
import verdicts  # noqa: E402

BUCKY = os.environ.get("BUCKY_PROGRAM", "")
SAID = ["--version", "1", "--vendor", "Tests", "--licence", "none", "--intended-use", "tests"]


def run(words, expect=0):
    env = dict(os.environ, PYTHONPATH=str(TESTS), PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run([str(word) for word in words], env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert (done.returncode == 0) == (expect == 0), done.stdout
    return done.stdout


def golden(package: Path):
    return (np.fromfile(package / "golden-1.input.f32", "<f4"),
            np.fromfile(package / "golden-1.output.f32", "<f4"))


class Converters(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(3)
        torch.set_num_threads(2)
        self.folder = tempfile.TemporaryDirectory()
        self.dir = Path(self.folder.name)
        self.out = self.dir / "package"

    def tearDown(self):
        self.folder.cleanup()

    def table(self, count: int) -> Path:
        rows = ["key,name,code,scheme,meaning,threshold"]
        rows += [f"f{i},Finding {i},C-{i},99TEST,Finding {i},0.4" for i in range(count)]
        (self.dir / "table.csv").write_text("\n".join(rows), encoding="utf-8")
        return self.dir / "table.csv"

    def judged(self) -> str:
        said = run([BUCKY, "model", "check", self.out, "--device", "cpu"])
        self.assertIn("The package is sound", said)
        self.assertIn("golden-1.input.f32: the numbers differ by at most 0.00", said)
        return said

    def test_a_densenet_of_torchxrayvision_keeps_its_scores_and_gets_codes_and_heatmaps(self):
        net = DenseNet121(18).eval()
        labels = ["Atelectasis", "Consolidation", "Infiltration", "Pneumothorax", "Edema",
                  "Emphysema", "Fibrosis", "Effusion", "Pneumonia", "Pleural_Thickening",
                  "Cardiomegaly", "Nodule", "Mass", "Hernia", "Lung Lesion", "", "Lung Opacity",
                  "Enlarged Cardiomediastinum"]
        points = torch.linspace(0.1, 0.6, 18)
        points[15] = math.nan  # as in a set without this label
        net.pathologies, net.op_threshs = labels, points
        torch.save(net, self.dir / "net.pt")
        run([TOOLS / "from-torchxrayvision", "--weights", self.dir / "net.pt", "--side", 128,
             "--out", self.out, "--name", "xrv", *SAID])
        said = self.judged()
        self.assertIn("1 x 128 x 128", said)
        self.assertIn("36118008 SCT", said)
        self.assertIn("112121 DCM", said)
        self.assertNotIn("Fracture", said)  # the output without a label is left out

        given, answer = golden(self.out)
        self.assertGreaterEqual(given.min(), -1024)
        self.assertLess(given.min(), -700)
        self.assertGreater(given.max(), 700)
        with torch.no_grad():
            share = torch.sigmoid(net(torch.from_numpy(given).view(1, 1, 128, 128)))[0].numpy()
        kept = [at for at in range(18) if at != 15]
        for at, score in zip(kept, answer):
            point, p = float(points[at]), float(share[at])
            moved = p / (2 * point) if p < point else 1 - (1 - p) / (2 * (1 - point))
            self.assertAlmostEqual(float(score), moved, delta=1e-3)
        self.assertEqual(len(answer), 17 + 17 * 4 * 4)

    def test_a_resnet_of_torchvision_comes_from_its_state_dict(self):
        net = ResNet50(4).eval()
        torch.save(net.state_dict(), self.dir / "weights.pth")
        said = run([TOOLS / "from-torchvision", "--weights", self.dir / "weights.pth",
                    "--architecture", "architectures:resnet50", "--findings", self.table(4),
                    "--side", 96, "--exclusive", "--out", self.out, "--name", "tv", *SAID])
        self.assertIn("4 findings, with heatmaps", said)
        self.judged()
        given, answer = golden(self.out)
        with torch.no_grad():
            share = torch.softmax(net(torch.from_numpy(given).view(1, 3, 96, 96)), 1)[0].numpy()
        np.testing.assert_allclose(answer[:4], share, atol=1e-3)
        self.assertIn("mean = [0.485, 0.456, 0.406]", (self.out / "model.toml").read_text())

    def test_a_classifier_whose_head_is_not_one_layer_has_scores_alone(self):
        # The pooling size must divide its input: the optimised graph of LibTorch 1.13 takes no
        # other, and `model check` reports it.
        net = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(4),
                            nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 2)).eval()
        torch.jit.trace(net, torch.rand(1, 3, 64, 64)).save(str(self.dir / "net.ts"))
        said = run([TOOLS / "from-torchvision", "--weights", self.dir / "net.ts", "--findings",
                    self.table(2), "--side", 64, "--out", self.out, "--name", "s", *SAID])
        self.assertIn("without heatmaps", said)
        self.judged()
        said = run([TOOLS / "from-torchvision", "--weights", self.dir / "net.ts", "--findings",
                    self.table(3), "--side", 64, "--out", self.out, "--name", "s", *SAID], 1)
        self.assertIn("gives 2 numbers", said)

    def test_a_monai_bundle_is_read_by_its_metadata(self):
        bundle = self.dir / "bundle"
        (bundle / "models").mkdir(parents=True)
        (bundle / "configs").mkdir()
        net = nn.Sequential(nn.Conv2d(1, 4, 5, 4), nn.BatchNorm2d(4), nn.ReLU(),
                            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)).eval()
        torch.jit.script(net).save(str(bundle / "models" / "model.ts"))
        image = {"type": "image", "num_channels": 1, "spatial_shape": [80, 64]}
        metadata = {"network_data_format": {"inputs": {"image": image}, "outputs": {}}}
        described = bundle / "configs" / "metadata.json"
        described.write_text(json.dumps(metadata))
        words = [TOOLS / "from-monai", "--bundle", bundle, "--out", self.out, "--name", "m", *SAID]
        run([*words, "--findings", self.table(3)])
        self.assertIn("1 x 80 x 64", self.judged())
        self.assertIn("needed are logits (1, 2)", run([*words, "--findings", self.table(2)], 1))
        image["spatial_shape"] = [64, 64, 32]
        described.write_text(json.dumps(metadata))
        self.assertIn("only 2D images", run([*words, "--findings", self.table(3)], 1))


class OurPackages(unittest.TestCase):
    def test_the_manifests_that_come_with_bucky_are_what_their_trainers_write(self):
        models = TESTS.parent.parent / "models"
        _, scores, heats, sha256 = package.read_package(models / "cxr-phantom")
        self.assertEqual(len(scores), 4)
        self.assertEqual(package.manifest_text(sha256, scores, heats) + manifest.golden_text(1),
                         (models / "cxr-phantom" / "model.toml").read_text(encoding="utf-8"))
        _, limits, sha256 = gate_package.read_package(models / "cxr-gate")
        self.assertEqual(gate_package.manifest_text(sha256, limits),
                         (models / "cxr-gate" / "model.toml").read_text(encoding="utf-8"))

    def test_the_findings_that_come_with_bucky_are_what_their_trainers_write(self):
        models = TESTS.parent.parent / "models"
        for name, trainer in (("pneumonia-paediatric", package_pneumonia_paediatric),
                              ("cxr-nodule", evaluate_cxr_nodule),
                              ("cxr-opacity", evaluate_cxr_opacity)):
            text = (models / name / "model.toml").read_text(encoding="utf-8")
            sha256 = re.search(r'^sha256 = "(\w+)"', text, re.M).group(1)
            threshold = float(re.search(r"^threshold = ([\d.]+)", text, re.M).group(1))
            written = trainer.package_of(threshold)
            for finding in written.findings:
                self.assertIn(manifest.finding_text(finding, sha256), text)
            self.assertIn(f'intended_use_ko = "{written.intended_use_ko}"', text)

    def test_a_tuberculosis_of_the_demonstration_is_suspected_in_code_and_words(self):
        with tempfile.TemporaryDirectory() as folder:
            run([BUCKY, "phantom", "--out", folder, "--seed", 13, "--finding", "tuberculosis"])
            run([BUCKY, "analyze", Path(folder) / "phantom-000013.dcm", "--model",
                 TESTS.parent.parent / "models" / "cxr-phantom", "--out", Path(folder) / "out"])
            said = [line for file in (Path(folder) / "out").rglob("*.dcm")
                    if b"1.2.840.10008.5.1.4.1.1.88.34" in file.read_bytes()
                    for verdict in verdicts.read(file.read_bytes()).values()
                    for line in verdict.lines()]
        self.assertRegex("; ".join(said), r"^Suspected pulmonary tuberculosis 0\.\d\d \w+$")

    def test_thresholds_fixed_for_other_weights_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "gate"
            shutil.copytree(TESTS.parent.parent / "models" / "cxr-gate", copy)
            with open(copy / "weights.ts", "ab") as weights:
                weights.write(b"x")
            with self.assertRaisesRegex(SystemExit, "limits_for is for other weights"):
                gate_package.read_package(copy)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
