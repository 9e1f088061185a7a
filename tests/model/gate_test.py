# SPDX-License-Identifier: Apache-2.0
"""The trainers of the gate and of the model of children: the exposed field is found, the same
command makes the same weights, byte for byte, and the packages that come with Bucky are what the
trainers write. Training needs the shared folder with its pictures (BUCKY_SHARED, else ../shared);
without it the test says "skipped"."""
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / "tools" / "model"
sys.path[:0] = [str(TOOLS), str(TOOLS / "gate")]
import gate_package  # noqa: E402
import gate_set  # noqa: E402
import near_chests  # noqa: E402
import package_pneumonia_paediatric as children  # noqa: E402
import paediatric_set  # noqa: E402
import projections  # noqa: E402
from exposed_field import field_box, look_at  # noqa: E402
from node_input import letterboxed  # noqa: E402
from shipped import check_manifest  # noqa: E402

SHARED = Path(os.environ.get("BUCKY_SHARED") or ROOT.parent / "shared")
DATA = SHARED / "training"
MAKER = os.environ.get("BUCKY_PHANTOM_SET", "")


def run(program: Path, *words) -> None:
    env = dict(os.environ, PYTHONPATH=str(TOOLS), PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(["/usr/bin/python3", program, *map(str, words)], env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout


def gate_of(work: str) -> bytes:
    run(TOOLS / "gate" / "train_gate.py", "--training", DATA, "--samples", SHARED / "samples",
        "--maker", MAKER, "--cache", work, "--steps", 12, "--few", 24)
    return (Path(work) / "gate.pt").read_bytes()


def child_net_of(work: str) -> bytes:
    run(TOOLS / "train_pneumonia_paediatric.py", "--data", DATA, "--work", work, "--steps", 12,
        "--batch", 8)
    return (Path(work) / "net.pt").read_bytes()


class Training(unittest.TestCase):
    def twice(self, made) -> None:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            self.assertEqual(made(one), made(two))

    @unittest.skipUnless((DATA / "adult").is_dir() and MAKER, "no shared folder with pictures")
    def test_twelve_steps_make_the_same_gate_each_time(self):
        self.twice(gate_of)

    @unittest.skipUnless((DATA / "adult").is_dir(), "no shared folder with pictures")
    def test_twelve_steps_make_the_same_model_of_children_each_time(self):
        self.twice(child_net_of)

    @unittest.skipUnless((DATA / "adult").is_dir(), "no shared folder with pictures")
    def test_no_patient_is_in_two_splits_of_the_gate_and_one_source_is_in_none(self):
        splits = [gate_set.listed(DATA, SHARED / "samples", split)
                  for split in ("train", "val", "test")]
        patients = [{chest.patient for chest in split} for split in splits]
        self.assertFalse(patients[0] & patients[1] or patients[0] & patients[2] or
                         patients[1] & patients[2])
        sources = {chest.source for split in splits for chest in split}
        self.assertEqual(sources, {"kermany", "nih512", "rsna_opacity", "rsna_normal"})
        self.assertFalse(gate_set.held_out(SHARED / "samples") & set.union(*patients))


class Halves(unittest.TestCase):
    def test_the_halves_of_the_children_have_no_series_in_common(self):
        self.assertEqual(paediatric_set.half_of("kermany/IM-0115-0001.jpeg"), 0)
        self.assertEqual(paediatric_set.half_of("kermany/NORMAL2-IM-0481-0001.jpeg"), 1)
        self.assertEqual(paediatric_set.half_of("kermany/person9_bacteria_41.jpeg"), 0)
        self.assertEqual(paediatric_set.half_of("kermany/person1176_virus_1996.jpeg"), 1)


class ExposedField(unittest.TestCase):
    def setUp(self):
        random = torch.Generator().manual_seed(1)
        self.film = 0.2 + 0.7 * torch.rand(1, 1, 160, 120, generator=random)

    def found(self, border: float, noise: float = 0.0):
        x = torch.full((1, 1, 320, 320), border)
        grain = torch.randn(x.shape, generator=torch.Generator().manual_seed(2))
        x = (x + noise * grain).clamp(0, 1)
        x[:, :, 100:260, 40:160] = self.film
        return field_box(x)[0]

    def test_a_border_of_any_grey_is_cut_away(self):
        # Columns 40 to 160 and rows 100 to 260 of 320, in the coordinates of grid_sample.
        there = torch.tensor([100 / 160 - 1, 180 / 160 - 1, 60 / 160, 80 / 160])
        for border in (0.0, 1.0, 0.4):
            self.assertLess(float((self.found(border) - there).abs().max()), 0.03, border)
        self.assertLess(float((self.found(0.5, 0.01) - there).abs().max()), 0.03)

    def test_a_picture_without_a_border_stays_as_it_is(self):
        x = 0.2 + 0.7 * torch.rand(1, 1, 320, 320, generator=torch.Generator().manual_seed(3))
        self.assertLess(float((field_box(x)[0] - torch.tensor([0, 0, 1.0, 1.0])).abs().max()), 0.02)
        self.assertTrue(torch.allclose(look_at(x, field_box(x), 320), x, atol=0.05))

    def test_a_black_picture_is_not_cut(self):
        self.assertEqual(field_box(torch.zeros(1, 1, 64, 64))[0].tolist(), [0, 0, 1, 1])

    def test_a_small_field_is_seen_as_large_as_a_whole_one(self):
        whole = torch.from_numpy(letterboxed((self.film[0, 0].numpy() * 255).astype(np.uint8), 320))
        small = torch.zeros(1, 1, 320, 320)
        small[:, :, 100:260, 40:160] = self.film
        seen = [look_at(x, field_box(x), 48) for x in (whole[None, None], small)]
        self.assertLess(float((seen[0] - seen[1]).abs().mean()), 0.12)


class Drawing(unittest.TestCase):
    def test_a_projection_from_the_side_is_another_picture_than_from_the_front(self):
        thorax = projections.read_thorax()
        front, side = (family(np.random.default_rng(1), thorax)
                       for family in (projections.front, projections.lateral))
        self.assertEqual(front.shape, side.shape)

        def symmetry(picture):  # left and right lung are alike
            return np.corrcoef(picture.ravel(), picture[:, ::-1].ravel())[0, 1]
        self.assertGreater(symmetry(front), symmetry(side))

    def test_every_family_draws_a_picture_of_display_values(self):
        random = np.random.default_rng(2)
        chest = projections.front(random, projections.read_thorax())
        for family in set(near_chests.FAMILIES):
            picture = family(random, chest, chest)
            self.assertEqual(picture.shape, chest.shape, family.__name__)
            self.assertTrue(0 <= picture.min() and picture.max() <= 1, family.__name__)


class OurPackages(unittest.TestCase):
    def test_the_manifest_of_the_gate_is_what_its_trainer_writes(self):
        folder = ROOT / "models" / "cxr-gate"
        _, limits, sha256 = gate_package.read_package(folder)
        self.assertEqual(gate_package.manifest_text(sha256, limits),
                         (folder / "model.toml").read_text(encoding="utf-8"))
        self.assertLess((folder / "weights.ts").stat().st_size, 4 << 20)
        self.assertGreaterEqual(limits["chest_without_view"], limits["chest"])

    def test_the_manifest_for_children_is_what_its_trainer_writes(self):
        folder = ROOT / "models" / "pneumonia-paediatric"
        net, threshold, _ = children.read_package(folder)
        check_manifest(self, children.package_of(threshold), net)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
