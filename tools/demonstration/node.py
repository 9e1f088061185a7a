# SPDX-License-Identifier: Apache-2.0
"""The node of the demo: the real `bucky serve`, configured to send to the PACS."""

import os
import re
import time
from datetime import datetime, timezone

from programs import Failed, Program, run

CONFIG = """\
[node]
ae_title = "BUCKY"
data_dir = "{data_dir}"

[scp]
listen = "127.0.0.1"
port = 0

[inference]
models = ["{model}"]
models_writable_ok = true
{inference}

[[destination]]
name = "pacs"
ae_title = "ORTHANC"
host = "127.0.0.1"
port = {pacs_port}
{results}

[admin]
listen = ""

{more}
"""

PHANTOMS = (  # file name, options of `bucky phantom`
    ("healthy", ["--healthy"]),
    ("nodule", ["--finding", "nodule"]),
    ("tuberculosis", ["--finding", "tuberculosis"]),
    ("pneumothorax", ["--finding", "pneumothorax"]),
    ("pneumonia", ["--finding", "pneumonia"]),
    ("lateral", ["--healthy", "--view", "LL"]),
)


def draw_phantoms(bucky, folder, first=11):
    """Draws radiographs of simulated patients, one for each finding, and yields their files."""
    for seed, (name, wanted) in enumerate(PHANTOMS, start=first):
        out = os.path.join(folder, name)
        status, said = run([bucky, "phantom", "--out", out, "--seed", str(seed), *wanted])
        if status != 0:
            raise Failed(f"bucky phantom: {said.strip()}")
        drawn = os.path.join(folder, name + ".dcm")
        os.rename(os.path.join(out, f"phantom-{seed:06}.dcm"), drawn)
        yield drawn


def write_config(work, model, pacs_port, inference="", more="", results=""):
    """The node's config file in `work`; the last three are further lines of it."""
    config = os.path.join(work, "bucky.toml")
    os.makedirs(os.path.join(work, "node"), exist_ok=True)
    with open(config, "w", encoding="utf-8") as file:
        file.write(CONFIG.format(data_dir=os.path.join(work, "node"), model=model,
                                 pacs_port=pacs_port, inference=inference, more=more,
                                 results=results))
    return config


class Node:
    def __init__(self, bucky, model, work, pacs_port, inference="", more="", results=""):
        self.bucky = bucky
        config = write_config(work, model, pacs_port, inference, more, results)
        self.program = Program([bucky, "serve", "--config", config])
        ready = self.program.wait_for(" node.ready ", 120)
        self.port = int(re.search(r"\bdicom_port=(\d+)", ready).group(1))

    def send(self, files, peer=None):
        """Sends by C-STORE to the node, or to another peer, like a modality. Returns the output."""
        return run([self.bucky, "send", peer or f"BUCKY@127.0.0.1:{self.port}", *files])[1]

    def wait_for_outcome(self, sop_instance, at_most_s=5.0):
        """Until the log tells of the image: the node answers its sender first."""
        until = time.monotonic() + at_most_s
        while time.monotonic() < until and not (self._line("store.kept", sop_instance)
                                                or self._line("store.refused", sop_instance)):
            time.sleep(0.01)

    def last_byte_at(self, sop_instance):
        """When the node had received the whole image, by its log (seconds since 1970), or None."""
        line = self._line("store.kept", sop_instance)
        if line is None:
            return None
        at = datetime.strptime(line.split(" ", 1)[0], "%Y-%m-%dT%H:%M:%S.%fZ")
        return at.replace(tzinfo=timezone.utc).timestamp()

    def refusal(self, sop_instance):
        """Why the node refused the image; None if it did not."""
        line = self._line("store.refused", sop_instance)
        if line is None:
            return None
        why = re.search(r'\bwhy=("[^"]*"|\S+)', line)
        status = re.search(r"\bstatus=(\S+)", line)
        return f"refused with {status.group(1)}: " + why.group(1).strip('"')

    def _line(self, event, sop_instance):
        for line in list(self.program.lines):
            if f" {event} " in line and f" sop={sop_instance} " in line + " ":
                return line
        return None

    def close(self):
        self.program.close()
