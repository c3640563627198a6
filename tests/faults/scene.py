"""Faults made for real: a scene makes one, asks Constable in plain words, and clears up.

A fault is a function decorated with @fault(cause, question): it gets a Scene, makes
the fault with it and returns once the fault is in force. Whatever a scene started,
mounted or wrote is taken back when it ends, also when it fails. Every fault is asked
about twice: alone, and among harmless anomalies drawn by a printed seed (noise.py).
"""
import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(SOURCE, "build"))
FAULTS = []
PREFIX = "constable-fault-"
NAMES_IN_V2 = {"memory.limit_in_bytes": "memory.max"}


def fault(cause, question, **more):
    """Registers a fault; 'cause' may be a tuple where several ids name it rightly.

    With thorough=False it is not also judged by having read everything: that takes long
    where the processor is emulated. 'traced' is the trace that it must ask for by itself.
    """
    def register(make):
        FAULTS.append({"causes": cause if isinstance(cause, tuple) else (cause,),
                       "question": question, "make": make, **more})
        return make
    return register


class Skip(Exception):
    """The fault cannot be made on this machine; says why."""


def lock(folder):
    """A descriptor that holds the folder's lock; None where somebody else does."""
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        return None
    return held


def unmount_for_the_killed():
    """A scene that was killed could not: its full file system would be the next one's fault."""
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        targets = [line.split()[1] for line in mounts if f"/{PREFIX}" in line]
    for target in targets:
        folder = os.path.dirname(target)
        held = lock(folder)
        if held is not None:
            subprocess.run(["umount", "-l", target], check=True)
            os.close(held)
            shutil.rmtree(folder, ignore_errors=True)


