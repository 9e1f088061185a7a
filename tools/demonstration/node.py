# SPDX-License-Identifier: Apache-2.0
"""The node of the demo: the real `bucky serve`, told of the PACS."""

import os
import re
from datetime import datetime, timezone

from programs import Program, run

CONFIG = """\
[node]
ae_title = "BUCKY"
data_dir = "{data_dir}"

[scp]
listen = "127.0.0.1"
port = {port}

[inference]
models = ["{model}"]

[[destination]]
name = "pacs"
ae_title = "ORTHANC"
host = "127.0.0.1"
port = {pacs_port}

[admin]
listen = ""
"""


class Node:
    def __init__(self, bucky, model, work, port, pacs_port):
        self.bucky, self.port = bucky, port
        data_dir = os.path.join(work, "node")
        config = os.path.join(work, "bucky.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(data_dir=data_dir, port=port, model=model, pacs_port=pacs_port))
        self.program = Program([bucky, "serve", "--config", config])
        self.program.wait_for(" node.ready ", 120)

    def send(self, files):
        """C-STORE to the node, as a modality would. What `bucky send` said, if it did not please."""
        status, said = run([self.bucky, "send", f"BUCKY@127.0.0.1:{self.port}", *files])
        return "" if status == 0 else said.strip()

    def last_byte_at(self, sop_instance):
        """When the node had the whole image, by its log (seconds since 1970); None: never."""
        for line in list(self.program.lines):
            if " store.kept " in line and re.search(rf"\bsop={re.escape(sop_instance)}(\s|$)", line):
                at = datetime.strptime(line.split(" ", 1)[0], "%Y-%m-%dT%H:%M:%S.%fZ")
                return at.replace(tzinfo=timezone.utc).timestamp()
        return None

    def close(self):
        self.program.close()
