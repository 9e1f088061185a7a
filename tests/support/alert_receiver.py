# SPDX-License-Identifier: Apache-2.0
"""What an alert is sent to: a mail server (aiosmtpd, Debian's) and a webhook, on loopback ports
that the system chooses. Prints "port SMTP HTTP CONTROL"; CONTROL answers with what was taken.

usage: alert_receiver.py [--tls CERTIFICATE KEY] [--user NAME PASSWORD]"""
import argparse
import asyncio
import email
import email.policy
import json
import ssl
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

from aiosmtpd.smtp import SMTP, AuthResult

parser = argparse.ArgumentParser()
parser.add_argument("--tls", nargs=2)
parser.add_argument("--user", nargs=2)
options = parser.parse_args()
taken, mood = [], {"webhook": 200}


class Mailbox:
    async def handle_DATA(self, _server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        taken.append({"mail": {"from": envelope.mail_from, "to": envelope.rcpt_tos,
                               "subject": mail["Subject"],
                               "text": mail.get_body(("plain",)).get_content(),
                               "tls": session.ssl is not None,
                               "user": getattr(session, "auth_data", None) is not None}})
        return "250 taken"


def knows(_server, _session, _envelope, _mechanism, said):
    good = [said.login.decode(), said.password.decode()] == options.user
    return AuthResult(success=good, auth_data="known" if good else None)


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if mood["webhook"] == 200:
            taken.append({"post": json.loads(body), "path": self.path,
                          "token": self.headers.get("Authorization")})
        self.send_response(mood["webhook"])
        self.end_headers()

    def log_message(self, *_):
        pass


class Control(Webhook):
    def do_POST(self):
        mood.update(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer({})

    def do_GET(self):
        self.answer(taken)

    def answer(self, what):
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def served(handler):
    server = HTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


async def main():
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*options.tls)
    more = {"authenticator": knows, "auth_required": True} if options.user else {}
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(Mailbox(), tls_context=context, require_starttls=context is not None, **more),
        "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], served(Webhook), served(Control), flush=True)
    await server.serve_forever()


asyncio.run(main())
