#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A site whose line to its service is slow, far, and breaks: 100 ms each way, cut in the middle of
an X-ray, and silent in the middle of another one (line.py). None is lost, none is told twice, none
fails; a connection that is cut costs no try.

  tests/cloud/bad_line.py --bucky PROGRAM [--delay-ms 100] [--kbit-s 8000] [--xrays 1] [--cuts 1]"""
import argparse
import os
import statistics
import sys
import tempfile
import time
from datetime import datetime

from line import Line
from world import Film, Pacs, Server, Site, carried_out, complaints_of, free_port, wait_until

UNDER_WAY = 16_000  # bytes, of about 200,000
PATIENCE = "answer_timeout_s = 3\nconnect_timeout_s = 2\n"


def moment(line):
    return datetime.strptime(line.split(" ", 1)[0], "%Y-%m-%dT%H:%M:%S.%fZ")


class Walk:
    def __init__(self, site, line, film):
        self.site, self.line, self.film = site, line, film
        self.answered = []

    def send(self):
        sop, file = self.film.next()
        if self.site.send(file):
            self.answered.append(sop)
        return sop

    def of(self, event, sop):
        return [line for line in self.site.lines() if f" {event} " in line and sop in line]

    def wait_for_verdict(self, sop):
        wait_until(f"{sop} has its verdict", 60, lambda: self.of("image.verdict", sop))

    def verdict_s(self):
        """From the whole X-ray at the site to its verdict, as the site's log tells."""
        sop = self.send()
        self.wait_for_verdict(sop)
        kept, told = (self.of(event, sop)[0] for event in ("store.kept", "image.verdict"))
        return (moment(told) - moment(kept)).total_seconds()

    def break_in_the_middle(self, how):
        """Of an X-ray. How long its verdict took from then on."""
        before = self.line.carried_up()
        sop = self.send()
        wait_until("its bytes are under way", 30,
                   lambda: self.line.carried_up() > before + UNDER_WAY)
        how()
        broke = time.monotonic()
        self.wait_for_verdict(sop)
        return time.monotonic() - broke

    def fall_silent(self):
        self.line.silence(True)
        self.line.silence(False)  # new connections pass, those of before never again


def show(told, work, opened):
    def keep(one):
        opened.append(one)
        return one

    port = free_port()
    line = Line(("127.0.0.1", port), told.delay_ms, told.kbit_s)
    server = keep(Server(told.bucky, os.path.join(work, "server"),
                         f'url = "https://127.0.0.1:{line.port}"\nsites = true', port=port))
    pacs = keep(Pacs(work))
    site = keep(Site(told.bucky, os.path.join(work, "site"), server.invite("clinic"), pacs.port,
                     remote=PATIENCE, gate='gate = "off"'))
    walk = Walk(site, line, Film(told.bucky, work))
    began = time.monotonic()
    seconds = [walk.verdict_s() for _ in range(told.xrays)]
    cut_s = [walk.break_in_the_middle(line.cut) for _ in range(told.cuts)]
    after_cuts = site.rows("SELECT max(attempt) FROM job WHERE lane = 'infer'")
    silent_s = walk.break_in_the_middle(walk.fall_silent)
    wait_until("all is told", 60, lambda: not site.open_jobs() and not site.unreported())
    complaints = complaints_of(site, pacs, walk.answered)
    if after_cuts != [(1,)]:
        complaints.append(f"a line that was cut cost tries: {after_cuts}")
    print(f"{'FAILED' if complaints else 'passed'}: {told.delay_ms:.0f} ms each way, "
          f"{told.kbit_s:.0f} kbit/s: {len(seconds)} X-rays have their verdicts after "
          f"{statistics.median(seconds):.2f} s (longest {max(seconds):.2f}); cut in the middle, "
          f"{max(cut_s):.1f} s later; silent in the middle, {silent_s:.1f} s later; "
          f"{len(walk.answered)} X-rays in {time.monotonic() - began:.0f} s, {len(pacs.stored())} "
          "objects at the PACS", flush=True)
    print(*complaints, sep="\n")
    return 1 if complaints else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucky", required=True, type=os.path.abspath)
    parser.add_argument("--delay-ms", type=float, default=100)
    parser.add_argument("--kbit-s", type=float, default=8000)
    parser.add_argument("--xrays", type=int, default=1)
    parser.add_argument("--cuts", type=int, default=1)
    told = parser.parse_args()
    opened = []
    with tempfile.TemporaryDirectory() as work:
        return carried_out(lambda: show(told, work, opened), opened)


if __name__ == "__main__":
    sys.exit(main())
