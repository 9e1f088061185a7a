# SPDX-License-Identifier: Apache-2.0
"""A service and its sites as real processes that a test kills and starts again: model servers,
HAProxy with the file of packaging/examples, sites that joined by invitation, and their PACS.

Each process keeps its folder and its port over a restart. `inside` is put before a command: the
words that run it in a network namespace, or with an environment."""

import collections
import json
import os
import re
import signal
import sqlite3
import sys
import time

import pydicom

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tools", "demonstration"))
import verdicts  # noqa: E402
from cloud import write_package_without_weights, write_server_config  # noqa: E402
from programs import Failed, Program, free_port, must, run  # noqa: E402

MODEL = os.path.join(ROOT, "models", "cxr-phantom")
GATE = os.path.join(ROOT, "models", "cxr-gate")

SITE = """\
[node]
ae_title = "BUCKY"
data_dir = "{folder}/data"
[scp]
listen = "{listen}"
port = {port}
[inference]
models = ["{package}"]
models_writable_ok = true
{inference}
[[destination]]
name = "pacs"
ae_title = "PACS"
host = "127.0.0.1"
port = {pacs_port}
[admin]
listen = "127.0.0.1:{admin_port}"
{more}
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class Killable:
    """A program with a name and a command that stays the same."""

    def __init__(self, name, command, ready=None, at_start=True):
        self.name, self.command, self.ready = name, command, ready
        self.before = []  # the lines of those that were killed
        self.program = None
        if at_start:
            self.start()
            self.wait_until_ready()

    def start(self):
        self.program = Program(self.command)

    def wait_until_ready(self, seconds=120):
        if self.ready:
            self.program.wait_for(self.ready, seconds)

    def kill9(self):
        """It and every process that it started."""
        self.before += self.program.lines
        os.killpg(self.program.process_id, signal.SIGKILL)
        self.program.kill()

    def lines(self):
        return [*self.before, *self.program.lines]

    def close(self):
        self.program.close()


class Server(Killable):
    """A model server; `more` are its lines of [service]."""

    def __init__(self, bucky, folder, more, *, address="127.0.0.1", port=None, inside=(),
                 admin="", model=MODEL):
        self.folder, self.bucky, self.inside = folder, bucky, list(inside)
        self.port = port or free_port()
        self.config = write_server_config(folder, model, f"{address}:{self.port}", more, admin)
        super().__init__(os.path.basename(folder),
                         [*inside, bucky, "serve", "--config", self.config], " node.ready ")

    def authority(self):
        return os.path.join(self.folder, "data", "authority")

    def beside(self):
        """Lines of [service] for a second server of the same service."""
        return (f'certificate = "{self.authority()}/server.pem"\n'
                f'ca = "{self.authority()}/ca.pem"\n')

    def invite(self, site):
        """The words after `bucky` of the line for the site's admin."""
        said = must(*self.inside, self.bucky, "site", "invite", site, "--config", self.config)
        return re.search(r"bucky (join \S+ --token \S+)", said).group(1).split()

    def answered(self):
        return sum(" service.answered " in line for line in self.lines())


class Haproxy(Killable):
    """packaging/examples/haproxy-tcp.cfg at other addresses."""

    def __init__(self, folder, door, control, first, second, *, address="127.0.0.1", inside=()):
        with open(os.path.join(ROOT, "packaging", "examples", "haproxy-tcp.cfg"),
                  encoding="utf-8") as file:
            text = file.read()
        for old, new in (("bind :443", f"bind {address}:{door}"),
                         ("bind :8444", f"bind {address}:{control}"),
                         ("10.0.0.11:8443", f"{address}:{first}"),
                         ("10.0.0.12:8443", f"{address}:{second}")):
            if old not in text:
                raise Failed(f"haproxy-tcp.cfg has no '{old}'")
            text = text.replace(old, new)
        config = write(os.path.join(folder, "haproxy.cfg"), text)
        super().__init__("haproxy", [*inside, "/usr/sbin/haproxy", "-W", "-db", "-f", config],
                         "Loading success")


class Pacs(Killable):
    """DCMTK's storescp: what it has, by object and by X-ray."""

    def __init__(self, folder, *, inside=()):
        self.folder, self.port = os.path.join(folder, "pacs"), free_port()
        os.makedirs(self.folder)
        super().__init__("pacs", [*inside, "storescp", "--output-directory", self.folder,
                                  str(self.port)])

    def stored(self):
        return sorted(os.listdir(self.folder))

    def told(self):
        """(verdicts of reports by SOP instance, pictures by SOP instance): one list each."""
        reports, pictures = collections.defaultdict(list), collections.defaultdict(list)
        for name in self.stored():
            path = os.path.join(self.folder, name)
            if name.startswith("SR"):
                with open(path, "rb") as file:
                    for sop, verdict in verdicts.read(file.read()).items():
                        reports[sop].append(verdict)
            else:
                header = pydicom.dcmread(path, stop_before_pixels=True)
                for one in header.get("SourceImageSequence", []):
                    pictures[one.ReferencedSOPInstanceUID].append(name)
        return reports, pictures


