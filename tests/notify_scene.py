"""Stand-ins for Slack, Teams, PagerDuty and a webhook's receiver: strict, and broken on request.

One HTTPS server has them all. What a request breaks of the vendor's rules is a complaint; what
was accepted is kept as the vendor would keep it. `faults` holds, by path, how the next requests
are met: ("status", CODE, HEADERS), "cut" (before it has an effect), "cut-after" (its effect
stays), "hold" and "hold-after" (nobody answers; `held` tells that it is there).
"""
import asyncio
import base64
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import logging
import os
import re
import socket
import ssl
import subprocess
import threading
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from link_scene import free_ports

logging.getLogger("mail.log").setLevel(logging.ERROR)
REPORTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "reports")
SLACK_TOKEN, PD_TOKEN = "xoxb-1111-secret-of-slack", "pd-rest-secret-u+12345"
ROUTING_KEY, WEBHOOK_KEY = "R0UT1NGKEYsecret0123456789abcdef", os.urandom(32)
FLOW = "/workflows/abc/triggers/manual/paths/invoke?sig=secret-of-teams"
HOOK_SECRET = "/services/T0/B0/secret-of-hook"
MAIL_PASSWORD = "secret-of-mail"
CHANNEL = "C0123456789"


def document(name, **incident):
    with open(f"{REPORTS}/{name}.json", encoding="utf-8") as file:
        found = json.load(file)
    found["incident"].update(incident)
    return found


def make_certificates(folder):
    """A CA, and a certificate of localhost by it: (ca, crt, key)."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.crt", "-subj", "/CN=test ca",
            "-days", "2", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", "-x509", *key, "-keyout", "tls.key", "-out", "tls.crt", "-subj", "/CN=localhost",
            "-days", "2", "-CA", "ca.crt", "-CAkey", "ca.key", "-addext",
            "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE")
    return f"{folder}/ca.crt", f"{folder}/tls.crt", f"{folder}/tls.key"


class Post:
    """Debian's python3-aiosmtpd: takes mail after STARTTLS and a login."""

    def __init__(self, certificate, key):
        self.mails, self.faults = [], []
        self.held, self.is_over = threading.Event(), threading.Event()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.port = free_ports(1)[0]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port,
                                     tls_context=context, require_starttls=True,
                                     auth_required=True, authenticator=self.authenticate)
        self.controller.start()

    def close(self):
        self.is_over.set()
        self.controller.stop(no_assert=True)

    @staticmethod
    def authenticate(_server, _session, _envelope, _mechanism, data):
        good = data.password == MAIL_PASSWORD.encode()
        return AuthResult(success=good, handled=good)

    # pylint: disable-next=invalid-name,too-many-arguments,too-many-positional-arguments
    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        fault = self.faults[0] if self.faults else None
        if isinstance(fault, tuple) and fault[0] == address:
            self.faults.pop(0)
            return fault[1]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 taken"

    # pylint: disable-next=invalid-name
    async def handle_DATA(self, _server, _session, envelope):
        fault = self.faults.pop(0) if self.faults else None
        if fault == "hold":
            await self.hold()
            return "451 4.3.0 not taken"
        self.mails.append((envelope.rcpt_tos, envelope.original_content))
        if fault == "hold-after":
            await self.hold()
        return "250 2.0.0 taken"

    async def hold(self):
        self.held.set()
        while not self.is_over.is_set():
            await asyncio.sleep(0.05)

    def parsed(self, recipient):
        return [email.message_from_bytes(content, policy=email.policy.default)
                for to, content in self.mails if recipient in to]


class Refused(Exception):
    """What a vendor would answer with 400."""


def need(holds, complaint):
    if not holds:
        raise Refused(complaint)


