"""What a map in the kernel has (bpf(2)): keys of any kind, values that are counts of 64 bits."""
import ctypes
import os
import platform
import struct

NUMBER = {"x86_64": 321, "aarch64": 280}[platform.machine()]
LOOK_UP, NEXT_KEY, FD_OF_ID, INFO = 1, 4, 14, 15
PER_CPU = (5, 6, 10)  # BPF_MAP_TYPE_PERCPU_HASH, _PERCPU_ARRAY, _LRU_PERCPU_HASH
OF_MAPS = 12  # BPF_MAP_TYPE_ARRAY_OF_MAPS
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    block = ctypes.create_string_buffer(attributes, 128)
    done = libc.syscall(NUMBER, command, block, 128)
    if done < 0:
        raise OSError(ctypes.get_errno(), f"bpf command {command}")
    return done


def describe(fd):
    """(type, bytes of a key, bytes of a value, name)"""
    info = ctypes.create_string_buffer(256)
    bpf(INFO, struct.pack("=IIQ", fd, len(info), ctypes.addressof(info)))
    kind, _, n_key, n_value, _, _ = struct.unpack_from("=6I", info)
    return kind, n_key, n_value, info.raw[24:40].rstrip(b"\0").decode()


def keys(fd, n_key):
    key, following = None, ctypes.create_string_buffer(n_key)
    while True:
        try:
            bpf(NEXT_KEY, struct.pack("=IIQQ", fd, 0, ctypes.addressof(key) if key else 0, ctypes.addressof(following)))
        except OSError:
            return
        yield following.raw
        key = ctypes.create_string_buffer(following.raw, n_key)


def first(fd):
    """The number of the map that an array of maps has first."""
    key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(4)
    bpf(LOOK_UP, struct.pack("=IIQQ", fd, 0, ctypes.addressof(key), ctypes.addressof(value)))
    return struct.unpack("=I", value.raw)[0]


def read(number, name=None):
    """{key: count}, or None for a map of another name; of an array of maps what the first one has."""
    fd = bpf(FD_OF_ID, struct.pack("=I", number))
    try:
        kind, n_key, _, found = describe(fd)
        if name and found != name[:15]:
            return None
        if kind == OF_MAPS:
            return read(first(fd))
        counts = {}
        n_counts = os.sysconf("SC_NPROCESSORS_CONF") if kind in PER_CPU else 1
        for one in list(keys(fd, n_key)):
            key, value = ctypes.create_string_buffer(one, n_key), ctypes.create_string_buffer(8 * n_counts)
            bpf(LOOK_UP, struct.pack("=IIQQ", fd, 0, ctypes.addressof(key), ctypes.addressof(value)))
            counts[one] = sum(struct.unpack(f"={n_counts}Q", value.raw[:8 * n_counts]))
        return counts
    finally:
        os.close(fd)
