# SPDX-License-Identifier: Apache-2.0
"""Run by root in a system that real systemd has booted (boot_systemd makes it): the package's unit
is started in its sandbox, takes and analyses an X-ray there, is reloaded, stops in time, hangs and
is started anew, writes where its config says, is backed up, and leaves nothing behind when it is
purged.

usage: in_systemd.py PACKAGE"""
import glob
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

DEB = sys.argv[1]
CONFIG = Path("/etc/bucky/bucky.toml")
DROP_INS = Path("/etc/systemd/system/bucky.service.d")
TOKEN = "only-for-this-test-0123456789"
PATIENCE_S = 300


def run(words, expect=0):
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C.UTF-8")
    done = subprocess.run(words, env=env, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode != expect:
        print(run_quietly(["systemctl", "status", "--no-pager", "--full", "bucky"]),
              run_quietly(["journalctl", "--no-pager", "--lines=60"]))
    assert done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}"
    return done.stdout


def run_quietly(words):
    return subprocess.run(words, text=True, stdout=subprocess.PIPE).stdout


def shown(what):
    return run(["systemctl", "show", "--value", "--property=" + what, "bucky"]).strip()


def ok(sentence):
    print("ok: " + sentence, flush=True)


def wait_for(true, sentence):
    give_up = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < give_up, "never: " + sentence
        time.sleep(0.1)
    ok(sentence)


def status_of(process):
    return dict(re.findall(r"^(\w+):\s*(.*)$", Path(f"/proc/{process}/status").read_text(), re.M))


def journal():
    return run(["journalctl", "--unit=bucky", "--no-pager", "--output=cat"])


def port():
    return re.findall(r"\bdicom_port=(\d+)", journal())[-1]


def starts_when_ready():
    CONFIG.write_text(CONFIG.read_text() + '\n[scp]\nport = 0\n\n[admin]\nlisten = "127.0.0.1:0"\n'
                      'token_file = "credential:admin-token"\n')
    secret = CONFIG.parent / "admin-token"
    secret.touch(0o600)
    secret.write_text(TOKEN + "\n")
    DROP_INS.mkdir()
    (DROP_INS / "token.conf").write_text(f"[Service]\nLoadCredential=admin-token:{secret}\n")
    run(["systemctl", "daemon-reload"])
    run(["systemctl", "enable", "--now", "bucky"])
    assert shown("ActiveState") == "active", shown("ActiveState")
    assert shown("StatusText"), "it tells systemd how it is"
    ok("systemd calls it started when it says that it is ready: " + shown("StatusText"))


def asks_for_its_credential():
    admin = re.findall(r"\badmin_port=(\d+)", journal())[-1]
    asked = urllib.request.Request(f"http://127.0.0.1:{admin}/metrics")
    try:
        urllib.request.urlopen(asked, timeout=30)
        raise AssertionError("it asks nobody for a token")
    except urllib.error.HTTPError as refused:
        assert refused.code == 401
    asked.add_header("Authorization", "Bearer " + TOKEN)
    with urllib.request.urlopen(asked, timeout=30) as answer:
        assert b"bucky_build_info" in answer.read()
    assert TOKEN not in journal()
    ok("its token is systemd's credential, of a file that root alone can read")


def is_shut_in():
    process = shown("MainPID")
    status = status_of(process)
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2", status
    assert int(status["CapBnd"], 16) == 0 and int(status["CapEff"], 16) == 0, status
    for kind in ("mnt", "user"):
        mine, its = (os.readlink(f"/proc/{one}/ns/{kind}") for one in ("self", process))
        assert mine != its, kind
    mounts = Path(f"/proc/{process}/mountinfo").read_text().splitlines()
    places = {line.split()[4]: line.split()[5].split(",")[0] for line in mounts}
    assert places["/"] == "ro" and places["/var/lib/bucky"] == "rw", places
    score = run(["systemd-analyze", "security", "--threshold=20", "--no-pager", "bucky"])
    ok("it runs without privileges, in a file system that it can only read but for its data: "
       + score.strip().splitlines()[-1])