class Site(Killable):
    """A node whose model runs on the service; `invitation` as Server.invite() gives it."""

    def __init__(self, bucky, folder, invitation, pacs_port, *, inside=(), remote="", more="",
                 listen="127.0.0.1", gate=f'gate_model = "{GATE}"', model=MODEL, at_start=True):
        os.makedirs(os.path.join(folder, "data"))
        self.folder, self.bucky, self.inside = folder, bucky, list(inside)
        self.port, self.admin_port = free_port(), free_port()
        values = {"folder": folder, "listen": listen, "port": self.port, "pacs_port": pacs_port,
                  "admin_port": self.admin_port}
        self.config = os.path.join(folder, "bucky.toml")
        write(self.config, SITE.format(package=model, inference="", more="", **values))
        said = must(*inside, bucky, *invitation, "--config", self.config)
        package = os.path.join(folder, "package")
        write_package_without_weights(model, package)
        write(self.config, SITE.format(
            package=package, inference=f'device = "remote"\n{gate}\n',
            more=said[said.index("[remote]"):] + "\n" + remote + "\n" + more, **values))
        super().__init__(os.path.basename(folder),
                         [*inside, bucky, "serve", "--config", self.config], " node.ready ",
                         at_start)

    def send(self, *files):
        """Whether each was answered with success."""
        said = run([*self.inside, "dcmsend", "-d", "-dn", "-nuc", "-aet", "XRAY", "-aec", "BUCKY",
                    "127.0.0.1", str(self.port), *files])[1]
        return len(re.findall(r"DIMSE Status\s*: 0x0000", said)) >= len(files)

    def ask(self, *words):
        return run([*self.inside, self.bucky, *words, "--config", self.config])[1]

    def get(self, path):
        return run([*self.inside, "curl", "-s", f"http://127.0.0.1:{self.admin_port}{path}"])[1]

    def rows(self, statement):
        path = os.path.join(self.folder, "data", "bucky.db")
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            return database.execute(statement).fetchall()
        finally:
            database.close()

    def open_jobs(self):
        return self.rows("SELECT lane, state, count(*) FROM job WHERE state <> 'done' "
                         "GROUP BY lane, state")

    def unreported(self):
        return self.rows("SELECT count(*) FROM study WHERE state <> 'reported'")[0][0]


def wait_until(what, seconds, is_so):
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            raise Failed(f"after {seconds} s still not so: {what}")
        time.sleep(0.1)


class Film:
    """X-rays of different patients: phantoms whose UIDs, study and first pixels are new each time,
    since the same pixels would be the same image."""

    def __init__(self, bucky, folder, *, side=512, count=4):
        drawn = os.path.join(folder, "drawn")
        must(bucky, "phantom", "--out", drawn, "--count", str(count), "--seed", "1", "--rows",
             str(side), "--columns", str(side))
        self.pictures = [pydicom.dcmread(os.path.join(drawn, name))
                         for name in sorted(os.listdir(drawn)) if name.endswith(".dcm")]
        self.folder, self.number = os.path.join(folder, "films"), 0
        os.makedirs(self.folder)

    def next(self):
        """(SOP Instance UID, file)"""
        self.number += 1
        picture = self.pictures[self.number % len(self.pictures)]
        uid = f"2.25.{self.number + 10 ** 30}"
        picture.SOPInstanceUID = picture.file_meta.MediaStorageSOPInstanceUID = uid + ".3"
        picture.StudyInstanceUID, picture.SeriesInstanceUID = uid + ".1", uid + ".2"
        picture.PatientID = f"P{self.number}"
        picture.PixelData = self.number.to_bytes(4, "little") + picture.PixelData[4:]
        file = os.path.join(self.folder, f"{self.number:05}.dcm")
        picture.save_as(file)
        return uid + ".3", file


def complaints_of(site, pacs, answered):
    """What is wrong with this: answered = kept = one verdict = told to the PACS once, none failed.
    Empty: nothing is."""
    complaints = []
    kept = dict(site.rows("SELECT sop_instance, verdict FROM instance WHERE conflicting = 0"))
    for sop in answered:
        if sop not in kept:
            complaints.append(f"{sop} was answered and is not kept")
        elif kept[sop] in ("", "failed"):
            complaints.append(f"{sop} has the verdict '{kept[sop]}'")
    reports, pictures = pacs.told()
    for sop in answered:
        for what, told in (("reports", reports), ("pictures", pictures)):
            if len(told[sop]) != 1:
                complaints.append(f"the PACS has {len(told[sop])} {what} of {sop}")
        if any(not verdict.analysed for verdict in reports[sop]):
            complaints.append(f"the report of {sop} says that it was not analysed")
    if site.open_jobs():
        complaints.append(f"open jobs: {site.open_jobs()}")
    if any("verdict=failed" in line for line in site.lines()):
        complaints.append("a verdict was 'failed'")
    if site.rows("PRAGMA integrity_check") != [("ok",)]:
        complaints.append("the database is damaged")
    return complaints


def skipped(why):
    """The exit status of a test that cannot run here; ctest knows it."""
    print(f"skipped: {why}")
    return 77


def tell(**facts):
    print(json.dumps(facts), flush=True)


def carried_out(test, opened, title=""):
    """What test() returns; when it fails, 1, and the last lines of all that it opened."""
    try:
        return test()
    except Failed as failed:
        print(f"FAILED{title}: {failed}")
        for one in opened:
            print(f"-- {one.name}", *one.lines()[-12:], sep="\n")
        return 1
    finally:
        for one in reversed(opened):
            one.kill9()  # nobody looks at them again, and an orderly end takes its time
