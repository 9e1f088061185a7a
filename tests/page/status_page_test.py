# SPDX-License-Identifier: Apache-2.0
"""The status page in a real browser, before a real node that has analysed real (phantom) X-rays.

usage: status_page_test.py BUCKY FAKE_PACS [--shots FOLDER]

Says "skipped" (77) where Debian's chromium is not installed."""
import argparse
import os
import re
import sys
import tempfile
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "tools", "demonstration"))

import pydicom  # noqa: E402

import chromium  # noqa: E402
from programs import Program, run  # noqa: E402

TOKEN = "only-for-this-test-0123456789"
HOSTILE = "<b id=x>A7</b>"  # an accession number has 16 letters (PS3.5 6.2, SH)
PATIENT = "Secret^Person"
CONFIG = """\
[node]
ae_title = "BUCKY"
data_dir = "{folder}/node"
[scp]
listen = "127.0.0.1"
port = 0
[study]
quiet_s = 1
[inference]
models = ["{model}"]
device = "cpu"
[[destination]]
name = "pacs"
ae_title = "ARCHIVE"
host = "127.0.0.1"
port = {pacs_port}
[[destination]]
name = "second-site"
ae_title = "AWAY"
host = "127.0.0.1"
port = 1
retry_first_s = 600
[admin]
listen = "127.0.0.1:0"
token_file = "{folder}/token"
"""


