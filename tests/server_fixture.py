"""A constable-server of its own, and a client that holds every answer to its OpenAPI document."""
import contextlib
import glob
import http.client
import json
import os
import pwd
import re
import shutil
import sqlite3
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse

import jsonschema

BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "../build"))
WAIT_S = 60


class Points:
    """TAP on standard output."""

    def __init__(self):
        self.verdicts = []

    def check(self, holds, promise, note=""):
        self.verdicts.append(bool(holds))
        print(f"{'' if holds else 'not '}ok {len(self.verdicts)} - {promise}", flush=True)
        if not holds:
            print("\n".join("# " + line for line in str(note).splitlines()[:20]), flush=True)
        return holds

    def same(self, is_, expected, promise):
        return self.check(is_ == expected, promise, f"is {is_!r}, expected {expected!r}")

    def finish(self):
        print(f"1..{len(self.verdicts)}")
        return 0 if self.verdicts and all(self.verdicts) else 1


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)

    def __str__(self):
        return f"{self.status} {self.text[:600]}"


def wait_for(condition, what):
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise TimeoutError(f"{what} never came")


class Sqlite:
    """Each server has its own database, a file in its folder."""

    name = "SQLite"

    @staticmethod
    def new():
        return ""

    @staticmethod
    def change(server, sql):
        """Behind the server's back."""
        with contextlib.closing(sqlite3.connect(f"{server.state}/store.db")) as store:
            with store:
                store.execute(sql)


class Postgres:
    """A cluster on a socket in a scratch folder, which trusts whoever reaches it."""

    name = "PostgreSQL"

    def __init__(self, folder):
        self.n_databases = 0
        self.folder, self.data = f"{folder}/pg", f"{folder}/pg/data"
        self.programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
        os.chmod(folder, 0o755)
        os.mkdir(self.folder)
        shutil.chown(self.folder, "postgres", "postgres")
        self.run("initdb", "-D", self.data, "-A", "trust", "-U", "postgres", "--no-sync")
        with open(f"{self.data}/postgresql.conf", "a", encoding="ascii") as conf:
            conf.write(f"listen_addresses = ''\nunix_socket_directories = '{self.folder}'\n"
                       "shared_buffers = 32MB\nmax_connections = 20\n"
                       "fsync = off\n")  # nobody cuts the power: a busy disk must not make a server silent
        self.control("start")
        self.query("postgres", "CREATE ROLE store LOGIN")

    def query(self, database, sql):
        self.run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-c", sql, database)

    def new(self):
        """The URL of another database, which is empty."""
        self.n_databases += 1
        name = f"store{self.n_databases}"
        self.query("postgres", f"CREATE DATABASE {name} OWNER store")
        return f"postgresql:///{name}?host={self.folder}&user=store"

    def change(self, server, sql):
        """Behind the server's back."""
        self.query(re.search(r"///(\w+)", server.database)[1], sql)

    def run(self, program, *args):
        account = pwd.getpwnam("postgres")
        subprocess.run([f"{self.programs}/{program}", *args], check=True, cwd="/", timeout=120,
                       user=account.pw_uid, group=account.pw_gid, extra_groups=[],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def control(self, verb):
        self.run("pg_ctl", "-s", "-w", "-D", self.data, "-l", f"{self.folder}/log",
                 "-m", "immediate", verb)

    def stop(self):
        self.control("stop")


class Pooler:
    """Debian's PgBouncer before a cluster: each session is one client's, or, with "transaction", everybody's."""

    def __init__(self, postgres, mode):
        self.folder = tempfile.mkdtemp(prefix="pooler-", dir=os.path.dirname(postgres.folder))
        shutil.chown(self.folder, "postgres", "postgres")
        with open(f"{self.folder}/ini", "w", encoding="ascii") as ini:
            ini.write(f"[databases]\n* = host={postgres.folder} user=store\n[pgbouncer]\nauth_type = any\n"
                      f"pool_mode = {mode}\nunix_socket_dir = {self.folder}\nlisten_port = 6432\n"
                      f"logfile = {self.folder}/log\nmax_client_conn = 50\ndefault_pool_size = 5\n")
        account = pwd.getpwnam("postgres")
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            ["pgbouncer", "-q", f"{self.folder}/ini"], user=account.pw_uid, group=account.pw_gid, extra_groups=[],
            cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: os.path.exists(f"{self.folder}/.s.PGSQL.6432"), "the pooler's socket")

    def of(self, database):
        """The URL of that one of Postgres.new(), by way of it."""
        name = re.search(r"///(\w+)", database)[1]
        return f"postgresql:///{name}?host={self.folder}&port=6432&user=store"

    def stop(self):
        self.process.terminate()
        self.process.wait(WAIT_S)


