"""A bad network between agent and server: one that knows bytes, and one that knows messages.

BadWire passes TCP on: it cuts (FIN or RST, in the middle of a record), delays, stalls, and can
lose one end of a connection while the other end does not know. What it passes is the link's own TLS.
BadMiddlebox stands behind it where it is wanted, has a certificate of the server's CA and a copy
of the agent's key, and so reads the messages: it says each one twice, keeps one for later, loses
one, or cuts one short. Both run in one thread of their own; their methods may be called from any.
"""
import asyncio
import json
import os
import socket
import ssl
import struct
import subprocess
import threading

WAIT_S = 60
CHUNK_BYTES = 16384


class Loop:
    """The thread of a network."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(WAIT_S)

    def end(self):
        async def cancel():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.do(cancel())
        self.loop.call_soon_threadsafe(self.loop.stop)


def close(writer, how="fin"):
    if how == "rst" and not writer.is_closing():
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
    else:
        writer.close()


class Way:
    """One direction of one connection."""

    def __init__(self, wire, name, reader, writer):
        self.wire, self.name, self.reader, self.writer = wire, name, reader, writer
        self.held = None  # bytes of which the sender thinks that they were sent
        self.n_left = None  # until it is cut

    async def run(self):
        try:
            while data := await self.reader.read(CHUNK_BYTES):
                await self.wire.gates[self.name].wait()
                await self.pass_on(data)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        if self.held is None:
            close(self.writer)

    async def pass_on(self, data):
        if delay_s := self.wire.delays_s[self.name]:
            await asyncio.sleep(delay_s)
        if self.n_left is not None:
            data, self.n_left = data[:self.n_left], self.n_left - len(data)
        if self.held is not None:
            self.held += data
        elif not self.writer.is_closing():
            self.writer.write(data)
            await self.writer.drain()
        if self.n_left is not None and self.n_left <= 0:
            self.wire.cut_now("rst")


class BadWire:
    """Listens where agents think that their server is."""

    def __init__(self, loop, port, target):
        self.loop, self.target, self.port = loop, target, port
        self.is_cut = False
        self.delays_s = {"up": 0, "down": 0}
        self.pairs = []
        self.gates = {name: asyncio.Event() for name in self.delays_s}
        self.open()
        self.server = loop.do(asyncio.start_server(self.accept, "127.0.0.1", port))

    async def accept(self, reader, writer):
        if self.is_cut:
            close(writer, "rst")
            return
        try:
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            close(writer)
            return
        pair = {"up": Way(self, "up", reader, other_writer),
                "down": Way(self, "down", other_reader, writer)}
        self.pairs.append(pair)
        await asyncio.gather(*(way.run() for way in pair.values()))
        if pair in self.pairs and pair["up"].held is None and pair["down"].held is None:
            self.pairs.remove(pair)

    def cut_now(self, how):
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            for way in pair.values():
                way.held = None
                close(way.writer, how)

    def call(self, function, *args):
        async def run():
            return function(*args)

        return self.loop.do(run())

    # What a test does to it.

    def cut(self, how="fin"):
        """Everything, until it is mended."""
        self.is_cut = True
        self.call(self.cut_now, how)

    def snap(self, how="fin"):
        """Everything that is; whoever comes again is let through."""
        self.call(self.cut_now, how)

    def mend(self):
        self.is_cut = False

    def snap_after(self, name, n_bytes):
        """Once so many more bytes went that way: in the middle of something."""
        def arm():
            for pair in self.pairs:
                pair[name].n_left = n_bytes
        self.call(arm)

    def block(self, name):
        """Nothing is taken from that side any more, so that it has to keep what it says."""
        self.loop.loop.call_soon_threadsafe(self.gates[name].clear)

    def open(self):
        for gate in self.gates.values():
            self.loop.loop.call_soon_threadsafe(gate.set)

    def stall(self, name):
        """What goes that way arrives later."""
        def hold():
            for pair in self.pairs:
                pair[name].held = pair[name].held or b""
        self.call(hold)

    def lose_agents_end(self):
        """The agent is told that the connection is gone; the server is not."""
        def lose():
            for pair in self.pairs:
                pair["up"].held = pair["up"].held or b""
                pair["down"].held = pair["down"].held or b""
                close(pair["down"].writer, "rst")
        self.call(lose)

    def lose_servers_end(self):
        def lose():
            for pair in self.pairs:
                pair["up"].held = pair["up"].held or b""
                pair["down"].held = pair["down"].held or b""
                close(pair["up"].writer, "rst")
        self.call(lose)

    def release(self):
        """What was held arrives, on the connection that it was sent on."""
        def let_go():
            for pair in list(self.pairs):
                for way in pair.values():
                    held, way.held = way.held, None
                    if held and not way.writer.is_closing():
                        way.writer.write(held)
                if any(way.writer.is_closing() or way.reader.at_eof() for way in pair.values()):
                    self.pairs.remove(pair)
                    for way in pair.values():
                        way.writer.close()
        self.call(let_go)

    def heal(self):
        self.delays_s = {"up": 0, "down": 0}
        self.snap_after("up", None)
        self.snap_after("down", None)
        self.open()
        self.release()
        self.mend()

    def close(self):
        self.call(self.server.close)
        self.cut()


def kind_of(payload):
    """What a message is: a method, or "result", "hello's answer" and so on."""
    try:
        message = json.loads(payload)
    except ValueError:
        return "none"
    if "method" in message:
        return message["method"]
    return "outcome" if isinstance(message.get("id"), str) else "answer"


class Frame:
    """A WebSocket frame, and its payload in clear."""

    def __init__(self, head, mask, payload):
        self.head, self.mask, self.payload = head, mask, payload

    @property
    def is_text(self):
        return self.head & 0x8f == 0x81

    @staticmethod
    def apply(mask, data):
        if not mask or not any(mask):
            return data
        key = int.from_bytes((mask * (len(data) // 4 + 1))[:len(data)], "big")
        return (int.from_bytes(data, "big") ^ key).to_bytes(len(data), "big")

    @classmethod
    async def read(cls, reader):
        head, length = await reader.readexactly(2)
        is_masked, length = length & 0x80, length & 0x7f
        if length > 125:
            size = 2 if length == 126 else 8
            length = int.from_bytes(await reader.readexactly(size), "big")
        mask = await reader.readexactly(4) if is_masked else None
        return cls(head, mask, cls.apply(mask, await reader.readexactly(length)))

    def bytes(self, payload=None):
        payload = self.payload if payload is None else payload
        is_masked, length = 0x80 if self.mask else 0, len(payload)
        if length < 126:
            head = bytes([self.head, is_masked | length])
        elif length < 65536:
            head = bytes([self.head, is_masked | 126]) + length.to_bytes(2, "big")
        else:
            head = bytes([self.head, is_masked | 127]) + length.to_bytes(8, "big")
        return head + (self.mask or b"") + self.apply(self.mask, payload)


class BadMiddlebox:
    """Terminates TLS. Each rule is (direction, kind, what): "twice", "later", "lost" or "short"."""

    def __init__(self, loop, folder, target, agent="a0"):
        self.loop, self.target, self.folder = loop, target, folder
        self.rules, self.kept, self.writers, self.seen = [], [], [], []
        self.watch = lambda direction, kind: None
        self.is_lost, self.count_twice = False, 0
        self.client = ssl.create_default_context(cafile=f"{folder}/server.crt")
        self.client.load_cert_chain(f"{folder}/agents/{agent}/agent/agent.crt",
                                    f"{folder}/agents/{agent}/agent/agent.key")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.make_certificate())
        self.server = loop.do(asyncio.start_server(self.accept, "127.0.0.1", 0, ssl=context))
        self.port = self.server.sockets[0].getsockname()[1]

    def make_certificate(self):
        """As the server's own CA makes them."""
        base = os.path.join(self.folder, "middlebox")
        with open(base + ".ext", "w", encoding="ascii") as out:
            out.write("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
                      "keyUsage=critical,digitalSignature\nbasicConstraints=critical,CA:FALSE\n")
        for command in (["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                         "-nodes", "-keyout", base + ".key", "-subj", "/CN=localhost",
                         "-out", base + ".csr"],
                        ["x509", "-req", "-in", base + ".csr", "-CA", f"{self.folder}/server.crt",
                         "-CAkey", f"{self.folder}/server.key", "-CAcreateserial", "-days", "2",
                         "-extfile", base + ".ext", "-out", base + ".crt"]):
            subprocess.run(["openssl", *command], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        return base + ".crt", base + ".key"

    async def accept(self, reader, writer):
        try:
            others = await asyncio.open_connection("127.0.0.1", self.target, ssl=self.client,
                                                   server_hostname="localhost")
        except OSError:
            writer.close()
            return
        self.writers += [writer, others[1]]
        ways = [self.run("up", reader, others[1]), self.run("down", others[0], writer)]
        await asyncio.gather(*ways)
        for one in (writer, others[1]):
            one.close()

    async def run(self, direction, reader, writer):
        try:
            writer.write(await reader.readuntil(b"\r\n\r\n"))
            while True:
                frame = await Frame.read(reader)
                for data in self.treat(direction, frame):
                    writer.write(data)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, RuntimeError):
            pass
        writer.close()

    def treat(self, direction, frame):
        """What arrives of it, in order."""
        kind = kind_of(frame.payload) if frame.is_text else "control"
        self.seen.append((direction, kind, len(frame.payload)))
        self.watch(direction, kind)
        before = [data for way, data in self.kept if way == direction and kind != "hello"]
        if before and kind not in ("hello", "control"):
            self.kept = [one for one in self.kept if one[0] != direction]
        else:
            before = []
        whole = frame.bytes()
        rule = next((one for one in self.rules if one[0] == direction and one[1] in (kind, "*")),
                    None)
        if not rule or not frame.is_text:
            return before + [whole]
        if rule[2] == "twice":
            self.count_twice += 1
            return before + [whole, whole]
        self.rules.remove(rule)
        if rule[2] == "later":
            self.kept.append((direction, whole))
            return before
        if rule[2] == "again":
            self.kept.append((direction, whole))
            return before + [whole]
        if rule[2] == "short":
            return before + [frame.bytes(frame.payload[:len(frame.payload) // 2])]
        self.is_lost = True
        return before

    def cut(self):
        async def run():
            writers, self.writers = self.writers, []
            for writer in writers:
                writer.transport.abort()

        self.loop.do(run())

    def heal(self):
        """True where something is lost that only a new connection brings to light."""
        is_lost, self.is_lost = self.is_lost or bool(self.kept), False
        self.rules, self.kept = [], []
        return is_lost

    def close(self):
        self.loop.loop.call_soon_threadsafe(self.server.close)
        self.cut()
