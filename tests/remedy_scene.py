"""A server that was stopped while some waited for it: a fault with a remedy, which is real as well."""
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import time

OFFER = "Apply it, once? [y/N] "
QUESTION = "the api accepts connections but never answers, why?"
# A server that accepts, called by its first argument; and five who wait for it. With a second one, it stops itself again
# before anything else runs on its processor, whenever it is continued.
SERVER = """
import ctypes, os, signal, socket, sys, time
ctypes.CDLL(None).prctl(15, sys.argv[1].encode())
if sys.argv[2:]:
    signal.signal(signal.SIGCONT, lambda *_: os.kill(os.getpid(), signal.SIGSTOP))
    try: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
    except OSError: pass
server = socket.socket(); server.bind(("127.0.0.1", 0)); server.listen(64)
print(server.getsockname()[1], flush=True)
while True: server.accept(); time.sleep(0.2)
"""


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0]


def wait_for(condition, what):
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(0.01)


class Stopped:
    """A server that was stopped while some waited for it."""

    def __init__(self, name="api", waiting=5, stays=False):
        self.name, self.clients = name, []
        # pylint: disable-next=consider-using-with
        self.process = subprocess.Popen([sys.executable, "-c", SERVER, name] + stays * ["stays"],
                                        stdout=subprocess.PIPE, text=True)
        port = int(self.process.stdout.readline())
        self.process.send_signal(signal.SIGSTOP)
        wait_for(lambda: state_of(self.pid) == "T", "it to be stopped")
        for _ in range(waiting):
            self.clients.append(socket.create_connection(("127.0.0.1", port)))

    @property
    def pid(self):
        return self.process.pid

    @property
    def args(self):
        return {"name": self.name, "pid": self.pid, "signal": "CONT"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.close()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def at_terminal(argv, environment, answers):
    """A command on a terminal: each of 'answers' is (what is waited for, what is done then); its status and all of it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(argv[0], argv, {**environment, "TERM": "dumb", "COLUMNS": "100"})
    shown, waiting, deadline = "", list(answers), time.monotonic() + 120
    while time.monotonic() < deadline:
        if waiting and waiting[0][0] in shown:
            said = waiting.pop(0)[1](shown)
            os.write(terminal, said.encode() if said else b"")
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            shown += os.read(terminal, 65536).decode("utf-8", "replace")
        except OSError:
            break
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.replace("\r\n", "\n")
