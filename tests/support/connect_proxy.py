#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A proxy for tests: CONNECT alone, with a user and a password (RFC 9110 9.3.6, 11.7.1).

connect_proxy.py USER PASSWORD. Prints "port N", then a line for each request: "tunnel HOST:PORT"
or "refused"."""
import base64
import select
import socket
import socketserver
import sys

WANTED = "Basic " + base64.b64encode(":".join(sys.argv[1:3]).encode()).decode()


class Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            line = self.rfile.readline().decode().split()
            if len(line) < 2:
                return
            headers = {}
            for field in iter(lambda: self.rfile.readline().decode().strip(), ""):
                name, value = field.split(":", 1)
                headers[name.lower()] = value.strip()
            if headers.get("proxy-authorization") == WANTED and line[0] == "CONNECT":
                return self.pass_on(line[1])
            print("refused", flush=True)
            self.wfile.write(b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=p\r\n"
                             b"Content-Length: 0\r\n\r\n")

    def pass_on(self, where):
        print("tunnel", where, flush=True)
        host, port = where.rsplit(":", 1)
        there = socket.create_connection((host, int(port)))
        self.wfile.write(b"HTTP/1.1 200 Go ahead\r\n\r\n")
        ends = {self.connection: there, there: self.connection}
        while True:
            for end in select.select(list(ends), [], [])[0]:
                piece = end.recv(65536)
                if not piece:
                    return
                ends[end].sendall(piece)


class Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *ignored):
        pass


with Proxy(("127.0.0.1", 0), Tunnel) as proxy:
    print("port", proxy.server_address[1], flush=True)
    proxy.serve_forever()