class Site:
    """A node, an archive that takes everything, another that nobody listens at; three X-rays."""

    def __init__(self, bucky, fake_pacs, folder):
        self.bucky, self.folder, self.programs = bucky, folder, []
        try:
            self._start_all(fake_pacs, folder)
        except BaseException:
            self.close()
            raise

    def _start_all(self, fake_pacs, folder):
        model = os.path.join(HERE, "..", "..", "models", "cxr-phantom")
        stored = os.path.join(folder, "stored")
        os.mkdir(stored)
        with open(os.path.join(folder, "token"), "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(TOKEN + "\n")
        pacs_port = self._start([fake_pacs, "--port", "0", "--dir", stored],
                                "", r"(\d+)")
        self.config = os.path.join(folder, "bucky.toml")
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(CONFIG.format(folder=folder, model=os.path.abspath(model),
                                    pacs_port=pacs_port))
        self.port = self._start([self.bucky, "serve", "--config", self.config],
                                " node.ready ", r"\bdicom_port=(\d+)")
        ready = self.programs[-1].wait_for(" node.ready ", 1)
        self.admin = int(re.search(r"\badmin_port=(\d+)", ready).group(1))

    def _start(self, command, part, number):
        program = Program(command)
        self.programs.append(program)
        return int(re.search(number, program.wait_for(part, 120)).group(1))

    def send_xrays(self):
        for seed, accession in ((11, HOSTILE), (12, "ACC-2026-0012"), (13, "ACC-2026-0013")):
            out = os.path.join(self.folder, str(seed))
            check(run([self.bucky, "phantom", "--out", out, "--seed", str(seed), "--finding",
                       "nodule"])[0] == 0, "a phantom is drawn")
            file = os.path.join(out, f"phantom-{seed:06}.dcm")
            xray = pydicom.dcmread(file)
            xray.AccessionNumber, xray.PatientName = accession, PATIENT
            xray.save_as(file)
            status, said = run([self.bucky, "send", f"BUCKY@127.0.0.1:{self.port}", file])
            check(status == 0, "the node takes it: " + said)

    def close(self):
        for program in reversed(self.programs):
            program.close()


def check(true, sentence):
    print(("ok: " if true else "NOT SO: ") + sentence.strip(), flush=True)
    if not true:
        raise SystemExit(1)


def answer_without_token(site):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{site.admin}/", timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as refused:
        return refused.code


def look(page, site):
    check(answer_without_token(site) == 401, "without the token there is nothing to see")
    page.open(f"http://admin:{TOKEN}@127.0.0.1:{site.admin}/")
    page.wait_for("document.querySelector('#state')?.textContent === 'takes images'")
    check(True, "with it the node says that it takes images")
    check(page.value("document.querySelector('#studies').hidden"), "no study has come yet")

    site.send_xrays()
    page.wait_for("document.querySelectorAll('#studies tbody tr').length === 3 && "
                  "document.querySelectorAll('#studies tbody')[0].innerText"
                  ".match(/after/g)?.length === 3")
    check(True, "three studies have come, and each says when its verdict was there")
    names = page.value("[...document.querySelectorAll('#studies button')].map(b => b.textContent)")
    check(sorted(names) == sorted([HOSTILE, "ACC-2026-0012", "ACC-2026-0013"]),
          "they are named by accession number, as it came: " + ", ".join(names))
    check(page.value("document.getElementById('x')") is None, "which is text, never markup")
    whole = page.value("document.documentElement.outerHTML")
    check("Secret" not in whole and "nodule" not in whole,
          "nothing on the page tells of a patient or of a finding")


def look_at_destinations(page):
    page.wait_for("document.querySelector('#destinations').innerText.includes('tries again')")
    rows = page.value("[...document.querySelectorAll('#destinations tbody tr')]"
                      ".map(r => r.innerText)")
    page.wait_for("+document.querySelector('#destinations td:nth-child(5)').textContent === 6")
    check(True, "the archive that answers has two objects of each study")
    check(any("second-site" in row and "tries again" in row for row in rows)
          and any("refused" in row for row in rows),
          "the one that does not is said to be tried again, with its last words")
    check("cxr-phantom" in page.value("document.querySelector('#models').innerText"),
          "the model is there")


def click(page):
    page.wait_for("!!document.querySelector('#throughput .bar')")
    check("In 5 minutes" in page.value("document.querySelector('#throughput').parentElement"
                                       ".innerText"), "the plots tell of six hours")
    page.click("[...document.querySelectorAll('.ranges button')][0]")
    page.wait_for("document.querySelector('#throughput-caption').textContent === 'In a minute'")
    pressed = page.value("document.querySelector('.ranges [aria-pressed=true]').textContent")
    check(pressed == "1 h", "a click on '1 h' draws one bar a minute")
    check("images received: 3" in page.value("document.querySelector('#throughput').innerText"),
          "and the three images are in them")
    page.click("document.querySelector('#studies button')")
    told = page.wait_for("document.querySelector('#studies tr.words')?.innerText")
    check("Study " in told and re.search(r"verdict \d{4}-", told),
          "a click on an accession number unfolds the study's UID and times: " + told)
    page.click("document.querySelector('#studies button')")
    page.wait_for("!document.querySelector('#studies tr.words')")
    check(True, "and another one folds it again")
    check(page.complaints == [], "the browser complains of nothing: " + "; ".join(page.complaints))


def fits(page, width, shots):
    page.size(width, 900)
    page.wait_for(f"document.documentElement.clientWidth === {width}")
    check(page.value("document.documentElement.scrollWidth") <= width,
          f"at {width} px nothing sticks out of the page")
    check(page.value("[...document.querySelectorAll('.wide, td')]"
                     ".every((box) => box.scrollWidth <= box.clientWidth)"),
          "no table and no cell hides a part of itself")
    if shots:
        page.shot(os.path.join(shots, f"status-{width}.png"))


def reads_as_cards(page):
    """Where a row has no room, its values stand under headings of their own."""
    told = page.value("[...document.querySelectorAll('#destinations tr:first-child td')]"
                      ".map((cell) => getComputedStyle(cell, '::before').content)")
    check(told == ["none"] + [f'"{word}"' for word in
                              ("State", "Waiting", "Parked", "Delivered", "Where")],
          "at 400 px each value of a destination bears its heading: " + ", ".join(told))
    check(page.value("[...document.querySelectorAll('thead')].every((one) => !one.offsetHeight)"),
          "and the row of headings is gone")
    places = page.value("[...document.querySelectorAll('tr:first-child td')].map((cell) => {"
                        " const box = cell.getBoundingClientRect();"
                        " return [box.left, box.top, box.right, box.bottom]; })")
    overlap = [(one, other) for one in places for other in places if one is not other
               and one[0] < other[2] and other[0] < one[2]
               and one[1] < other[3] and other[1] < one[3]]
    check(places and not overlap, "no value stands over another")
    page.click("document.querySelector('#studies button')")
    check("Study " in page.wait_for("document.querySelector('#studies tr.words')?.innerText"),
          "a study unfolds there too")
    page.click("document.querySelector('#studies button')")
    page.wait_for("!document.querySelector('#studies tr.words')")


def survives_the_node(page, site):
    site.programs[-1].close()
    page.wait_for("document.querySelector('#state').textContent.startsWith('does not answer')")
    check(page.value("document.querySelectorAll('#studies button').length") == 3,
          "when the node is gone the page says so and keeps what it knew")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bucky")
    parser.add_argument("fake_pacs")
    parser.add_argument("--shots", help="folder that gets pictures of the page")
    asked = parser.parse_args()
    if chromium.where() is None:
        print("skipped: chromium is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        site = Site(asked.bucky, asked.fake_pacs, folder)
        page = chromium.Chromium()
        try:
            page.size(1280, 900)
            look(page, site)
            look_at_destinations(page)
            click(page)
            for width in (1280, 400):
                fits(page, width, asked.shots)
            reads_as_cards(page)
            survives_the_node(page, site)
        finally:
            page.close()
            site.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
