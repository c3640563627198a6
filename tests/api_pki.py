"""A CA with certificates of every fate, and an issuer of access tokens; both made by openssl."""
import base64
import json
import os
import subprocess

CONFIG = """
[ca]
default_ca = own
[own]
dir = {folder}
database = $dir/index.txt
new_certs_dir = $dir
certificate = $dir/ca.crt
private_key = $dir/ca.key
serial = $dir/serial
crlnumber = $dir/crlnumber
default_md = sha256
default_days = 30
default_crl_days = 30
policy = anything
copy_extensions = none
unique_subject = no
[anything]
commonName = supplied
[client]
extendedKeyUsage = clientAuth
[server]
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost, DNS:agent.test
"""


class Authority:
    def __init__(self, folder, name):
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        for file, text in (("index.txt", ""), ("serial", "01\n"), ("crlnumber", "01\n"),
                           ("openssl.cnf", CONFIG.format(folder=self.folder))):
            with open(self.path(file), "w", encoding="ascii") as out:
                out.write(text)
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-subj", f"/CN={name}", "-days", "30", "-keyout", self.path("ca.key"), "-out",
                     self.path("ca.crt"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *words):
        subprocess.run(["openssl", *words], check=True, capture_output=True, timeout=60,
                       stdin=subprocess.DEVNULL)

    def issue(self, name, extensions="client", *more):
        """(certificate, key)"""
        key, request, certificate = (self.path(f"{name}.{end}") for end in ("key", "csr", "crt"))
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                     f"/CN={name}", "-keyout", key, "-out", request)
        self.openssl("ca", "-config", self.path("openssl.cnf"), "-batch", "-notext", "-extensions",
                     extensions, "-in", request, "-out", certificate, *more)
        return certificate, key

    def issue_expired(self, name):
        return self.issue(name, "client", "-startdate", "20200101000000Z", "-enddate", "20200201000000Z")

    def issue_revoked(self, name):
        pair = self.issue(name)
        self.openssl("ca", "-config", self.path("openssl.cnf"), "-revoke", pair[0])
        return pair

    def trusted(self):
        """The CA with its revocation list, as one file."""
        self.openssl("ca", "-config", self.path("openssl.cnf"), "-gencrl", "-out", self.path("crl.pem"))
        whole = self.path("trusted.pem")
        with open(whole, "w", encoding="ascii") as out:
            for name in ("ca.crt", "crl.pem"):
                with open(self.path(name), encoding="ascii") as text:
                    out.write(text.read())
        return whole


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    """Of access tokens as RFC 9068 has them, signed with Ed25519."""

    def __init__(self, folder, url="https://issuer.example"):
        self.url, self.key, self.keys = url, f"{folder}/issuer.key", f"{folder}/issuer.jwks"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", self.key], check=True)
        public = subprocess.run(["openssl", "pkey", "-in", self.key, "-pubout", "-outform", "DER"],
                                capture_output=True, check=True).stdout
        with open(self.keys, "w", encoding="ascii") as out:
            json.dump({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "one", "alg": "EdDSA",
                                 "x": base64url(public[-32:])}]}, out)

    def token(self, key=None, **claims):
        parts = [base64url(json.dumps(part).encode()) for part in (
            {"typ": "at+jwt", "alg": "EdDSA", "kid": "one"}, 
             {"iss": self.url, **{name: one for name, one in claims.items() if one is not None}})]
        text = f"{self.key}.signed"
        with open(text, "w", encoding="ascii") as out:
            out.write(".".join(parts))
        signature = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key or self.key, "-in", text],
                                   capture_output=True, check=True).stdout
        return ".".join([*parts, base64url(signature)])
