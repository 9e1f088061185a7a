# SPDX-License-Identifier: Apache-2.0
"""The alert rules and the dashboard ask only for metrics that the node has, with labels that it
gives them; promtool (Debian: prometheus) judges the rules where it is installed.

usage: watch_test.py BUILD_FOLDER [unittest's arguments]"""
import json
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.argv.pop(1)
ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "packaging/prometheus/bucky.rules.yml"
BOARD = ROOT / "packaging/grafana/bucky.json"


def rows():
    text = (ROOT / "conf/observe/metrics.cpp").read_text()
    return dict(re.findall(r'\{"(bucky_[a-z_]+)",\s*Kind::(\w+)', text))


def expressions():
    rules = re.sub(r"expr: >-\n", "expr: ", RULES.read_text())
    for whole in re.findall(r"expr: (.*?)\n +(?:for|labels):", rules, re.DOTALL):
        yield " ".join(whole.split())
    for panel in json.loads(BOARD.read_text())["panels"]:
        for target in panel["targets"]:
            yield target["expr"]


class Watched(unittest.TestCase):
    def test_every_metric_that_is_asked_for_is_one_that_the_node_has(self):
        kinds = rows()
        self.assertGreater(len(kinds), 20)
        asked = set()
        for expression in expressions():
            for name in re.findall(r"\b(bucky_[a-z_]+)", expression):
                part = re.search(r"_(bucket|sum|count)$", name)
                kind = "histogram" if part else None
                base = name[:part.start()] if kind else name
                self.assertIn(base, kinds, expression)
                if kind:
                    self.assertEqual(kinds[base], kind, expression)
                if re.search(rf"(rate|increase)\({name}", expression) and not kind:
                    self.assertEqual(kinds[base], "counter", expression)
                asked.add(base)
        self.assertGreater(len(asked), 20)

    def test_counters_are_named_as_prometheus_wants_them(self):
        for name, kind in rows().items():
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
            if kind == "histogram":
                self.assertRegex(name, "_(seconds|ratio)$")

    def test_each_alert_has_its_place_in_the_operations_manual(self):
        manual = (ROOT / "docs/operations.md").read_text()
        alerts = re.findall(r"- alert: (\w+)", RULES.read_text())
        self.assertGreater(len(alerts), 5)
        for alert in alerts:
            self.assertIn(f"| {alert} |", manual)

    def test_promtool_finds_no_fault_and_alerts_fire_for_what_they_mean(self):
        if shutil.which("promtool") is None:
            self.skipTest("skipped: promtool is not here")
        for words in (["check", "rules", RULES],
                      ["check", "config", RULES.parent / "prometheus.yml"],
                      ["test", "rules", ROOT / "tests/packaging/rules_test.yml"]):
            said = subprocess.run(["promtool", *map(str, words)], capture_output=True, text=True)
            self.assertEqual(said.returncode, 0, said.stdout + said.stderr)

    def test_every_counter_whose_increase_is_an_alert_is_born_at_zero(self):
        """In conf/observe/first_series.cpp, or, where its labels are an outlet's, in the trail."""
        born = "".join((ROOT / file).read_text() for file in (
            "conf/observe/first_series.cpp", "tools/bucky/audit/trail.cpp"))
        asked = re.findall(r"increase\((bucky_[a-z_]+_total)[^[]*\[[0-9]+[mh]\]", RULES.read_text())
        self.assertGreater(len(asked), 4)
        for name in asked:
            self.assertIn(f'"{name}"', born)


if __name__ == "__main__":
    unittest.main(verbosity=2)
