"""A Debian booted by systemd in namespaces, driven from outside; reboots keep what it wrote."""
import ctypes
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
MAKE_ROOT_S = 780  # a whole Debian from a mirror that may be slow
PR_SET_PDEATHSIG = 1


def make_root():
    subprocess.run([os.path.join(HERE, "make-root")], check=True, timeout=MAKE_ROOT_S,
                   env={**os.environ, "BUILD": BUILD})
    return os.path.join(BUILD, "systemd-root")


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except OSError:
        return []


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


class Machine:
    """'tree' is seen inside as /opt/constable. Use as a context manager."""

    def __init__(self, tree):
        self.tree, self.groups, self.leader = tree, [], None
        self.name = "constable-machine-" + os.path.basename(tempfile.mktemp())

    def __enter__(self):
        root = make_root()
        for base in glob.glob("/sys/fs/cgroup/*/"):
            group = os.path.join(base, self.name)
            os.mkdir(group)
            self.groups.append(group)
            for file in ("cpuset.cpus", "cpuset.mems"):
                if os.path.exists(os.path.join(base, file)):
                    shutil.copyfile(os.path.join(base, file), os.path.join(group, file))
        self.boot = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", os.path.join(HERE, "boot-again"),
             root, self.tree], stdin=subprocess.DEVNULL, preexec_fn=self._enter_groups)
        self.wait_until_up()
        return self

    def __exit__(self, *_):
        if self.leader:
            os.kill(self.leader, signal.SIGRTMIN + 4)  # power off
        try:
            self.boot.wait(15)
        except subprocess.TimeoutExpired:
            if self.leader:
                os.kill(self.leader, signal.SIGKILL)
            self.boot.kill()
            self.boot.wait()
        for group in self.groups:
            for folder, _, _ in sorted(os.walk(group), reverse=True):
                try:
                    os.rmdir(folder)
                except OSError:
                    pass

    def _enter_groups(self):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        for group in self.groups:
            with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as procs:
                procs.write("0")

    def _find_leader(self):
        """boot-again -> unshare -> systemd"""
        for unshare in children(self.boot.pid):
            for child in children(unshare):
                if name_of(child) == "systemd":
                    return child
        return None

    def wait_until_up(self):
        before = self.leader
        self.wait(lambda: self._find_leader() not in (None, before), "a first process", 60)
        self.leader = self._find_leader()
        self.wait(lambda: self.ask("systemctl", "is-system-running") in ("running", "degraded"),
                  "the machine is up", 60)

    def reboot(self):
        self.run("systemctl", "--no-block", "reboot")
        self.wait_until_up()

    @staticmethod
    def wait(condition, what, seconds=30):
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until:
                raise TimeoutError(f"not within {seconds} s: {what}")
            time.sleep(0.05)

    def run(self, *command, text=None, timeout=60, user=None):
        """A completed process; standard error goes with standard output."""
        inside = ["nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "-C"]
        home = f"/home/{user}" if user else "/root"
        become = ["setpriv", "--reuid", user, "--regid", user, "--init-groups"] if user else []
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", f"HOME={home}", "LANG=C"]
        return subprocess.run([*inside, *environment, *become, *command], input=text,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=None if text is not None else subprocess.DEVNULL,
                              timeout=timeout, check=False)

    def ask(self, *command):
        return self.run(*command).stdout.strip()

    def show(self, unit, key):
        return self.ask("systemctl", "show", "-P", key, unit)

    def path(self, path):
        """Where a file of the machine is seen from outside."""
        return f"/proc/{self.leader}/root{path}"
