# SPDX-License-Identifier: Apache-2.0
"""Run by root inside a system that may be spoilt (install_test.py makes it): installs the package,
starts the service's command as its user, removes and purges the package, and looks what is left.
With OLD_PACKAGE, one of the shape of 0.1.0, it upgrades from that first.

usage: in_system.py PACKAGE [OLD_PACKAGE]"""
import os
import pwd
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

DEB, *OLD = sys.argv[1:]
BY_APT = os.environ.get("BUCKY_APT") == "1"  # from a repository that sources.list.d names
DATA = Path("/var/lib/bucky")
CONFIG = Path("/etc/bucky/bucky.toml")
SOCKET = "/tmp/bucky-notify"
KNOWS_OURS = ["/etc", "/usr", "/var/lib/dpkg/info", "/var/lib/systemd"]


def run(words, expect=0, **more):
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")
    done = subprocess.run(words, env=env, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **more)
    assert done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}"
    return done.stdout


def has_user():
    return any(user.pw_name == "bucky" for user in pwd.getpwall())


def ours():
    """Every file in the system that bears the product's name."""
    return {str(path) for folder in KNOWS_OURS for path in Path(folder).rglob("*bucky*")}


def heard(listener, word):
    """Waits until the service has said this word to its supervisor."""
    listener.settimeout(300)
    while True:
        if word in listener.recv(4096).decode().splitlines():
            return


def serve_and_stop():
    """As systemd would: the unit's command line, its user, its environment, its socket."""
    text = CONFIG.read_text()
    CONFIG.write_text(text + '\n[scp]\nport = 0\n\n[admin]\nlisten = "127.0.0.1:0"\n')
    unit = Path("/usr/lib/systemd/system/bucky.service").read_text()
    command = re.search(r"^ExecStart=(.*)$", unit, re.M)[1].split()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(SOCKET)
    os.chmod(SOCKET, 0o777)
    service = subprocess.Popen(
        command, user="bucky", group="bucky", extra_groups=[], umask=0o077,
        env={"NOTIFY_SOCKET": SOCKET, "WATCHDOG_USEC": "180000000", "OMP_WAIT_POLICY": "PASSIVE",
             "PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for word in ("READY=1", "WATCHDOG=1"):
            heard(listener, word)
        assert "running" in run(["bucky", "status"])
        service.send_signal(signal.SIGTERM)
        heard(listener, "STOPPING=1")
        assert service.wait(120) == 0
    finally:
        service.kill()
        print(service.stdout.read())
    assert (DATA / "bucky.db").stat().st_uid == pwd.getpwnam("bucky").pw_uid


def install(how):
    said = run(how + ["bucky" if BY_APT else DEB])
    assert has_user() and DATA.is_dir() and DATA.stat().st_mode & 0o777 == 0o750
    return said


def answer(question, answered):
    subprocess.run(["debconf-set-selections"], check=True, text=True,
                   input=f"{question} boolean {answered}\n")


def upgrade_from(old):
    """Nobody is there to answer, the file was edited, and its new version is another."""
    run(["dpkg", "--install", old])
    assert "/etc/bucky/bucky.toml" in run(["dpkg-query", "-W", "-f", "${Conffiles}", "bucky"])
    edited = CONFIG.read_text().replace('"ORTHANC"', '"OUR_PACS"')
    CONFIG.write_text(edited)
    run(["dpkg", "--install", DEB])
    assert run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}", "bucky"]).strip() == "ii"
    assert CONFIG.read_text() == edited and os.listdir(CONFIG.parent) == [CONFIG.name]
    assert "good" in run(["bucky", "config", "check"])
    run(["dpkg", "--purge", "bucky"])
    assert not CONFIG.parent.exists()
    print("upgraded from 0.1.0: the edited file is as it was")


def main(how):
    answer("man-db man-db/auto-update", "false")  # which would index all pages of the machine
    before = ours()
    for old in OLD:
        upgrade_from(old)
    said = install(how)
    assert "systemctl enable --now bucky" in said, said
    assert CONFIG.read_text() == Path("/usr/share/bucky/bucky.toml").read_text()
    assert "good" in run(["bucky", "config", "check"])
    serve_and_stop()

    install(how)  # the same again is an upgrade: what was edited stays
    assert "port = 0" in CONFIG.read_text()
    kept = CONFIG.rename(CONFIG.with_name("away"))
    install(how)
    assert not CONFIG.exists(), "what an admin has deleted does not come back"
    kept.rename(CONFIG)

    run(["dpkg", "--remove", "bucky"])
    assert CONFIG.exists() and (DATA / "bucky.db").exists() and not Path("/usr/bin/bucky").exists()

    said = run(["dpkg", "--purge", "bucky"])
    assert (DATA / "bucky.db").exists() and has_user() and f"kept in {DATA}" in said, said
    assert ours() == before, ours() - before

    install(how)
    answer("bucky bucky/purge-data", "true")
    run(["dpkg", "--purge", "bucky"])
    assert not DATA.exists() and not has_user()
    assert ours() == before, ours() - before
    print("installed, served, upgraded, removed, purged: with data kept, and with data deleted")


main(["apt-get", "install", "-y", "--no-install-recommends", "--reinstall"] if BY_APT
     else ["dpkg", "--install"])
