"""Senders of alerts, as their systems send them, and incidents as a person sees them."""
import hashlib
import hmac
import json
import time
import urllib.parse

from server_fixture import wait_for

ZERO = "0001-01-01T00:00:00Z"
SECRET = "pagerduty-made-this-secret"


def stamp(seconds=0.0):
    """Now, or so many seconds later, as RFC 3339."""
    at = time.time() + seconds
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03d}Z"


def labelled(name, status="firing", starts="2026-11-29T01:00:00Z", **labels):
    """One alert of Alertmanager's family."""
    labels = {"alertname": name, "severity": "critical", **labels}
    mark = hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:16]
    return {"status": status, "labels": labels,
            "annotations": {"summary": f"{name} is wrong"}, "startsAt": starts,
            "endsAt": ZERO if status == "firing" else stamp(),
            "generatorURL": "http://prometheus:9090/graph", "fingerprint": mark}


def group(alerts, key="{}:{alertname=\"CPU\"}", **more):
    """A delivery of Alertmanager 0.25."""
    firing = any(alert["status"] == "firing" for alert in alerts)
    return {"receiver": "constable", "status": "firing" if firing else "resolved",
            "alerts": alerts, "groupLabels": {"alertname": "CPU"} if key else {},
            "commonLabels": {}, "commonAnnotations": {},
            "externalURL": "http://alertmanager:9093", "version": "4",
            "groupKey": key or "{}:{}", "truncatedAlerts": 0, **more}


def page(kind, number=1, event="", occurred=None, **data):
    """An event of PagerDuty's webhooks v3."""
    inner = {"id": f"PD{number}", "type": "incident", "number": number, "title": f"trouble {number}",
             "html_url": f"https://example.pagerduty.com/incidents/PD{number}",
             "status": kind if kind in ("triggered", "acknowledged", "resolved") else "triggered",
             "created_at": "2026-11-29T01:00:00Z", "urgency": "high", "priority": None,
             "service": {"id": "PSVC", "summary": "checkout"}, "assignees": [], **data}
    return {"event": {"id": event or f"{kind}-{number}", "event_type": f"incident.{kind}",
                      "resource_type": "incident", "occurred_at": occurred or stamp(),
                      "agent": None, "client": None, "data": inner}}


def sign(secret, body, head=None):
    message = f"{head}:{body}" if head else body
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def click(appeal, action, user, team="T0SHOP", **more):
    """What Slack posts when somebody presses a button below an appeal, or types there ('value')."""
    value = {"value": more.pop("value")} if "value" in more else {}
    part = "t" if action == "text" else "a"
    return "payload=" + urllib.parse.quote_plus(json.dumps({
        "type": "block_actions", "user": {"id": user, "username": "x", "team_id": team},
        "team": {"id": team, "domain": "shop"}, "channel": {"id": "C0123456789", "name": "ops"},
        "trigger_id": f"{time.monotonic_ns()}", **more,
        "actions": [{"type": "button", "block_id": f"constable.{appeal}.{part}", "action_id": action,
                     "action_ts": "1.2", **value}]}))


def slack_headers(secret, body, at=None):
    at = str(int(time.time()) if at is None else at)
    return {"X-Slack-Signature": "v0=" + sign(secret, body, f"v0:{at}"), "X-Slack-Request-Timestamp": at,
            "Content-Type": "application/x-www-form-urlencoded"}


class Sender:
    """An integration of a server, used from outside."""

    def __init__(self, server, kind, key="admin", **more):
        made = server.ask("POST", "/api/v1/integrations",
                          {"kind": kind, "name": f"{kind}-{time.monotonic_ns()}", **more}, key=key)
        self.server, self.made = server, made.json
        self.id, self.secret = self.made["id"], self.made["secret"]
        self.path = f"/api/v1/alerts/{self.id}"

    def send(self, payload, secret=None, server=None, headers=(), path=None, method="POST"):
        body = payload if isinstance(payload, (str, bytes)) else json.dumps(payload)
        headers = dict(headers)
        secret = self.secret if secret is None else secret
        if secret:
            headers["Authorization"] = f"Bearer {secret}"
        return (server or self.server).ask(method, path or self.path, body, key=None,
                                           headers=headers)


class Incidents:
    """What the server knows of them."""

    def __init__(self, server, key="admin"):
        self.server, self.key = server, key

    def list(self, state="all"):
        found, before = [], ""
        while True:
            page_of = self.server.ask("GET", f"/api/v1/incidents?state={state}{before}",
                                      key=self.key).json
            found += page_of["incidents"]
            if not page_of.get("next"):
                return found
            before = f"&before={page_of['next']}"

    def show(self, name):
        return self.server.ask("GET", f"/api/v1/incidents/{name}", key=self.key).json

    def alerts(self, name):
        found, after = [], ""
        while True:
            page_of = self.server.ask("GET", f"/api/v1/incidents/{name}/alerts?limit=250{after}",
                                      key=self.key).json
            found += page_of["alerts"]
            if not page_of.get("next"):
                return found
            after = f"&after={page_of['next']}"

    def wait_state(self, name, state):
        return wait_for(lambda: (lambda shown: shown["state"] == state and shown)(self.show(name)),
                        f"incident {name} {state}")
