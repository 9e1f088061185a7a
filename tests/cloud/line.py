#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A bad Internet line of our own: a TCP relay that delays what passes, limits its rate, cuts all
connections, and stops carrying anything without a word. The kernel may have no netem; packets that
are lost for good are dropped by nft where there are namespaces.

  tests/cloud/line.py --listen HOST:PORT --to HOST:PORT [--delay-ms 100] [--kbit-s 2000]

Delay and rate are of each direction; the rate is shared by all connections, as on a line. Prints
"line PORT". A test that has it as a thread (Line) also cuts it and silences it."""
import argparse
import asyncio
import socket
import struct
import threading

PART = 8 * 1024
AT_ONCE = 64  # parts under way in one direction of one connection: then its sender waits


class Way:
    """One direction of the line: when the last byte of what came so far will have passed."""

    def __init__(self, kbit_s):
        self.bytes_s = kbit_s * 1000 / 8
        self.free_at, self.carried = 0.0, 0

    def passes(self, size, now):
        self.carried += size
        self.free_at = max(self.free_at, now) + (size / self.bytes_s if self.bytes_s else 0)
        return self.free_at


class Relay:
    """All of it runs in one event loop."""

    def __init__(self, to, delay_ms, kbit_s):
        self.to, self.delay_s = to, delay_ms / 1000
        self.up, self.down = Way(kbit_s), Way(kbit_s)
        self.is_silent = False
        self.open = {}  # by id: what is known of a connection, and the writers of its ends

    async def carry(self, reader, writer, way, here):
        loop = asyncio.get_running_loop()
        parts = asyncio.Queue(AT_ONCE)

        async def deliver():
            while True:
                due, part = await parts.get()
                await asyncio.sleep(due - loop.time())
                if here["dead"]:
                    continue
                if not part:
                    return writer.write_eof()
                writer.write(part)
                await writer.drain()

        delivery = asyncio.ensure_future(deliver())
        try:
            part = b"?"
            while part:
                part = await reader.read(PART)
                await parts.put((way.passes(len(part), loop.time()) + self.delay_s, part))
            await delivery
        finally:
            delivery.cancel()

    async def connect(self, reader, writer):
        here, ends = {"dead": self.is_silent}, [writer]
        self.open[id(here)] = here, ends
        try:
            await asyncio.sleep(2 * self.delay_s)  # of the SYN and its answer
            far_reader, far_writer = await asyncio.open_connection(*self.to)
            ends.append(far_writer)
            await asyncio.gather(self.carry(reader, far_writer, self.up, here),
                                 self.carry(far_reader, writer, self.down, here))
        except OSError:  # an end that went away: so does the other one
            pass
        finally:
            for end in ends:
                end.transport.abort()
            self.open.pop(id(here), None)

    def cut(self):
        for _, ends in list(self.open.values()):
            for end in ends:
                end.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST
                end.transport.abort()

    def silence(self, is_silent):
        self.is_silent = is_silent
        for here, _ in self.open.values():
            here["dead"] = True

    async def serve(self, listen, told):
        server = await asyncio.start_server(self.connect, *listen, limit=PART)
        told(server.sockets[0].getsockname()[1])
        await server.serve_forever()


class Line:
    """The same as a thread of a test."""

    def __init__(self, to, delay_ms=0, kbit_s=0):
        self.relay, self.loop = Relay(to, delay_ms, kbit_s), asyncio.new_event_loop()
        self.port, self._is_open = 0, threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self._is_open.wait(30)

    def _run(self):
        def told(port):
            self.port = port
            self._is_open.set()

        self.loop.run_until_complete(self.relay.serve(("127.0.0.1", 0), told))

    def _do(self, what, *how):
        done = threading.Event()
        self.loop.call_soon_threadsafe(lambda: (what(*how), done.set()))
        done.wait(30)

    def cut(self):
        """Every connection ends with a RST."""
        self._do(self.relay.cut)

    def silence(self, is_silent):
        """Nothing passes and no connection ends. When it is over, those of before stay dead, as
        when a router has forgotten them, and new ones pass."""
        self._do(self.relay.silence, is_silent)

    def carried_up(self):
        """Bytes that were taken for the way up."""
        return self.relay.up.carried


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", required=True, type=address)
    parser.add_argument("--to", required=True, type=address)
    parser.add_argument("--delay-ms", type=float, default=100)
    parser.add_argument("--kbit-s", type=float, default=0, help="0: no limit")
    told = parser.parse_args()
    relay = Relay(told.to, told.delay_ms, told.kbit_s)
    asyncio.run(relay.serve(told.listen, lambda port: print(f"line {port}", flush=True)))


if __name__ == "__main__":
    main()
