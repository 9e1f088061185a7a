# SPDX-License-Identifier: Apache-2.0
"""What an administrator installs: the files of `cmake --install`, and the Debian package, with its
maintainer scripts run by dpkg itself in an overlay of this machine that is thrown away. There the
service's own command is started as the service's user, by someone who speaks systemd's protocol.

  BUCKY_DEBOOTSTRAP=1  also on a fresh Debian 12 that debootstrap makes (as root; minutes, network)

usage: install_test.py BUILD_FOLDER [unittest's arguments]"""
import glob
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import shells

BUILD = Path(sys.argv.pop(1)).resolve()
# A LibTorch that no Debian package has (tools/torch2): it can be installed here, not packed.
OTHER_TORCH = "BUCKY_TORCH_ROOT:PATH=/" in (BUILD / "CMakeCache.txt").read_text()
IN_SYSTEM = Path(__file__).resolve().parent / "in_system.py"
IN_SYSTEMD, BOOT = (IN_SYSTEM.parent / name for name in ("in_systemd.py", "boot_systemd"))
OUR_DOC = "usr/share/doc/bucky"
FIRST_CONFIG, EXAMPLE = "usr/share/bucky/bucky.toml", f"{OUR_DOC}/examples/bucky.toml"


def run(words, expect=0, **more):
    done = subprocess.run([str(word) for word in words], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **more)
    assert expect is None or done.returncode == expect, f"{words}: {done.returncode}\n{done.stdout}"
    return done.stdout


