#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Three health centres, each behind a router that masquerades what goes out, drops what comes in,
sends 2 Mbit/s at most and loses one packet in a hundred; all three have the same private addresses,
and an Orthanc each. A service of two model servers behind HAProxy stands outside, 100 ms away.

  tests/cloud/behind_nat.py --bucky PROGRAM [--delay-ms 100] [--loss 10]

The sites join by invitation, X-rays go in, and each site's results are in its own Orthanc. From
outside no port of a site or its router answers. Needs root for network namespaces, and nft: says
"skipped" (77) elsewhere."""
import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time

from world import (HERE, Failed, Film, Haproxy, Killable, Server, Site, carried_out, free_port,
                   must, run, skipped, wait_until, write)
import verdicts  # world.py knows where it lies

SITES = ("north", "south", "island")
XRAYS = 3
RATE = "2mbit"
OUTSIDE = f"bucky-out-{os.getpid()}"
SERVICE = "198.51.100.1"  # RFC 5737: an address of nobody
PRIVATE, ROUTER = "192.168.1.2", "192.168.1.1"  # in every site

RULES = """\
table ip nat {
  chain after {
    type nat hook postrouting priority 100
    oifname "wan" masquerade
  }
}
table inet wall {
  chain comes {
    type filter hook input priority 0
    policy drop
    ct state established,related accept
    iifname "lan" accept
  }
  chain passes {
    type filter hook forward priority 0
    policy drop
    numgen random mod 1000 < LOSS drop
    ct state established,related accept
    iifname "lan" oifname "wan" accept
  }
}
"""


def inside(namespace):
    return ["ip", "netns", "exec", namespace]


class Net:
    """The namespaces: outside, and for each site a router and the site behind it."""

    def __init__(self, loss):
        self.made, self.rules = [], RULES.replace("LOSS", str(loss))

    def make(self, namespace):
        must("ip", "netns", "add", namespace)
        self.made.append(namespace)
        must(*inside(namespace), "ip", "link", "set", "lo", "up")

    def build(self, work):
        self.make(OUTSIDE)
        must(*inside(OUTSIDE), "ip", "link", "add", "street", "type", "bridge")
        must(*inside(OUTSIDE), "ip", "address", "add", SERVICE + "/24", "dev", "street")
        must(*inside(OUTSIDE), "ip", "link", "set", "street", "up")
        rules = write(os.path.join(work, "rules.nft"), self.rules)
        for number, site in enumerate(SITES, 1):
            self.add_site(number, site, rules)

    def add_site(self, number, site, rules):
        home, router = self.name(site), self.name(site + "-r")
        self.make(home)
        self.make(router)
        door = f"door{number}"
        must("ip", "link", "add", "wan", "netns", router, "type", "veth", "peer", "name", door,
             "netns", OUTSIDE)
        must("ip", "link", "add", "lan", "netns", router, "type", "veth", "peer", "name", "eth",
             "netns", home)
        must(*inside(OUTSIDE), "ip", "link", "set", door, "master", "street", "up")
        for namespace, end, address in ((router, "wan", self.public(number)),
                                        (router, "lan", ROUTER), (home, "eth", PRIVATE)):
            must(*inside(namespace), "ip", "address", "add", address + "/24", "dev", end)
            must(*inside(namespace), "ip", "link", "set", end, "up")
        must(*inside(home), "ip", "route", "add", "default", "via", ROUTER)
        must(*inside(router), "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        must(*inside(router), "nft", "-f", rules)
        must(*inside(router), "tc", "qdisc", "add", "dev", "wan", "root", "tbf", "rate", RATE,
             "burst", "16kb", "latency", "400ms")

    @staticmethod
    def public(number):
        return f"198.51.100.{10 + number}"

    @staticmethod
    def name(site):
        return f"bucky-{site}-{os.getpid()}"

    def close(self):
        for namespace in reversed(self.made):
            run(["ip", "netns", "del", namespace])


class Orthanc(Killable):
    """Debian's, on ports of its site alone."""

    def __init__(self, folder, namespace):
        self.inside, self.port, self.http = inside(namespace), free_port(), free_port()
        data = os.path.join(folder, "orthanc")
        os.makedirs(data)
        config = write(os.path.join(folder, "orthanc.json"), json.dumps({
            "StorageDirectory": data, "IndexDirectory": data, "HttpPort": self.http,
            "DicomPort": self.port, "DicomAet": "PACS", "DicomAlwaysAllowStore": True,
            "RemoteAccessAllowed": False, "AuthenticationEnabled": False,
            "DefaultEncoding": "Utf8"}))
        super().__init__(namespace, [*self.inside, "Orthanc", config], "Orthanc has started")

    def get(self, path):
        return must(*self.inside, "curl", "-s", f"http://127.0.0.1:{self.http}{path}")

    def instances(self):
        return json.loads(self.get("/instances"))

    def told(self, work):
        """(verdicts by SOP instance, number of pictures)"""
        reports, pictures = {}, 0
        for one in self.instances():
            modality = json.loads(self.get(f"/instances/{one}/simplified-tags"))["Modality"]
            if modality != "SR":
                pictures += 1
                continue
            file = os.path.join(work, one)
            must(*self.inside, "curl", "-s", "-o", file,
                 f"http://127.0.0.1:{self.http}/instances/{one}/file")
            with open(file, "rb") as report:
                reports.update(verdicts.read(report.read()))
        return reports, pictures


PROBE = """
import socket, sys
def is_open(port):
    with socket.socket() as probe:
        probe.settimeout(0.3)
        return probe.connect_ex((sys.argv[1], port)) == 0
print(*filter(is_open, map(int, sys.argv[2:])))"""


