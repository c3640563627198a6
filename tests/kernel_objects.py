"""What of programs of a known name is in the kernel (bpf(2)): programs, maps and links, whoever holds or pins them."""
import ctypes
import os
import struct

from bpf_map import FD_OF_ID as MAP_OF_ID
from bpf_map import INFO, NUMBER, bpf, libc

NEXT_PROGRAM, NEXT_MAP, PROGRAM_OF_ID, PROGRAMS_AT, LINK_OF_ID, NEXT_LINK = 11, 12, 13, 16, 30, 31
CONNECT6 = 11  # BPF_CGROUP_INET6_CONNECT
PROGRAM_NAME, MAP_NAME = 64, 24  # where struct bpf_prog_info and bpf_map_info have it


def ids(command):
    number = 0
    while True:
        block = ctypes.create_string_buffer(struct.pack("=II", number, 0), 128)
        try:
            number = next_id(command, block)
        except OSError:
            return
        yield number


def next_id(command, block):
    if libc.syscall(NUMBER, command, block, 128) < 0:
        raise OSError(ctypes.get_errno(), f"bpf command {command}")
    return struct.unpack_from("=I", block, 4)[0]


def info_of(command, number):
    """None for one that went meanwhile."""
    try:
        fd = bpf(command, struct.pack("=I", number))
    except OSError:
        return None
    info = ctypes.create_string_buffer(256)
    try:
        bpf(INFO, struct.pack("=IIQ", fd, len(info), ctypes.addressof(info)))
        return info.raw
    finally:
        os.close(fd)


def named(next_command, command, at, prefix):
    found = {}
    for number in ids(next_command):
        info = info_of(command, number)
        name = info[at:at + 16].rstrip(b"\0").decode() if info else ""
        if name.startswith(prefix):
            found[number] = name
    return found


def at_group(path, attach_type):
    """How many programs are attached to a control group in that way."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    found = ctypes.create_string_buffer(4 * 64)
    block = ctypes.create_string_buffer(struct.pack("=4IQI", fd, attach_type, 0, 0, ctypes.addressof(found), 64), 128)
    try:
        if libc.syscall(NUMBER, PROGRAMS_AT, block, 128) < 0:
            raise OSError(ctypes.get_errno(), "bpf command BPF_PROG_QUERY")
        return struct.unpack_from("=I", block, 24)[0]
    finally:
        os.close(fd)


class Objects:
    """All whose names begin so, as they are now."""

    def __init__(self, prefix):
        self.programs = named(NEXT_PROGRAM, PROGRAM_OF_ID, PROGRAM_NAME, prefix)
        self.maps = named(NEXT_MAP, MAP_OF_ID, MAP_NAME, prefix)
        self.links = {}
        for number in ids(NEXT_LINK):
            info = info_of(LINK_OF_ID, number)
            program = struct.unpack_from("=3I", info)[2] if info else 0
            if program in self.programs:
                self.links[number] = self.programs[program]

    def __repr__(self):
        return f"programs {self.programs}, maps {self.maps}, links {self.links}"

    def __bool__(self):
        return bool(self.programs or self.maps or self.links)
