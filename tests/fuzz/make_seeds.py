#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""First inputs for the targets of the front door, the configuration, the manifest and the admin
listener: what the tests' own callers say, and some of what their strangers do. Writes
tests/fuzz/corpus; needs nothing but Python."""
import json
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
TREE = HERE.parent.parent
DX = "1.2.840.10008.5.1.4.1.1.1.1"
COMMITMENT = "1.2.840.10008.1.20.1"
COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"


def put(target, name, content):
    (CORPUS / target).mkdir(parents=True, exist_ok=True)
    (CORPUS / target / name).write_bytes(content)


# A-ASSOCIATE-RQ (PS3.8 9.3.2), without the header of the PDU
def item(kind, body):
    body = body.encode() if isinstance(body, str) else body
    return struct.pack(">BBH", kind, 0, len(body)) + body


def request(contexts, user=b"", application="1.2.840.10008.3.1.1.1", calling="XRAY1"):
    body = struct.pack(">HH", 1, 0) + b"BUCKY".ljust(16) + calling.encode().ljust(16) + bytes(32)
    body += item(0x10, application)
    for number, (sop_class, syntaxes) in enumerate(contexts):
        syntaxes = b"".join(item(0x40, one) for one in syntaxes)
        body += item(0x20, bytes([2 * number + 1, 0, 0, 0]) + item(0x30, sop_class) + syntaxes)
    return body + item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, "2.25.1") + user)


def associate():
    echo = ("1.2.840.10008.1.1", ["1.2.840.10008.1.2"])
    store = (DX, ["1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.1"])
    commit = (COMMITMENT, ["1.2.840.10008.1.2"])
    put("associate", "echo", request([echo]))
    put("associate", "store", request([store, echo]))
    role = item(0x54, struct.pack(">H", len(COMMITMENT)) + COMMITMENT.encode() + b"\1\1")
    put("associate", "roles", request([commit, store], role + item(0x55, "SOMEONE_1")))
    user = item(0x58, b"\2\1" + struct.pack(">H", 4) + b"anna" + struct.pack(">H", 4) + b"word")
    put("associate", "user", request([store], user))
    extended = struct.pack(">H", len(DX)) + DX.encode() + b"\2\0\0\0\0\0"
    put("associate", "extended", request([store], item(0x56, extended)))
    put("associate", "none", request([]))
    put("associate", "stranger", request([store], b"", "1.2.3", "\x1b[31m\n"))


# Commands (PS3.7 9.3, 10.3), Implicit VR Little Endian
def element(group, number, value):
    if isinstance(value, int):
        value = struct.pack("<H", value)
    elif isinstance(value, str):
        value = value.encode() + (b"\0" if len(value) % 2 else b"")
    return struct.pack("<HHI", group, number, len(value)) + value


def command(field, sop_class, with_data, **more):
    numbers = {"sop": 0x1000, "status": 0x0900, "action": 0x1008, "event": 0x1002,
               "requested": 0x1001, "requested_class": 0x0003, "answered": 0x0120,
               "priority": 0x0700}
    rows = {0x0002: sop_class, 0x0100: field, 0x0800: 1 if with_data else 0x0101}
    if "answered" not in more:
        rows[0x0110] = 7
    if "requested_class" in more:
        del rows[0x0002]
    rows.update({numbers[name]: value for name, value in more.items()})
    body = b"".join(element(0, number, rows[number]) for number in sorted(rows))
    return element(0, 0, struct.pack("<I", len(body))) + body


def record(context, control, content, raw=False):
    what = (control | (context - 1) // 2 << 2) | (0x20 if raw else 0)
    if len(content) > 255:
        content = content.ljust(-(-len(content) // 256) * 256, b"\0")
        return bytes([what | 0x40, len(content) // 256]) + content
    return bytes([what, len(content)]) + content


def explicit(group, number, vr, value):
    value = value.encode() if isinstance(value, str) else value
    value += (b" " if vr not in (b"UI", b"OW", b"OB", b"SQ") else b"\0") * (len(value) % 2)
    if vr in (b"OW", b"OB", b"SQ", b"UN"):
        return struct.pack("<HH2sHI", group, number, vr, 0, len(value)) + value
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


IMAGE = [(0x08, 0x16, b"UI", DX), (0x08, 0x18, b"UI", "1.2.3.4"), (0x08, 0x50, b"SH", "A123"),
         (0x08, 0x60, b"CS", "DX"), (0x20, 0x0D, b"UI", "1.2.3"), (0x20, 0x0E, b"UI", "1.2.3.1"),
         (0x28, 0x10, b"US", struct.pack("<H", 4)), (0x28, 0x11, b"US", struct.pack("<H", 4)),
         (0x7FE0, 0x10, b"OW", bytes(range(32)))]


def messages():
    last = 2
    put("messages", "echo", record(1, 3, command(0x30, "1.2.840.10008.1.1", False)))
    store = command(0x01, DX, True, sop="1.2.3.4", priority=0)
    image = b"".join(explicit(*one) for one in IMAGE)
    put("messages", "store", record(3, 3, store) + record(3, last, image[:254]))
    put("messages", "pieces", record(3, 1, store[:40]) + record(3, 3, store[40:]) +
        record(3, 0, image[:60]) + record(3, last, image[60:254]))
    put("messages", "other-context", record(3, 3, store) + record(5, last, image[:254]))
    find = command(0x20, "1.2.840.10008.5.1.4.1.2.2.1", True, priority=0)
    put("messages", "find", record(1, 3, find) + record(1, last, image[:100]))
    reference = element(8, 0x1150, DX) + element(8, 0x1155, "1.2.3.4")
    sequence = struct.pack("<HHI", 0xFFFE, 0xE000, len(reference)) + reference
    asked = element(8, 0x1195, "1.2.9") + element(8, 0x1199, sequence)
    action = command(0x0130, "", True, requested_class=COMMITMENT, requested=COMMITMENT_INSTANCE,
                     action=1)
    put("messages", "commit", record(11, 3, action) + record(11, last, asked))
    report = command(0x0100, COMMITMENT, True, sop=COMMITMENT_INSTANCE, event=1)
    put("messages", "report", record(11, 3, report) + record(11, last, asked))
    put("messages", "answer", record(11, 3, command(0x8100, COMMITMENT, False, answered=1,
                                                    status=0)))
    release, abort = b"\5\0\0\0\0\4\0\0\0\0", b"\7\0\0\0\0\4\0\0\0\0"
    echo = record(1, 3, command(0x30, "1.2.840.10008.1.1", False))
    put("messages", "release", echo + record(1, 0, release, raw=True))
    put("messages", "abort", echo + record(1, 0, abort, raw=True))
    put("messages", "again", record(1, 0, b"\1\0\0\0\0\4\0\0\0\0", raw=True))
    put("messages", "huge", record(1, 0, b"\4\0\xff\xff\xff\xff\0\0\0\4\1\3", raw=True))
    put("messages", "cancel", record(3, 3, command(0x0FFF, DX, False, answered=7)))


def store():
    image = b"".join(explicit(*one) for one in IMAGE)
    implicit = b"".join(element(group, number, value if isinstance(value, bytes) else value)
                        for group, number, _, value in IMAGE)
    put("store", "explicit", b"\0" + image)
    put("store", "pieces", bytes([40 << 2]) + image)
    put("store", "implicit", b"\1" + implicit)
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    put("store", "deflated", b"\2" + deflate.compress(image) + deflate.flush())
    fragments = struct.pack("<HHI", 0xFFFE, 0xE000, 0) + struct.pack("<HHI", 0xFFFE, 0xE000, 4) + \
        b"\xff\xd8\xff\xd9" + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OB", 0, 0xFFFFFFFF) + fragments
    head = b"".join(explicit(*one) for one in IMAGE[:-1])
    put("store", "encapsulated", b"\3" + head + pixels)
    nested = b""
    for _ in range(5):
        nested = struct.pack("<HHII", 8, 0x1140, 0xFFFFFFFF, 0xE000FFFE) + \
            struct.pack("<I", 0xFFFFFFFF) + nested + \
            struct.pack("<HHIHHI", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    put("store", "nested", b"\1" + implicit[:80] + nested)
    ours = explicit(0x08, 0x70, b"LO", "Bucky") + explicit(0x08, 0x1090, b"LO", "Bucky")
    put("store", "ours", b"\0" + b"".join(explicit(*one) for one in IMAGE[:4]) + ours +
        b"".join(explicit(*one) for one in IMAGE[4:]))


def text():
    put("config", "empty", b"")
    put("config", "all", (TREE / "conf/bucky.toml").read_bytes())
    put("config", "few", b"""[node]