class Scene:
    def __init__(self):
        unmount_for_the_killed()
        self.stack = contextlib.ExitStack()
        self.folder = tempfile.mkdtemp(prefix=PREFIX)
        self.stack.callback(os.close, lock(self.folder))
        self.state = tempfile.mkdtemp(prefix="constable-state-")
        self.environment = {}
        self.prefix = []  # a command that constable runs under: nsenter, unshare
        self.constable = f"{BUILD}/constable"
        self.noise = []  # where it is not noise.py's: what is made inside a booted machine
        self.machine = None
        self.stack.callback(shutil.rmtree, self.state, ignore_errors=True)
        self.stack.callback(shutil.rmtree, self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stack.close()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, path, text, mode=0o644):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(path, mode)
        return path

    def keep(self, path):
        """Puts a file of the machine back as it was."""
        if os.path.exists(path):
            copy = tempfile.mktemp(dir=self.state)
            shutil.copy2(path, copy)
            self.stack.callback(shutil.copy2, copy, path)
        else:
            self.stack.callback(lambda: os.path.exists(path) and os.unlink(path))

    def spawn(self, argv, **options):
        """A process in a group of its own, killed with it at the end."""
        process = subprocess.Popen(argv, start_new_session=True,
                                   **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
                                      "stderr": subprocess.DEVNULL, **options})
        self.stack.callback(self._end, process)
        return process

    @staticmethod
    def _end(process):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def python(self, code, *args, **options):
        return self.spawn([sys.executable, "-c", code, *args], **options)

    def run(self, *argv, **options):
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, **{"timeout": 120, **options})
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
        return done.stdout

    def mount(self, kind, target, source="none", options=""):
        os.makedirs(target, exist_ok=True)
        self.run("mount", "-t", kind, *(["-o", options] if options else []), source, target)
        self.stack.callback(subprocess.run, ["umount", "-l", target], check=False)
        return target

    def disk(self, name, megabytes, *mkfs):
        """An ext4 file system of its own on a loop device."""
        image = os.path.join(self.state, name + ".img")
        with open(image, "wb") as out:
            out.truncate(megabytes << 20)
        self.run("mkfs.ext4", "-q", "-F", *mkfs, image)
        return self.mount("ext4", self.path(name), image, "loop")

    def cgroup(self, controller, **settings):
        """A new cgroup, its settings named as in version 1; returns the path of its cgroup.procs."""
        base = f"/sys/fs/cgroup/{controller}"
        is_v2 = not os.path.isdir(base) and os.path.exists("/sys/fs/cgroup/cgroup.controllers")
        if is_v2:
            base = "/sys/fs/cgroup"
            if controller != "freezer":  # any cgroup can be frozen
                with open(f"{base}/cgroup.subtree_control", "w", encoding="ascii") as out:
                    out.write(f"+{controller}")
        if not os.path.isdir(base):
            raise Skip(f"no cgroup controller '{controller}'")
        folder = tempfile.mkdtemp(prefix=PREFIX, dir=base)
        os.chmod(folder, 0o755)
        self.stack.callback(self._remove_cgroup, folder)
        for name, value in settings.items():
            name = name.replace("__", ".")
            name = NAMES_IN_V2.get(name, name) if is_v2 else name
            with open(os.path.join(folder, name), "w", encoding="ascii") as out:
                out.write(str(value))
        return os.path.join(folder, "cgroup.procs")

    @staticmethod
    def _remove_cgroup(folder):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                os.rmdir(folder)
                return
            except OSError:
                with open(os.path.join(folder, "cgroup.procs"), encoding="ascii") as procs:
                    for pid in procs.read().split():
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(int(pid), signal.SIGKILL)
                time.sleep(0.01)

    def expired_certificate(self, name):
        """Key and certificate, valid until yesterday."""
        key, request, certificate = (self.path(f"{name}.{kind}") for kind in ("key", "csr", "crt"))
        self.run("openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", key, "-out", request)
        self.run("openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", "-1",
                 "-out", certificate)
        return key, certificate

    @staticmethod
    def wait_until(condition, what, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError(f"waited {seconds} s in vain until {what}")
            time.sleep(0.02)

    def ask(self, question, *options):
        environment = {**os.environ, "CONSTABLE_STATE_DIR": self.state,
                       "CONSTABLE_SOCKET": "/nonexistent", **self.environment}
        done = subprocess.run([*self.prefix, self.constable, "ask", question, "--json", *options],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120, env=environment, check=False)
        if done.returncode:
            raise RuntimeError(f"constable ask: {done.stderr.strip()}")
        return json.loads(done.stdout)


def n_askable():
    """How many calls asking everything would be: every reading tool that needs no argument."""
    done = subprocess.run([f"{BUILD}/constable", "tools", "--json"], capture_output=True,
                          stdin=subprocess.DEVNULL, check=True, timeout=60)
    return sum(tool["risk"] == "reads" and not tool["schema"].get("required")
               for tool in json.loads(done.stdout))


def judge_frugality(frugal, thorough, everything):
    """None, or why the engine should have asked less or other things."""
    if 2 * len(frugal["evidence"]) > everything:
        return f"{len(frugal['evidence'])} calls, more than half of {everything}"
    if (frugal["verdict"], frugal["cause_id"]) != (thorough["verdict"], thorough["cause_id"]):
        return (f"{frugal['cause_id'] or frugal['verdict']}, but having read everything "
                f"{thorough['cause_id'] or thorough['verdict']}")
    return None


def judge(report, causes):
    """None, or what is wrong with the report."""
    if causes == ("healthy",):
        if report["verdict"] != "healthy":
            return f"verdict {report['verdict']}, cause {report.get('cause_id')}"
        return None
    if report["verdict"] != "cause-found" or report["cause_id"] not in causes:
        first = [(h["cause_id"], round(h["probability"], 3)) for h in report["hypotheses"][:4]]
        return f"verdict {report['verdict']}, cause {report.get('cause_id')}, leaders {first}"
    proof = report["hypotheses"][0]["for"]
    known = {item["id"] for item in report["evidence"]}
    if not proof or any(item.get("evidence") not in known for item in proof):
        return "the cause is named without evidence"
    return None


def judge_traced(report, preset):
    """None, or what else was traced, or why nothing."""
    traces = [item for item in report["evidence"] if item["tool"] == "trace_kernel"]
    if any(item["args"].get("preset") == preset and item["excerpt"] for item in traces):
        return None
    return f"traced: {[(item['args'], item['summary']) for item in traces]}"


class Tap:
    def __init__(self):
        self.count = 0

    def point(self, promise, trouble=None, skip=None):
        self.count += 1
        verdict = "not ok" if trouble else "ok"
        print(f"{verdict} {self.count} - {promise}" + (f" # SKIP {skip}" if skip else ""),
              flush=True)
        if trouble:
            print(f"# {trouble}", flush=True)


def play(one, tap, seed, everything):
    import noise  # pylint: disable=import-outside-toplevel
    name = f"{one['causes'][0]} ({one['make'].__name__})"
    try:
        with Scene() as scene:
            one["make"](scene)
            alone = scene.ask(one["question"])
            tap.point(f"{name}: found alone", judge(alone, one["causes"]))
            if "traced" in one:
                tap.point(f"{name}: {one['traced']} was asked for by itself",
                          judge_traced(alone, one["traced"]))
            if one.get("thorough", True):
                thorough = scene.ask(one["question"], "--thorough")
                tap.point(f"{name}: {len(alone['evidence'])} calls suffice",
                          judge_frugality(alone, thorough, everything))
            drawn = noise.add(scene, random.Random(f"{seed}/{name}"))
            among = scene.ask(one["question"])
            tap.point(f"{name}: found among {', '.join(drawn)}", judge(among, one["causes"]))
    except Skip as why:
        tap.point(name, skip=str(why))
    except (RuntimeError, OSError, subprocess.SubprocessError) as trouble:
        tap.point(name, trouble=str(trouble).replace("\n", " "))


def main():
    """usage: FILE [--seed N] [NAME...]      names or parts of names"""
    arguments = sys.argv[1:]
    seed = int(time.time())
    if "--seed" in arguments:
        at = arguments.index("--seed")
        seed = int(arguments[at + 1])
        del arguments[at:at + 2]
    seed = int(os.environ.get("SEED", seed))
    print(f"# seed {seed}", flush=True)
    if os.geteuid() != 0:
        print("1..0 # SKIP faults are made as root")
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that scenes clear up
    tap = Tap()
    everything = n_askable()
    for one in FAULTS:
        if not arguments or any(a in one["causes"] or a in one["make"].__name__ for a in arguments):
            play(one, tap, seed, everything)
    print(f"1..{tap.count}")
