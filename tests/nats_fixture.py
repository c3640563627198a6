"""Servers of NATS in tests: a real one, and one that does what its test says; keys and JWTs of NATS."""
import base64
import binascii
import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time

import program_scene as scene
from link_scene import free_ports
from warden_client import wait_for

SERVER = shutil.which("nats-server") or shutil.which("nats-server", path="/usr/sbin")
KINDS = {"O": 14 << 3, "A": 0, "U": 20 << 3}
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")


def base32(raw):
    raw += binascii.crc_hqx(raw, 0).to_bytes(2, "little")
    return base64.b32encode(raw).decode().rstrip("=")


def base64url(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Key:
    """An nkey: of an operator, an account or a user."""

    def __init__(self, folder, kind):
        raw, prefix = os.urandom(32), KINDS[kind]
        self.path = os.path.join(folder, f"nkey-{kind}-{raw[:4].hex()}")
        with open(self.path, "wb") as file:
            file.write(PKCS8 + raw)
        self.seed = base32(bytes([0x90 | prefix >> 5, prefix << 3 & 0xff]) + raw)
        public = subprocess.run(["openssl", "pkey", "-inform", "DER", "-in", self.path, "-pubout",
                                 "-outform", "DER"], check=True, capture_output=True).stdout[-32:]
        self.public = base32(bytes([prefix]) + public)

    def sign(self, data):
        with open(self.path + ".data", "wb") as file:
            file.write(data)
        return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey",
                               self.path, "-in", self.path + ".data"], check=True,
                              capture_output=True).stdout

    def jwt(self, subject, **claims):
        """What this key says of that one."""
        def part(value):
            return base64url(json.dumps(value).encode())
        text = part({"typ": "JWT", "alg": "ed25519-nkey"}) + "." + part({
            "jti": base32(os.urandom(16)), "iat": int(time.time()), "iss": self.public,
            "name": "test", "sub": subject.public, "nats": {"version": 2, **claims}})
        return text + "." + base64url(self.sign(text.encode()))


def decentral(folder):
    """Operator and account: lines of a server's settings, and a function that makes users of it."""
    operator, account = Key(folder, "O"), Key(folder, "A")
    limits = {name: -1 for name in ("subs", "data", "payload", "imports", "exports", "conn", "leaf")}
    lines = f"""
operator: {operator.jwt(operator, type="operator")}
resolver: MEMORY
resolver_preload: {{ {account.public}: "{operator.jwt(account, type="account", limits={
    **limits, "wildcards": True})}" }}
"""

    def user(**permissions):
        key = Key(folder, "U")
        return key, account.jwt(key, type="user", pub={}, sub={}, subs=-1, data=-1, payload=-1,
                                **permissions)
    return lines, user


def creds(key, jwt):
    """As nsc writes them."""
    return f"""-----BEGIN NATS USER JWT-----
{jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.

-----BEGIN USER NKEY SEED-----
{key.seed}
------END USER NKEY SEED------

*************************************************************
"""


