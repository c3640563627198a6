"""What the tests of the command line share: TAP points, a state folder of their own, a
terminal (pty) whose screen can be waited for. Each test runs as root and as uid 65534.
"""
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

BUILD = os.environ.get("BUILD", os.path.join(os.path.dirname(__file__), "../../build"))
NOBODY = 65534
POINTS = []
DEADLINE_S = 60


def check(promise, holds, detail=""):
    POINTS.append(bool(holds))
    print(f"{'ok' if holds else 'not ok'} {len(POINTS)} - {promise}", flush=True)
    if not holds and detail:
        for line in str(detail).splitlines()[-30:]:
            print(f"# {line}", flush=True)


class Answer:
    """How a command ended."""

    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"status {self.status}\n{self.out}\n{self.err}"


class Person:
    """Somebody with a state folder and a plain environment."""

    def __init__(self, uid):
        self.uid, self.name = uid, "root" if uid == 0 else f"uid {uid}"
        self.folder = tempfile.mkdtemp(prefix="constable-cli.")
        os.chown(self.folder, uid, uid)
        self.env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "HOME": self.folder,
                    "CONSTABLE_STATE_DIR": self.folder + "/state",
                    "CONSTABLE_SOCKET": self.folder + "/none.sock",
                    "CONSTABLE_CONFIG": self.folder + "/agent.yaml"}
        # A sanitized `constable` beside the other programs as they are shipped.
        for name in ("ASAN_OPTIONS", "CONSTABLE_EXECUTABLES_DIR"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chown(self.path(name), self.uid, self.uid)
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def identity(self):
        return {} if self.uid == 0 else {"user": self.uid, "group": self.uid, "extra_groups": []}

    def run(self, *args, stdin="", program="constable", **env):
        done = subprocess.run([os.path.join(BUILD, program), *args], input=stdin, text=True,
                              capture_output=True, timeout=DEADLINE_S, check=False, cwd="/",
                              env={**self.env, **env}, **self.identity())
        return Answer(done.returncode, done.stdout, done.stderr)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Terminal:
    """A command on a terminal of 100 columns."""

    def __init__(self, person, *args, **env):
        self.text, self.status = "", None
        pid, self.fd = pty.fork()
        if pid == 0:
            os.chdir("/")
            if person.uid:
                os.setgroups([])
                os.setgid(person.uid)
                os.setuid(person.uid)
            os.execve(os.path.join(BUILD, "constable"), ["constable", *args],
                      {**person.env, "TERM": "xterm", "COLUMNS": "100", **env})
        self.pid = pid

    def read(self, seconds):
        """What came within that time; False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.text += data.decode("utf-8", "replace")
        return bool(data)

    def wait_for(self, pattern, since=0):
        """Where the pattern ends, or None if the command ended or a minute passed before."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            found = re.compile(pattern).search(self.text, since)
            if found:
                return found.end()
            if not self.read(0.5):
                break
        found = re.compile(pattern).search(self.text, since)
        return found.end() if found else None

    def type(self, text):
        os.write(self.fd, text.encode())

    def edit(self, text):
        """Types at the prompt of the line editor, which shows it a moment before it listens."""
        deadline = time.monotonic() + DEADLINE_S
        while termios.tcgetattr(self.fd)[3] & termios.ICANON and time.monotonic() < deadline:
            self.read(0.01)
        self.type(text)

    def end(self):
        """Reads to the end, and how it ended: an exit status or -signal."""
        deadline = time.monotonic() + DEADLINE_S
        while self.read(0.5) and time.monotonic() < deadline:
            pass
        if time.monotonic() >= deadline:
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.fd)
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status


def left_behind(person):
    """Processes of Constable that know this person's state folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if person.folder in line and int(pid) != os.getpid():
            found.append(f"{pid} {line}")
    return found


def nothing_left(person):
    """Waits a little for what is just ending."""
    deadline = time.monotonic() + 10
    while left_behind(person) and time.monotonic() < deadline:
        select.select([], [], [], 0.05)
    return not left_behind(person)


def main(*tests):
    uids = [0, NOBODY] if os.getuid() == 0 else [os.getuid()]
    for uid in uids:
        for test in tests:
            person = Person(uid)
            try:
                test(person)
            except Exception as error:  # pylint: disable=broad-except
                check(f"{test.__name__} as {person.name}", False, repr(error))
            finally:
                check(f"{person.name}: {test.__name__} leaves no process", nothing_left(person),
                      "\n".join(left_behind(person)))
                person.close()
    print(f"1..{len(POINTS)}")
    sys.exit(0 if all(POINTS) else 1)