class Installed(unittest.TestCase):
    """`cmake --install` into an empty folder."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = Path(cls.folder.name)
        cls.config = str(cls.root / FIRST_CONFIG)
        run(["cmake", "--install", BUILD, "--strip"], env=dict(os.environ, DESTDIR=cls.root))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def text(self, path):
        path = self.root / path
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as file:
            return file.read()

    def test_the_program_runs_from_there_and_finds_every_library(self):
        program = self.root / "usr/bin/bucky"
        self.assertRegex(run([program, "--version"]), r"bucky \d+\.\d+")
        self.assertNotIn("not found", run(["ldd", program]))

    def test_no_library_of_the_program_starts_openmp_before_main_has_set_how_its_threads_wait(self):
        program = self.root / "usr/bin/bucky"
        self.assertNotIn("libgomp", run(["ldd", program]))
        self.assertIn("libgomp", run(["ldd", self.root / "usr/lib/bucky/bucky_tesseract.so"]))

    def test_libtorch_lies_in_a_module_that_the_program_loads_for_a_model_alone(self):
        program, module = self.root / "usr/bin/bucky", self.root / "usr/lib/bucky/bucky_torch.so"
        self.assertNotIn("libtorch", run(["ldd", program]))
        self.assertIn("libtorch", run(["ldd", module]))
        models = self.root / "usr/share/bucky/models"
        self.assertIn("cpu", run([program, "model", "check", models / "cxr-phantom"]))
        away = module.rename(module.with_suffix(".away"))
        try:
            said = run([program, "model", "check", models / "cxr-phantom"], expect=1)
            self.assertIn("LibTorch cannot be loaded", said)
            run([program, "--version"])
        finally:
            away.rename(module)

    def test_the_configs_that_are_installed_are_good_with_the_models_that_are(self):
        first, example = self.text(FIRST_CONFIG), self.text(EXAMPLE)
        self.assertLess(len(first.splitlines()), 15)
        for config in (first + '\n[scp]\nport = 0\n', example.replace("port = 11112", "port = 0")):
            self.assertIn("/usr/share/bucky/models/cxr-phantom", config)
            if "data_dir" not in config:
                config = config.replace("[node]", '[node]\ndata_dir = "/var/lib/bucky"')
            for place in ("/usr/share", "/var/lib"):
                config = config.replace(place, str(self.root) + place)
            here = self.root / "bucky.toml"
            here.write_text(config)
            self.assertIn("good", run([self.root / "usr/bin/bucky", "config", "check", here]))
        for model in ("cxr-phantom", "cxr-gate", "pneumonia-paediatric", "cxr-nodule",
                      "cxr-opacity"):
            for file in ("model.toml", "weights.ts", "CARD.md"):
                self.assertTrue((self.root / "usr/share/bucky/models" / model / file).is_file())

    def test_the_manual_is_whole_and_without_a_complaint_of_groff(self):
        pages = {"usr/share/man/man1/bucky.1.gz", "usr/share/man/man5/bucky.toml.5.gz"}
        for page in pages:
            said = subprocess.run(["groff", "-man", "-ww", "-Wbreak", "-z", "-Tutf8"], text=True,
                                  input=self.text(page), capture_output=True)
            self.assertEqual((said.returncode, said.stderr), (0, ""), page)
            shown = subprocess.run(["groff", "-man", "-Tutf8", "-P-c", "-rLL=80n"], text=True,
                                   input=self.text(page), capture_output=True).stdout
            lines = re.sub(".\b", "", shown).splitlines()  # bold is a letter over itself
            self.assertLessEqual(max(map(len, lines)), 80, page)
        keys = re.findall(r"^#?([a-z_0-9]+) = ", self.text(EXAMPLE), re.M)
        self.assertGreater(len(keys), 40)
        page = self.text("usr/share/man/man5/bucky.toml.5.gz")
        for key in keys:
            self.assertIn(f"\n.B {key}\n", page)
        page = self.text("usr/share/man/man1/bucky.1.gz")
        for command in re.findall(r"^  ([a-z]+)  ", run([self.root / "usr/bin/bucky", "--help"]),
                                  re.M):
            self.assertIn(f"\n.SS bucky {command}", page)

    def test_it_says_what_it_is_made_of_with_the_versions_that_dpkg_has(self):
        told = json.loads(self.text(f"{OUR_DOC}/bucky.cdx.json"))
        self.assertEqual((told["bomFormat"], told["specVersion"]), ("CycloneDX", "1.5"))
        parts = {part["name"]: part for part in told["components"]}
        self.assertEqual(len(parts), len(told["components"]))
        for name in ("libdcmtk17", "libsqlite3-0", "libopenjp2-7", "libssl3", "libboost1.81-dev",
                     "cxr-phantom"):
            self.assertIn(name, parts)
        self.assertTrue(any("libtorch" in name for name in parts))
        for data in ("tesseract-ocr-eng", "tesseract-ocr-kor"):
            self.assertIn({"name": "bucky:use", "value": "data"}, parts[data]["properties"])
        modules = ("bucky_torch.so", "bucky_tesseract.so")
        for part, file in ((told["metadata"]["component"], "usr/bin/bucky"),
                           *((parts[name], f"usr/lib/bucky/{name}") for name in modules)):
            there = hashlib.sha256((self.root / file).read_bytes()).hexdigest()
            self.assertEqual(part["hashes"][0]["content"], there, file)  # stripped
        here = dict(line.split(" ") for line in run(
            ["dpkg-query", "-W", "-f", "${Package}:${Architecture} ${Version}\\n"]).splitlines())
        for part in told["components"]:
            if part["type"] == "library":
                arch = re.search("arch=([a-z0-9]+)", part["purl"])[1]
                self.assertEqual(part["version"], here[f"{part['name']}:{arch}"])
        self.assertIn("BSD-3-clause", str(parts["libdcmtk17"]["licenses"]))
        self.assertIn({"name": "debian:source", "value": "dcmtk " + parts["libdcmtk17"]["version"]},
                      parts["libdcmtk17"]["properties"])
        linked = {os.path.realpath(path) for path in
                  re.findall(r"=> (/\S+)", run(["ldd", self.root / "usr/bin/bucky",
                                                *(self.root / "usr/lib/bucky").glob("*.so")]))}
        named = {line["value"] for part in told["components"]
                 for line in part.get("properties", []) if line["name"] == "bucky:file"}
        named |= {part["name"] for part in told["components"] if part["type"] == "file"}
        self.assertLessEqual(linked, named)
        notice = self.text(f"{OUR_DOC}/NOTICE")
        for word in ("DCMTK", "LibTorch", "SQLite", "Boost", "OpenJPEG", "bucky.cdx.json"):
            self.assertIn(word, notice)

    def test_bash_completes_commands_options_values_and_destinations(self):
        def offered(*words):
            return shells.in_bash(self.root, *words, BUCKY_CONFIG=self.config)
        self.assertEqual(offered("bucky", "stu"), ["study"])
        self.assertIn("retry", offered("bucky", "study", ""))
        self.assertIn("--json", offered("bucky", "status", "--"))
        self.assertEqual(offered("bucky", "analyze", "--gate", "w"), ["warn"])
        self.assertEqual(offered("bucky", "echo", ""), ["pacs"])
        self.assertEqual(offered("bucky", "queue", "retry", "--destination", ""), ["pacs"])
        self.assertEqual(offered("bucky", "manual", "z"), ["zsh-completion"])

    def test_zsh_completes_commands_options_values_and_destinations(self):
        if not shutil.which("zsh"):
            self.skipTest("skipped: zsh is not here")

        def completed(line):
            return shells.in_zsh(self.root, line, BUCKY_CONFIG=self.config)
        for line, whole in (("bucky stu", "bucky study "),
                            ("bucky status --j", "bucky status --json "),
                            ("bucky analyze --gate w", "bucky analyze --gate warn "),
                            ("bucky echo p", "bucky echo pacs "),
                            ("bucky queue retry --destination p",
                             "bucky queue retry --destination pacs "),
                            ("bucky manual z", "bucky manual zsh-completion "),
                            (f"bucky explain {self.config[:-2]}", f"bucky explain {self.config} ")):
            self.assertEqual(completed(line)[0], whole)
        line, shown = completed("bucky study ")
        self.assertEqual(line, "bucky study ")
        self.assertRegex(shown, r"retry +-- Look at its images again and report anew")
        self.assertNotIn("--config", shown)

    def test_fish_completes_commands_options_values_and_destinations(self):
        if not shutil.which("fish"):
            self.skipTest("skipped: fish is not here")

        def offered(line):
            return shells.in_fish(self.root, line, BUCKY_CONFIG=self.config)
        self.assertEqual(offered("bucky stu"),
                         {"study": "Which studies came, and the story of one"})
        self.assertEqual(set(offered("bucky study ")), {"list", "show", "retry"})
        self.assertIn("--json", offered("bucky status --j"))
        self.assertEqual(set(offered("bucky analyze --gate ")), {"off", "warn", "refuse"})
        self.assertEqual(set(offered("bucky echo ")), {"pacs"})
        self.assertEqual(set(offered("bucky queue retry --destination ")), {"pacs"})
        self.assertEqual(set(offered("bucky manual z")), {"zsh-completion"})
        self.assertIn(self.config, offered(f"bucky explain {self.config[:-2]}"))

    def test_systemd_takes_the_unit_and_finds_it_hardened(self):
        if not os.path.exists("/usr/bin/systemd-analyze"):
            self.skipTest("skipped: systemd-analyze is not here")
        unit = self.root / "usr/lib/systemd/system/bucky.service"
        # its command is not where it will be; nothing else may be complained of
        verified = run(["systemd-analyze", "verify", "--man=no", unit], expect=None)
        said = [line for line in verified.splitlines()
                if "bucky" in line and "is not executable" not in line]
        self.assertEqual(said, [])
        run(["systemd-analyze", "security", "--offline=true", "--threshold=20", unit])  # 2.0
        unit = self.text("usr/lib/systemd/system/bucky.service")
        for line in ("Type=notify", "User=bucky", "Environment=OMP_WAIT_POLICY=PASSIVE",
                     "WatchdogSec=180", "ExecStart=/usr/bin/bucky serve"):
            self.assertIn(line + "\n", unit)


class Packed(unittest.TestCase):
    """The Debian package."""

    @classmethod
    def setUpClass(cls):
        if OTHER_TORCH:
            raise unittest.SkipTest("skipped: the package is made with Debian's LibTorch")
        cls.folder = tempfile.TemporaryDirectory()
        cls.root = Path(cls.folder.name)
        run(["cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.root / "packed"],
            cwd=BUILD)
        [cls.deb] = glob.glob(str(cls.root / "packed" / "bucky_*.deb"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def of_the_shape_of_0_1_0(self):
        """The maintainer scripts and the conffile of 0.1.0, around the programs of now."""
        old, then = self.root / "old", IN_SYSTEM.parent / "0.1.0"
        run(["dpkg-deb", "--raw-extract", self.deb, old])
        (old / FIRST_CONFIG).unlink()
        (old / "etc/bucky").mkdir(parents=True)
        shutil.copy(then / "bucky.toml", old / "etc/bucky")
        (old / "DEBIAN/conffiles").write_text("/etc/bucky/bucky.toml\n")
        for script in ("postinst", "postrm", "prerm", "templates"):
            shutil.copy(then / script, old / "DEBIAN")
        control = (old / "DEBIAN/control").read_text()
        (old / "DEBIAN/control").write_text(
            re.sub(r"^Version: .*$", "Version: 0.1.0", control, flags=re.M))
        run(["dpkg-deb", "-Znone", "--build", "--root-owner-group", old, self.root / "old.deb"])
        return self.root / "old.deb"

    def test_its_files_lie_where_debian_wants_them_and_belong_to_root(self):
        listed = run(["dpkg-deb", "--contents", self.deb])
        for path in ("./usr/bin/bucky",
                     "./usr/lib/bucky/bucky_torch.so", "./usr/lib/bucky/bucky_tesseract.so",
                     f"./{FIRST_CONFIG}", f"./{EXAMPLE}", "./usr/share/man/man1/bucky.1.gz",
                     f"./{shells.BASH}", f"./{shells.ZSH}", f"./{shells.FISH}",
                     "./usr/lib/systemd/system/bucky.service", "./usr/lib/sysusers.d/bucky.conf",
                     f"./{OUR_DOC}/copyright", f"./{OUR_DOC}/examples/gpu.conf",
                     "./usr/share/bucky/models/cxr-phantom/weights.ts"):
            self.assertIn(f" {path}\n", listed)
        for line in listed.splitlines():
            self.assertIn(" root/root ", line)
            self.assertRegex(line, r" \./($|usr/)")
        self.assertNotIn("/usr/local", listed)

    def test_lintian_has_no_complaint_but_of_who_built_it(self):
        if not shutil.which("lintian"):
            self.skipTest("skipped: lintian is not here")
        said = run(["lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags",
                    "bogus-mail-host,bogus-mail-host-in-debian-changelog", self.deb], expect=None)
        self.assertEqual(re.findall("^[EW]: .*$", said, re.M), [])

    def test_a_signed_repository_gives_it_to_apt_and_a_changed_one_does_not(self):
        if not shutil.which("reprepro"):
            self.skipTest("skipped: reprepro is not here")
        repository, client = self.root / "repository", self.root / "client"
        keys = self.root / "keys"
        keys.mkdir(mode=0o700)
        env = dict(os.environ, GNUPGHOME=str(keys))
        make = [IN_SYSTEM.parents[2] / "packaging/apt/make-repository", repository,
                f"file://{repository}", self.deb]
        self.assertIn("has no secret key", run(make, expect=1, env=env))
        run(["gpg", "--batch", "--passphrase", "", "--quick-generate-key", "<t@t.example>",
             "ed25519", "sign", "never"], env=env)
        said = run(make, env=env)
        run(["gpgconf", "--kill", "all"], env=env)
        self.assertIn(f"cp {repository}/bucky.sources /etc/apt/sources.list.d/", said)
        for folder in ("lists/partial", "cache/archives/partial", "sources"):
            (client / folder).mkdir(parents=True)
        (client / "status").touch()
        shutil.copy(repository / "bucky.sources", client / "sources")
        self.root.chmod(0o755)
        apt = ["apt-get", *(f"-oDir::{key}={client / path}" for key, path in (
            ("State::Lists", "lists"), ("State::status", "status"), ("Cache", "cache"),
            ("Etc::SourceParts", "sources"), ("Etc::SourceList", "none"))),
            "-oAPT::Sandbox::User=root", "-oAPT::Get::List-Cleanup=0"]
        run([*apt, "update", "-oAPT::Update::Error-Mode=any"])
        run([*apt, "download", "bucky"], cwd=client)
        [got] = client.glob("bucky_*.deb")
        self.assertEqual(got.read_bytes(), Path(self.deb).read_bytes())

        release = repository / "dists/bookworm/InRelease"
        release.write_text(release.read_text().replace("Origin: Bucky", "Origin: Other"))
        (client / "lists").rename(client / "lists-before")
        (client / "lists/partial").mkdir(parents=True)
        said = run([*apt, "update", "-oAPT::Update::Error-Mode=any"], expect=100)
        self.assertRegex(said, "(?i)signature")

    def test_what_is_released_is_hardened(self):
        """A release build itself; elsewhere, a program of its flags."""
        presets = json.loads((IN_SYSTEM.parents[2] / "CMakePresets.json").read_text())
        [release] = [one for one in presets["configurePresets"] if one["name"] == "release"]
        flags = release["cacheVariables"]
        tried = self.root / "tried"
        tried.mkdir()
        (tried / "try.cpp").write_text(
            "#include <cstring>\n#include <cstdio>\nint main(int n, char** words) {\n"
            "  char text[8]; std::strcpy(text, words[n - 1]); return std::puts(text); }\n")
        run(["c++", "-O3", *flags["CMAKE_CXX_FLAGS"].split(), "-fPIE", "-pie",
             *flags["CMAKE_EXE_LINKER_FLAGS"].split(), "try.cpp", "-o", "try"], cwd=tried)
        files = [tried / "try"]
        if "CMAKE_BUILD_TYPE:STRING=Release" in (BUILD / "CMakeCache.txt").read_text():
            run(["dpkg-deb", "--extract", self.deb, self.root / "released"])
            files += [self.root / "released/usr/bin/bucky",
                      *(self.root / "released/usr/lib/bucky").glob("*.so")]
        for file in files:
            said = run(["readelf", "--wide", "--dynamic", "--program-headers", "--dyn-syms", file])
            self.assertRegex(said, r"FLAGS.*\b(BIND_)?NOW\b", file)
            for word in ("GNU_RELRO", "__stack_chk_fail"):
                self.assertIn(word, said, file)
            if file.suffix != ".so":
                self.assertRegex(said, r"__\w+_chk@", file)
                self.assertIn("DYN (Position-Independent", run(["readelf", "-h", file]))

    def test_it_names_what_it_needs(self):
        needs = run(["dpkg-deb", "--field", self.deb, "Depends"])
        for package in ("libdcmtk17", "libtorch1.13", "libsqlite3-0", "fonts-nanum", "debconf"):
            self.assertIn(package, needs)
        self.assertNotIn("conffiles", run(["dpkg-deb", "--info", self.deb]))
        version = run(["dpkg-deb", "--field", self.deb, "Version"]).strip()
        changes = (IN_SYSTEM.parents[2] / "packaging/debian/changelog").read_text()
        self.assertTrue(changes.startswith(f"bucky ({version})"))
        self.assertIn("@", run(["dpkg-deb", "--field", self.deb, "Maintainer"]))

    def test_dpkg_installs_it_the_service_starts_and_a_purge_deletes_data_only_when_told(self):
        enter = ["unshare", "--mount", "--pid", "--fork"]
        made = ("set -e; mount -t tmpfs none \"$0\"; cd \"$0\"; mkdir upper work root;"
                "mount -t overlay overlay -o lowerdir=/,upperdir=upper,workdir=work root;"
                "mount -t proc proc root/proc; mount --bind /dev root/dev;"
                "mount -t tmpfs none root/run; mount -t tmpfs none root/tmp;")
        room = self.root / "room"
        room.mkdir()
        tried = subprocess.run(enter + ["sh", "-c", made, str(room)], text=True,
                               capture_output=True)
        if tried.returncode != 0:
            self.skipTest("skipped: no overlay of this machine to be had: " + tried.stderr.strip())
        print(run(enter + ["sh", "-c", made +
                           "cp \"$1\" root/tmp/new.deb; cp \"$2\" \"$3\" root/tmp/;"
                           "exec chroot root python3 /tmp/in_system.py /tmp/new.deb /tmp/old.deb",
                           room, self.deb, self.of_the_shape_of_0_1_0(), IN_SYSTEM]))

    def test_systemd_runs_the_service_in_its_sandbox(self):
        enter = ["timeout", "--signal=KILL", "600", "unshare", "--mount", "--pid", "--fork",
                 "--kill-child=SIGKILL", "--cgroup", "--ipc", "--uts", "--net"]
        room, said = self.root / "systemd", self.root / "said"
        room.mkdir()
        said.touch()
        if not os.path.exists("/lib/systemd/systemd"):
            self.skipTest("skipped: systemd is not here")
        can = subprocess.run(enter + [BOOT, "--try", room], text=True, capture_output=True)
        if can.returncode != 0:
            self.skipTest("skipped: nothing can be booted here: " + can.stderr.strip())
        done = subprocess.run(enter + [BOOT, room, IN_SYSTEMD, self.deb, said])
        print(said.read_text())
        self.assertEqual(done.returncode, 0)

    def test_a_fresh_debian_pulls_what_it_needs(self):
        if os.environ.get("BUCKY_DEBOOTSTRAP") != "1":
            self.skipTest("skipped: BUCKY_DEBOOTSTRAP=1 asks for it")
        fresh = self.root / "fresh"
        print(run([IN_SYSTEM.parent / "fresh_debian", fresh, self.deb, IN_SYSTEM]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
