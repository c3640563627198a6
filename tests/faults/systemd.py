"""Faults of units, in a Debian booted by a real systemd as its first process."""
import glob
import os
import shutil
import signal
import subprocess

import noise_inside
import scene as scenes
from scene import Scene, Skip, fault

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "systemd")
TREE = os.path.dirname(scenes.BUILD)
ROOT = os.path.join(scenes.BUILD, "systemd-root")
MAKE_ROOT_S = 780  # a whole Debian from a mirror that may be slow


class Machine:
    """A booted machine; its scene asks inside it."""

    def __init__(self, scene):
        if not shutil.which("debootstrap"):
            raise Skip("debootstrap is not installed")
        scene.run(os.path.join(HERE, "make-root"), timeout=MAKE_ROOT_S,
                  env={**os.environ, "BUILD": scenes.BUILD})
        self.scene, self.groups = scene, []
        self._make_groups()
        scene.stack.callback(self._remove_groups)
        boot = scene.spawn(["unshare", "--pid", "--fork", "--mount", "--uts", "--ipc", "--net",
                            "--cgroup", "--kill-child", os.path.join(HERE, "boot"), ROOT, TREE],
                           preexec_fn=self._join_groups)
        scene.stack.callback(self._stop, boot)
        self.leader = None
        scene.wait_until(lambda: self._find(boot.pid), "systemd is the first process", 30)
        scene.wait_until(self.is_up, "the machine is up", 60)
        scene.machine, scene.noise = self, noise_inside.NOISE
        scene.prefix = self.inside()
        scene.environment = {"CONSTABLE_STATE_DIR": "/run/constable-state"}
        scene.constable = "/opt/constable/" + os.path.basename(scenes.BUILD) + "/constable"

    def _make_groups(self):
        """A cgroup of each hierarchy becomes the machine's root."""
        for base in glob.glob("/sys/fs/cgroup/*/"):
            group = os.path.join(base, "constable-machine-" + os.path.basename(self.scene.folder))
            os.mkdir(group)
            self.groups.append(group)
            for name in ("cpuset.cpus", "cpuset.mems"):
                if os.path.exists(os.path.join(base, name)):
                    shutil.copyfile(os.path.join(base, name), os.path.join(group, name))

    def _join_groups(self):
        for group in self.groups:
            with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as procs:
                procs.write("0")

    def _remove_groups(self):
        for group in self.groups:
            for folder, _, _ in sorted(os.walk(group), reverse=True):
                Scene._remove_cgroup(folder)

    def _find(self, pid):
        done = subprocess.run(["pgrep", "-P", str(pid), "-x", "systemd"], capture_output=True,
                              text=True, check=False)
        self.leader = done.stdout.split()[0] if done.stdout.split() else None
        return self.leader

    def _stop(self, boot):
        if self.leader:
            os.kill(int(self.leader), signal.SIGRTMIN + 4)  # power off
            try:
                boot.wait(10)
            except subprocess.TimeoutExpired:
                os.kill(int(self.leader), signal.SIGKILL)

    def inside(self, *command):
        return ["nsenter", "-t", self.leader, "-m", "-u", "-i", "-n", "-p", "-C", *command]

    def is_up(self):
        done = subprocess.run(self.inside("systemctl", "is-system-running"), capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL)
        return done.stdout.strip() in ("running", "degraded")

    def systemctl(self, *arguments):
        return subprocess.run(self.inside("systemctl", *arguments), capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL, timeout=60)

    def unit(self, name, service="", unit=""):
        self.file(f"/etc/systemd/system/{name}",
                  f"[Unit]\nDescription={name.split('.')[0]} of this test\n{unit}\n"
                  f"[Service]\n{service}\n")
        self.systemctl("daemon-reload")

    def file(self, path, text):
        """Writes a file inside; returns where it is seen from outside."""
        return self.scene.write(f"/proc/{self.leader}/root{path}", text)

    def show(self, name, key):
        return self.systemctl("show", "-P", key, name).stdout.strip()