class Nats:
    """A server with TLS that wants a user, and a client of it that hears everything."""

    def __init__(self, folder, authorization="users: [ { user: constable, password: secret } ]"):
        self.folder, self.port = folder, free_ports(1)[0]
        self.process = self.client = None
        self.is_answered = False
        self.tls, self.greeting = True, '"user":"constable","pass":"secret"'
        self.events, self.text = [], b""
        run = scene.run
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", self.path("nats.key"), "-out", self.path("nats.crt"), "-days", "2",
            "-subj", "/CN=nats", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        self.write("credentials", "constable:secret\n", 0o600)
        self.write("wrong", "constable:wrong\n", 0o600)
        self.configure("authorization { " + authorization + " }")

    def configure(self, who, tls=True):
        """With the lines that say who may come."""
        self.tls = tls
        self.write("nats.conf", f"""
listen: "127.0.0.1:{self.port}"
lame_duck_grace_period: "1s"
{f'tls {{ cert_file: "{self.path("nats.crt")}", key_file: "{self.path("nats.key")}" }}'
 if tls else ""}
{who}
""", 0o600)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text, mode):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def start(self):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([SERVER, "-c", self.path("nats.conf")],
                                        stderr=subprocess.DEVNULL)
        wait_for(self.connect, "nats-server")
        self.say("SUB agent.> 1\r\nPING")
        wait_for(lambda: self.hear() is not None and self.is_answered, "its word that it passes on what is said")

    def connect(self):
        with contextlib.suppress(OSError):
            plain = socket.create_connection(("127.0.0.1", self.port), 5)
            info = json.loads(plain.recv(4096).split(b" ", 1)[1])
            self.client = plain
            if self.tls:
                trusted = ssl.create_default_context(cafile=self.path("nats.crt"))
                self.client = trusted.wrap_socket(plain, server_hostname="localhost")
            self.client.settimeout(0.2)
            self.text, self.is_answered = b"", False
            greeting = self.greeting(info) if callable(self.greeting) else self.greeting
            self.say('CONNECT {"verbose":false,' + greeting + "}")
            return True
        return False

    def say(self, line):
        self.client.sendall(line.encode() + b"\r\n")

    def publish(self, subject, payload):
        self.say(f"PUB {subject} {len(payload)}\r\n{payload}")

    def hear(self):
        """[(subject, event)] of all that came so far."""
        with contextlib.suppress(TimeoutError, ssl.SSLError):
            while data := self.client.recv(65536):
                self.text += data
        while b"\r\n" in self.text:
            line, rest = self.text.split(b"\r\n", 1)
            words = line.decode().split()
            if words and words[0] == "MSG":
                size = int(words[-1])
                if len(rest) < size + 2:
                    break
                self.events.append((words[1], json.loads(rest[:size])))
                rest = rest[size + 2:]
            elif words and words[0] == "PING":
                self.say("PONG")
            elif words and words[0] == "PONG":
                self.is_answered = True
            self.text = rest
        return self.events

    def of(self, subject, **members):
        return [event for heard, event in self.hear() if heard == subject and
                all(event.get(name) == value for name, value in members.items())]

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None


class Fake:
    """A server in the clear that confirms nothing until it is told to, and hangs up when it is told to."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.said, self.client, self.answers = [], None, False
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                self.client = self.listener.accept()[0]
                with contextlib.suppress(OSError):
                    self.talk(self.client)

    def talk(self, client):
        client.sendall(b'INFO {"max_payload":65536,"connect_urls":["192.0.2.1:4222"]}\r\n')
        lines, n_asked = client.makefile("rb"), 0
        while line := lines.readline():
            words = line.decode().split()
            if words[0] == "PUB":
                event = json.loads(lines.read(int(words[-1])))
                lines.readline()
                self.said.append((words[1], event))
            elif words[0] == "PING":
                n_asked += 1
                if n_asked == 1 or self.answers:
                    client.sendall(b"PONG\r\n")

    def hang_up(self):
        self.client.shutdown(socket.SHUT_RDWR)

    def ids(self, kind):
        return [event["metadata"]["event_id"] for _, event in list(self.said)
                if event["type"] == kind]

    def end(self):
        self.listener.close()


class TlsFront:
    """TLS before anything is said, in front of a server in the clear."""

    def __init__(self, certificate, key, port):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.behind = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                plain = self.listener.accept()[0]
                with contextlib.suppress(OSError):
                    front = self.context.wrap_socket(plain, server_side=True)
                    back = socket.create_connection(("127.0.0.1", self.behind))
                    for pair in ((front, back), (back, front)):
                        threading.Thread(target=self.pump, args=pair, daemon=True).start()

    @staticmethod
    def pump(here, there):
        with contextlib.suppress(OSError):
            while data := here.recv(65536):
                there.sendall(data)
        with contextlib.suppress(OSError):
            there.shutdown(socket.SHUT_RDWR)

    def end(self):
        self.listener.close()
