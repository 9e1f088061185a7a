# SPDX-License-Identifier: Apache-2.0
"""The fleet page of 20 sites in a real browser: one silent, one of an old version, one whose scores
have moved. The page is that of the program; a server of this test answers what the node would.

usage: fleet_page_test.py [--shots FOLDER]      (docs/fleet-page.png is fleet-1280.png of it)

Says "skipped" (77) where Debian's chromium is not installed."""
import argparse
import http.server
import json
import os
import sys
import threading
import time

import chromium

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "bucky",
                    "admin", "page")
FILES = {"/fleet": ("fleet.html", "text/html"), "/fleet.js": ("fleet.js", "text/javascript"),
         "/status.css": ("status.css", "text/css")}
VERSION = "0.2.0"
SITES = ("andong", "bucheon", "cheongju", "daejeon", "eunpyeong", "gangneung", "gunsan", "hwaseong",
         "iksan", "jeju", "jinju", "mokpo", "naju", "paju", "pohang", "sejong", "sokcho", "suwon",
         "ulsan", "wonju")
MINUTE, DAY = 60_000, 24 * 3600 * 1000


def site(name, number, now):
    return {"name": name, "troubles": [], "heard_ms": now - 1000 * (number * 7 % 60),
            "image_ms": now - MINUTE * (number * 11 % 47 + 1), "version": VERSION,
            "models": ["cxr-nodule 1.1.0", "cxr-tb 1.0.2"], "waiting": number % 3 // 2,
            "analysed": 40 + number * 137 % 900, "verdicts": {}, "drift": number * 13 % 9 / 100,
            "drifted": "cxr-nodule 1.1.0 nodule", "has_moved": False,
            "certificate_until_ms": now + DAY * (34 + number * 5 % 56)}


def fleet(now):
    """What GET /fleet.json answers: those with troubles first."""
    sites = [site(name, number, now) for number, name in enumerate(SITES)]
    by_name = {one["name"]: one for one in sites}
    by_name["gunsan"].update(heard_ms=now - 97 * MINUTE, image_ms=now - 99 * MINUTE,
                             troubles=["silent since " + time.strftime(
                                 "%Y-%m-%d %H:%M UTC", time.gmtime(now / 1000 - 97 * 60))])
    by_name["mokpo"].update(version="0.1.0", troubles=["old version: 0.1.0"],
                            models=["cxr-nodule 1.0.0 (1.1.0 not taken)"])
    by_name["sokcho"].update(
        drift=0.31, has_moved=True,
        troubles=["scores of cxr-nodule 1.1.0 nodule have moved (PSI 0.31)"])
    return {"now_ms": now, "version": VERSION,
            "sites": sorted(sites, key=lambda one: not one["troubles"])}


class Node(http.server.BaseHTTPRequestHandler):
    def log_message(self, *ignored):
        pass

    def do_GET(self):
        name, kind = FILES.get(self.path, (None, "application/json"))
        if name:
            with open(os.path.join(PAGE, name), "rb") as file:
                body = file.read()
        else:
            body = json.dumps(fleet(int(time.time() * 1000))).encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def check(true, sentence):
    print(("ok: " if true else "NOT SO: ") + sentence, flush=True)
    if not true:
        raise SystemExit(1)


def look(page, shots):
    page.wait_for("document.querySelectorAll('#sites tbody tr').length === 20")
    check(page.value("document.querySelector('#state').textContent") == "3 of 20 need somebody",
          "three of twenty sites need somebody")
    first = page.value("[...document.querySelectorAll('#sites tbody tr')].slice(0, 4)"
                       ".map((row) => [...row.cells].map((cell) => cell.textContent))")
    check([row[0] for row in first[:3]] == ["gunsan", "mokpo", "sokcho"], "they stand first")
    check("silent since" in first[0][1], "one is silent")
    check("0.31" in first[2], "of one the scores have moved")
    check(page.value("document.querySelectorAll('#sites td.bad').length") == 5,
          "what is wrong is marked, and nothing else")
    for width in (1280, 300):
        page.size(width, 900)
        page.wait_for(f"document.documentElement.clientWidth === {width}")
        if shots:
            page.shot(os.path.join(shots, f"fleet-{width}.png"))
        check(page.value("document.documentElement.scrollWidth") <= width,
              f"at {width} px nothing sticks out of the page")
        check(page.value("[...document.querySelectorAll('.wide, td')]"
                         ".every((box) => box.scrollWidth <= box.clientWidth)"),
              "no table and no cell hides a part of itself")
    check(page.complaints == [], "the browser complains of nothing: " + "; ".join(page.complaints))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--shots", help="folder that gets pictures of the page")
    asked = parser.parse_args()
    if chromium.where() is None:
        print("skipped: chromium is not installed")
        return 77
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = chromium.Chromium()
    try:
        page.size(1280, 900)
        page.open(f"http://127.0.0.1:{server.server_address[1]}/fleet")
        look(page, asked.shots)
    finally:
        page.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
