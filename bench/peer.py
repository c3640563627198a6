"""Starts peers (peer_agent.py) with a CA of their own."""
import os
import shutil
import subprocess
import tempfile

PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer_agent.py")


def read_memory_kb(pid):
    """(PSS, private dirty) of a process."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        fields = {line.split(":")[0]: line.split()[1] for line in rollup if ":" in line}
    return int(fields["Pss"]), int(fields["Private_Dirty"])


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_authority(folder):
    """ca, server and client, with ECDSA keys as ours have."""
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    openssl("req", "-x509", *ec, "-days", "2", "-subj", "/CN=peers", "-keyout",
            f"{folder}/ca.key", "-out", f"{folder}/ca.crt")
    for name in ("server", "client"):
        openssl("req", "-x509", *ec, "-days", "2", "-subj", f"/CN={name}", "-addext",
                "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE",
                "-CA", f"{folder}/ca.crt", "-CAkey", f"{folder}/ca.key", "-keyout",
                f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt")


class Peer:
    """A server of the peer's kind; agents connect to it."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="constable-peer-")
        self.processes = []
        self.server = self.port = None

    def __enter__(self):
        make_authority(self.folder)
        self.server = self.start("server")
        self.port = self.server.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        for process in self.processes:
            self.end(process)
        shutil.rmtree(self.folder)

    def start(self, what, *words):
        # pylint: disable-next=consider-using-with
        process = subprocess.Popen(["/usr/bin/python3", PROGRAM, what, self.folder,
                                    *map(str, words)], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   text=True)
        self.processes.append(process)
        return process

    def end(self, process):
        if process.poll() is None:
            process.kill()
            process.wait()
            process.stdout.close()
