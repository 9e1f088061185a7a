# SPDX-License-Identifier: Apache-2.0
"""The programs that the demo starts. They end when the demo ends, in every case."""

import ctypes
import random
import signal
import socket
import subprocess
import threading
import time

PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """The demo cannot continue; the message gives the reason."""


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Program:
    """A server: it is started, its output is read line by line, and close() ends it."""

    def __init__(self, command):
        self.lines = []
        self._new_line = threading.Condition()
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", start_new_session=True, preexec_fn=_die_with_parent)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self._process.stdout:
            with self._new_line:
                self.lines.append(line.rstrip("\n"))
                self._new_line.notify_all()

    def wait_for(self, part, seconds):
        """The first line that contains `part`. Failed with the last lines if there is none."""
        give_up = time.monotonic() + seconds
        with self._new_line:
            while True:
                for line in self.lines:
                    if part in line:
                        return line
                if not self.running() or time.monotonic() > give_up:
                    break
                self._new_line.wait(0.1)
        raise Failed(f"{self._process.args[0]} did not print '{part}'. Its last lines:\n"
                     + "\n".join(self.lines[-15:]))

    def running(self):
        return self._process.poll() is None

    @property
    def process_id(self):
        """Of its group, too."""
        return self._process.pid

    def kill(self):
        """As a power cut does."""
        self._process.kill()
        self._process.wait()

    def close(self):
        if self.running():
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()


_reserved = []  # abstract sockets; the kernel takes them back when this process ends


def free_port():
    """A free TCP port that nobody else gets: tools/fake_pacs/port.h says how."""
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        end = int(file.read().split()[0])
    for _ in range(1000):
        port = random.randrange(10_000, end)
        mine = socket.socket(socket.AF_UNIX)
        try:
            mine.bind(f"\0bucky-port-{port}")
            with socket.socket() as probe:
                probe.bind(("", port))
        except OSError:
            mine.close()
            continue
        _reserved.append(mine)
        return port
    raise Failed("no free port in 1000 tries")


def run(command):
    """Runs a command to its end: (exit status, output)."""
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, errors="replace",
                           start_new_session=True, preexec_fn=_die_with_parent)
    return ended.returncode, ended.stdout


def must(*command):
    """Its output. Failed with it when the exit status is not 0."""
    status, said = run(list(command))
    if status != 0:
        raise Failed(f"{' '.join(command)}: {said.strip()}")
    return said
