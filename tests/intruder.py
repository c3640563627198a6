"""System calls made inside another process, as whoever has taken it over would make them.

The process is stopped with ptrace, its registers are set to the call, one instruction runs, and
everything is put back. For x86_64 and root.
"""
import ctypes
import errno
import os
import signal
import struct

PTRACE = {"singlestep": 9, "getregs": 12, "setregs": 13, "detach": 17, "seize": 0x4206,
          "interrupt": 0x4207}
NAMES = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss "
         "fs_base gs_base ds es fs gs").split()
ARGUMENTS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
SYSCALL = b"\x0f\x05"
RED_ZONE = 1024

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long


def ptrace(request, pid, data=None):
    if LIBC.ptrace(PTRACE[request], pid, None, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}")


class Intruder:
    """With it, `call(number, ...)` gives what the kernel answers: a number, or an errno's name."""

    def __init__(self, pid):
        self.pid = pid
        self.memory = self.registers = self.instruction = None

    def __enter__(self):
        ptrace("seize", self.pid)
        ptrace("interrupt", self.pid)
        os.waitpid(self.pid, 0)
        # pylint: disable-next=consider-using-with
        self.memory = open(f"/proc/{self.pid}/mem", "r+b", buffering=0)
        self.registers = self.get()
        self.instruction = self.find()
        return self

    def __exit__(self, *_):
        self.memory.close()
        self.set(self.registers)
        ptrace("detach", self.pid)

    def get(self):
        words = (ctypes.c_ulonglong * len(NAMES))()
        ptrace("getregs", self.pid, ctypes.byref(words))
        return dict(zip(NAMES, words))

    def set(self, registers):
        words = (ctypes.c_ulonglong * len(NAMES))(*(registers[name] for name in NAMES))
        ptrace("setregs", self.pid, ctypes.byref(words))

    def find(self):
        """Where the C library has the instruction."""
        with open(f"/proc/{self.pid}/maps", encoding="utf-8") as maps:
            for line in maps:
                if "r-xp" in line and "/libc.so" in line:
                    start, end = (int(word, 16) for word in line.split()[0].split("-"))
                    self.memory.seek(start)
                    return start + self.memory.read(end - start).index(SYSCALL)
        raise LookupError("no C library")

    def call(self, number, *arguments):
        """Arguments are numbers, or bytes, which are put where nobody's stack is."""
        registers = dict(self.registers, rax=number, orig_rax=2**64 - 1, rip=self.instruction)
        at = (registers["rsp"] - RED_ZONE) & ~15
        for name, value in zip(ARGUMENTS, arguments):
            if isinstance(value, bytes):
                at -= len(value) + 16 & ~15
                self.memory.seek(at)
                self.memory.write(value)
                value = at
            registers[name] = value % 2**64
        self.set(registers)
        ptrace("singlestep", self.pid)
        _, status = os.waitpid(self.pid, 0)
        if not os.WIFSTOPPED(status) or os.WSTOPSIG(status) != signal.SIGTRAP:
            raise ChildProcessError(f"the process is gone: {status:#x}")
        value = struct.unpack("q", struct.pack("Q", self.get()["rax"]))[0]
        return errno.errorcode[-value] if -4096 < value < 0 else value
