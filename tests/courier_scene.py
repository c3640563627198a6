"""A user of the courier, and a small internet on loopback for it: names, certificates, nginx.

network_scene.enter() first: addresses, /etc/hosts and the system's certificates are the test's own.
"""
import json
import os
import socket
import subprocess
import threading
import time

from network_scene import Names, Network
from server_fixture import BUILD, wait_for

PUBLIC, PRIVATE, METADATA = "93.184.216.34", "10.1.2.3", "169.254.169.254"
OTHER_PUBLIC = "93.184.216.35"
IN_V6 = f"::ffff:{METADATA}"
WAIT_S = 60
EC = ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")


def children(pid):
    """{name: pid} of the processes that it started."""
    found = {}
    for entry in os.listdir("/proc"):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8") as file:
                name, rest = file.read().split(" (", 1)[1].rsplit(") ", 1)
        except (OSError, IndexError):
            continue
        if rest.split()[1] == str(pid) and rest[0] != "Z":
            found[name] = int(entry)
    return found


class Play:
    """tests/net/courier_play: starts calls and collects what happened to them."""

    def __init__(self, proxy=None, environment=None):
        self.events, self.changed, self.last_id = {}, threading.Condition(), 0
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [f"{BUILD}/tests/net/courier_play", BUILD, *([proxy] if proxy else [])], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})})
        self.log = []
        self.threads = [threading.Thread(target=self.read), threading.Thread(target=self.read_log)]
        for one in self.threads:
            one.start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            with self.changed:
                self.events[event["id"]].append(event)
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))

    def say(self, **line):
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def start(self, **line):
        self.last_id += 1
        self.events[self.last_id] = []
        self.say(id=self.last_id, **line)
        return self.last_id

    def wait(self, id_, holds, what):
        until = time.monotonic() + WAIT_S
        with self.changed:
            while not holds(self.events[id_]):
                if time.monotonic() > until or self.process.poll() is not None:
                    raise TimeoutError(f"never: {what}: {self.events[id_]} {self.log}")
                self.changed.wait(1)
            return list(self.events[id_])

    def end(self, id_):
        return Outcome(self.wait(id_, lambda all_: all_ and all_[-1]["event"] == "end", "its end"))

    def ask(self, url, **line):
        return self.end(self.start(url=url, **line))

    def mail(self, **mail):
        return self.end(self.start(mail=mail))

    def courier(self):
        return children(self.process.pid).get("constable-couri")

    def wait_for_courier(self):
        return wait_for(self.courier, "the courier")

    def close(self):
        self.process.stdin.close()
        self.process.wait(WAIT_S)
        for one in self.threads:
            one.join()
        return self.process.returncode


class Outcome:
    def __init__(self, events):
        heads = [event for event in events if event["event"] == "head"]
        bodies = [event for event in events if event["event"] == "body"]
        self.status = heads[0]["status"] if heads else None
        self.headers = heads[0]["headers"] if heads else {}
        self.n = sum(body["n"] for body in bodies)
        self.text = "".join(body["text"] for body in bodies)
        self.code, self.error = events[-1]["code"], events[-1]["error"]
        self.receipts = events[-1].get("receipts")

    def __repr__(self):
        return f"{self.status} {self.n} {self.code} {self.error} {self.receipts} {self.text[:200]!r}"


