#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Engines by others, and a client by others: the Open Inference Protocol as they understand it.

  BUCKY_ENGINES=1 tests/engines/engines.py --bucky PROGRAM

  triton         NVIDIA Triton (PyPI's nvidia-pytriton, its python backend) serves what
                 `bucky model export-triton --python` writes; a real site proves the golden inputs
                 there and has X-rays analysed, with the findings of the same package at home
  mlserver       the same with Seldon's MLServer, which has no binary tensors
  tritonclient   NVIDIA's client asks our server, in clear and over mutual TLS

Optional, since nothing of it is Debian's: pip fetches it once below ~/.cache/bucky-engines. What is
not there is said in words; exit 77: skipped."""
import argparse
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tools", "demonstration"))
from cloud import write_package_without_weights, write_server_config  # noqa: E402
from node import Node  # noqa: E402
from programs import Failed, Program, free_port, run  # noqa: E402

MODEL = os.path.join(ROOT, "models", "cxr-phantom")
GATE = os.path.join(ROOT, "models", "cxr-gate")
DEBIANS = "/usr/lib/python3/dist-packages"  # PyTorch
XRAYS = (["--healthy"], ["--finding", "nodule"], ["--finding", "pneumothorax"],
         ["--finding", "pneumonia"])


class NotHere(Exception):
    """Why an engine cannot be tried."""


def environment_of(*wanted):
    """A virtual environment with these packages of PyPI, made once."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    home = os.path.join(cache, "bucky-engines", wanted[0].replace("==", "-"))
    if not os.path.exists(os.path.join(home, "whole")):
        shutil.rmtree(home, ignore_errors=True)
        for command in ([sys.executable, "-m", "venv", home],
                        ["timeout", "600", os.path.join(home, "bin/pip"), "-q", "install",
                         *wanted]):
            try:
                made = run(command)
            except OSError as error:
                made = (1, str(error))
            if made[0] != 0:
                raise NotHere(f"pip does not give {' '.join(wanted)}: {made[1].strip()[-200:]}")
        with open(os.path.join(home, "whole"), "w", encoding="utf-8"):
            pass
    return home


def packages_in(home):
    return run([os.path.join(home, "bin/python"), "-c",
                "import sysconfig; print(sysconfig.get_paths()['platlib'])"])[1].strip()


def wait_for_answer(url, program, seconds=90):
    until = time.monotonic() + seconds
    while time.monotonic() < until and program.running():
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise Failed("no answer from " + url + "\n" + "\n".join(program.lines[-20:]))


# --- Engines: each returns its program and its port

def start_triton(bucky, work):
    home = environment_of("nvidia-pytriton==0.7.0", "tritonclient[http]")
    wheel = packages_in(home)
    server = os.path.join(wheel, "pytriton", "tritonserver")
    backends, repository = os.path.join(work, "backends"), os.path.join(work, "repository")
    version = run([os.path.join(home, "bin/python"), "-c",
                   "import sys; print('%d.%d' % sys.version_info[:2])"])[1].strip()
    shutil.copytree(os.path.join(server, "backends"), backends)
    starter = os.path.join(server, "python_backend_stubs", version, "triton_python_backend_stub")
    starter = shutil.copy(starter, os.path.join(backends, "python"))
    os.chmod(starter, 0o755)
    status, said = run([bucky, "model", "export-triton", MODEL, "--to", repository, "--python"])
    if status != 0:
        raise Failed(said)
    port = free_port()
    program = Program(["env", f"LD_LIBRARY_PATH={os.path.join(wheel, 'nvidia_pytriton.libs')}",
                       f"PYTHONPATH={DEBIANS}", os.path.join(server, "bin", "tritonserver"),
                       "--model-repository", repository, "--backend-directory", backends,
                       "--http-port", str(port), "--http-address", "127.0.0.1",
                       "--allow-grpc=false", "--allow-metrics=false"])
    wait_for_answer(f"http://127.0.0.1:{port}/v2/health/ready", program)
    return program, port


MLSERVER_MODEL = '''\
import json, os, sys
sys.path.append("{debians}")
import torch
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse


class Package(MLModel):
    async def load(self):
        module = torch.jit.load(self.settings.parameters.uri).eval()
        self.module = torch.jit.optimize_for_inference(torch.jit.freeze(module))
        return True

    async def predict(self, payload):
        image = NumpyCodec.decode_input(payload.inputs[0]).astype("float32")
        with torch.no_grad():
            answer = self.module(torch.from_numpy(image))
        wanted = [one.name for one in payload.outputs or []] or ["scores", "heatmaps"]
        tensors = dict(zip(("scores", "heatmaps"), answer))
        return InferenceResponse(model_name=self.name, id=payload.id, outputs=[
            NumpyCodec.encode_output(name, tensors[name].numpy()) for name in wanted])
'''


def start_mlserver(_, work):
    home = environment_of("mlserver==1.7.1", "numpy<2")
    folder = os.path.join(work, "mlserver")
    os.makedirs(folder)
    ports = {"http_port": free_port(), "grpc_port": free_port(), "metrics_port": free_port()}
    tensors = {"inputs": [{"name": "image", "datatype": "FP32", "shape": [-1, 1, 256, 256]}],
               "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, 4]},
                           {"name": "heatmaps", "datatype": "FP32", "shape": [-1, 4, 128, 128]}]}
    for name, told in (("settings.json", {"host": "127.0.0.1", "parallel_workers": 0, **ports}),
                       ("model-settings.json",
                        {"name": "cxr-phantom", "implementation": "package.Package", **tensors,
                         "parameters": {"uri": os.path.join(MODEL, "weights.ts")}})):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(told, file)
    with open(os.path.join(folder, "package.py"), "w", encoding="utf-8") as file:
        file.write(MLSERVER_MODEL.format(debians=DEBIANS))
    program = Program(["env", f"PYTHONPATH={folder}", os.path.join(home, "bin/mlserver"), "start",
                       folder])
    wait_for_answer(f"http://127.0.0.1:{ports['http_port']}/v2/models/cxr-phantom/ready", program)
    return program, ports["http_port"]


