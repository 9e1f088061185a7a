#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A day without a line: X-rays come each hour while the service cannot be reached, and the wall
clock goes a day ahead. Nothing fails, no try is spent, people are told since when and why; when the
line is back, the newest X-ray and the backlog take turns, and all are delivered.

  tests/cloud/day.py --bucky PROGRAM --clock libtest_stepped_clock.so [--images 40]

The clock is that of the crash tests (tests/crash/stepped_clock.cpp), loaded into site and
server."""
import argparse
import os
import re
import struct
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone

from world import (Failed, Film, Pacs, Server, Site, carried_out, complaints_of, free_port,
                   wait_until)

HOURS = 24
SLACK = 4  # places by which two workers may exchange X-rays


class Clock:
    """The wall clock of the programs that have it, in hours ahead of the machine's."""

    def __init__(self, folder, library):
        self.file = os.path.join(folder, "step")
        self.ahead(0)
        self.inside = ["env", f"LD_PRELOAD={library}", f"BUCKY_CLOCK_STEP={self.file}"]

    def ahead(self, hours):
        # in place: the programs have the file mapped
        with open(self.file, "r+b" if os.path.exists(self.file) else "wb") as file:
            file.write(struct.pack("<q", hours * 3600 * 1000))


def expect(complaints, what, is_so, said=""):
    if not is_so:
        complaints.append(f"{what}: {said}")


def away_a_day(site):
    """The node looks at its models every few seconds."""
    for _ in range(100):
        away = re.search(r'^bucky_model_away_seconds\{model="cxr-phantom"\} (\S+)',
                         site.get("/metrics"), re.M)
        if away and abs(float(away.group(1)) - HOURS * 3600) < 300:
            return True
        time.sleep(0.2)
    return False


def check_while_away(site, sent, since, complaints):
    """What a person and a monitor learn of it after a day."""
    status = site.ask("status")
    lost = re.search(r"remote: 127\.0\.0\.1 is lost since (\S+ \S+) UTC.*", status)
    expect(complaints, "status says since when", lost, status)
    if lost:
        told = datetime.fromisoformat(lost.group(1)).replace(tzinfo=timezone.utc)
        expect(complaints, "status has the right time", abs(told - since) < timedelta(minutes=3),
               lost.group(0))
        expect(complaints, "status says why", "onnect" in lost.group(0), lost.group(0))
    metrics = site.get("/metrics")
    answers = re.search(r'^bucky_model_answers\{model="cxr-phantom"\} (\S+)', metrics, re.M)
    expect(complaints, "a metric says for how long", away_a_day(site))
    page = site.get("/status.json")
    expect(complaints, "the page says it, too", "is lost since" in page, page[:600])
    tries = dict(site.rows("SELECT attempt, count(*) FROM job "
                           "WHERE lane = 'infer' AND state = 'ready' GROUP BY attempt"))
    expect(complaints, "no try is spent", tries == {0: len(sent)}, tries)
    failed = site.rows("SELECT count(*) FROM instance WHERE verdict = 'failed'")
    expect(complaints, "nothing failed", failed == [(0,)], failed)


def check_order(site, sent, complaints):
    """Of the first 2 n verdicts, n are of the newest X-rays and n of the oldest."""
    order = [re.search(r" sop=(\S+)", line).group(1) for line in site.lines()
             if " image.verdict " in line]
    order = [sent.index(sop) for sop in order if sop in sent]
    expect(complaints, "one verdict each", sorted(order) == list(range(len(sent))), order)
    half = len(sent) // 4
    first = order[:2 * half]
    newest = sum(place >= len(sent) - half - SLACK for place in first)
    oldest = sum(place < half + SLACK for place in first)
    expect(complaints, "the newest and the backlog take turns",
           min(newest, oldest) >= half - SLACK, f"{newest} newest, {oldest} oldest of {first}")
    expect(complaints, "the newest is among the first", len(sent) - 1 in order[:SLACK], order[:10])


def day(told, work, opened):
    def keep(one):
        opened.append(one)
        return one

    clock = Clock(work, told.clock)
    port = free_port()
    server = keep(Server(told.bucky, os.path.join(work, "server"),
                         f'url = "https://127.0.0.1:{port}"\nsites = true', port=port,
                         inside=clock.inside))
    pacs = keep(Pacs(work))
    site = keep(Site(told.bucky, os.path.join(work, "site"), server.invite("clinic"), pacs.port,
                     inside=clock.inside))
    film = Film(told.bucky, work)
    sop, file = film.next()
    if not site.send(file):
        raise Failed("the site takes no X-ray")
    before = [sop]
    wait_until("the first is told", 60, lambda: len(pacs.stored()) == 2)

    server.kill9()
    since = datetime.now(timezone.utc)
    sent, complaints = [], []
    for hour in range(HOURS):
        many = told.images * (hour + 1) // HOURS - len(sent)
        films = [film.next() for _ in range(many)]
        if films and not site.send(*(file for _, file in films)):
            raise Failed(f"in hour {hour} the site took not all X-rays")
        sent += [sop for sop, _ in films]
        if hour == 0:
            wait_until("the loss is noticed", 30, lambda: "is lost since" in site.ask("status"))
        clock.ahead(hour + 1)
    check_while_away(site, sent, since, complaints)
    began = time.monotonic()
    server.start()
    wait_until("all is told", 600, lambda: not site.open_jobs() and not site.unreported())
    took_s = time.monotonic() - began
    check_order(site, sent, complaints)
    complaints += complaints_of(site, pacs, before + sent)
    expect(complaints, "status is well again", "is lost since" not in site.ask("status"))
    print(f"{'FAILED' if complaints else 'passed'}: {len(sent)} X-rays in {HOURS} h without a "
          f"line, all told {took_s:.0f} s after it was back", flush=True)
    print(*complaints[:20], sep="\n")
    return 1 if complaints else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucky", required=True, type=os.path.abspath)
    parser.add_argument("--clock", required=True, type=os.path.abspath)
    parser.add_argument("--images", type=int,
                        default=200 if os.environ.get("BUCKY_LONG") == "1" else 40)
    told = parser.parse_args()
    opened = []
    with tempfile.TemporaryDirectory() as work:
        return carried_out(lambda: day(told, work, opened), opened)


if __name__ == "__main__":
    sys.exit(main())
