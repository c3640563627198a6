"""A server that speaks Vault's documented HTTP API: KV 1 and 2, transit, and tokens that end.

As developer.hashicorp.com/vault/api-docs has it. What a test wants of it, it sets: it seals it, takes
its answers' place, and reads what was asked.
"""
import base64
import ctypes
import http.server
import json
import os
import ssl
import subprocess
import threading
import time

CLONE_NEWNET = 0x40000000


class Key:
    """A transit key: each version a pair of openssl's making."""

    def __init__(self, folder, name, kind):
        self.folder, self.name, self.kind = folder, name, kind
        self.versions, self.least, self.available = [], 1, 0
        self.rotate()

    def rotate(self):
        path = os.path.join(self.folder, f"transit-{self.name}-{len(self.versions) + 1}.pem")
        words = ["-algorithm", "ed25519"] if self.kind == "ed25519" else \
            ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        subprocess.run(["openssl", "genpkey", *words, "-out", path], check=True, capture_output=True)
        self.versions.append(path)
        return path

    def public(self, number):
        der = subprocess.run(["openssl", "pkey", "-in", self.versions[number - 1], "-pubout", "-outform",
                              "DER" if self.kind == "ed25519" else "PEM"],
                             check=True, capture_output=True).stdout
        return base64.b64encode(der[-32:]).decode() if self.kind == "ed25519" else der.decode()

    def describe(self):
        numbers = range(max(self.least, self.available), len(self.versions) + 1)
        return {"type": self.kind, "name": self.name, "derived": False, "exportable": False,
                "deletion_allowed": False, "supports_signing": True, "latest_version": len(self.versions),
                "min_available_version": self.available, "min_decryption_version": self.least,
                "min_encryption_version": 0, "keys": {str(number): {
                    "creation_time": "2026-01-01T00:00:00Z", "name": self.kind,
                    "public_key": self.public(number)} for number in numbers}}

    def sign(self, request):
        number = request.get("key_version") or len(self.versions)
        text = os.path.join(self.folder, "to-be-signed")
        with open(text, "wb") as file:
            file.write(base64.b64decode(request["input"]))
        if self.kind == "ed25519":
            words = ["pkeyutl", "-sign", "-rawin", "-inkey", self.versions[number - 1], "-in", text]
        else:
            assert request["hash_algorithm"] == "sha2-256" and request["marshaling_algorithm"] == "asn1"
            words = ["dgst", "-sha256", "-sign", self.versions[number - 1], text]
        assert request["prehashed"] is False
        raw = subprocess.run(["openssl", *words], check=True, capture_output=True).stdout
        return {"signature": f"vault:v{number}:{base64.b64encode(raw).decode()}", "key_version": number}


class Token:
    def __init__(self, ttl_s=0, renewable=False, max_s=None):
        self.ttl_s, self.renewable, self.max_s, self.n_renewals = ttl_s, renewable, max_s, 0
        self.ends = self.last = None

    def begin(self):
        """Its time runs from its first use on: whoever starts slowly meets a young one."""
        if self.ends is None and self.ttl_s:
            now = time.monotonic()
            self.ends, self.last = now + self.ttl_s, now + self.max_s if self.max_s else None

    def lives(self):
        return self.ends is None or time.monotonic() < self.ends

    def left(self):
        return 0 if self.ends is None else max(0, int(self.ends - time.monotonic()))

    def renew(self):
        self.n_renewals += 1
        self.ends = time.monotonic() + self.ttl_s
        if self.last:
            self.ends = min(self.ends, self.last)


class Vault:
    """In the network of that path, or in ours; with TLS unless 'pair' is None."""

    def __init__(self, folder, pair, network=None):
        self.folder, self.pair, self.network = folder, pair, network
        self.tokens, self.secrets, self.first, self.transit = {}, {}, {}, {}
        self.sealed, self.namespace, self.instead = False, None, {}
        self.asked = []
        self.speaks = threading.Event()  # while it is not set, no answer comes
        self.speaks.set()
        self.server = self.port = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        thread = threading.Thread(target=self.listen)
        thread.start()
        thread.join()
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def listen(self):
        """A thread may enter a network alone; what it listens at stays there."""
        if self.network:
            with open(self.network, "rb") as space:
                if ctypes.CDLL(None, use_errno=True).setns(space.fileno(), CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
        vault = self

        class Handler(Answers):
            place = vault

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port or 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # who does not believe us hangs up
        self.port = self.server.server_address[1]
        if self.pair:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.pair)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    @property
    def url(self):
        return f"http{'s' if self.pair else ''}://127.0.0.1:{self.port}"

    def key(self, name, kind="ed25519"):
        self.transit[name] = Key(self.folder, name, kind)
        return self.transit[name]

    def count(self, path):
        return sum(1 for one in self.asked if one[1] == path)

    # --- what it answers ------------------------------------------------------------------

    def answer(self, method, path, headers, body):
        """(status, document)"""
        self.asked.append((method, path, headers))
        if self.sealed:
            return 503, {"errors": ["Vault is sealed"]}
        token = self.tokens.get(headers.get("X-Vault-Token"))
        if token:
            token.begin()
        if not token or not token.lives() or headers.get("X-Vault-Namespace") != self.namespace:
            return 403, {"errors": ["permission denied"]}
        mount, _, rest = path.partition("/")
        serve = {"auth": self.serve_token, "secret": self.serve_second, "kv": self.serve_first,
                 "transit": self.serve_transit}.get(mount)
        found = serve(method, rest, body, token) if serve else None
        return found or (404, {"errors": []})

    @staticmethod
    def serve_token(method, path, _body, token):
        if (method, path) == ("GET", "token/lookup-self"):
            return 200, {"data": {"ttl": token.left(), "renewable": token.renewable,
                                  "expire_time": None if token.ends is None else "2026-12-01T00:00:00Z",
                                  "creation_ttl": token.ttl_s, "policies": ["default"], "type": "service"}}
        if (method, path) == ("POST", "token/renew-self"):
            if not token.renewable:
                return 400, {"errors": ["lease is not renewable"]}
            token.renew()
            return 200, {"auth": {"client_token": "not-to-be-read", "lease_duration": token.left(),
                                  "renewable": token.renewable}}
        return None

    def serve_second(self, _method, path, _body, _token):
        kind, _, name = path.partition("/")
        if kind != "data" or name not in self.secrets:
            return None
        fields = self.secrets[name]
        metadata = {"version": 1, "destroyed": False, "created_time": "2026-01-01T00:00:00Z",
                    "deletion_time": "" if fields is not None else "2026-01-02T00:00:00Z"}
        return (404 if fields is None else 200), {"data": {"data": fields, "metadata": metadata}}

    def serve_first(self, _method, path, _body, _token):
        return (200, {"data": self.first[path], "lease_duration": 2764800}) if path in self.first else None

    def serve_transit(self, method, path, body, _token):
        what, _, name = path.partition("/")
        key = self.transit.get(name)
        if key and (method, what) == ("GET", "keys"):
            return 200, {"data": key.describe()}
        if key and (method, what) == ("POST", "sign"):
            return 200, {"data": key.sign(json.loads(body))}
        return None


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    place = None

    def log_message(self, *_):
        pass

    def serve(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.removeprefix("/v1/")
        status, answer = self.place.answer(self.command, path, dict(self.headers), body)
        status, answer = self.place.instead.get(path, (status, answer))
        self.place.speaks.wait(30)
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        if status in (301, 302, 307):
            self.send_header("Location", "https://127.0.0.1:1/v1/" + path)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = serve