# --- A site

def package_for(engine, folder):
    """As it travels. MLServer has no binary tensors, no Content-Encoding, no hash of weights."""
    write_package_without_weights(MODEL, folder)
    if engine == "mlserver":
        with open(os.path.join(folder, "model.toml"), "a", encoding="utf-8") as file:
            file.write("\n[remote]\nbinary = false\n")


def results_of(node_folder):
    """Findings by SOP instance: verdict, scores and outlines with every digit."""
    with sqlite3.connect(os.path.join(node_folder, "node", "bucky.db")) as database:
        rows = database.execute("SELECT sop_instance, result_json FROM instance "
                                "WHERE verdict <> ''").fetchall()
    results = {}
    for sop, text in rows:
        told = json.loads(text)
        results[sop] = ({key: told[key] for key in ("verdict", "findings")}, told.get("device"))
    return results


def analysed(bucky, work, name, files, model, **config):
    """Sends the X-rays to a node of its own; its results, and the ms of each analysis."""
    folder = os.path.join(work, name)
    node = Node(bucky, model, folder, free_port(), **config)
    try:
        node.send(files)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            verdicts = [line for line in list(node.program.lines) if " image.verdict " in line]
            if len(verdicts) == len(files):
                break
            time.sleep(0.05)
        else:
            raise Failed(f"{len(verdicts)} verdicts of {len(files)}:\n"
                         + "\n".join(node.program.lines[-20:]))
        if any("verdict=failed" in line or "not_analysed" in line for line in verdicts):
            raise Failed("\n".join(verdicts))
    finally:
        node.close()
    return results_of(folder)


def difference(ours, theirs):
    """The largest difference of two numbers at the same place; None: other texts or lengths."""
    if isinstance(ours, dict) and isinstance(theirs, dict) and ours.keys() == theirs.keys():
        parts = [difference(ours[key], theirs[key]) for key in ours]
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        parts = [difference(a, b) for a, b in zip(ours, theirs)]
    elif isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return abs(ours - theirs)
    else:
        return 0 if ours == theirs else None
    return None if None in parts else max(parts, default=0)


def compare(bucky, work, engine, port, files):
    package = os.path.join(work, "package")
    package_for(engine, package)
    unnamed = "unnamed_weights_ok = true\ncompression = \"none\"\n" if engine == "mlserver" else ""
    remote = analysed(
        bucky, work, "site", files, package,
        inference=f'device = "remote"\ngate_model = "{GATE}"',
        # a marker that is masked before an image leaves is not masked at home
        more=f'[remote]\nurl = "http://127.0.0.1:{port}"\ntext_in_pixels_ok = true\n{unnamed}')
    home = analysed(bucky, work, "home", files, MODEL,
                    inference=f'device = "cpu"\ngate_model = "{GATE}"')
    if remote.keys() != home.keys() or len(home) != len(files):
        raise Failed(f"{len(remote)} results of the site, {len(home)} at home")
    worst = 0
    for sop, (result, device) in remote.items():
        if device != "remote: 127.0.0.1":
            raise Failed(f"{device} answered")
        off = difference(home[sop][0], result)
        if off is None:
            raise Failed(f"other findings: {result}, at home {home[sop][0]}")
        worst = max(worst, off)
    said = "equal to the bit" if worst == 0 else f"off by at most {worst:.2e}"
    print(f"{engine}: golden inputs proven; {len(files)} X-rays analysed; findings {said}",
          flush=True)
    if worst > 1e-5:
        raise Failed("that is too much")


