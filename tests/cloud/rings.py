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

from world import (MODEL, Failed, Film, Pacs, Server, Site, carried_out, complaints_of, free_port,
                   run, skipped, wait_until)

XRAYS = 3


def ring(name, service, of_site, work, film, opened):
    """A site of one version at a service of another, each (program, package). 1 if it fails."""
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
    print(f"{'FAILED' if complaints else 'passed'}: the {name}", *complaints, sep="\n", flush=True)
    return 1 if complaints else 0


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
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        film = Film(told.bucky, work)
        for name, service, site in (("service first", ours, before), ("site first", before, ours)):
            opened, folder = [], os.path.join(work, name.replace(" ", "-"))
            failed += carried_out(lambda: ring(name, service, site, folder, film, opened), opened)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