def on_each_store(run):
    """run(store) with SQLite, then with one PostgreSQL: store.new() is an empty database."""
    print("# SQLite", flush=True)
    run(Sqlite())
    print("# PostgreSQL", flush=True)
    folder = tempfile.mkdtemp(prefix="constable-postgres-")
    postgres = None
    try:
        postgres = Postgres(folder)
        run(postgres)
    finally:
        if postgres:
            postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


# Which suite asks every route below a prefix, in its good and bad cases.
ASKED_IN = {
    "/": "server_api",
    "/artifacts": "server_artifacts",
    "/api/investigations": "server_documented",
    "/api/realtime": "server_operations",
    "/api/v1/agents/ca-certificate": "server_enrolment",
    "/api/v1/agents/renewal-nonce": "server_enrolment",
    "/api/v1/agents/{agent_id}/certificate": "server_enrolment",
    "/api/v1/alerts": "server_alerts",
    "/api/v1/changes": "services",
    "/api/v1/chat": "appeals",
    "/api/v1/deliveries": "server_notify",
    "/api/v1/destinations": "server_notify",
    "/api/v1/incidents": "server_incidents",
    "/api/v1/integrations": "server_alerts",
    "/api/v1/investigations": "server_investigate",
    "/api/v1/mcp-calls": "mcp_inquiries",
    "/api/v1/mcp-questions": "mcp_inquiries",
    "/api/v1/mcp-servers": "mcp_inquiries",
    "/api/v1/mcp-servers/oauth": "mcp_logins",
    "/api/v1/mcp-servers/{mcp_server_id}/login": "mcp_logins",
    "/api/v1/pipelines": "pipelines",
    "/api/v1/program-keys": "server_artifacts",
    "/api/v1/services": "services",
    "/api/v1/skills": "org_skills",
    "/api/v1/threads": "server_investigate",
    "/api/v1/usage": "inquiry_budgets",
    "/proxy/files/": "server_files",
    "/mcp": "mcp_gateway",
    "/.well-known/": "mcp_gateway",
}