def filters_of(process):
    return int(status_of(process)["Seccomp_filters"])


def children_of(process):
    """Of all its threads; one that ends meanwhile has none."""
    found = []
    for task in Path(f"/proc/{process}/task").iterdir():
        try:
            found += (task / "children").read_text().split()
        except OSError:
            pass
    return found


def filters_of_children(workers):
    found = set()
    for child in (one for worker in workers for one in children_of(worker)):
        try:
            found.add(filters_of(child))
        except OSError:  # it has ended meanwhile
            pass
    return found


def analyses_an_xray():
    run(["bucky", "phantom", "--out", "/tmp/xray", "--finding", "nodule"])
    [file] = glob.glob("/tmp/xray/*.dcm")
    run(["bucky", "send", f"BUCKY@127.0.0.1:{port()}", file])
    wait_for(lambda: re.search(r"verdict=findings\b", journal()),
             "it opens, decodes and analyses an X-ray in there")
    wait_for(lambda: glob.glob("/var/lib/bucky/results/*/*.dcm"), "and writes its report")
    node = shown("MainPID")
    workers = children_of(node)
    assert workers, "strangers' images are opened in processes of their own"
    # A worker opens no file itself: it starts a child for each, which lives as long as its file.
    run(["bucky", "phantom", "--out", "/tmp/more", "--count", "12"])
    sending = subprocess.Popen(["bucky", "send", f"BUCKY@127.0.0.1:{port()}",
                                *glob.glob("/tmp/more/*.dcm")], stdout=subprocess.DEVNULL)
    give_up = time.monotonic() + PATIENCE_S
    while filters_of(node) + 1 not in filters_of_children(workers):  # it lives for milliseconds
        assert time.monotonic() < give_up, "no file was opened behind a filter of its own"
    ok("each image is opened behind a system call filter of its own")
    assert sending.wait(60) == 0
    assert not re.search(r"decoder\.(no_landlock|not_shut_in)", journal()), journal()
    ok("its decoders are shut in further, by Landlock and a filter of their own")


def is_reloaded():
    run(["systemctl", "reload", "bucky"])
    ok("systemctl reload waits for the new settings")
    whole = CONFIG.read_text()
    CONFIG.write_text(whole + "\n[nonsense]\n")
    run(["systemctl", "reload", "bucky"], expect=1)
    CONFIG.write_text(whole)
    ok("and fails when they are refused")


def answers_at_port_104():
    """With the drop-ins of the examples: a port below 1024, and the devices of a GPU, which is no
    error where there is none. And with a watchdog that does not keep the test waiting for 180 s."""
    for example in glob.glob("/usr/share/doc/bucky/examples/*.conf"):
        (DROP_INS / Path(example).name).write_text(Path(example).read_text())
    assert len(list(DROP_INS.iterdir())) == 3
    (DROP_INS / "watchdog.conf").write_text("[Service]\nWatchdogSec=15\nTimeoutAbortSec=1\n")
    CONFIG.write_text(CONFIG.read_text().replace("\nport = 0\n", "\nport = 104\n"))
    run(["systemctl", "daemon-reload"])
    run(["systemctl", "restart", "bucky"])
    assert " node.stopped" in journal() and shown("NRestarts") == "0"
    ok("it stops in time and starts again")
    assert "status 0x0000" in run(["bucky", "echo", "BUCKY@127.0.0.1:104"])
    ok("with the drop-ins of the examples it answers at port 104")


def is_revived():
    """A process that is stopped says nothing."""
    first = shown("MainPID")
    run(["systemctl", "kill", "--kill-whom=main", "--signal=STOP", "bucky"])
    wait_for(lambda: shown("MainPID") not in ("0", first) and shown("ActiveState") == "active",
             "what hangs is ended by the watchdog and started anew")


def is_not_restarted_for_a_mistake():
    whole = CONFIG.read_text()
    CONFIG.write_text(whole + "\n[nonsense]\n")
    run(["systemctl", "restart", "bucky"], expect=1)
    wait_for(lambda: shown("ActiveState") == "failed", "a config file with a mistake ends it")
    assert shown("ExecMainStatus") == "2", shown("ExecMainStatus")
    CONFIG.write_text(whole)
    run(["systemctl", "start", "bucky"])
    ok("and not again and again: it starts when the file is mended")


