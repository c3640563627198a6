#!/usr/bin/env python3
"""stimulus.py NAME FOLDER: something of known count for one preset.

Says "ready", waits for a line, does it, prints what a trace must have seen as JSON.
"""
import atexit
import contextlib
import ctypes
import errno
import fcntl
import json
import mmap
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)
FOLDER = sys.argv[2]
PAGE = mmap.PAGESIZE


def usage():
    return resource.getrusage(resource.RUSAGE_SELF)


def file_opens():
    there, missing = f"{FOLDER}/there", f"{FOLDER}/missing"
    os.close(os.open(there, os.O_CREAT | os.O_RDWR))
    for i in range(200):
        os.close(os.open(there, os.O_RDONLY))
        if i % 2:
            try:
                os.open(missing, os.O_RDONLY)
            except FileNotFoundError:
                pass
    return {"ok": 201, "missing": 100, "there": there, "absent": missing}


def listener():
    server = socket.create_server(("127.0.0.1", 0), backlog=256)

    def serve():
        while True:
            client, _ = server.accept()
            with contextlib.suppress(ConnectionResetError):
                client.recv(1)
            client.close()
    threading.Thread(target=serve, daemon=True).start()
    return server.getsockname()[1]


PORT = 0
N_PACKETS, PACKETS_S = 200000, 7  # so many that those of others hardly count, or as many as come in that time


