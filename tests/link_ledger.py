"""What server and host have on record of their calls, and everything in it that is not as promised."""
import collections
import hashlib
import json
import os

from warden_client import wait_for

COLUMNS = ["id", "cursor", "state", "tool", "args", "finished", "result_sha256", "result", "error"]
SETTLE_S = 30  # in which everything ends once everything works again
OUTCOMES = {"done", "failed", "interrupted", "denied", "cancelled", "expired"}
# What the server may say where the host's audit log says this, and nothing else.
AGREES = {"done": {"done"}, "failed": {"failed"}, "interrupted": {"interrupted", "cancelled"}}


class Ledger:
    """The calls of one host, from a moment on. Whoever submits them need not have heard of them."""

    def __init__(self, scene, host):
        self.scene, self.host = scene, host
        self.cursor = self.seq = self.n_lines = 0

    def begin(self):
        self.cursor = max((call["cursor"] for call in self.calls()), default=self.cursor)
        self.seq = max((seq for seq, _ in self.events()), default=self.seq)
        self.n_lines += len(self.host_lines())

    def calls(self):
        calls, page = [], None
        while page is None or page:
            after = calls[-1]["cursor"] if calls else self.cursor
            page = self.scene.order("ledger", agent=self.host.name, after=after)["rows"]
            calls += [dict(zip(COLUMNS, row)) for row in page]
        return calls

    def events(self):
        return self.scene.order("log", after=self.seq)["rows"]

    def open_calls(self):
        rows = self.scene.order("open", agent=self.host.name, after=self.cursor)["rows"]
        return [row[0] for row in rows]

    def host_lines(self):
        """Of its audit log."""
        try:
            with open(os.path.join(self.host.state, "audit.jsonl"), encoding="utf-8") as lines:
                return [line for line in lines if line.endswith("\n")][self.n_lines:]
        except FileNotFoundError:
            return []

    def host_records(self):
        """{call id: ([intents], [outcomes])}, without what the host refused."""
        records = collections.defaultdict(lambda: ([], []))
        refused = set()
        entries = [json.loads(line) for line in self.host_lines()]
        for entry in entries:
            if entry["kind"] == "outcome" and entry["outcome"] == "denied":
                refused.add(entry["id"])
        for entry in entries:
            if "call_id" in entry and entry["id"] not in refused:
                if entry["kind"] in ("intent", "outcome"):
                    records[entry["call_id"]][entry["kind"] == "outcome"].append(entry)
        return records

    def told_outcomes(self):
        """{call id: how many outcomes the server's own log of events has}"""
        told = collections.Counter()
        for _, text in self.events():
            data = json.loads(text)
            told[data["id"]] += data["state"] in OUTCOMES
        return told

    def troubles(self):
        records, told = self.host_records(), self.told_outcomes()
        calls = self.calls()
        found = [trouble for call in calls
                 for trouble in self.troubles_of(call, *records[call["id"]], told[call["id"]])]
        known = {call["id"] for call in calls}
        return found + [f"{name}: only the host knows it" for name in records
                        if name.split("-")[0] not in known]

    def troubles_of(self, call, intents, outcomes, n_told):
        found, state = [], call["state"]
        words = [outcome["outcome"] for outcome in outcomes]
        if state not in OUTCOMES or n_told != 1:
            found.append(f"it is {state}, of which was told {n_told} times")
        if len(intents) > 1 or len(outcomes) != len(intents):
            found.append(f"{len(intents)} intents, outcomes {words}")
        if words and state not in AGREES.get(words[0], ()):
            found.append(f"the host says {words[0]}, the server {state} ({call['error']})")
        if not words and state not in ("denied", "cancelled", "expired"):
            found.append(f"it is {state} ({call['error']}), and the host knows nothing of it")
        found += self.troubles_of_result(call, outcomes) + self.troubles_of_mark(call, state)
        return [f"{call['id']} {call['args'][:80]}: {trouble}" for trouble in found]

    @staticmethod
    def troubles_of_result(call, outcomes):
        produced = outcomes[0].get("result_sha256") if outcomes else None
        if not produced or call["tool"] == "collect_context":
            return []
        kept = hashlib.sha256((call["result"] or "").encode()).hexdigest()
        if call["result"] is None or not produced == kept == call["result_sha256"]:
            return [f"the host produced {produced}, the server has {kept} as "
                    f"{call['result_sha256']}"]
        return []

    @staticmethod
    def troubles_of_mark(call, state):
        """A call that leaves a line in a file has left one, if it was done, and never two."""
        command = json.loads(call["args"]).get("command", "")
        if ">>" not in command:
            return []
        path = command.split(">>")[1].split(";")[0]
        try:
            with open(path, encoding="utf-8") as lines:
                n_starts = len(lines.readlines())
        except FileNotFoundError:
            n_starts = 0
        if n_starts > 1 or (state == "done" and n_starts != 1):
            return [f"{state}, and it started {n_starts} times"]
        return []

    # What must not be left behind.

    def spooled(self):
        spool = os.path.join(self.host.state, "spool")
        return [name for name in os.listdir(spool) if name.startswith("c_")]

    def left(self):
        found = [f"in the spool: {name}" for name in self.spooled()]
        n_flights = self.scene.order("state", agent=self.host.name)["in_flight"]
        if n_flights:
            found.append(f"the server thinks that {n_flights} calls are on their way")
        if book := self.host.status()["calls"]:
            found.append(f"the agent has {book} in its book")
        return found

    def describe(self):
        return [str(self.scene.order("state", agent=self.host.name)),
                str(self.scene.order("counters")), str(self.host.status())]

    def settle(self, tend):
        """Waits for all outcomes, then until nobody keeps anything; 'tend' starts what died."""
        def ended():
            tend()
            try:
                return not self.open_calls()
            except OSError:
                return False

        def forgotten():
            tend()
            try:
                return not self.left()
            except OSError:
                return False

        try:
            wait_for(ended, "every outcome", SETTLE_S)
        except TimeoutError:
            return [f"{name}: it never ended" for name in self.open_calls()] + self.describe()
        try:
            wait_for(forgotten, "the end of all traces", SETTLE_S)
        except TimeoutError:
            return self.left() + self.describe()
        return []
