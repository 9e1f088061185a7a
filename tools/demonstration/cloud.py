# SPDX-License-Identifier: Apache-2.0
"""tools/demo --cloud: two sites, each with an Orthanc, and a service of two model servers behind
HAProxy. The sites join by invitation. In the middle one model server is killed, and they go on."""

import os
import re
import shutil
import socket
import time

import images
from collect import Collector
from node import Node, draw_phantoms, write_config
from pacs import Pacs
from programs import Failed, Program, free_port, run

SITES = ("north", "south")
PATIENCE_S = 120
WIDTH = 80

SERVER = """\
[node]
data_dir = "{folder}/data"
[scp]
plain = false
[inference]
models = ["{model}"]
models_writable_ok = true
device = "cpu"
gate = "off"
[[destination]]
name = "none"
ae_title = "NONE"
host = "127.0.0.1"
[admin]
listen = "{admin}"
[service]
listen = "{listen}"
{more}
"""


def write_server_config(folder, model, listen, more="", admin=""):
    """The config file of a model server in this new folder; `more` are lines of its [service]."""
    os.makedirs(folder)
    config = os.path.join(folder, "bucky.toml")
    with open(config, "w", encoding="utf-8") as file:
        file.write(SERVER.format(folder=folder, model=model, listen=listen, more=more, admin=admin))
    return config


class ModelServer:
    """A node without DICOM that serves its models."""

    def __init__(self, options, work, name, ports, more):
        self.bucky, self.name = options.bucky, name
        folder = os.path.join(work, name)
        self.data_dir = os.path.join(folder, "data")
        self.config = write_server_config(
            folder, options.model, f"127.0.0.1:{ports[name]}",
            f'url = "https://127.0.0.1:{ports["door"]}"\n'
            f'control = "https://127.0.0.1:{ports["control"]}"\n'
            f"proxy_protocol = true\n{more}")
        self.program = Program([self.bucky, "serve", "--config", self.config])
        self.program.wait_for(" node.ready ", 120)

    def invite(self, site):
        """The line for the admin of the site."""
        status, said = run([self.bucky, "site", "invite", site, "--config", self.config])
        line = re.search(r"bucky join \S+ --token \S+", said)
        if status != 0 or not line:
            raise Failed(f"bucky site invite: {said.strip()}")
        return line.group(0)

    def answered(self):
        return sum(" service.answered " in line for line in list(self.program.lines))

    def kill(self):
        self.program.kill()

    def close(self):
        self.program.close()


class Balancer:
    """Debian's HAProxy with packaging/examples/haproxy-tcp.cfg on other addresses."""

    def __init__(self, work, ports):
        example = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packaging",
                               "examples", "haproxy-tcp.cfg")
        with open(example, encoding="utf-8") as file:
            text = file.read()
        for old, new in (("bind :443", f"bind 127.0.0.1:{ports['door']}"),
                         ("bind :8444", f"bind 127.0.0.1:{ports['control']}"),
                         ("10.0.0.11:8443", f"127.0.0.1:{ports['server-a']}"),
                         ("10.0.0.12:8443", f"127.0.0.1:{ports['server-b']}")):
            if old not in text:
                raise Failed(f"{example} has no '{old}'")
            text = text.replace(old, new)
        config = os.path.join(work, "haproxy.cfg")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        haproxy = shutil.which("haproxy") or "/usr/sbin/haproxy"
        self.program = Program([haproxy, "-W", "-db", "-f", config])
        self._wait_until_it_listens(ports["control"])

    def _wait_until_it_listens(self, port):
        until = time.monotonic() + 30
        while self.program.running() and time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        raise Failed("HAProxy does not listen:\n" + "\n".join(self.program.lines[-15:]))

    def close(self):
        self.program.close()


class Site:
    """A health centre: its own PACS, and a node whose model runs on the service."""

    def __init__(self, options, work, name, server):
        self.name = name
        folder = os.path.join(work, name)
        os.makedirs(folder)
        pacs_port = free_port()
        remote = join(options, folder, pacs_port, server.invite(name))
        package = os.path.join(folder, "package")
        gate = os.path.join(os.path.dirname(os.path.abspath(options.model)), "cxr-gate")
        write_package_without_weights(options.model, package)
        self.node = Node(options.bucky, package, folder, pacs_port,
                         inference=f'device = "remote"\ngate_model = "{gate}"', more=remote)
        self.pacs = Pacs(folder, pacs_port, self.node.port)
        self.xrays, self.collector = [], None

    def expect(self, xrays, out):
        self.xrays = xrays
        self.collector = Collector(self.pacs, xrays, out)

    def close(self):
        self.pacs.close()
        self.node.close()