class Tricks(Names):
    """Names of which some say nothing, and some change with each question."""

    def __init__(self, network, addresses):
        self.silent, self.turns = set(), {}
        super().__init__(network, addresses)

    def serve(self, one):
        while True:
            try:
                question, asker = one.recvfrom(512)
                name = self.name_of(question)
                if name in self.turns and len(self.turns[name]) > 1 and question[-3] == 1:
                    self.records[name] = self.turns[name].pop(0)
                if name not in self.silent:
                    one.sendto(self.answer(question), asker)
            except OSError:
                return

    @staticmethod
    def name_of(question):
        at, words = 12, []
        while question[at]:
            words.append(question[at + 1:at + 1 + question[at]].decode())
            at += 1 + question[at]
        return ".".join(words)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """A CA whose certificates lie in a folder."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.path = f"{folder}/{name}.crt"
        openssl("req", "-x509", "-newkey", *EC, "-nodes", "-keyout", f"{folder}/{name}.key",
                "-out", self.path, "-subj", f"/CN={name}", "-addext",
                "keyUsage=critical,keyCertSign")
        with open(self.path, encoding="ascii") as file:
            self.pem = file.read()

    def issue(self, name, alternatives, *options, key=EC):
        """The paths, without .crt and .key."""
        path = f"{self.folder}/{name}"
        openssl("req", "-newkey", *key, "-nodes", "-keyout", f"{path}.key", "-out",
                f"{path}.csr", "-subj", f"/CN={name}")
        with open(f"{path}.ext", "w", encoding="ascii") as file:
            file.write(f"subjectAltName={alternatives}\n")
        openssl("x509", "-req", "-in", f"{path}.csr", "-CA", self.path, "-CAkey",
                f"{self.folder}/{self.name}.key", "-CAcreateserial", "-out", f"{path}.crt",
                "-extfile", f"{path}.ext", *(options or ["-days", "2"]))
        return path


class Internet:
    """Public, private and link-local addresses on loopback, names for them, trusted by all."""

    def __init__(self, folder):
        self.folder, self.replaced = folder, []
        self.here = Network("here", os.getpid())
        for address in (PUBLIC, OTHER_PUBLIC, PRIVATE, METADATA):
            self.here.ip("address", "add", f"{address}/32", "dev", "lo")
        self.authority = Authority(folder, "authority")
        self.replace("/etc/ssl/certs/ca-certificates.crt", self.authority.pem)
        self.replace("/etc/resolv.conf", "nameserver 127.0.0.53\noptions timeout:20 attempts:1\n")
        self.replace("/etc/hosts", "127.0.0.1 localhost\n127.0.0.1 hosts.test\n")
        self.replace("/etc/nsswitch.conf", "hosts: files dns\n")
        self.names = Tricks(self.here, ["127.0.0.53"])
        self.names.records.update({
            "public.test": [PUBLIC], "other.test": [PUBLIC], "private.test": [PRIVATE],
            "loop.test": ["127.0.0.1"], "metadata.test": [METADATA], "mapped.test": [IN_V6],
            "both.test": [METADATA, PUBLIC], "late.test": [PUBLIC], "expired.test": [PUBLIC],
            "unknown.test": [PUBLIC], "mail.test": [PUBLIC]})

    def replace(self, path, text):
        """For this test only."""
        self.replaced.append(os.path.realpath(path))
        mine = f"{self.folder}/{os.path.basename(path)}"
        with open(mine, "w", encoding="utf-8") as file:
            file.write(text)
        subprocess.run(["mount", "--bind", mine, os.path.realpath(path)], check=True)


    def close(self):
        self.names.close()
        for path in reversed(self.replaced):
            subprocess.run(["umount", "--lazy", path], check=True)


class Nginx:
    def __init__(self, folder, servers):
        self.access = f"{folder}/access.log"
        path = f"{folder}/nginx.conf"
        with open(path, "w", encoding="ascii") as file:
            file.write(f"daemon off; master_process off; worker_processes 1;\nuser root;\n"
                       f"pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
                       "events { worker_connections 256; }\nhttp {\n"
                       f"log_format one '$server_addr $host $request_uri $status $http_x_check';\n"
                       f"access_log {self.access} one;\n"
                       f"client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2;\n"
                       f"fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4;\n"
                       f"scgi_temp_path {folder}/t5; root {folder}/root;\n{servers}}}\n")
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-c", path, "-p", folder])
        wait_for(lambda: can_connect(PUBLIC, 443), "nginx")

    def seen(self):
        with open(self.access, encoding="utf-8") as file:
            return file.read().splitlines()

    def close(self):
        self.process.terminate()
        self.process.wait()


def can_connect(address, port):
    try:
        socket.create_connection((address, port), 1).close()
    except OSError:
        return False
    return True