def writes_where_its_config_says():
    """Folders that the unit does not know: refused in words, then allowed by the drop-in."""
    whole = CONFIG.read_text()
    CONFIG.write_text(whole.replace("[node]\n", '[node]\ndata_dir = "/srv/bucky"\n') +
                      '\n[audit]\nfile = "/var/log/bucky/audit.xml"\n')
    run(["systemctl", "stop", "bucky"])
    notes = " ".join(run(["bucky", "config", "check"]).replace("\n  ", " ").split())
    for folder in ("/srv/bucky", "/var/log/bucky"):
        assert f"may not write to {folder}: `bucky config systemd`" in notes, notes
    for folder in ("/srv/bucky", "/var/log/bucky"):
        run(["install", "-d", "-m", "0750", "-o", "bucky", "-g", "bucky", folder])
    run(["systemctl", "restart", "bucky"], expect=1)
    run(["systemctl", "stop", "bucky"])
    assert "cannot write node.data_dir /srv/bucky: Read-only file system" in journal()
    assert "`bucky config systemd` prints" in journal()
    drop_in = run(["bucky", "config", "systemd"])
    (DROP_INS / "paths.conf").write_text(drop_in)
    run(["systemctl", "daemon-reload"])
    run(["systemctl", "start", "bucky"])
    wait_for(lambda: Path("/var/log/bucky/audit.xml").exists(), "it writes where its config says, "
             "with the drop-in of `bucky config systemd`")
    assert Path("/srv/bucky/bucky.db").exists()
    assert "! the unit" not in run(["bucky", "config", "check"])


def is_backed_up():
    """By the units of the examples, into a folder that is not there."""
    for unit in ("bucky-backup.service", "bucky-backup.timer"):
        example = Path("/usr/share/doc/bucky/examples") / unit
        (DROP_INS.parent / unit).write_text(example.read_text())
    run(["systemctl", "daemon-reload"])
    run(["systemctl", "start", "bucky-backup.service"])
    run(["systemctl", "start", "bucky-backup.timer"])
    assert Path("/srv/backup/bucky/bucky.db").exists()
    run(["systemctl", "stop", "bucky-backup.timer"])
    for unit in ("bucky-backup.service", "bucky-backup.timer"):
        (DROP_INS.parent / unit).unlink()
    ok("the backup units of the examples back it up")


def speaks_the_journals_own_way():
    [ready, *_] = [line for line in journal().splitlines() if " node.ready " in line]
    assert ready.startswith("info node.ready "), ready
    entries = run(["journalctl", "--unit=bucky", "--no-pager", "--output=json"])
    of_ready = next(line for line in entries.splitlines() if " node.ready " in line)
    assert '"PRIORITY":"6"' in of_ready, of_ready
    ok("its lines have the journal's own time and priority")


def leaves_nothing():
    for one in DROP_INS.iterdir():  # an admin's, so a purge does not delete them
        one.unlink()
    DROP_INS.rmdir()
    (CONFIG.parent / "admin-token").unlink()
    run(["dpkg", "--purge", "bucky"])
    state = run_quietly(["systemctl", "is-active", "bucky"]).strip()
    assert state == "inactive", state
    left = glob.glob("/etc/systemd/system/**/bucky*", recursive=True)
    assert left == [] and not CONFIG.parent.exists(), left
    ok("a purge stops it and leaves neither config nor unit, nor that it was enabled")


subprocess.run(["debconf-set-selections"], check=True, text=True,
               input="man-db man-db/auto-update boolean false\n")
run(["dpkg", "--install", DEB])
starts_when_ready()
asks_for_its_credential()
is_shut_in()
analyses_an_xray()
is_reloaded()
answers_at_port_104()
is_revived()
is_not_restarted_for_a_mistake()
writes_where_its_config_says()
is_backed_up()
speaks_the_journals_own_way()
leaves_nothing()
