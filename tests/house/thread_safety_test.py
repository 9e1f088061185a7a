# SPDX-License-Identifier: Apache-2.0
"""What a mutex guards is used only with it: clang's -Wthread-safety over the product's code.

usage: thread_safety_test.py BUILD

Checks each .cpp that names a Mutex, or includes a header with one (conf/base/mutex.h), with the
flags of BUILD/compile_commands.json. Says "skipped" (77) where clang is not installed, but fails on
the build machine (CI=true)."""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("conf", "storage", "scp", "inference", "dicom_sr", "tools")
# clang 14 cannot read the headers of Debian's LibTorch with GCC 12's <vector>. Its one mutex guards
# one member of one class.
NOT_READ = {"inference/run/torch_model.cpp"}
COMPILERS = ("clang++-14", "clang++")
LOCKS = re.compile(r"\b(Mutex|SharedMutex|MutexLock|GUARDED_BY)\b")
INCLUDES = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
CHECK = ["-fsyntax-only", "-Wno-everything", "-Wthread-safety", "-Werror"]

WITHOUT_LOCK = """#include "conf/base/mutex.h"
class Counter {
public:
    void count() { ++count_; }
private:
    bucky::Mutex mutex_;
    int count_ GUARDED_BY(mutex_) = 0;
};
void use() { Counter{}.count(); }
"""
WITH_LOCK = WITHOUT_LOCK.replace("{ ++count_", "{ const bucky::MutexLock lock(mutex_); ++count_")


def needs_check(text):
    if LOCKS.search(text):
        return True
    headers = (ROOT / name for name in INCLUDES.findall(text) if name != "conf/base/mutex.h")
    return any(LOCKS.search(header.read_text()) for header in headers if header.exists())


def flags_of(command):
    """Those that say what the code means; warnings and machine code are the build's."""
    words, kept = iter(shlex.split(command)), []
    for word in words:
        if word in ("-isystem", "-I", "-D"):
            kept += [word, next(words)]
        elif word.startswith(("-I", "-D", "-std=", "-pthread")):
            kept.append(word)
    return kept


def sources(build):
    """The files to check, with their flags."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["file"])
        if not path.is_relative_to(ROOT):
            continue
        name = path.relative_to(ROOT).as_posix()
        if name.split("/")[0] not in ROOMS or name in NOT_READ or not path.exists():
            continue
        if needs_check(path.read_text()):
            found[name] = flags_of(entry["command"])
    return found


def run(compiler, flags, path):
    return subprocess.run([compiler, *flags, *CHECK, str(path)], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def check_the_check(compiler):
    """A use without the lock is found, and one with it is not."""
    with tempfile.TemporaryDirectory() as folder:
        for text, status in ((WITHOUT_LOCK, 1), (WITH_LOCK, 0)):
            path = pathlib.Path(folder) / "counter.cpp"
            path.write_text(text)
            done = run(compiler, ["-std=c++20", f"-I{ROOT}"], path)
            if done.returncode != status or ("requires holding" in done.stdout) != bool(status):
                sys.exit(f"the check does not work:\n{text}\n{done.stdout}")


def main():
    build = pathlib.Path(sys.argv[1])
    compiler = next(filter(None, map(shutil.which, COMPILERS)), None)
    if compiler is None:
        must = os.environ.get("CI") == "true"
        print("" if must else "skipped: ", "clang is not installed (.ci/packages)", sep="")
        return 1 if must else 77
    check_the_check(compiler)
    files = sources(build)
    if len(files) < 20:
        sys.exit(f"only {len(files)} files to check: is {build} a build of {ROOT}?")
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as workers:
        done = workers.map(lambda one: run(compiler, one[1], ROOT / one[0]), files.items())
        for name, result in zip(files, done):
            if result.returncode != 0:
                failed += 1
                print(f"--- {name}\n{result.stdout}")
    print(f"{len(files)} files, {failed} with a complaint")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
