"""An OAuth issuer of its own: a key, its key set behind HTTPS, and tokens that say what they are told."""
import base64
import http.server
import json
import ssl
import subprocess
import tempfile
import threading
import time


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """RSA, for RS256."""

    def __init__(self, folder, name):
        self.name, self.path = name, f"{folder}/{name}.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out",
                        self.path], check=True, capture_output=True)

    @property
    def jwk(self):
        said = subprocess.run(["openssl", "rsa", "-in", self.path, "-noout", "-modulus"], check=True,
                              capture_output=True, text=True).stdout
        return {"kty": "RSA", "kid": self.name, "use": "sig", "alg": "RS256", "e": "AQAB",
                "n": base64url(bytes.fromhex(said.strip().split("=")[1]))}

    def sign(self, head, claims):
        text = ".".join(base64url(json.dumps(part).encode()) for part in (head, claims))
        with tempfile.NamedTemporaryFile() as file:
            file.write(text.encode())
            file.flush()
            signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.path, file.name], check=True,
                                       capture_output=True).stdout
        return f"{text}.{base64url(signature)}"


class Issuer:
    """'certificate': (crt, key) of localhost."""

    def __init__(self, folder, certificate):
        self.folder, self.keys, self.asked = folder, [Key(folder, "first")], 0
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                issuer.asked += 1
                body = issuer.key_set.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"https://localhost:{self.server.server_port}"

    @property
    def key_set(self):
        return json.dumps({"keys": [{"kty": "oct", "k": "AA"}, *(key.jwk for key in self.keys)]})

    def token(self, audience, scope="", key=None, head=None, **claims):
        key = key or self.keys[-1]
        now = int(time.time())
        said = {"iss": self.url, "aud": audience, "sub": "ana@example.org", "client_id": "desk", "iat": now,
                "exp": now + 300, "jti": "1", "scope": scope, **claims}
        return key.sign({"alg": "RS256", "typ": "at+jwt", "kid": key.name, **(head or {})},
                        {name: value for name, value in said.items() if value is not None})

    def close(self):
        self.server.shutdown()
        self.server.server_close()
