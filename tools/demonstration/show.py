#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The demo: a PACS and a node side by side, X-rays in, findings read back from the PACS."""

import argparse
import os
import signal
import sys
import tempfile
import textwrap
import threading
import time

import cloud
import images
import pages
from collect import Collector
from node import Node, draw_phantoms
from pacs import Pacs
from programs import Failed, free_port

PATIENCE_S = 120  # the demo stops waiting after this time without news
WIDTH = 80
NAME_WIDTH = 12


class Bar:
    """A progress bar on a terminal; no output anywhere else."""

    def __init__(self):
        self.shown = sys.stderr.isatty()
        self.last = ""

    def show(self, words, done, total):
        if not self.shown:
            return
        length = 30
        full = length * done // max(total, 1)
        line = f"{words:<24} [{'#' * full}{'.' * (length - full)}] {done}/{total}"
        if line != self.last:
            sys.stderr.write("\r" + line[:WIDTH - 1].ljust(WIDTH - 1))
            sys.stderr.flush()
            self.last = line

    def clear(self):
        if self.shown:
            sys.stderr.write("\r" + " " * (WIDTH - 1) + "\r")
            sys.stderr.flush()


def arguments():
    parser = argparse.ArgumentParser(prog="tools/demo", description=__doc__)
    parser.add_argument("paths", nargs="*", metavar="FILE|DIR", help="DICOM, PNG or JPEG")
    parser.add_argument("--once", action="store_true",
                        help="end by itself; status 0 if every image has a verdict")
    parser.add_argument("--out", default="demo-out", metavar="DIR",
                        help="folder for the overlays as PNG (default: ./demo-out)")
    parser.add_argument("--dicom", action="store_true",
                        help="keep the reports and the pictures there as DICOM files, too")
    parser.add_argument("--cloud", action="store_true",
                        help="two sites whose models run on a service of two servers")
    parser.add_argument("--bucky", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--model", required=True, help=argparse.SUPPRESS)
    return parser.parse_args()


def send_all(xrays, pacs, node):
    """Like a modality at a site: stores a study in the PACS and sends a copy to the node."""
    for study in images.by_study(xrays):
        files = [xray.file for xray in study]
        pacs_said = node.send(files, f"ORTHANC@127.0.0.1:{pacs.dicom_port}")
        node_said = node.send(files)
        for xray in study:
            node.wait_for_outcome(xray.sop_instance)
            xray.in_at = node.last_byte_at(xray.sop_instance)
            if xray.in_at is None:
                said = node_said or pacs_said
                xray.problem = node.refusal(xray.sop_instance) or f"not taken: {said.strip()}"


def wait_for_results(xrays, pacs, node, options):
    """Waits until every image has a result or a problem, or until nothing has come for too long."""
    collector, bar = Collector(pacs, xrays, options.out, options.dicom), Bar()
    sender = threading.Thread(target=send_all, args=(xrays, pacs, node), daemon=True)
    sender.start()
    last_news, done_before = time.monotonic(), 0
    while time.monotonic() - last_news < PATIENCE_S:
        news = collector.look()
        done = sum(xray.is_done() for xray in xrays)
        bar.show("results in the PACS", done, len(xrays))
        if done == len(xrays) and not sender.is_alive():
            break
        if news or done != done_before or sender.is_alive():
            last_news, done_before = time.monotonic(), done
        for server in (node, pacs):
            if not server.program.running():
                raise Failed("it stopped by itself. Its last lines:\n"
                             + "\n".join(server.program.lines[-15:]))
        time.sleep(0.02)
    bar.clear()


def shortened(text, width):
    return text if len(text) <= width else text[:width - 1] + "…"


def row(name, finding, seconds, address):
    """One line for each image. The width that the address leaves is used for the finding."""
    name = f"{shortened(name, NAME_WIDTH):<{NAME_WIDTH}}"
    return f"{name} {finding} {seconds:>4} {address}".rstrip()


def print_xray(xray, address):
    if xray.verdict is None:
        words = "no verdict: " + (xray.problem or "nothing came")
        print(row(xray.name, shortened(" ".join(words.split()), WIDTH - NAME_WIDTH - 7), "", ""))
        return
    width = WIDTH - NAME_WIDTH - len(address) - 7
    first, *more = textwrap.wrap(xray.verdict.lines(width)[0], width)
    more += xray.verdict.lines()[1:]
    is_timed = xray.answered_at is not None and xray.in_at is not None
    seconds = f"{xray.answered_at - xray.in_at:.1f}" if is_timed else "-"
    print(row(xray.name, f"{first:<{width}}", seconds, address))
    for line in more + ([xray.verdict.reason] if xray.verdict.reason else []):
        print(" " * (NAME_WIDTH + 1) + shortened(line, WIDTH - NAME_WIDTH - 1))


def print_results(xrays, pacs):
    addresses = []
    for number, xray in enumerate(xrays, start=1):
        path, ids = "", xray.pacs_ids
        if xray.verdict is not None:
            shown = ids.get("overlay") or ids.get("xray") or ids["report"]
            path = pages.write(pacs.pages, number, xray.name, "; ".join(xray.verdict.lines()),
                               ids["study"], ids.get("xray", shown), shown)
        addresses.append(pacs.url(path) if path else "")
    width = WIDTH - NAME_WIDTH - max(map(len, addresses)) - 7
    print(row("image", f"{'finding, score, side':<{width}}", "sec", "look at it in the PACS"))
    for xray, address in zip(xrays, addresses):
        print_xray(xray, address)


def show(options, work):
    """Prints the table; returns the number of images without a verdict."""
    if options.paths:
        xrays = images.gather(options.paths, work)
    else:
        bar, drawn = Bar(), []
        for file in draw_phantoms(options.bucky, work):
            drawn.append(file)
            bar.show("drawing radiographs", len(drawn), 6)
        bar.clear()
        xrays = images.gather(drawn, work)
    if not xrays:
        raise Failed("there is no file in the given paths")
    os.makedirs(options.out, exist_ok=True)

    pacs_port = free_port()
    node = Node(options.bucky, options.model, work, pacs_port)
    try:
        pacs = Pacs(work, pacs_port, node.port)
        try:
            wait_for_results(xrays, pacs, node, options)
            print_results(xrays, pacs)
            drawn = sum(bool(xray.picture) for xray in xrays)
            print(f"\nPictures with the findings drawn in ({drawn}): {options.out}")
            without = sum(xray.verdict is None for xray in xrays)
            if not options.once:
                print(f"The PACS: {pacs.url('/app/explorer.html')}    Ctrl-C ends the demo.",
                      flush=True)
                signal.pause()
            return without
        finally:
            pacs.close()
    finally:
        node.close()


def main():
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda number, _: sys.exit(128 + number))  # so that `finally` runs
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="bucky-demo-") as work:
        try:
            if options.cloud:
                return 1 if cloud.show(options, work) else 0
            return 1 if show(options, work) else 0
        except Failed as failed:
            print(f"tools/demo: {failed}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print()
            return 0 if not options.once else 130


if __name__ == "__main__":
    sys.exit(main())
