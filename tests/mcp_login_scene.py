"""A small authorization server (OAuth 2.1), an MCP server that takes its tokens alone, a browser, and a server with both."""
import base64
import hashlib
import http.client
import re
import secrets
import ssl
import urllib.parse

from approvals_scene import Person
from inquiry_scene import InquiryScene
from mcp_scene import Server, answer, legacy, tool
from notify_scene import make_certificates

SERVERS = "/api/v1/mcp-servers"
CALLBACK = f"{SERVERS}/oauth/callback"


class Issuer:
    """Asks nobody anything: who comes is logged in. 'lies' is what it says instead of the truth, 'broken' the status and
    body with which it answers who wants a token, 'during' what happens first, once, where a path is asked."""

    def __init__(self, certificate):
        self.server = Server(self.play, certificate)
        self.url = self.server.url.removesuffix("/mcp")
        self.lies, self.life_s, self.iss = {}, 3600, self.url
        self.broken, self.during, self.pad = None, {}, ""
        self.clients, self.codes, self.tokens, self.refresh = {}, {}, {}, {}
        self.asked, self.reused, self.refreshed, self.registered, self.secrets = [], 0, 0, 0, []

    def new(self, kind):
        self.secrets.append(f"{kind}-{secrets.token_hex(12)}")
        return self.secrets[-1]

    def metadata(self):
        said = {"issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
                "registration_endpoint": f"{self.url}/register", "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                "authorization_response_iss_parameter_supported": True, **self.lies}
        return {name: value for name, value in said.items() if value is not None}

    def play(self, handler, message):
        path, _, query = handler.path.partition("?")
        self.asked.append(path)
        self.during.pop(path, lambda: None)()
        if path == "/.well-known/oauth-authorization-server":
            handler.say(200, self.metadata())
        elif path == "/register":
            self.registered += 1
            client, secret = f"client {self.registered}", self.new("secret")
            self.clients[client] = (secret, message["redirect_uris"])
            handler.say(201, {"client_id": client, "client_secret": secret, "token_endpoint_auth_method": "client_secret_basic"})
        elif path == "/authorize":
            self.authorize(handler, dict(urllib.parse.parse_qsl(query)))
        elif path == "/token":
            self.give(handler, dict(urllib.parse.parse_qsl(message)))
        else:
            handler.say(404)

    def authorize(self, handler, asked):
        if asked["redirect_uri"] not in self.clients[asked["client_id"]][1] or asked["code_challenge_method"] != "S256":
            handler.say(400)
            return
        code = self.new("code")
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], **({"iss": self.iss} if self.iss else {})}
        handler.say(302, Location=f"{asked['redirect_uri']}?{urllib.parse.urlencode(back)}")

    def is_client(self, handler, client):
        text = base64.b64decode(handler.headers.get("Authorization", "Basic ").split()[1]).decode()
        name, _, secret = text.partition(":")
        return urllib.parse.unquote(name) == client and urllib.parse.unquote(secret) == self.clients[client][0]

    def give(self, handler, form):
        if self.broken:
            handler.say(*self.broken)
            return
        if form["grant_type"] == "authorization_code":
            asked = self.codes.pop(form["code"], None)
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            if not asked or asked["code_challenge"] != base64.urlsafe_b64encode(digest).rstrip(b"=").decode() or \
               form["redirect_uri"] != asked["redirect_uri"]:
                asked = None
        else:
            asked = self.refresh.pop(form["refresh_token"], None)
            if not asked:  # shown twice: a thief has it
                self.reused += 1
                self.refresh.clear()
                self.tokens.clear()
            self.refreshed += 1
        if asked and asked["client_id"] not in self.clients:
            handler.say(401, {"error": "invalid_client"})
            return
        if not asked or form["resource"] != asked["resource"] or not self.is_client(handler, asked["client_id"]):
            handler.say(400, {"error": "invalid_grant"})
            return
        token, refresh = self.new("token") + self.pad, self.new("refresh") + self.pad
        self.tokens[token], self.refresh[refresh] = asked.get("scope", "").split(), asked
        handler.say(200, {"access_token": token, "token_type": "Bearer", "expires_in": self.life_s, "refresh_token": refresh})


class Tickets:
    """An MCP server: tools for who has a token of the issuer that it names."""

    def __init__(self, certificate, issuer):
        self.server = Server(self.play, certificate)
        self.url, self.issuer, self.needs, self.metadata = self.server.url, issuer, "read", None
        self.shown, self.resource = set(), self.server.url
        self.honest = legacy(lambda h, m: h.say(200, answer(m, {"tools": [tool("search", "Finds tickets.")]})))

    def play(self, handler, message):
        place = self.metadata or self.url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp")
        token = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        self.shown.add(token)
        if handler.path.startswith("/.well-known/"):
            handler.say(200, {"resource": self.resource, "authorization_servers": [self.issuer.url],
                              "scopes_supported": ["all"]})
        elif token not in self.issuer.tokens:
            handler.say(401, WWW_Authenticate=f'Bearer scope="read", resource_metadata="{place}"')
        elif self.needs not in self.issuer.tokens[token]:
            handler.say(403, WWW_Authenticate=f'Bearer error="insufficient_scope", scope="{self.needs}", '
                                              f'resource_metadata="{place}"')
        else:
            self.honest(handler, message)


def visit(url, ca):
    """Where a browser is sent from there."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPSConnection(parts.netloc, timeout=30, context=ssl.create_default_context(cafile=ca))
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        return connection.getresponse().headers.get("Location")
    finally:
        connection.close()


class Stage:
    def __init__(self, store, folder):
        self.ca, *certificate = make_certificates(folder)
        self.issuer, self.other = Issuer(certificate), Issuer(certificate)
        self.tickets, self.moved = Tickets(certificate, self.issuer), Tickets(certificate, self.issuer)
        self.scene = InquiryScene(store, ["--delivery-ca", self.ca, "--delivery-networks", "127.0.0.0/8 ::1/128",
                                          "--rate", "0"])
        self.ask = self.scene.server.ask
        self.ana, self.bob = Person(self.scene, "ana", "admin"), Person(self.scene, "bob", "admin")
        self.row = self.ask("POST", SERVERS, {"name": "tickets", "url": self.tickets.url}).json
        self.path, self.callback = f"{SERVERS}/{self.row['id']}", f"{CALLBACK}/{self.row['id']}"

    def test(self):
        return self.ask("POST", f"{self.path}/test")

    def begin(self, key=None):
        return self.ask("POST", f"{self.path}/login", key=key or self.ana.key)

    def come_back(self, url):
        """What the page says, and the code on it."""
        parts = urllib.parse.urlsplit(url)
        page = self.ask("GET", f"{parts.path}?{parts.query}", key=None)
        found = re.search(r"<b>([A-Z0-9]{4}-[A-Z0-9]{4})</b>", page.text)
        return page, found and found[1]

    def confirm(self, code, key=None):
        return self.ask("POST", f"{self.path}/login/confirm", {"code": code or "ABCD-EFGH"}, key=key or self.ana.key)

    def log_in(self):
        _, code = self.come_back(visit(self.begin().json["url"], self.ca))
        return self.confirm(code)

    def forget(self, **secret):
        return self.ask("PATCH", self.path, {"secret": secret})

    def close(self):
        self.scene.close()
        for one in (self.issuer, self.other, self.tickets, self.moved):
            one.server.__exit__()
