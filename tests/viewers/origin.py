# SPDX-License-Identifier: Apache-2.0
"""One web origin for a viewer and its PACS: OHIF's files, and Orthanc's DICOMweb behind a path.

From one origin there is no CORS, and because the Host header goes on to Orthanc, the addresses
that Orthanc writes into its answers lead back here.
"""

import http.client
import http.server
import mimetypes
import os
import threading

CONFIG = """\
window.config = {
  routerBasename: null, extensions: [], modes: [], showStudyList: true,
  customizationService: {}, maxNumberOfWebWorkers: 2, showLoadingIndicator: true,
  defaultDataSourceName: 'pacs',
  dataSources: [{
    namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
    sourceName: 'pacs',
    configuration: {
      friendlyName: 'PACS', name: 'PACS',
      wadoUriRoot: '/wado', qidoRoot: '/dicom-web', wadoRoot: '/dicom-web',
      qidoSupportsIncludeField: false, imageRendering: 'wadors', thumbnailRendering: 'wadors',
      enableStudyLazyLoad: true, supportsFuzzyMatching: false, supportsWildcard: true,
      omitQuotationForMultipartRequest: true,
    },
  }],
};
"""


class Origin:
    def __init__(self, viewer, pacs_port):
        handler = type("Handler", (_Handler,), {"viewer": viewer, "pacs_port": pacs_port})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        path = self.path.split("?", 1)[0]
        if path.startswith(("/dicom-web/", "/wado")):
            self._from_pacs()
        elif path == "/app-config.js":
            self._answer(200, "text/javascript", CONFIG.encode())
        else:
            self._from_viewer(path)

    do_HEAD = do_GET

    def _from_viewer(self, path):
        file = os.path.normpath(os.path.join(self.viewer, path.lstrip("/")))
        inside = file == self.viewer or file.startswith(self.viewer + os.sep)
        if not inside or not os.path.isfile(file):  # the application's own routes
            file = os.path.join(self.viewer, "index.html")
        kind = mimetypes.guess_type(file)[0] or "application/octet-stream"
        with open(file, "rb") as content:
            self._answer(200, kind, content.read())

    def _from_pacs(self):
        pacs = http.client.HTTPConnection("127.0.0.1", self.pacs_port, timeout=60)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() in ("accept", "host")}
        pacs.request(self.command, self.path, headers=headers)
        answer = pacs.getresponse()
        self._answer(answer.status, answer.getheader("Content-Type", ""), answer.read())
        pacs.close()

    def _answer(self, status, kind, content):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        # OHIF's workers share memory, which browsers give to isolated pages only.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