ae_title = "BUCKY"
data_dir = "/srv/x"
[[model]]
name = "cxr"
path = "m"
sha256 = "%s"
[[peer]]
ae_title = "XRAY1"
address = "10.1.0.0/16"
[[listener]]
port = 2762
certificate = "c.pem"
key = "k.pem"
[[destination]]
name = "pacs"
ae_title = "PACS"
host = "pacs.example"
port = 104
tls = true
[log]
level = "debug"
""" % (b"0" * 64))
    put("config", "wrong", b"[scp]\nport = 70000\nartim_s = \"x\"\n"
        b"[nodes]\n[[peer]]\nport = {a = [1]}\n")
    for model in ("cxr-phantom", "cxr-gate", "pneumonia-paediatric", "cxr-nodule",
                      "cxr-opacity"):
        put("manifest", model, (TREE / "models" / model / "model.toml").read_bytes())
    put("manifest", "few", b"[model]\nname = \"m\"\nversion = 1\n"
        b"[input]\nwidth = -1\nmean = [1, nan]\n"
        b"[[finding]]\nkey = \"a\"\n[[golden]]\ninput = \"../x\"\n")
    for name, said in {
            "health": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "ready": b"HEAD /readyz HTTP/1.0\r\n\r\n",
            "metrics": b"GET /metrics HTTP/1.1\r\nAuthorization: Bearer wilhelm-conrad-r\r\n\r\n",
            "basic": b"GET /metrics HTTP/1.1\r\nAuthorization: Basic YTpi\r\n\r\n",
            "post": b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
            "chunked": b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            "folded": b"GET / HTTP/1.1\r\nX: a\r\n b\r\n\tc\r\n\r\n"}.items():
        put("admin", name, bytes([20]) + said)


def infer_answers():
    scores = {"name": "scores", "datatype": "FP32", "shape": [1, 2]}
    heat = {"name": "heatmaps", "datatype": "FP16", "shape": [1, 2, 1, 1]}
    raw = struct.pack("<2f2e", 0.25, 0.5, 0.5, 1)
    binary = json.dumps({"outputs": [{**scores, "parameters": {"binary_data_size": 8}},
                                     {**heat, "parameters": {"binary_data_size": 4}}]}).encode()
    numbers = json.dumps({"outputs": [{**scores, "data": [[0, 1]]},
                                      {**heat, "data": [0.5, 1]}]}).encode()
    metadata = json.dumps({"versions": ["1"], "inputs": [{"name": "image"}],
                           "outputs": [{"name": "scores"}],
                           "parameters": {"sha256": {"string_value": "ab"}}}).encode()
    put("infer_answer", "binary", struct.pack(">H", len(binary)) + binary + raw)
    put("infer_answer", "numbers", bytes(2) + numbers)
    put("infer_answer", "metadata", bytes(2) + metadata)
    put("infer_answer", "error", bytes(2) + b'{"error": "no such model"}')


def web():
    meta = struct.pack("<HH2sHI", 2, 0, b"UL", 4, 0)
    for number, value in ((2, DX), (3, "1.2.3.4"), (0x10, "1.2.840.10008.1.2.1")):
        text = value.encode() + b"\0" * (len(value) % 2)
        meta += struct.pack("<HH2sH", 2, number, b"UI", len(text)) + text
    image = bytes(128) + b"DICM" + meta + struct.pack("<HH2sH", 8, 0x18, b"UI", 8) + b"1.2.3.4\0"
    head = b"\r\n--b\r\nContent-Type: application/dicom; transfer-syntax=*\r\n\r\n"
    put("web", "two", b"\x07" + head + image + head + image[128:] + b"\r\n--b--")
    put("web", "odd", b"\x01--b \nX: y\n z\n\n\r\n--bc\r\n--b\r\n\r\n--b--\r\n--b")
    put("web", "type", b'\x3fmultipart/related; type="a\\"b"; boundary=x, text/xml;q=0.5')
    put("web", "target", b"\x02/aets/A%20B/rs/studies/1.2.3?x=y")


associate()
web()
messages()
store()
text()
infer_answers()