class World:
    """What all of them were told."""

    def __init__(self, certificate, key):
        self.lock = threading.Lock()
        self.messages, self.cards, self.hooks, self.chats = [], [], [], []
        self.events, self.notes, self.words = {}, [], []
        self.complaints, self.paths, self.faults = [], [], {}
        self.held, self.is_over = threading.Event(), threading.Event()
        self.may_look = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        world = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def setup(self):
                super().setup()
                self.world = world

            def log_message(self, *_):
                pass

            def do_GET(self):
                world.meet(self, None)

            def do_POST(self):
                world.meet(self, self.rfile.read(int(self.headers["Content-Length"])))

        class Listener(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Listener(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.url = f"https://localhost:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.is_over.set()
        self.server.shutdown()
        self.server.server_close()

    def fault(self, path, *faults):
        self.held.clear()
        self.faults.setdefault(path, []).extend(faults)

    def meet(self, request, body):
        path = request.path.split("?")[0]
        with self.lock:
            self.paths.append(path)
            fault = self.faults.get(path, []).pop(0) if self.faults.get(path) else None
        if isinstance(fault, tuple):
            self.reply(request, fault[1], b"{}", fault[2] if len(fault) > 2 else {})
            return
        if fault in ("cut", "hold"):
            self.stop(request, fault)
            return
        status, answer = self.take(request, path, body)
        if fault in ("cut-after", "hold-after"):
            self.stop(request, fault)
            return
        self.reply(request, status, answer, {})

    def stop(self, request, fault):
        self.held.set()
        if fault.startswith("hold"):
            self.is_over.wait(60)
        request.close_connection = True
        request.connection.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def reply(request, status, body, headers):
        request.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def take(self, request, path, body):
        try:
            with self.lock:
                for prefix, take in (("/slack/api/", self.take_slack), ("/slack", self.take_chat),
                                     ("/teams", self.take_teams), ("/pd", self.take_pagerduty),
                                     ("/hook", self.take_hook), ("/answers", self.take_word)):
                    if path.startswith(prefix):
                        return take(request, path[len(prefix):], body)
            raise Refused(f"no such place: {path}")
        except (Refused, KeyError, TypeError, ValueError) as why:
            self.complaints.append(f"{path}: {why!r}")
            return 400, b'{"ok":false,"error":"invalid_request"}'

    # Slack.

    def take_slack(self, request, method, body):
        need(request.headers["Authorization"] == f"Bearer {SLACK_TOKEN}", "the token")
        if method in ("conversations.history", "conversations.replies"):
            need(body is None, "a body")
            return 200, json.dumps(self.history(request.path)).encode()
        need(request.headers["Content-Type"] == "application/json; charset=utf-8", "the type")
        message = json.loads(body)
        check_slack(message)
        need(message["channel"] == CHANNEL, "the channel")
        if method == "chat.update":
            old = [kept for kept in self.messages if kept["ts"] == message["ts"]]
            if not old:
                return 200, b'{"ok":false,"error":"message_not_found"}'
            old[0].update(message, updates=old[0]["updates"] + 1)
            return 200, json.dumps({"ok": True, "channel": CHANNEL, "ts": message["ts"]}).encode()
        need(method == "chat.postMessage", "the method")
        need("ts" not in message, "a ts")
        ts = f"{int(time.time())}.{len(self.messages):06}"
        self.messages.append({**message, "ts": ts, "updates": 0})
        return 200, json.dumps({"ok": True, "channel": CHANNEL, "ts": ts}).encode()

    def history(self, path):
        if not self.may_look:
            return {"ok": False, "error": "missing_scope"}
        need(f"channel={CHANNEL}" in path and "include_all_metadata=true" in path, "the query")
        thread = re.search(r"[?&]ts=([\d.]+)", path)
        found = [kept for kept in self.messages
                 if not thread or thread[1] in (kept.get("thread_ts"), kept["ts"])]
        return {"ok": True, "messages": list(reversed(found)), "has_more": False}

    def take_chat(self, request, rest, body):
        need(rest == HOOK_SECRET and not request.headers["Authorization"], "the secret")
        message = json.loads(body)
        check_slack(message)
        need("channel" not in message and "metadata" not in message, "what a webhook does not take")
        self.chats.append(message)
        return 200, b"ok"

    def take_word(self, request, rest, body):
        """What is said to who clicked, and to nobody else."""
        need(not request.headers["Authorization"], "a secret")
        word = json.loads(body)
        need(set(word) == {"response_type", "replace_original", "text"} and
             word["response_type"] == "ephemeral" and word["replace_original"] is False, word)
        need("<" not in word["text"] and ">" not in word["text"], word)
        self.words.append((rest, word["text"]))
        return 200, b"ok"

    # Teams.

    def take_teams(self, request, _, body):
        need(request.path == "/teams" + FLOW, "the secret")
        need(len(body) <= 28 * 1024, "more than 28 KB")
        message = json.loads(body)
        need(message["type"] == "message" and len(message["attachments"]) == 1, "the envelope")
        attachment = message["attachments"][0]
        need(attachment["contentType"] == "application/vnd.microsoft.card.adaptive", "the type")
        check_card(attachment["content"])
        self.cards.append(attachment["content"])
        return 202, b""

    # PagerDuty.

    def take_pagerduty(self, request, path, body):
        if path == "/v2/enqueue":
            return self.take_event(json.loads(body))
        need(request.headers["Authorization"] == f"Token token={PD_TOKEN}", "the token")
        need("@" in request.headers["From"], "From")
        if path == "/incidents":
            key = re.search(r"incident_key=([\w-]+)", request.path)[1]
            found = [{"id": f"PD{abs(hash(key))}"}] if key in self.events else []
            if found:
                self.events[key]["id"] = found[0]["id"]
            return 200, json.dumps({"incidents": found}).encode()
        incident = re.fullmatch(r"/incidents/(\w+)/notes", path)[1]
        if body is None:
            notes = [note for note in self.notes if note["incident"] == incident]
            return 200, json.dumps({"notes": notes}).encode()
        note = json.loads(body)
        need(set(note) == {"note"} and set(note["note"]) == {"content"}, "the note")
        self.notes.append({"incident": incident, **note["note"]})
        return 201, json.dumps(note).encode()

    def take_event(self, event):
        need(event["routing_key"] == ROUTING_KEY, "the key")
        need(set(event) <= {"routing_key", "event_action", "dedup_key", "payload", "client",
                            "client_url", "links", "images"}, "unknown members")
        need(event["event_action"] in ("trigger", "resolve", "acknowledge"), "the action")
        need(0 < len(event["dedup_key"]) <= 255, "the dedup_key")
        payload = event["payload"]
        need(0 < len(payload["summary"]) <= 1024 and payload["source"], "the payload")
        need(payload["severity"] in ("critical", "error", "warning", "info"), "the severity")
        alert = self.events.setdefault(event["dedup_key"], {"triggers": 0, "resolved": False})
        alert["triggers"] += event["event_action"] == "trigger"
        alert["resolved"] = event["event_action"] == "resolve"
        return 202, json.dumps({"status": "success", "message": "Event processed",
                                "dedup_key": event["dedup_key"]}).encode()

    # A webhook, by the rules of Standard Webhooks.

    def take_hook(self, request, _, body):
        identity, sent = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        need(abs(time.time() - int(sent)) < 300, "the timestamp")
        expected = hmac.new(WEBHOOK_KEY, f"{identity}.{sent}.".encode() + body, hashlib.sha256)
        need(request.headers["webhook-signature"] ==
             "v1," + base64.b64encode(expected.digest()).decode(), "the signature")
        told = json.loads(body)
        need(told["delivery"] == identity, "the id")
        self.hooks.append(told)
        return 204, b""


def check_text(text, most, kinds=("plain_text", "mrkdwn")):
    need(text["type"] in kinds and 0 < len(text["text"]) <= most, f"text: {text}")
    extra = {"plain_text": "emoji", "mrkdwn": "verbatim"}[text["type"]]
    need(set(text) <= {"type", "text", extra}, f"members of a text: {text}")
    if text["type"] == "plain_text":
        need("<" not in text["text"] and ">" not in text["text"], f"markup: {text}")
    else:
        need(re.fullmatch(r"\*[\w ]+\*|_Cut here: \d+ more parts\._|<https://[^|<>]+\|[\w ]+>",
                          text["text"]), f"markup that is not ours: {text}")


def check_slack(message):
    need(set(message) <= {"channel", "text", "blocks", "ts", "thread_ts", "metadata", "mrkdwn",
                          "parse", "link_names", "unfurl_links", "unfurl_media"}, set(message))
    need(0 < len(message["text"]) <= 4000 and "<" not in message["text"], "the text")
    need(0 < len(message["blocks"]) <= 50, "the blocks")
    ids = [block["block_id"] for block in message["blocks"] if "block_id" in block]
    need(len(ids) == len(set(ids)) and all(0 < len(one) <= 255 for one in ids), ids)
    for block in message["blocks"]:
        if block["type"] in ("actions", "input"):
            check_control(block)
            continue
        need(set(block) == {"type", "text"} and block["type"] in ("header", "section"), block)
        if block["type"] == "header":
            check_text(block["text"], 150, ("plain_text",))
        else:
            check_text(block["text"], 3000)


def check_control(block):
    """Block Kit's actions, and an input that sends what is typed."""
    if block["type"] == "actions":
        need(set(block) == {"type", "block_id", "elements"} and 0 < len(block["elements"]) <= 25, block)
        names = [element["action_id"] for element in block["elements"]]
        need(len(names) == len(set(names)) and all(0 < len(name) <= 255 for name in names), names)
        for element in block["elements"]:
            need(set(element) <= {"type", "text", "action_id", "style"} and element["type"] == "button" and
                 element.get("style", "danger") in ("danger", "primary"), element)
            check_text(element["text"], 75, ("plain_text",))
        return
    need(set(block) == {"type", "block_id", "dispatch_action", "label", "element"} and
         block["dispatch_action"] is True, block)
    check_text(block["label"], 2000, ("plain_text",))
    element = block["element"]
    need(set(element) == {"type", "action_id", "multiline", "max_length", "dispatch_action_config"} and
         element["type"] == "plain_text_input" and element["max_length"] <= 3000 and
         element["dispatch_action_config"] == {"trigger_actions_on": ["on_enter_pressed"]}, element)


def check_card(card):
    need(card["type"] == "AdaptiveCard" and card["version"] == "1.4", "the card")
    for block in card["body"]:
        if block["type"] == "TextBlock":
            need(re.fullmatch(r"[\w :.]+", block["text"]), f"not our words: {block}")
            continue
        need(block["type"] == "RichTextBlock" and block["inlines"], block)
        for run in block["inlines"]:
            need(run["type"] == "TextRun" and isinstance(run["text"], str), run)
            need(set(run) <= {"type", "text", "weight", "size", "color", "isSubtle", "fontType"},
                 run)
    for action in card.get("actions", []):
        need(action["type"] == "Action.OpenUrl" and action["url"].startswith("https://"), action)