def ask_by_client(port, *more):
    home = environment_of("nvidia-pytriton==0.7.0", "tritonclient[http]")
    ended = subprocess.run([os.path.join(home, "bin/python"), "-B",
                            os.path.join(HERE, "by_tritonclient.py"), *more],
                           env={**os.environ, "LD_LIBRARY_PATH": ""}, check=False)
    if ended.returncode != 0:
        raise Failed("tritonclient found what is WRONG above")


def try_engine(start, engine, bucky, work, files):
    program, port = start(bucky, work)
    try:
        compare(bucky, work, engine, port, files)
        if engine == "triton":
            ask_by_client(port, f"127.0.0.1:{port}", "cxr-phantom", MODEL, "--batch")
    except Failed as failed:
        raise Failed("\n".join([str(failed), "--", *program.lines[-12:]])) from failed
    finally:
        program.close()


def try_our_server(bucky, work, more="", client=()):
    port = free_port()
    config = write_server_config(os.path.join(work, "server"), MODEL, f"127.0.0.1:{port}", more)
    program = Program([bucky, "serve", "--config", config])
    try:
        program.wait_for(" node.ready ", 120)
        ask_by_client(port, f"127.0.0.1:{port}", "cxr-phantom", MODEL, "--batch", *client)
    finally:
        program.close()


def identities(work):
    """An authority, and certificates by it for a server and a site."""
    at = lambda name: os.path.join(work, name)  # noqa: E731
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    run(["openssl", "req", "-x509", *key, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-subj",
         "/CN=Sites", "-days", "2"])
    for name, more in (("server", "subjectAltName=IP:127.0.0.1"),
                       ("site", "keyUsage=digitalSignature")):
        run(["openssl", "req", "-new", *key, "-keyout", at(name + ".key"), "-out",
             at(name + ".csr"), "-subj", f"/CN={name}"])
        with open(at(name + ".ext"), "w", encoding="utf-8") as file:
            file.write(more)
        run(["openssl", "x509", "-req", "-in", at(name + ".csr"), "-CA", at("ca.pem"), "-CAkey",
             at("ca.key"), "-CAcreateserial", "-days", "1", "-extfile", at(name + ".ext"), "-out",
             at(name + ".pem")])
    served = "\n".join(f'{key} = "{at(name)}"' for key, name in (
        ("certificate", "server.pem"), ("key", "server.key"), ("ca", "ca.pem"))) + "\n"
    return served, ("--tls", at("site.pem"), at("site.key"), at("ca.pem"))


def try_client(bucky, work, _):
    environment_of("nvidia-pytriton==0.7.0", "tritonclient[http]")
    print("tritonclient asks our server, in clear", flush=True)
    try_our_server(bucky, os.path.join(work, "clear"))
    served, client = identities(work)
    print("tritonclient asks our server, over mutual TLS", flush=True)
    try_our_server(bucky, os.path.join(work, "tls"), served, client)


TRIALS = {
    "tritonclient": try_client,
    "triton": lambda *told: try_engine(start_triton, "triton", *told),
    "mlserver": lambda *told: try_engine(start_mlserver, "mlserver", *told)}


def draw(bucky, folder):
    for seed, wanted in enumerate(XRAYS, 31):
        status, said = run([bucky, "phantom", "--out", os.path.join(folder, str(seed)), "--seed",
                            str(seed), *wanted])
        if status != 0:
            raise Failed(said)
        yield re.search(r"\S+\.dcm|$", said).group(0) or os.path.join(
            folder, str(seed), f"phantom-{seed:06}.dcm")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bucky", required=True, type=os.path.abspath)
    parser.add_argument("--only", choices=TRIALS)
    told = parser.parse_args()
    if os.environ.get("BUCKY_ENGINES") != "1":
        print("skipped: BUCKY_ENGINES=1 runs it (docs/testing.md)")
        return 77
    tried, failures = 0, 0
    with tempfile.TemporaryDirectory() as work:
        files = list(draw(told.bucky, os.path.join(work, "drawn")))
        for name in [told.only] if told.only else TRIALS:
            folder = os.path.join(work, name)
            os.makedirs(folder)
            try:
                TRIALS[name](told.bucky, folder, files)
                tried += 1
            except NotHere as why:
                print(f"{name}: skipped: {why}", flush=True)
            except Failed as failed:
                print(f"{name}: FAILED: {failed}", flush=True)
                failures += 1
    return 1 if failures else 0 if tried else 77


if __name__ == "__main__":
    sys.exit(main())
