#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A server of the Open Inference Protocol v2 for tests, with a mood that a test sets.

The model: an input [1, 1, H, W], scores [1, 2] with the largest value of the left and of the right
half, heatmaps [1, 2, H/4, W/4] with the largest value of each 4 x 4 block of that half. All of it
is exact in float32. With --weights it runs that TorchScript instead, as the node does.

Prints "port N control M". POST /mood to the control port changes what it does from then on:
  status, retry_after, times   answer the next `times` infer requests so; without times: all
  delay_s                      before each infer answer
  off                          is subtracted from every score
  sha256                       named in the metadata; "": none is
  purpose                      named in the metadata
  in_config                    both are named where NVIDIA Triton names them
  close                        the connection is closed after each infer answer
  die                          the process ends in the middle of the next infer request
  json                         outputs are numbers of the JSON, not binary
  body                         the next `times` infer answers are this text
GET /seen tells what came."""
import argparse
import gzip
import hashlib
import json
import os
import ssl
import struct
import threading
import time
import zlib
from array import array
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

mood = {}
seen = {"infer": 0, "answered": 0, "connections": 0, "ids": [], "requests": [], "headers": [],
        "bytes": 0, "refused": 0, "addresses": []}
lock = threading.Lock()
module = None


def largest(values, rows, columns):
    """Scores and heatmaps of the exact model."""
    high, wide = rows // 4, columns // 4
    blocks = [max(max(values[(4 * r + i) * columns + 4 * c:(4 * r + i) * columns + 4 * c + 4])
                  for i in range(4))
              for r in range(high) for c in range(wide)]
    left = [v if k % wide < wide // 2 else 0.0 for k, v in enumerate(blocks)]
    right = [v if k % wide >= wide // 2 else 0.0 for k, v in enumerate(blocks)]
    return [max(left), max(right)], left + right, (high, wide)


def run(raw, shape, datatype):
    values = array("f")
    if datatype == "FP16":
        values.extend(v for (v,) in struct.iter_unpack("<e", raw))
    else:
        values.frombytes(raw)
    if len(values) != shape[1] * shape[2] * shape[3]:
        raise ValueError(f"{len(values)} numbers for the shape {shape}")
    if module is None:
        return largest(values, shape[2], shape[3])
    with lock, torch.no_grad():
        scores, heatmaps = module(torch.tensor(values).reshape(shape))
    return scores.flatten().tolist(), heatmaps.flatten().tolist(), tuple(heatmaps.shape[2:])


def outputs_of(wanted, scores, heatmaps, sides):
    """The outputs of the JSON, and the bytes behind it."""
    shapes = {"scores": [1, len(scores)], "heatmaps": [1, len(scores), *sides]}
    outputs, blob = [], b""
    for name in wanted:
        numbers = scores if name == "scores" else heatmaps
        output = {"name": name, "datatype": "FP32", "shape": shapes[name]}
        if mood.get("json"):
            output["data"] = numbers
        else:
            raw = array("f", numbers).tobytes()
            output["parameters"] = {"binary_data_size": len(raw)}
            blob += raw
        outputs.append(output)
    return outputs, blob


class Quiet(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True  # an answer is two writes: the second would wait 40 ms

    def log_message(self, *ignored):
        pass

    def answer(self, status, body, headers=()):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Heads:
    """Reads for a handler and keeps the lines: those of the request and of its headers."""

    def __init__(self, file):
        self.file, self.lines = file, b""

    def readline(self, *most):
        line = self.file.readline(*most)
        self.lines += line
        return line

    def __getattr__(self, name):
        return getattr(self.file, name)


def inflated(body, coding):
    """The body in clear; what stands behind its compressed stream is in it, too."""
    if coding == "deflate":
        stream = zlib.decompressobj()
        return stream.decompress(body) + stream.flush() + stream.unused_data
    return gzip.decompress(body) if coding == "gzip" else body


def keep(handler, body=b""):
    """Writes a request as a file of --keep, as it came but for its inflated body."""
    head, handler.rfile.lines = handler.rfile.lines, b""
    if not args.keep:
        return
    with lock:
        seen["kept"] = seen.get("kept", 0) + 1
        name = os.path.join(args.keep, f"{seen['kept']:06}")
    with open(name, "wb") as file:
        file.write(head + body)


class Handler(Quiet):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.rfile = Heads(self.rfile)
        with lock:
            seen["connections"] += 1
            seen["addresses"].append(self.client_address[0])

    def do_GET(self):
        path = [unquote(part) for part in self.path.split("/")]
        with lock:
            seen["requests"].append("GET " + self.path)
        keep(self)
        if path[:3] != ["", "v2", "models"] or path[3] != args.model:
            return self.answer(404, {"error": f"no such model: {self.path}"})
        if path[-1] == "ready":
            return self.answer(200, {"ready": True})
        if path[-1] == "weights":
            if not args.weights:
                return self.answer(404, {"error": "no weights"})
            with open(args.weights, "rb") as weights:
                return self.answer(200, weights.read())
        if path[-1] == "config":
            told = {"sha256": args.sha256, "purpose": mood.get("purpose", "")}
            named = {key: {"string_value": value} for key, value in told.items()
                     if value and mood.get("in_config")}
            return self.answer(200, {"parameters": named})
        metadata = {"name": args.model, "versions": args.versions.split(","), "platform": "test",
                    "inputs": [{"name": "image", "datatype": "FP32", "shape": [-1, 1, -1, -1]}],
                    "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, 2]},
                                {"name": "heatmaps", "datatype": "FP32",
                                 "shape": [-1, 2, -1, -1]}]}
        sha256 = mood.get("sha256", args.sha256)
        if sha256 and not mood.get("in_config"):
            metadata["parameters"] = {"sha256": sha256, "purpose": mood.get("purpose", "")}
        self.answer(200, metadata)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with lock:
            seen["infer"] += self.path.endswith("/infer")
            seen["bytes"] += len(body)
            seen["requests"].append("POST " + self.path)
            seen["headers"] = sorted(self.headers.keys())
        if mood.get("die"):
            os._exit(1)
        body = inflated(body, self.headers.get("Content-Encoding", ""))
        keep(self, body)
        if not self.path.endswith("/infer"):
            return self.answer(404, {"error": f"no such path: {self.path}"})
        size = int(self.headers.get("Inference-Header-Content-Length", len(body)))
        head = json.loads(body[:size])
        time.sleep(mood.get("delay_s", 0))
        with lock:
            seen["ids"].append(head["id"])
        if not self.is_refused():
            self.infer(head, body[size:])

    def is_refused(self):
        with lock:
            left = mood.get("times", 1 if "status" in mood or "body" in mood else 0)
            if left <= 0:
                return False
            if "times" in mood:
                mood["times"] = left - 1
            seen["refused"] += 1
            told = dict(mood)
        if "body" in told:
            self.answer(200, told["body"].encode())
        else:
            later = [("Retry-After", str(told["retry_after"]))] if "retry_after" in told else []
            self.answer(told["status"], {"error": "told to refuse"}, later)
        return True

    def infer(self, head, raw):
        tensor = head["inputs"][0]
        if tensor["name"] != "image":
            return self.answer(400, {"error": f"no input {tensor['name']}"})
        try:
            raw = array("f", tensor["data"]).tobytes() if "data" in tensor else raw
            scores, heatmaps, sides = run(raw, tensor["shape"], tensor["datatype"])
        except ValueError as wrong:
            return self.answer(400, {"error": str(wrong)})
        scores = [score - mood.get("off", 0) for score in scores]
        outputs, blob = outputs_of([one["name"] for one in head["outputs"]], scores, heatmaps,
                                   sides)
        told = json.dumps({"model_name": args.model, "id": head["id"],
                           "outputs": outputs}).encode()
        extra = [] if mood.get("json") else [("Inference-Header-Content-Length", str(len(told)))]
        if mood.get("close"):
            extra.append(("Connection", "close"))
        with lock:
            seen["answered"] += 1
        self.answer(200, told + blob, extra)


class Control(Quiet):
    def do_GET(self):
        with lock:
            told = dict(seen)
        self.answer(200, told)

    def do_POST(self):
        fresh = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with lock:
            mood.clear()
            mood.update(fresh)
        self.answer(200, fresh)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *ignored):  # callers go away: that is what the tests are about
        pass


parser = argparse.ArgumentParser()
parser.add_argument("--model", default="spots")
parser.add_argument("--versions", default="1.0.0")
parser.add_argument("--sha256", default="")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--weights", default="", help="TorchScript to run and to hand out")
parser.add_argument("--hand-out", action="store_true", help="... only to hand out")
parser.add_argument("--tls", nargs=3, metavar=("CERTIFICATE", "KEY", "CA"), default=None,
                    help="clients must show a certificate of CA")
parser.add_argument("--keep", default="", help="folder for every request that came")
args = parser.parse_args()

if args.weights:
    with open(args.weights, "rb") as file:
        args.sha256 = args.sha256 or hashlib.sha256(file.read()).hexdigest()
if args.weights and not args.hand_out:
    import torch
    torch.set_num_threads(1)
    module = torch.jit.optimize_for_inference(torch.jit.freeze(torch.jit.load(args.weights).eval()))

server = Server(("127.0.0.1", args.port), Handler)
if args.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(args.tls[0], args.tls[1])
    context.load_verify_locations(args.tls[2])
    context.verify_mode = ssl.CERT_REQUIRED
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
control = Server(("127.0.0.1", 0), Control)
threading.Thread(target=control.serve_forever, daemon=True).start()
print(f"port {server.server_address[1]} control {control.server_address[1]}", flush=True)
server.serve_forever()