def abort(client):
    """Closes it at once, without the other end."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def connects(seconds=0.0):
    least = most = 0.0
    for _ in range(40):
        before = time.monotonic()
        client = socket.create_connection(("127.0.0.1", PORT))
        there = time.monotonic()
        time.sleep(seconds)
        least += time.monotonic() - there
        abort(client)
        most += time.monotonic() - before
    return {"count": 40, "peer": f"127.0.0.1:{PORT}", "least": least, "most": most}


def resets():
    for _ in range(50):
        client = socket.socket()
        client.connect(("127.0.0.1", PORT))
        abort(client)
    return {"count": 50, "peer": f"127.0.0.1:{PORT}"}


def retransmits():
    """In a network of its own, whose other end drops everything: one second later each is sent again."""
    sockets = []
    for _ in range(20):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("198.18.0.2", 9))
        sockets.append(one)
    time.sleep(1.3)
    return {"count": 20, "peer": "198.18.0.2:9"}


def dns():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.99", 53))

    def serve():
        while True:
            question, whence = server.recvfrom(512)
            time.sleep(0.008)
            server.sendto(question, whence)
    threading.Thread(target=serve, daemon=True).start()
    waited = 0.0
    for _ in range(30):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.99", 53))
            begin = time.monotonic()
            client.send(b"who are you?")
            client.recv(512)
            waited += time.monotonic() - begin
    return {"count": 30, "server": "127.0.0.99:53", "seconds": waited}


def execs():
    program = f"{FOLDER}/tracee-exec"
    for _ in range(40):
        subprocess.run([program], check=True)
    return {"count": 40, "file": program}


def exits():
    for i in range(60):
        pid = os.fork()
        if pid == 0:
            if i % 3 == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            os._exit(3)
        os.waitpid(pid, 0)
    return {"exit 3": 40, "signal KILL": 20}


def signals():
    signal.signal(signal.SIGUSR1, lambda *_: None)
    for _ in range(100):
        os.kill(os.getpid(), signal.SIGUSR1)
    return {"count": 100}


def syscalls():
    for i in range(1000):
        LIBC.getppid()
        if i % 2:
            LIBC.close(999)
    return {"getppid": 1000, "EBADF": 500}


def writes():
    fd = os.open(f"{FOLDER}/disk", os.O_CREAT | os.O_RDWR | os.O_DIRECT)
    memory = mmap.mmap(-1, PAGE)
    before = time.monotonic()
    for i in range(800):
        os.pwrite(fd, memory, i % 100 * PAGE)
    return {"count": 800, "most": time.monotonic() - before}


LOOP_CTL_ADD, LOOP_CTL_REMOVE = 0x4c80, 0x4c81


def loop_over_memory():
    """By a number that nobody gets who asks for a free one."""
    number = 1000 + os.getpid() % 10000
    fd = os.memfd_create("disk")
    os.ftruncate(fd, 8 << 20)
    with open("/dev/loop-control", "rb") as control:
        fcntl.ioctl(control, LOOP_CTL_ADD, number)
    atexit.register(remove_loop, number)
    subprocess.run(["losetup", f"/dev/loop{number}", f"/proc/{os.getpid()}/fd/{fd}"], check=True)
    os.close(fd)
    return number


def remove_loop(number):
    """Whoever looks at it for a moment, as udev does, makes it busy."""
    until = time.monotonic() + 20
    subprocess.run(["losetup", "-d", f"/dev/loop{number}"], check=False)
    with open("/dev/loop-control", "rb") as control:
        while True:
            try:
                return fcntl.ioctl(control, LOOP_CTL_REMOVE, number)
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic() > until:
                    raise
            time.sleep(0.01)


def sizes():
    """One request for each write, to a device of our own that nobody else looks at."""
    memory, writes_of = mmap.mmap(-1, 8 * PAGE), {PAGE: 300, 8 * PAGE: 100}
    path = f"/dev/loop{LOOP}"
    device = os.open(path, os.O_RDWR | os.O_DIRECT)
    fcntl.flock(device, fcntl.LOCK_EX)  # as udev is asked to leave it alone
    try:
        for size, times in writes_of.items():
            for i in range(times):
                os.pwrite(device, memoryview(memory)[:size], i * size)
    finally:
        os.close(device)
    return {"device": f"7:{LOOP}", "count": sum(writes_of.values()),
            "sum": sum(size * times for size, times in writes_of.items())}


def sleeps():
    before, begin = usage(), time.monotonic()
    for _ in range(400):
        time.sleep(0.002)
    after = usage()
    waited = time.monotonic() - begin - (after.ru_utime + after.ru_stime - before.ru_utime -
                                         before.ru_stime)
    call_itself("done")  # on a busy machine it is pushed aside on its way out too
    return {"count": after.ru_nvcsw + after.ru_nivcsw - before.ru_nvcsw - before.ru_nivcsw,
            "seconds": waited}


def faults():
    before = usage().ru_minflt
    memory = mmap.mmap(-1, 2000 * PAGE)
    LIBC.madvise(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(memory))),
                 ctypes.c_size_t(len(memory)), 15)  # MADV_NOHUGEPAGE
    for i in range(2000):
        memory[i * PAGE] = 1
    return {"count": usage().ru_minflt - before}


def oom():
    group = f"/sys/fs/cgroup/memory/{os.path.basename(FOLDER)}"
    victims = []
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            with open(f"{group}/cgroup.procs", "w", encoding="ascii") as procs:
                procs.write(str(os.getpid()))
            bytearray(b"x" * (64 << 20))
            os._exit(0)
        victims.append(pid)
        os.waitpid(pid, 0)
    return {"pids": victims}


def packets():
    def count():
        with open("/proc/softirqs", encoding="ascii") as lines:
            return sum(int(n) for line in lines if "NET_RX" in line for n in line.split()[1:])
    before = count()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        until = time.monotonic() + PACKETS_S
        for _ in range(N_PACKETS):
            client.sendto(b"x", ("127.0.0.1", 9))
            if time.monotonic() > until:
                break
    return {"count": count() - before}


class Control(ctypes.Structure):
    """struct iocb."""
    _fields_ = [("data", ctypes.c_uint64), ("key", ctypes.c_uint32), ("flags", ctypes.c_uint32),
                ("opcode", ctypes.c_uint16), ("priority", ctypes.c_int16), ("fd", ctypes.c_uint32),
                ("buffer", ctypes.c_uint64), ("n_bytes", ctypes.c_uint64),
                ("offset", ctypes.c_int64), ("reserved", ctypes.c_uint64 * 3)]


N_UNDER_WAY = 8
FIFREEZE, FITHAW = 0xc0045877, 0xc0045878


def hold_writes(device, filesystem, rounds):
    """Each time so many writes are begun while the file system below the device is frozen."""
    memory = mmap.mmap(-1, PAGE)
    context = ctypes.c_ulong(0)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    controls = [Control(opcode=1, fd=device, buffer=address, n_bytes=PAGE,
                        offset=i * 16 * PAGE) for i in range(N_UNDER_WAY)]
    pointers = (ctypes.c_void_p * N_UNDER_WAY)(*map(ctypes.addressof, controls))
    events = (ctypes.c_uint64 * 4 * N_UNDER_WAY)()
    LIBC.syscall(206, N_UNDER_WAY, ctypes.byref(context))  # io_setup
    for _ in range(rounds):
        fcntl.ioctl(filesystem, FIFREEZE, 0)
        try:
            n = LIBC.syscall(209, context, N_UNDER_WAY, pointers)  # io_submit
        finally:
            fcntl.ioctl(filesystem, FITHAW, 0)
        if n != N_UNDER_WAY or LIBC.syscall(208, context, ctypes.c_long(n), ctypes.c_long(n),
                                            events, None) != n:  # io_getevents
            raise OSError(ctypes.get_errno(), "the writes did not come to their end")


def make_loop():
    """A device of our own above a file system of our own."""
    mount = f"{FOLDER}/below"
    os.mkdir(mount)
    subprocess.run(["truncate", "-s", "64M", f"{FOLDER}/image"], check=True)
    subprocess.run(["mkfs.ext4", "-q", "-F", f"{FOLDER}/image"], check=True)
    subprocess.run(["mount", "-o", "loop", f"{FOLDER}/image", mount], check=True)
    with open(f"{mount}/backing", "wb") as backing:
        backing.write(bytes(8 << 20))
        os.fsync(backing.fileno())
    loop = subprocess.run(["losetup", "-f", "--show", f"{mount}/backing"], check=True,
                          capture_output=True, text=True).stdout.strip()
    atexit.register(unmake_loop, mount, loop)
    return mount, loop


def unmake_loop(mount, loop):
    subprocess.run(["losetup", "-d", loop], check=True)
    subprocess.run(["umount", mount], check=True)


LOOP = None


def queue():
    """Requests that cannot end before the last of them has begun."""
    rounds, (mount, loop) = 20, LOOP
    filesystem = os.open(mount, os.O_RDONLY)
    device = os.open(loop, os.O_RDWR | os.O_DIRECT)
    try:
        hold_writes(device, filesystem, rounds)
    finally:
        os.close(device)
        os.close(filesystem)
    return {"device": f"7:{int(loop.removeprefix('/dev/loop'))}", "count": rounds * N_UNDER_WAY,
            "sum": rounds * sum(range(1, N_UNDER_WAY + 1))}


class Missing:
    """Memory whose pages are not there until we say so (userfaultfd): who touches one waits."""

    def __init__(self, pages):
        self.memory = mmap.mmap(-1, pages * PAGE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self.fd = LIBC.syscall(323, os.O_CLOEXEC | os.O_NONBLOCK)  # else poll() says nothing
        fcntl.ioctl(self.fd, 0xc018aa3f, struct.pack("QQQ", 0xaa, 0, 0))
        fcntl.ioctl(self.fd, 0xc020aa00, struct.pack("QQQQ", self.address, pages * PAGE, 1, 0))

    def page(self, i):
        return memoryview(self.memory)[i * PAGE:(i + 1) * PAGE]

    def come(self, i):
        fcntl.ioctl(self.fd, 0xc020aa04, struct.pack("QQQQ", self.address + i * PAGE, PAGE, 0, 0))


def is_waiting(thread):
    with open(f"/proc/self/task/{thread.native_id}/stat", encoding="ascii") as text:
        return text.read().rsplit(")", 1)[1].split()[0] == "D"


def wait_until(holds):
    until = time.monotonic() + 20
    while not holds():
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(0.0005)


def locks():
    """One thread reads a file into memory that is not there, with the lock of the file's position;
    the others want it."""
    rounds, n_waiters, seconds = 20, 5, 0.01
    missing = Missing(rounds)
    with open(f"{FOLDER}/file", "wb+") as file:
        file.write(bytes(PAGE * rounds))
        file.flush()
        fd = os.dup(file.fileno())
        least = most = 0.0
        for i in range(rounds):
            os.lseek(fd, 0, os.SEEK_SET)
            holder = threading.Thread(target=os.readv, args=(fd, [missing.page(i)]))
            holder.start()
            wait_until(lambda one=holder: one.native_id and LIBC.poll(
                struct.pack("ihh", missing.fd, 1, 0), 1, 0) == 1)
            begin = time.monotonic()
            waiters = [threading.Thread(target=os.lseek, args=(fd, 0, os.SEEK_CUR))
                       for _ in range(n_waiters)]
            for waiter in waiters:
                waiter.start()
            wait_until(lambda: all(waiter.native_id and is_waiting(waiter) for waiter in waiters))
            there = time.monotonic()
            time.sleep(seconds)
            least += n_waiters * (time.monotonic() - there)
            missing.come(i)
            for thread in (holder, *waiters):
                thread.join()
            most += n_waiters * (time.monotonic() - begin)
        os.close(fd)
    return {"count": rounds * n_waiters, "least": least, "most": most}


STIMULI = {
    "file-opens": file_opens, "tcp-connects": connects, "tcp-handshakes": connects,
    "tcp-lifetimes": lambda: connects(0.02), "tcp-resets": resets,
    "tcp-retransmits": retransmits, "dns-latency": dns, "execs": execs, "exits": exits,
    "signals": signals, "syscalls": syscalls, "disk-latency": writes, "vfs-latency": writes,
    "runq-latency": sleeps, "offcpu": sleeps, "page-faults": faults,
    "page-allocations": faults, "oom-kills": oom, "softirqs": packets, "disk-sizes": sizes,
    "lock-contention": locks, "block-queue-depth": queue,
}


def call_itself(name):
    """What a trace knows this process by."""
    with open("/proc/self/comm", "w", encoding="ascii") as comm:
        comm.write(name[:15])


def main():
    global PORT, LOOP
    name = sys.argv[1]
    call_itself("t-" + name)
    if name == "block-queue-depth":
        LOOP = make_loop()
    if name == "disk-sizes":
        LOOP = loop_over_memory()
    if name.startswith("tcp-") and name != "tcp-retransmits":
        PORT = listener()
    print("ready", flush=True)
    if not sys.stdin.readline():
        sys.exit("nobody said go")
    print(json.dumps(STIMULI[name]()), flush=True)


main()