def open_ports(namespace, address, ports):
    """Those at which somebody in the namespace could open a connection."""
    return must(*inside(namespace), sys.executable, "-c", PROBE, address, *map(str, ports)).split()


def stand(told, work, net, keep):
    """The service, and each site with its Orthanc."""
    net.build(work)
    ports = {name: free_port() for name in ("line", "door", "control", "a", "b")}
    outside = inside(OUTSIDE)
    common = (f'url = "https://{SERVICE}:{ports["line"]}"\nproxy_protocol = true\n'
              f'control = "https://{SERVICE}:{ports["control"]}"\n')
    keep(Haproxy(work, ports["door"], ports["control"], ports["a"], ports["b"], address=SERVICE,
                 inside=outside))
    keep(Killable("line", [*outside, sys.executable, "-B", os.path.join(HERE, "line.py"),
                           "--listen", f"{SERVICE}:{ports['line']}",
                           "--to", f"{SERVICE}:{ports['door']}",
                           "--delay-ms", str(told.delay_ms)], "line "))
    first = keep(Server(told.bucky, os.path.join(work, "server-a"), common + "sites = true",
                        address=SERVICE, port=ports["a"], inside=outside))
    second = keep(Server(told.bucky, os.path.join(work, "server-b"), common + first.beside(),
                         address=SERVICE, port=ports["b"], inside=outside))
    sites = []
    for name in SITES:
        home = net.name(name)
        folder = os.path.join(work, name)
        os.makedirs(folder)
        pacs = keep(Orthanc(folder, home))
        site = keep(Site(told.bucky, os.path.join(folder, "node"), first.invite(name), pacs.port,
                         inside=inside(home), listen="0.0.0.0", at_start=False))
        site.start()
        sites.append((site, pacs))
    for site, _ in sites:
        site.wait_until_ready()
    return (first, second), sites


def check_walls(net, servers, sites):
    """Nothing of a site answers from outside, even to who knows its private address and the way;
    from within, and at the service, the same probe finds what listens."""
    complaints = []
    if not open_ports(OUTSIDE, SERVICE, [servers[0].port]):
        raise Failed("the probe does not reach the service")
    for number, (site, pacs) in enumerate(sites, 1):
        ports = [site.port, pacs.port]
        public = net.public(number)
        if len(open_ports(net.name(SITES[number - 1]), PRIVATE, ports)) != len(ports):
            raise Failed("within the site, the probe does not find what listens")
        must(*inside(OUTSIDE), "ip", "route", "replace", PRIVATE, "via", public)
        for address in (public, PRIVATE):
            for port in open_ports(OUTSIDE, address, ports):
                complaints.append(f"port {port} of {SITES[number - 1]} answers from outside")
    must(*inside(OUTSIDE), "ip", "route", "del", PRIVATE)
    return complaints


def show(told, work, net, opened):
    def keep(one):
        opened.append(one)
        return one

    servers, sites = stand(told, work, net, keep)
    complaints = check_walls(net, servers, sites)
    film = Film(told.bucky, work)
    began, sent = time.monotonic(), {}
    for name, (site, _) in zip(SITES, sites):
        films = [film.next() for _ in range(XRAYS)]
        if not site.send(*(file for _, file in films)):
            raise Failed(f"{name} took not all X-rays")
        sent[name] = {sop for sop, _ in films}
    for name, (_, pacs) in zip(SITES, sites):
        wait_until(f"{name} has all results", 120,
                   lambda pacs=pacs: len(pacs.instances()) >= 2 * XRAYS)
    took_s = time.monotonic() - began
    lines = [line for server in servers for line in server.lines()]
    for number, (name, (_, pacs)) in enumerate(zip(SITES, sites), 1):
        reports, pictures = pacs.told(work)
        if set(reports) != sent[name] or pictures != XRAYS:
            complaints.append(f"{name}'s Orthanc has reports of {sorted(reports)} and {pictures} "
                              f"pictures: must be of {sorted(sent[name])}")
        if any(not verdict.analysed for verdict in reports.values()):
            complaints.append(f"an X-ray of {name} was not analysed")
        if not any(re.search(rf" service\.answered site={name} ", line) for line in lines):
            complaints.append(f"no server answered {name}")
    print(f"{'FAILED' if complaints else 'passed'}: {len(SITES)} sites behind NAT joined, "
          f"{len(SITES) * XRAYS} X-rays at {RATE}, {told.delay_ms:.0f} ms each way and "
          f"{told.loss / 10:.1f} % of packets lost, results in their own Orthancs after "
          f"{took_s:.1f} s; from outside no port answers", flush=True)
    print(*complaints, sep="\n")
    return 1 if complaints else 0


def why_not_here():
    if os.geteuid() != 0:
        return "network namespaces need root"
    for tool in ("ip", "tc", "nft", "Orthanc", "dcmsend", "curl"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    tried = f"bucky-try-{os.getpid()}"
    try:
        must("ip", "netns", "add", tried)
        with tempfile.TemporaryDirectory() as work:
            must(*inside(tried), "nft", "-f",
                 write(os.path.join(work, "rules"), RULES.replace("LOSS", "1")))
    except Failed as failed:
        return str(failed)
    finally:
        run(["ip", "netns", "del", tried])
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucky", required=True, type=os.path.abspath)
    parser.add_argument("--delay-ms", type=float, default=100)
    parser.add_argument("--loss", type=int, default=10, help="of 1,000 packets, each way")
    told = parser.parse_args()
    why_not = why_not_here()
    if why_not:
        return skipped(why_not)
    net, opened = Net(told.loss), []
    with tempfile.TemporaryDirectory() as work:
        try:
            return carried_out(lambda: show(told, work, net, opened), opened)
        finally:
            net.close()


if __name__ == "__main__":
    sys.exit(main())
