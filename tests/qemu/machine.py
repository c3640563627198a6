"""Boots a machine with a kernel of its own in qemu and passes on what a test inside prints.

The processor is emulated (no /dev/kvm needed), so a boot takes some ten seconds. The disks are
snapshots: nothing a machine writes is kept. It ends with the test, or after its time.
"""
import contextlib
import os
import selectors
import shutil
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.abspath(os.environ.get("BUILD", "build"))
CLOUD = "linux-image-cloud-amd64"
COMMAND_LINE = ("root=/dev/nvme0n1 rw console=ttyS0 loglevel=1 net.ifnames=0 "
                "mitigations=off panic=-1 systemd.unit=multi-user.target "
                "systemd.show_status=0 systemd.getty_auto=0")


class Trouble(Exception):
    """The machine did not do what was asked of it."""


def kernel_of(package):
    folder = os.path.join(BUILD, "qemu", package, "boot")
    names = [name for name in os.listdir(folder) if name.startswith("vmlinuz")]
    return os.path.join(folder, names[0])


def disk(number, drive):
    """Namespaces of one controller: the first is /dev/nvme0n1, whatever the order of probing."""
    return ["-drive", f"{drive},format=raw,if=none,id=disk{number},snapshot=on",
            "-device", f"nvme-ns,drive=disk{number},bus=disks,nsid={number}"]


def command(package, test, words, more):
    folder = os.path.join(BUILD, "qemu")
    text = " ".join([COMMAND_LINE, f"constable.test={test}", *words])
    return ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-m", "768", "-smp", "4",
            "-display", "none", "-nodefaults", "-no-reboot", "-monitor", "none",
            "-kernel", kernel_of(package), "-append", text,
            "-device", "nvme,id=disks,serial=constable-test",
            *disk(1, f"file={os.path.join(folder, package)}.img"),
            *disk(2, f"file={os.path.join(folder, 'product.img')}"), *more,
            "-serial", f"file:{os.path.join(folder, test + '.console')}", "-serial", "stdio"]


def lines_of(process, seconds):
    """The lines that the machine prints, until it ends or its time is over."""
    deadline, rest = time.monotonic() + seconds, b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(max(0, deadline - time.monotonic())):
            got = os.read(process.stdout.fileno(), 65536)
            if not got:
                raise Trouble("the machine ended before its test")
            *whole, rest = (rest + got).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace").rstrip("\r")
    raise Trouble(f"nothing more after {seconds} s")


@contextlib.contextmanager
def booted(package, test, words=(), more=()):
    """A machine that runs tests/qemu/TEST; 'words' join the kernel's command line."""
    if not shutil.which("qemu-system-x86_64"):
        raise Trouble("qemu-system-x86_64 is not installed")
    subprocess.run([os.path.join(HERE, "make-image"), package], check=True,
                   stdin=subprocess.DEVNULL, timeout=600)
    process = subprocess.Popen(command(package, test, words, more), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def play(test, first, name="", words=(), more=(), seconds=480, package=CLOUD):
    """Prints the points of the test, numbered from 'first'; returns the next number."""
    number, planned, started = first, False, time.monotonic()
    try:
        with booted(package, test, words, more) as process:
            for line in lines_of(process, seconds):
                if line.startswith("exit status "):
                    break
                if line.startswith(("ok ", "not ok ")):
                    verdict, _, promise = line.partition(" - ")
                    line = f"{verdict.rstrip('0123456789 ')} {number} - {name}{promise}"
                    number += 1
                planned = planned or line.startswith("1..")
                if not line.startswith("1.."):
                    print(line, flush=True)
            if not planned or number == first:
                raise Trouble(f"the test ended without a plan ({line})")
    except (Trouble, OSError, subprocess.SubprocessError) as trouble:
        print(f"not ok {number} - {name}the machine runs its test to the end\n# {trouble}; "
              f"see {os.path.join(BUILD, 'qemu', test + '.console')}", flush=True)
        number += 1
    print(f"# {name or test} took {time.monotonic() - started:.0f} s", flush=True)
    return number