def join(options, folder, pacs_port, line):
    """Runs the invitation's line at the site; returns the lines of [remote] that it prints."""
    config = write_config(folder, options.model, pacs_port)
    words = line.split()
    status, said = run([options.bucky, *words[1:], "--config", config])
    if status != 0:
        raise Failed(f"bucky join: {said.strip()}")
    return said[said.index("[remote]"):]


def write_package_without_weights(model, package):
    """As it travels: the manifest and the golden files."""
    os.makedirs(package)
    for name in os.listdir(model):
        if name.startswith("golden"):
            shutil.copy(os.path.join(model, name), package)
    with open(os.path.join(model, "model.toml"), encoding="utf-8") as file:
        manifest = file.read()
    manifest = re.sub(r'^weights = .*\nsha256', "weights_sha256", manifest, flags=re.M)
    with open(os.path.join(package, "model.toml"), "w", encoding="utf-8") as file:
        file.write(manifest)


def print_row(site, xray):
    words = "; ".join(xray.verdict.lines()) if xray.verdict else xray.problem or "nothing came"
    is_timed = xray.answered_at is not None and xray.in_at is not None
    seconds = f"{xray.answered_at - xray.in_at:.1f}" if is_timed else "-"
    room = WIDTH - 8 - 14 - 6
    print(f"{site.name:<7} {xray.name:<13} {words[:room]:<{room}} {seconds:>5}", flush=True)


def send_and_wait(site, xrays):
    """One X-ray after the other: into the site, and its result out of the site's own PACS."""
    for xray in xrays:
        site.node.send([xray.file], f"ORTHANC@127.0.0.1:{site.pacs.dicom_port}")
        said = site.node.send([xray.file])
        site.node.wait_for_outcome(xray.sop_instance)
        xray.in_at = site.node.last_byte_at(xray.sop_instance)
        if xray.in_at is None:
            xray.problem = site.node.refusal(xray.sop_instance) or f"not taken: {said.strip()}"
        until = time.monotonic() + PATIENCE_S
        while not xray.is_done() and time.monotonic() < until:
            site.collector.look()
            time.sleep(0.02)
        print_row(site, xray)


def draw(options, work):
    """Six radiographs for each site."""
    drawn = {}
    for number, name in enumerate(SITES):
        folder = os.path.join(work, f"drawn-{name}")
        os.makedirs(folder)
        files = list(draw_phantoms(options.bucky, folder, first=11 + 10 * number))
        drawn[name] = images.gather(files, folder)
    return drawn


def tell_how_it_stands():
    print("Two sites, each with a PACS of its own; two model servers behind HAProxy.\n"
          "All are on loopback ports of this machine. No network namespaces are used, so\n"
          "this does not show that a site needs no open port.\n")


def show(options, work):
    """Prints a line an image; returns the number of images without a verdict."""
    tell_how_it_stands()
    os.makedirs(options.out, exist_ok=True)
    ports = {name: free_port() for name in ("door", "control", "server-a", "server-b")}
    opened = []

    def keep(one):
        opened.append(one)
        return one

    try:
        keep(Balancer(work, ports))
        first = keep(ModelServer(options, work, "server-a", ports, "sites = true"))
        authority = os.path.join(first.data_dir, "authority")
        beside = f'certificate = "{authority}/server.pem"\nca = "{authority}/ca.pem"'
        second = keep(ModelServer(options, work, "server-b", ports, beside))
        sites = []
        for name in SITES:
            sites.append(keep(Site(options, work, name, first)))
            print(f"{name} has joined by invitation: bucky join https://127.0.0.1:"
                  f"{ports['control']} --token ...")
        print(f"\n{'site':<7} {'image':<13} {'finding, score, side':<{WIDTH - 28}} {'sec':>5}")
        drawn = draw(options, work)
        for site in sites:
            site.expect(drawn[site.name], options.out)
        half = len(drawn[SITES[0]]) // 2
        for site in sites:
            send_and_wait(site, site.xrays[:half])
        busy = first if first.answered() >= second.answered() else second
        busy.kill()
        print(f"-- {busy.name} is killed (kill -9); it had answered {busy.answered()} images --",
              flush=True)
        for site in sites:
            send_and_wait(site, site.xrays[half:])
        other = second if busy is first else first
        print(f"\n{first.name} answered {first.answered()} requests, {second.name} "
              f"{second.answered()}; {other.name} went on alone.")
        return sum(xray.verdict is None for site in sites for xray in site.xrays)
    finally:
        for one in reversed(opened):
            one.close()

