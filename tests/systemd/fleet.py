"""Machines booted by systemd on a network of their own: servers, and hosts that join them."""
import gzip
import json
import os
import subprocess
import tempfile
import threading

from machine import BUILD, HERE, Machine

SOURCE = os.path.join(HERE, "../..")
CONTROL = "control"  # the first server's name
OLD, NEW = "0.1.0+r1", "0.1.0+r2"


class Points:
    """TAP on standard output."""

    def __init__(self):
        self.count = self.failed = 0

    def __call__(self, good, promise, trouble=""):
        self.count += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.count} - {promise}", flush=True)
        if not good:
            print("# " + str(trouble)[:3000].replace("\n", "\n# "), flush=True)
        return good

    def end(self):
        print(f"1..{self.count}")
        return 1 if self.failed or not self.count else 0


def build_packages(folder, version):
    """Their file names. No host here is old enough for the bundle, so that is an empty one."""
    architecture = subprocess.run(["dpkg", "--print-architecture"], check=True,
                                  capture_output=True, text=True).stdout.strip()
    with gzip.open(f"{folder}/constable-{version}-{architecture}.tar.gz", "wb"):
        pass
    done = subprocess.run([os.path.join(SOURCE, "scripts/package"), version], check=True,
                          env={**os.environ, "BUILD": BUILD, "OUT": folder}, text=True,
                          stdout=subprocess.PIPE)
    return [os.path.basename(path) for path in done.stdout.split()
            if path.endswith(".deb") and os.path.basename(path).startswith("constable")]


class Place(Machine):
    """A machine with a name and an address, on one cable to the others."""

    def __init__(self, tree, name, address):
        super().__init__(tree)
        self.host, self.address, self.server_key, self.pin = name, address, None, None

    def ip(self, *words):
        subprocess.run(["nsenter", "-t", str(self.leader), "-n", "ip", *words], check=True)

    def settle(self, names):
        """Its own name, and those of the others: {name: address}."""
        self.run("hostname", self.host)
        self.write("/etc/hostname", self.host + "\n")
        self.write("/etc/hosts", "127.0.0.1 localhost\n" +
                   "".join(f"{address} {name}\n" for name, address in names.items()))

    def write(self, path, text):
        with open(self.path(path), "w", encoding="utf-8") as file:
            file.write(text)

    def install(self, *packages):
        """Those of the packages whose names begin so."""
        done = self.run("env", "DEBIAN_FRONTEND=noninteractive", "dpkg", "-i",
                        *[f"/opt/constable/{package}" for package in packages], timeout=120)
        if done.returncode:
            raise ChildProcessError(done.stdout)

    # A server.

    def serve(self):
        """Makes the installed server known by its name, and its admin known to the root here."""
        with open(self.path("/etc/constable/server.yaml"), "a", encoding="ascii") as settings:
            settings.write(f"public_url: https://{self.host}:8000\n")
        self.run("systemctl", "restart", "constable-server")
        self.wait(lambda: self.run("curl", "-fsSk", "https://localhost:8000/readyz")
                  .returncode == 0, "the server is ready")
        self.server_key = self.ask("cat", "/var/lib/constable/server/admin.key")
        self.pin = "sha256//" + self.ask(
            "sh", "-c", "openssl x509 -in /var/lib/constable/server/tls.crt -pubkey -noout | "
            "openssl pkey -pubin -outform DER | openssl dgst -sha256 -binary | base64")
        done = self.run("constable", "login", "--server", f"https://{self.host}:8000", "--pin",
                        self.pin, "--key-file", "/var/lib/constable/server/admin.key")
        if done.returncode:
            raise ChildProcessError(done.stdout)

    def request(self, path, body=None):
        sent = ["-H", "Content-Type: application/json", "-d", json.dumps(body)] if body else []
        done = self.run("curl", "-sSk", "-H", f"Authorization: Bearer {self.server_key}", *sent,
                        f"https://localhost:8000/api/v1/{path}")
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {"error": done.stdout}

    def token(self):
        return self.request("tokens", {"kind": "provisioning"})["token"]

    def agents(self):
        """{host name: agent}"""
        return {one["hostname"]: one for one in self.request("agents").get("agents", [])}

    def state(self, host):
        return self.agents().get(host, {}).get("state")

    def wait_state(self, host, state, seconds=60):
        self.wait(lambda: self.state(host) == state, f"{host} to be {state}", seconds)

    def submit(self, host, tool, arguments):
        answer = self.request("calls", {"agent": self.agents()[host]["id"], "tool": tool,
                                        "arguments": arguments, "timeout_ms": 300000})
        return answer["calls"][0]["id"]

    def outcome(self, call_id):
        row = {}

        def is_over():
            row.update(self.request(f"calls/{call_id}?wait_ms=5000"))
            return row.get("state", "queued") != "queued"
        self.wait(is_over, f"the outcome of {call_id}", 90)
        return row

    # A host.

    def join(self, server, *flags):
        """Enrols at a server by hand; the command that ended."""
        return self.run("constable", "provision", "--orchestrator-url",
                        f"https://{server.host}:8000", "--pin", server.pin, "--token-file", "-",
                        *flags, text=server.token())

    def recorded(self, call_id, warden="/var/lib/constable/warden"):
        """How often it was meant to start, and its outcomes, as its audit log has them."""
        with open(self.path(f"{warden}/audit.jsonl"), encoding="utf-8") as lines:
            entries = [entry for entry in map(json.loads, lines) if entry.get("call_id") == call_id]
        return (sum(entry["kind"] == "intent" for entry in entries),
                [entry["outcome"] for entry in entries if entry["kind"] == "outcome"])

    def journal(self, *units):
        return self.ask("journalctl", "-b", "--no-pager", *[f"--unit={unit}" for unit in units])


class Places:
    """Several of them, on one bridge that lies in the first."""

    def __init__(self, *names):
        # pylint: disable-next=consider-using-with
        self.scratch = tempfile.TemporaryDirectory(prefix="constable-packages-")
        self.folder = self.scratch.name
        os.chmod(self.folder, 0o755)
        self.all = [Place(self.folder, name, f"10.78.0.{at + 1}") for at, name in enumerate(names)]
        self.up = []

    def __enter__(self):
        try:
            self.boot()
            self.wire()
        except BaseException:
            self.__exit__()
            raise
        return self.all

    def __exit__(self, *_):
        ends = [threading.Thread(target=place.__exit__) for place in self.up]
        for end in ends:
            end.start()
        for end in ends:
            end.join()
        self.scratch.cleanup()

    def boot(self):
        for place in self.all:
            place.__enter__()  # pylint: disable=unnecessary-dunder-call
            self.up.append(place)
            place.settle({one.host: one.address for one in self.all})

    def wire(self):
        hub = self.all[0]
        hub.ip("link", "add", "name", "br0", "type", "bridge")
        hub.ip("address", "add", f"{hub.address}/24", "dev", "br0")
        hub.ip("link", "set", "dev", "br0", "up")
        for place in self.all[1:]:
            hub.ip("link", "add", "name", place.host, "type", "veth", "peer", "name", "eth0",
                   "netns", str(place.leader))
            hub.ip("link", "set", "dev", place.host, "master", "br0", "up")
            place.ip("address", "add", f"{place.address}/24", "dev", "eth0")
            place.ip("link", "set", "dev", "eth0", "up")
