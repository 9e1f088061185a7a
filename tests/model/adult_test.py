# SPDX-License-Identifier: Apache-2.0
"""The trainers of the adult packages: the same command makes the same weights, byte for byte, and
the packages that come with Bucky are what they write. Training needs the shared folder with its
pictures (BUCKY_SHARED, else ../shared); without it the test says "skipped"."""
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
sys.path[:0] = [str(TOOLS), str(TOOLS / "adult")]
import adult_films  # noqa: E402
import adult_package  # noqa: E402
import evaluate_cxr_nodule  # noqa: E402
import evaluate_cxr_opacity  # noqa: E402
from nodule_measure import peaks, threshold_for  # noqa: E402
from nodule_plant import planted, targets  # noqa: E402
from shipped import check_manifest  # noqa: E402

DATA = Path(os.environ.get("BUCKY_SHARED") or ROOT.parent / "shared") / "training"
STEPS = {"nodule": ["6", "6"], "opacity": ["12"]}  # nodules are learnt in two rounds
TRIAL = ["--lung-steps", "4", "--films", "16", "--batch", "4"]


def trained(name: str, work: str) -> bytes:
    env = dict(os.environ, PYTHONPATH=f"{TOOLS}:{TOOLS / 'adult'}", PYTHONDONTWRITEBYTECODE="1")
    done = subprocess.run(["/usr/bin/python3", TOOLS / "adult" / f"train_cxr_{name}.py",
                           "--data", DATA, "--work", work, "--steps", *STEPS[name], *TRIAL],
                          env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return (Path(work) / f"{name}.pt").read_bytes()


class Training(unittest.TestCase):
    @unittest.skipUnless((DATA / "adult").is_dir(), "no shared folder with pictures")
    def test_twelve_steps_make_the_same_weights_each_time(self):
        for name in ("nodule", "opacity"):
            with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
                self.assertEqual(trained(name, one), trained(name, two), name)

    @unittest.skipUnless((DATA / "adult").is_dir(), "no shared folder with pictures")
    def test_no_patient_and_no_ct_is_in_training_and_held_out(self):
        films = adult_films.Films(DATA, 400)
        held = {film.patient for film in films.films if film.held_out}
        self.assertFalse(held & {film.patient for film in films.films if not film.held_out})
        uids = np.load(DATA / "adult" / "nodule_thickness_maps.npz")["uid"]
        parts = [set(uids[[i for i, uid in enumerate(uids)
                           if (adult_films.percent_of(str(uid)) < 20) == held_out]])
                 for held_out in (False, True)]
        self.assertFalse(parts[0] & parts[1])


class Planting(unittest.TestCase):
    def test_a_nodule_adds_density_at_its_place_and_nowhere_else(self):
        film, map_ = torch.full((60, 60), 0.3), torch.zeros(20, 20)
        map_[5:15, 5:15] = 10.0
        with_it, there = planted(film, map_, (0.5, 0.5), 0.03)
        self.assertTrue(bool((with_it[there > 0] > film[there > 0]).all()))
        self.assertTrue(torch.allclose(with_it[there == 0], film[there == 0]))

    def test_the_ring_around_a_nodule_is_no_part_of_it(self):
        maps = torch.zeros(1, 64, 64)
        maps[0, 24:40, 24:40] = 10.0
        inside, ring = targets(maps)
        self.assertEqual(int(inside.sum()), 16)
        self.assertEqual(float((inside * ring).sum()), 0.0)


class Measuring(unittest.TestCase):
    def test_the_threshold_leaves_at_most_one_in_twenty_marked_in_each_source(self):
        sources = [np.linspace(0, 0.5, 100), np.linspace(0, 0.9, 40)]
        threshold = threshold_for(sources)
        for scores in sources:
            self.assertLessEqual((scores >= threshold).mean(), 0.05)

    def test_marks_are_apart_by_more_than_their_reach(self):
        heat = np.zeros((112, 112), np.float32)
        heat[10, 10], heat[12, 12], heat[80, 80] = 0.9, 0.8, 0.7
        self.assertEqual([mark[1:] for mark in peaks(heat, 3.5)], [(10, 10), (80, 80)])

    def test_a_film_is_prepared_as_in_the_node(self):
        film = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
        box = adult_films.letterboxed(film, 6)
        self.assertEqual(box.shape, (6, 6))
        self.assertTrue((box[0] == 0).all() and (box[5] == 0).all())
        self.assertAlmostEqual(float(box[1, 2]), 40 / 255, places=6)


class OurPackages(unittest.TestCase):
    def test_the_manifests_that_come_with_bucky_are_what_their_trainers_write(self):
        for name, module in (("cxr-nodule", evaluate_cxr_nodule),
                             ("cxr-opacity", evaluate_cxr_opacity)):
            net, threshold, _ = adult_package.read_package(ROOT / "models" / name)
            check_manifest(self, module.package_of(threshold), net)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
