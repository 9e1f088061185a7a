#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a Bucky is made of, as CycloneDX 1.5 JSON: the packages of Debian whose libraries the
program and its modules really link (ldd), those whose headers alone were compiled in, and the
models beside it.
Versions and sources are dpkg's, licences those of each package's machine-readable copyright file.

usage: sbom.py VERSION MODELS_FOLDER --binaries PROGRAM MODULE... --headers PACKAGE...
       > bucky.cdx.json"""
import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

DPKG_FIELDS = ("Package", "Version", "Architecture", "source:Package", "source:Version")


def said(*words):
    return subprocess.run(words, check=True, text=True, capture_output=True).stdout


def linked_files(*programs):
    """Every library that the loader would load, as the file that it is in the end."""
    listed = "".join(said("ldd", program) for program in programs)
    return sorted({os.path.realpath(path)
                   for path in re.findall(r"(?:=> |^\s*)(/\S+) \(0x", listed, re.M)})


def packages_of(files):
    """The package of each file, by dpkg, and the files that are of none, as PyPI's LibTorch is.
    Packages made before /usr was merged own /lib/..."""
    names = [name for path in files for name in (path, path.removeprefix("/usr"))]
    found = subprocess.run(["dpkg-query", "--search", *names], text=True, capture_output=True)
    package = {}
    for line in found.stdout.splitlines():
        owner, path = line.split(": ", 1)
        package[path] = owner.split(",")[0]
    owners, strays = {}, []
    for path in files:
        owner = package.get(path) or package.get(path.removeprefix("/usr"))
        if owner:
            owners.setdefault(owner, []).append(path)
        else:
            strays.append(path)
    return owners, strays


def facts_of(packages):
    form = "\\t".join(f"${{{field}}}" for field in DPKG_FIELDS) + "\\n"
    rows = said("dpkg-query", "--show", f"--showformat={form}", *packages).splitlines()
    return [row.split("\t") for row in rows]


def licences_of(package):
    """The short names in debian/copyright (DEP 5), or its beginning where it is prose."""
    file = Path("/usr/share/doc") / package.split(":")[0] / "copyright"
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    if re.match(r"(?i)\s*format(-specification)?:", text):
        names = re.findall(r"^License: *(\S.*)$", text, re.M)
        return sorted({name.strip() for name in names})
    common = re.findall(r"/usr/share/common-licenses/([A-Za-z0-9.-]*[A-Za-z0-9])", text)
    return sorted(set(common))


def component(facts, use, files):
    name, version, architecture, source, source_version = facts
    reference = f"pkg:deb/debian/{name}@{version}?arch={architecture}&distro=debian-12"
    made = {"type": "library", "bom-ref": reference, "name": name, "version": version,
            "purl": reference.replace("+", "%2B"), "scope": "required",
            "properties": [{"name": "debian:source", "value": f"{source} {source_version}"},
                           {"name": "bucky:use", "value": use}]}
    made["properties"] += [{"name": "bucky:file", "value": path} for path in files]
    licences = licences_of(name)
    if licences:
        made["licenses"] = [{"license": {"name": licence}} for licence in licences]
    return made


def sha256(path):
    return [{"alg": "SHA-256", "content": hashlib.sha256(Path(path).read_bytes()).hexdigest()}]


def stray(path):
    """Known by its hash alone."""
    return {"type": "file", "bom-ref": f"file:{path}", "name": path, "hashes": sha256(path)}


def ours_too(module):
    """A module that the program loads, known by its hash."""
    name = Path(module).name
    return {"type": "file", "bom-ref": f"module:{name}", "name": name, "hashes": sha256(module)}


def model(folder):
    told = tomllib.loads((folder / "model.toml").read_text(encoding="utf-8"))["model"]
    return {"type": "machine-learning-model", "bom-ref": f"model:{told['name']}@{told['version']}",
            "name": told["name"], "version": told["version"],
            "licenses": [{"license": {"name": told["licence"]}}],
            "hashes": sha256(folder / told["weights"])}


def main():
    words = argparse.ArgumentParser()
    words.add_argument("version")
    words.add_argument("models")
    words.add_argument("--binaries", nargs="+", required=True, help="the program, and its modules")
    words.add_argument("--headers", nargs="+", required=True, help="packages compiled in")
    words.add_argument("--data", nargs="*", default=[], help="packages whose data are read")
    given = words.parse_args()
    owners, strays = packages_of(linked_files(*given.binaries))
    parts = [component(facts, "linked", owners.get(facts[0]) or owners[f"{facts[0]}:{facts[2]}"])
             for facts in facts_of(sorted(owners))]
    parts += [stray(path) for path in strays]
    parts += [component(facts, "compiled in", []) for facts in facts_of(sorted(given.headers))]
    parts += [component(facts, "data", []) for facts in facts_of(sorted(given.data))]
    parts += [model(file.parent) for file in sorted(Path(given.models).glob("*/model.toml"))]
    parts += [ours_too(file) for file in given.binaries[1:]]
    ours = {"type": "application", "bom-ref": "bucky", "name": "bucky", "version": given.version,
            "licenses": [{"license": {"id": "Apache-2.0"}}],
            "hashes": sha256(given.binaries[0])}
    whole = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
             "metadata": {"component": ours, "tools": {"components": [
                 {"type": "application", "name": "packaging/sbom.py"}]}},
             "components": parts,
             "dependencies": [{"ref": "bucky", "dependsOn": [part["bom-ref"] for part in parts]}]}
    json.dump(whole, sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