class Server:
    """One that runs in a folder of its own; can be stopped and started again."""

    def __init__(self, folder=None, database="", flags=(), trusted=""):
        self.folder = folder or tempfile.mkdtemp(prefix="constable-server-")
        self.state = f"{self.folder}/state"
        self.database = database
        self.flags = list(flags) + (["--database", database] if database else [])
        self.process = self.port = self.document = None
        self.program, self.environment = f"{BUILD}/constable-server", None
        self.log, self.broken = [], []
        self.touched = set()
        self.trusted = trusted
        self.program = f"{BUILD}/constable-server"

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen(
            [self.program, "run", "--check-answers", "on", "--state-dir", self.state,
             "--listen", "127.0.0.1", "--port", "0", "--rate", "0", "--executables-dir", BUILD,
             *self.flags], env=self.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        ready = threading.Event()
        threading.Thread(target=self.read_log, args=(self.process, ready), daemon=True).start()
        if not ready.wait(WAIT_S) or not self.port:
            raise ChildProcessError("the server did not start:\n" + "\n".join(self.log))
        self.ca_pem = self.trusted
        if not self.ca_pem:
            with open(f"{self.state}/ca/server.crt", encoding="ascii") as file:
                self.ca_pem = file.read()
        with open(f"{self.state}/admin.key", encoding="ascii") as file:
            self.admin = file.read().strip()
        if self.document is None:
            self.document = self.ask("GET", "/api/v1/openapi.json", key=None, checked=False).json
        return self

    def read_log(self, process, ready):
        for line in process.stderr:
            self.log.append(line.rstrip())
            match = re.search(r"listening on port (\d+)", line)
            if match:
                self.port = int(match[1])
            if '"ready at' in line:
                ready.set()
        ready.set()

    def stop(self):
        if not self.process:
            return None
        self.process.terminate()
        try:
            self.process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        status = self.process.returncode
        self.process.stdout.close()
        self.process, self.port = None, None
        return status

    def child_named(self, name):
        """Its pid; None where there is none (yet)."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
            for child in children.read().split():
                try:
                    with open(f"/proc/{child}/comm", encoding="utf-8") as comm:
                        if comm.read().strip() == name:
                            return int(child)
                except OSError:
                    continue
        return None

    def store_pid(self):
        return wait_for(lambda: self.child_named("constable-store"), "the store")

    def context(self, certificate=None):
        context = ssl.create_default_context(cadata=self.ca_pem)
        if certificate:
            context.load_cert_chain(*certificate)
        return context

    def connect(self, certificate=None):
        return http.client.HTTPSConnection("localhost", self.port, timeout=WAIT_S,
                                           context=self.context(certificate))

    # pylint: disable-next=too-many-arguments,too-many-positional-arguments
    def ask(self, method, path, body=None, key="admin", certificate=None, headers=(),
            checked=True):
        """One request. A dict becomes JSON, text goes as it is."""
        headers = dict(headers)
        if key:
            headers["Authorization"] = f"Bearer {self.admin if key == 'admin' else key}"
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = self.connect(certificate)
        try:
            connection.request(method, path, body=body, headers=headers)
            reply = connection.getresponse()
            answer = Answer(reply.status, reply.headers, reply.read())
        finally:
            connection.close()
        if checked:
            self.hold(method, path, answer)
        return answer

    def find(self, method, path):
        """(pattern, operation) of the document, those with the fewest names first."""
        path = urllib.parse.urlsplit(path).path.rstrip("/")
        method = "GET" if method == "HEAD" else method
        for pattern in sorted(self.document["paths"], key=lambda text: text.count("{")):
            if method.lower() in self.document["paths"][pattern] and \
               re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern.replace(".", r"\.")), path):
                return pattern, self.document["paths"][pattern][method.lower()]
        return None, None

    def hold(self, method, path, answer):
        """The answer against the document; what breaks it is remembered."""
        pattern, operation = self.find(method, path)
        if not pattern:
            if answer.status not in (404, 405, 400):
                self.broken.append(f"{method} {path}: {answer.status} of an unknown path")
            return
        self.touched.add((method, pattern))
        responses = operation["responses"]
        response = responses.get(str(answer.status), responses["default"])
        kind = (answer.headers["Content-Type"] or "").split(";")[0]
        if "$ref" in response:
            response = self.document["components"]["responses"]["Error"]
            if kind == "text/html":
                self.broken.append(f"{method} {pattern}: {answer.status} is a page, and none is promised")
            if "json" not in kind:
                return
        content = response.get("content", {})
        schema = content.get("application/json", {}).get("schema")
        if schema is None or method == "HEAD":
            return
        if kind in set(content) - {"application/json"}:
            return
        if "$ref" in schema:
            schema = self.document["components"]["schemas"]["Error"]
        try:
            jsonschema.Draft202012Validator(schema).validate(answer.json)
        except (jsonschema.ValidationError, ValueError) as error:
            self.broken.append(f"{method} {pattern}: {str(error)[:300]}")

    def routes(self):
        text = subprocess.run([f"{BUILD}/constable-server", "routes", "--json"], check=True,
                              capture_output=True, text=True).stdout
        return json.loads(text)

    def unasked(self, suite):
        """The routes that this suite has to ask, by ASKED_IN, and has not asked of this server."""
        def suite_of(pattern):
            fits = [prefix for prefix in ASKED_IN if pattern.startswith(prefix)]
            return ASKED_IN[max(fits, key=len)]
        return {(row["method"], row["pattern"]) for row in self.routes()
                if suite_of(row["pattern"]) == suite} - self.touched

    # What tests need again and again.

    def make_key(self, role, key="admin", **more):
        return self.ask("POST", "/api/v1/keys", {"name": role, "role": role, **more},
                        key=key).json["key"]

    def make_org(self, name):
        """(id, admin key, customer id)"""
        made = self.ask("POST", "/api/v1/orgs", {"name": name}).json
        return made["id"], made["admin_key"], made["customer_id"]

    def make_token(self, key="admin", **more):
        return self.ask("POST", "/api/v1/tokens", more, key=key).json["token"]

    def make_request(self, name="host", options=("ec", "-pkeyopt",
                                                 "ec_paramgen_curve:prime256v1")):
        """(csr, path of the key)"""
        path = tempfile.mktemp(dir=self.folder)
        subprocess.run(["openssl", "req", "-new", "-newkey", *options, "-nodes", "-keyout",
                        path + ".key", "-subj", f"/CN={name}", "-out", path + ".csr"],
                       check=True, stderr=subprocess.DEVNULL)
        with open(path + ".csr", encoding="ascii") as file:
            return file.read(), path + ".key"

    def enrol(self, key="admin", hostname="host", **more):
        """An agent: its answer with the paths of its certificate and key."""
        csr, path = self.make_request()
        answer = self.ask("POST", "/api/v1/agents/register",
                          {"hostname": hostname, "csr": csr,
                           "provisioning_token": self.make_token(key), **more}, key=None)
        if answer.status != 200:
            raise OSError(str(answer))
        return self.keep(answer.json, path)

    @staticmethod
    def keep(agent, path):
        with open(path + ".crt", "w", encoding="ascii") as file:
            file.write(agent["certificate"])
        agent["files"] = (path + ".crt", path)
        return agent
