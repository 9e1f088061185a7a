# SPDX-License-Identifier: Apache-2.0
"""Debian's Chromium without a screen, driven over its debugging pipe (Chrome DevTools Protocol:
JSON messages that end in a zero byte, file descriptors 3 and 4). Python's own library is enough."""
import base64
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PR_SET_PDEATHSIG = 1
PATIENCE_S = 60


def where():
    return shutil.which("chromium")


class Chromium:
    """One page. Every wait has an end; what the page complains of is kept in `complaints`."""

    def __init__(self):
        self.complaints = []
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()

        def become():
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            high_in, high_out = os.dup2(theirs_in, 60), os.dup2(theirs_out, 61)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self._process = subprocess.Popen(
            [where(), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-dev-shm-usage", "--disable-background-networking", "--hide-scrollbars",
             "--remote-debugging-pipe", "--user-data-dir=" + self._profile.name, "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=become, start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        self._heard, self._number, self._session = b"", 0, None
        target = self._first_page()
        self._session = self.ask("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(domain + ".enable")

    def _first_page(self):
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            for one in self.ask("Target.getTargets")["targetInfos"]:
                if one["type"] == "page":
                    return one["targetId"]
        raise TimeoutError("Chromium opens no page")

    def ask(self, method, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        give_up = time.monotonic() + PATIENCE_S
        while True:
            answer = self._next(give_up - time.monotonic())
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self._note(answer)

    def _next(self, patience_s):
        while b"\0" not in self._heard:
            ready, _, _ = select.select([self._in], [], [], max(0, patience_s))
            part = os.read(self._in, 1 << 16) if ready else b""
            if not part:
                raise TimeoutError("Chromium does not answer")
            self._heard += part
        whole, self._heard = self._heard.split(b"\0", 1)
        return json.loads(whole)

    def _note(self, event):
        if event.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(event["params"]["exceptionDetails"]["text"])
        if event.get("method") == "Log.entryAdded":
            entry = event["params"]["entry"]
            if entry["level"] == "error":
                self.complaints.append(entry["text"] + " " + entry.get("url", ""))

    def size(self, width, height):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height,
                 deviceScaleFactor=1, mobile=width < 600)

    def open(self, url):
        self.ask("Page.navigate", url=url)

    def value(self, expression):
        said = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in said:
            raise RuntimeError(said["exceptionDetails"]["exception"]["description"])
        return said["result"].get("value")

    def wait_for(self, expression):
        """Its value, once that is true."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            try:
                value = self.value(expression)
            except RuntimeError:  # the page is not there yet
                value = None
            if value:
                return value
            time.sleep(0.05)
        raise TimeoutError("the page never had: " + expression + "\nbut: "
                           + str(self.value("document.body.innerText"))[:2000])

    def click(self, element):
        """A mouse on the middle of what this expression gives."""
        x, y = self.value(f"(() => {{ const e = {element}; e.scrollIntoView({{block: 'center'}});"
                          " const b = e.getBoundingClientRect();"
                          " return [b.x + b.width / 2, b.y + b.height / 2]; })()")
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def shot(self, file):
        whole = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                         clip=self._whole())
        with open(file, "wb") as out:
            out.write(base64.b64decode(whole["data"]))

    def _whole(self):
        box = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": box["width"], "height": box["height"], "scale": 1}

    def close(self):
        os.close(self._out)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        os.close(self._in)
        self._profile.cleanup()