@fault(("service.crash-loop", "service.start-limit-hit"), "why is the ledger service not running?")
def unit_in_a_crash_loop(scene):
    machine = Machine(scene)
    machine.unit("ledger.service", 'ExecStart=/bin/sh -c "echo FATAL cannot parse config: line 3; '
                 'exit 3"\nRestart=always\nRestartSec=100ms',
                 "StartLimitIntervalSec=30\nStartLimitBurst=5")
    machine.systemctl("start", "--no-block", "ledger.service")
    scene.wait_until(lambda: machine.show("ledger.service", "Result") == "start-limit-hit" or
                     int(machine.show("ledger.service", "NRestarts") or 0) >= 4, "it looped", 60)


@fault("service.waiting-for-dependency", "the reports service hangs at start, why?")
def unit_that_waits_for_a_dependency(scene):
    machine = Machine(scene)
    machine.unit("warehouse.service", "Type=notify\nTimeoutStartSec=infinity\n"
                 "ExecStart=/bin/sleep 600")
    machine.unit("reports.service", "ExecStart=/bin/sleep 600",
                 "Requires=warehouse.service\nAfter=warehouse.service")
    machine.systemctl("start", "--no-block", "reports.service")
    scene.wait_until(lambda: machine.show("warehouse.service", "ActiveState") == "activating",
                     "it waits")


@fault(("service.memory-max-killed", "memory.oom-kill"), "who kills the cruncher service?")
def unit_killed_by_its_memory_limit(scene):
    machine = Machine(scene)
    machine.unit("cruncher.service", "MemoryMax=30M\nExecStart=/usr/bin/python3 -c "
                 '"import time; x=[bytearray(1<<20) for _ in range(200)]; time.sleep(600)"')
    machine.systemctl("start", "cruncher.service")
    scene.wait_until(lambda: machine.show("cruncher.service", "ActiveState") == "failed",
                     "it was killed", 60)


@fault("service.wrong-exec-start", "the exporter service does not start, why?")
def unit_with_a_wrong_program(scene):
    machine = Machine(scene)
    machine.unit("exporter.service", "ExecStart=/usr/local/bin/exporter --listen :9100")
    machine.systemctl("start", "exporter.service")
    scene.wait_until(lambda: machine.show("exporter.service", "ActiveState") == "failed",
                     "it failed")


@fault("service.permission-denied", "the gateway service is down, why?")
def unit_that_may_not_bind_its_port(scene):
    machine = Machine(scene)
    machine.unit("gateway.service",
                 "User=nobody\nExecStart=/usr/bin/python3 -m http.server 80")
    machine.systemctl("start", "gateway.service")
    scene.wait_until(lambda: machine.show("gateway.service", "ActiveState") == "failed",
                     "it failed")


@fault("service.wrong-environment", "invoices fail after the migration")
def unit_without_its_environment_file(scene):
    machine = Machine(scene)
    machine.unit("invoices.service",
                 "EnvironmentFile=/etc/invoices.env\nExecStart=/bin/sleep 600")
    machine.systemctl("start", "invoices.service")
    scene.wait_until(lambda: machine.show("invoices.service", "ActiveState") == "failed",
                     "it failed")


@fault("network.dependency-refused", "the importer does not import anything")
def dependency_refused_in_the_journal(scene):
    machine = Machine(scene)
    machine.unit("importer.service", "ExecStart=/bin/bash -c 'while :; do "
                 ": >/dev/tcp/127.0.0.1/5999; sleep 0.1; done'")
    machine.systemctl("start", "importer.service")

    def is_refused():
        done = subprocess.run(machine.inside("journalctl", "-u", "importer.service"), text=True,
                              capture_output=True, check=False, stdin=subprocess.DEVNULL)
        return done.stdout.count("Connection refused") >= 4
    scene.wait_until(is_refused, "it is refused")


@fault("healthy", "why did systemd break everything?")
def healthy_machine_with_systemd(scene):
    Machine(scene)
