#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A DX of 10 MB at a site behind a thin line: seconds until the site's own PACS has both results.

  tests/bench/thin_line.py --bucky build/dev/tools/bucky/bucky --model models/cxr-phantom

Two network namespaces are joined by a veth pair whose way up is limited by a token bucket. One has
a service; the other a site that joined it by invitation, and its PACS (storescp). Images come one
at a time. The clock starts when the node begins to read the image, less than 0.1 s before its last
byte, and ends with the PACS's answer to the second result. Needs root: says "skipped" (77)
elsewhere."""
import argparse
import array
import glob
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from datetime import datetime

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools",
                                "demonstration"))
from cloud import write_package_without_weights, write_server_config  # noqa: E402
from node import write_config  # noqa: E402
from programs import Failed, Program, must, run  # noqa: E402

LINES = (("2mbit", 5), ("500kbit", 20))  # the way up, and the bar in seconds
SERVICE, SITE = f"bucky-service-{os.getpid()}", f"bucky-site-{os.getpid()}"
SERVICE_ADDRESS, SITE_ADDRESS = "10.98.0.1", "10.98.0.2"
WAY_UP, WAY_DOWN = "to-service", "to-site"
PORT, PACS_PORT = 8443, 11114
PATIENCE_S = 180


def inside(namespace, *command):
    return ["ip", "netns", "exec", namespace, *command]


class Wire:
    """The two namespaces and the line between them."""

    def __init__(self):
        for namespace in (SERVICE, SITE):
            must("ip", "netns", "add", namespace)

    def join(self):
        must("ip", "link", "add", WAY_UP, "netns", SITE, "type", "veth", "peer", "name", WAY_DOWN,
             "netns", SERVICE)
        for namespace, end, address in ((SITE, WAY_UP, SITE_ADDRESS),
                                        (SERVICE, WAY_DOWN, SERVICE_ADDRESS)):
            must(*inside(namespace, "ip", "address", "add", address + "/24", "dev", end))
            must(*inside(namespace, "ip", "link", "set", end, "up"))
            must(*inside(namespace, "ip", "link", "set", "lo", "up"))

    def limit(self, rate):
        must(*inside(SITE, "tc", "qdisc", "replace", "dev", WAY_UP, "root", "tbf", "rate",
                     rate, "burst", "16kb", "latency", "400ms"))

    def bytes_up(self):
        return int(must(*inside(SITE, "cat", f"/sys/class/net/{WAY_UP}/statistics/tx_bytes")))

    @staticmethod
    def close():
        for namespace in (SITE, SERVICE):
            run(["ip", "netns", "del", namespace])


def write_package_of(side, model, folder):
    """The package with an input of side x side, and the golden output that belongs to it."""
    import torch
    shutil.copytree(model, folder)
    manifest = os.path.join(folder, "model.toml")
    with open(manifest, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"^(width|height) = \d+", rf"\1 = {side}", text, flags=re.M)
    with open(manifest, "w", encoding="utf-8") as file:
        file.write(text)
    torch.manual_seed(1)
    picture = torch.rand(1, 1, side, side)
    net = torch.jit.freeze(torch.jit.load(os.path.join(folder, "weights.ts")).eval())
    with torch.no_grad():
        outputs = net(picture)
    for name, tensors in (("input", (picture,)), ("output", outputs)):
        with open(os.path.join(folder, f"golden-1.{name}.f32"), "wb") as file:
            for tensor in tensors:
                array.array("f", tensor.flatten().tolist()).tofile(file)


class Service:
    def __init__(self, bucky, model, folder):
        self.bucky = bucky
        self.config = write_server_config(
            folder, model, f"{SERVICE_ADDRESS}:{PORT}",
            f'url = "https://{SERVICE_ADDRESS}:{PORT}"\nsites = true')
        self.program = Program(inside(SERVICE, bucky, "serve", "--config", self.config))
        self.program.wait_for(" node.ready ", 120)

    def invite(self, site):
        said = must(*inside(SERVICE, self.bucky, "site", "invite", site, "--config", self.config))
        return re.search(r"bucky (join \S+ --token \S+)", said).group(1).split()


class Site:
    """A node whose model runs on the service, and its PACS."""

    def __init__(self, options, model, folder, service):
        os.makedirs(os.path.join(folder, "pacs"))
        self.folder, self.bucky = folder, options.bucky
        joining = write_config(folder, options.model, PACS_PORT)
        said = must(*inside(SITE, options.bucky, *service.invite("clinic"), "--config", joining))
        package = os.path.join(folder, "package")
        write_package_without_weights(model, package)
        gate = os.path.join(os.path.dirname(os.path.abspath(options.model)), "cxr-gate")
        config = write_config(folder, package, PACS_PORT,
                              inference=f'device = "remote"\ngate_model = "{gate}"',
                              more=said[said.index("[remote]"):])
        self.pacs = Program(inside(SITE, "storescp", "--output-directory",
                                   os.path.join(folder, "pacs"), str(PACS_PORT)))
        self.program = Program(inside(SITE, options.bucky, "serve", "--config", config))
        ready = self.program.wait_for(" node.ready ", 120)
        self.port = re.search(r"\bdicom_port=(\d+)", ready).group(1)

    def stored(self):
        return len(os.listdir(os.path.join(self.folder, "pacs")))

    def journey_s(self, file):
        """Sends an image; the seconds until the PACS has its report and its picture."""
        since, before = len(self.program.lines), self.stored()
        must(*inside(SITE, self.bucky, "send", f"BUCKY@127.0.0.1:{self.port}", file))
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            new = self.program.lines[since:]
            sent = [line for line in new if " deliver.sent " in line]
            if len(sent) == 2:
                break
            time.sleep(0.01)
        else:
            raise Failed("no results:\n" + "\n".join(self.program.lines[-15:]))
        verdict = next(line for line in new if " image.verdict " in line)
        if "verdict=not_analysed" in verdict or "verdict=failed" in verdict:
            raise Failed(verdict)
        if self.stored() != before + 2:
            raise Failed(f"the PACS has {self.stored() - before} results of the image: must be 2")
        kept = next(line for line in new if " store.kept " in line)
        took_ms = float(re.search(r"\btook_ms=(\S+)", kept).group(1))
        return (time_of(sent[-1]) - time_of(kept)).total_seconds() + took_ms / 1000


def time_of(line):
    return datetime.strptime(line.split(" ", 1)[0], "%Y-%m-%dT%H:%M:%S.%fZ")


def draw(bucky, folder, count, seed):
    must(bucky, "phantom", "--out", folder, "--count", str(count), "--seed", str(seed))
    return sorted(glob.glob(os.path.join(folder, "*.dcm")))


def measure(options, wire, side, work):
    """Prints a row for each line with the model's input side x side."""
    model = os.path.join(work, f"model-{side}")
    write_package_of(side, options.model, model)
    opened = []
    try:
        service = Service(options.bucky, model, os.path.join(work, f"service-{side}"))
        opened.append(service.program)
        site = Site(options, model, os.path.join(work, f"site-{side}"), service)
        opened += [site.pacs, site.program]
        warm = draw(options.bucky, os.path.join(work, f"warm-{side}"), 1, 1)
        site.journey_s(warm[0])
        for number, (rate, bar_s) in enumerate(LINES, 1):
            folder = os.path.join(work, f"drawn-{side}-{rate}")
            files = draw(options.bucky, folder, options.images, 1000 * number)
            wire.limit(rate)
            before = wire.bytes_up()
            seconds = [site.journey_s(file) for file in files]
            sent_mb = (wire.bytes_up() - before) / 1e6 / len(files)
            median, longest = statistics.median(seconds), max(seconds)
            print(f"| {rate} | {side} x {side} | {len(files)} | {sent_mb:.2f} | {median:.2f} "
                  f"| {longest:.2f} | {bar_s} | {'yes' if median <= bar_s else 'no'} |", flush=True)
            must(*inside(SITE, "tc", "qdisc", "del", "dev", WAY_UP, "root"))
    finally:
        for program in reversed(opened):
            program.close()


def why_not_here():
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "tc", "storescp"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucky", required=True, type=os.path.abspath)
    parser.add_argument("--model", required=True, type=os.path.abspath)
    parser.add_argument("--images", type=int, default=5)
    parser.add_argument("--sides", default="512,256", help="of the model's input, in pixels")
    options = parser.parse_args()
    why_not = why_not_here()
    if why_not:
        print(f"skipped: {why_not}")
        return 77
    try:
        wire = Wire()
    except Failed as failed:
        Wire.close()
        print(f"skipped: {failed}")
        return 77
    print("Seconds from a 10 MB DX at the site to both results in its own PACS, one at a time.\n\n"
          "| up | input | images | MB up each | median | longest | bar (median) | met |\n"
          "|---|---|---|---|---|---|---|---|", flush=True)
    try:
        wire.join()
        with tempfile.TemporaryDirectory() as work:
            for side in options.sides.split(","):
                measure(options, wire, int(side), work)
    finally:
        wire.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
