#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random of a site, HAProxy and two model servers, while X-rays come without a pause:
none lost, none twice, none "failed".

  tests/cloud/kills.py --bucky PROGRAM [--kills 10] [--seed N]

The list of kills is a function of the seed; the moment at which one meets a process depends on the
machine. One kill in four is followed by a second one while the process starts."""
import argparse
import os
import random
import sys
import tempfile
import threading
import time

from world import (Film, Haproxy, Pacs, Server, Site, carried_out, complaints_of, free_port,
                   wait_until)

SENDERS = 2
PAUSE_S = 0.3  # of each sender, between two X-rays


class Senders:
    """Each repeats an X-ray until the site has answered it with success."""

    def __init__(self, site, film):
        self.site, self.film = site, film
        self.answered, self.again, self.stopping = [], 0, False
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self._send, daemon=True) for _ in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def _send(self):
        while not self.stopping:
            with self.lock:
                sop, file = self.film.next()
            while not self.site.send(file):
                with self.lock:
                    self.again += 1
                time.sleep(0.1)
            os.unlink(file)
            with self.lock:
                self.answered.append(sop)
            time.sleep(PAUSE_S)

    def stop(self):
        self.stopping = True
        for thread in self.threads:
            thread.join(120)
        return list(self.answered)


def kill_at_random(chance, victims, kills):
    """How often each was killed."""
    killed = dict.fromkeys((victim.name for victim in victims), 0)
    left = kills
    while left > 0:
        time.sleep(chance.uniform(0.2, 2.5))
        victim = chance.choice(victims)
        victim.kill9()
        killed[victim.name] += 1
        left -= 1
        time.sleep(chance.choice((0, 0, 0.3, 2)))
        victim.start()
        if left > 0 and chance.random() < 0.25:
            time.sleep(chance.uniform(0, 1))
            victim.kill9()
            killed[victim.name] += 1
            left -= 1
            victim.start()
    return killed


def walk(told, work, opened):
    chance = random.Random(told.seed)
    ports = {name: free_port() for name in ("door", "control", "a", "b")}
    common = (f'url = "https://127.0.0.1:{ports["door"]}"\n'
              f'control = "https://127.0.0.1:{ports["control"]}"\nproxy_protocol = true\n')

    def keep(one):
        opened.append(one)
        return one

    proxy = keep(Haproxy(work, ports["door"], ports["control"], ports["a"], ports["b"]))
    first = keep(Server(told.bucky, os.path.join(work, "server-a"), common + "sites = true",
                        port=ports["a"]))
    second = keep(Server(told.bucky, os.path.join(work, "server-b"), common + first.beside(),
                         port=ports["b"]))
    pacs = keep(Pacs(work))
    site = keep(Site(told.bucky, os.path.join(work, "site"), first.invite("clinic"), pacs.port))
    victims = [site, proxy, first, second]
    began = time.monotonic()
    senders = Senders(site, Film(told.bucky, work))
    killed = kill_at_random(chance, victims, told.kills)
    answered = senders.stop()
    for victim in victims:
        victim.wait_until_ready()
    wait_until("all is told", 300, lambda: not site.open_jobs() and not site.unreported())
    complaints = complaints_of(site, pacs, answered)
    print(f"{'FAILED' if complaints else 'passed'} seed {told.seed}: {sum(killed.values())} kills "
          f"({', '.join(f'{name} {count}' for name, count in killed.items())}), {len(answered)} "
          f"X-rays, {senders.again} sent again, {len(pacs.stored())} objects at the PACS, "
          f"answered by {first.answered()} and {second.answered()}, "
          f"{time.monotonic() - began:.0f} s", flush=True)
    for complaint in complaints[:20]:
        print(complaint)
    if complaints and told.keep:
        for one in victims:
            with open(os.path.join(told.keep, one.name + ".log"), "w", encoding="utf-8") as file:
                file.write("\n".join(one.lines()))
    return 1 if complaints else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucky", required=True, type=os.path.abspath)
    parser.add_argument("--kills", type=int,
                        default=100 if os.environ.get("BUCKY_LONG") == "1" else 8)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "little"))
    parser.add_argument("--keep", help="folder for the logs of a walk that failed")
    told = parser.parse_args()
    print(f"seed {told.seed}", flush=True)
    opened = []
    with tempfile.TemporaryDirectory() as work:
        return carried_out(lambda: walk(told, work, opened), opened, f" seed {told.seed}")


if __name__ == "__main__":
    sys.exit(main())
