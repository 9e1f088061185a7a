#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sites are upgraded in rings, so a node of the version before works with one of this version, on
either side: it joins, has X-rays analysed and shows itself on the fleet page.

  tests/cloud/rings.py --bucky PROGRAM --before PROGRAM --before-models FOLDER

--before (or BUCKY_BEFORE) names the program of the version before, and FOLDER its packages, whose
manifests it knows (BUCKY_BEFORE_MODELS): without them, "skipped" (77)."""
import argparse
import json
import os
import sys
import tempfile

from world import (MODEL, Failed, Film, Pacs, Server, Site, complaints_of, free_port, run, skipped,
                   wait_until)

XRAYS = 3


def ring(service, of_site, work, film, opened):
    """The complaints about a site of one version at a service of another: (program, package)."""
    os.makedirs(work)
    port, admin = free_port(), free_port()

    def keep(one):
        opened.append(one)
        return one

    server = keep(Server(service[0], os.path.join(work, "server"),
                         f'url = "https://127.0.0.1:{port}"\nsites = true', port=port,
                         admin=f"127.0.0.1:{admin}", model=service[1]))
    pacs = keep(Pacs(work))
    site = keep(Site(of_site[0], os.path.join(work, "site"), server.invite("clinic"), pacs.port,
                     model=of_site[1], gate='gate = "off"'))
    films = [film.next() for _ in range(XRAYS)]
    if not site.send(*(file for _, file in films)):
        raise Failed("the site took not all X-rays")
    wait_until("all is told", 120, lambda: len(pacs.stored()) >= 2 * XRAYS
               and not site.open_jobs() and not site.unreported())
    complaints = complaints_of(site, pacs, [sop for sop, _ in films])

    def row():
        told = json.loads(run(["curl", "-s", f"http://127.0.0.1:{admin}/fleet.json"])[1] or "{}")
        return next((one for one in told.get("sites", []) if one["name"] == "clinic"), {})

    # Each tells of itself at its start; what it counts later comes a minute later.
    wait_until("the fleet page has heard it", 90, lambda: row().get("heard_ms", 0) > 0)
    if not row().get("version"):
        complaints.append(f"the fleet page does not know its version: {row()}")
    for one in (site, server, pacs):
        one.kill9()
        opened.remove(one)
    return complaints


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucky", required=True, type=os.path.abspath)
    parser.add_argument("--before", default=os.environ.get("BUCKY_BEFORE"))
    parser.add_argument("--before-models", default=os.environ.get("BUCKY_BEFORE_MODELS"))
    told = parser.parse_args()
    if not told.before or not told.before_models:
        return skipped("BUCKY_BEFORE names no program of the version before")
    ours = told.bucky, MODEL
    before = told.before, os.path.join(told.before_models, "cxr-phantom")
    opened, failed = [], 0
    with tempfile.TemporaryDirectory() as work:
        film = Film(told.bucky, work)
        try:
            for name, service, site in (("service first", ours, before),
                                        ("site first", before, ours)):
                complaints = ring(service, site, os.path.join(work, name.replace(" ", "-")), film,
                                  opened)
                print(f"{'FAILED' if complaints else 'passed'}: the {name}", *complaints, sep="\n",
                      flush=True)
                failed += bool(complaints)
        except Failed as why:
            print(f"FAILED: {why}")
            for one in opened:
                print(f"-- {one.name}", *one.lines()[-12:], sep="\n")
            failed += 1
        finally:
            for one in opened:
                one.kill9()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
