/* The programs of bpf/ as clang compiled them, made when building: ELF for libbpf. */
#pragma once

#include <stddef.h>

extern const unsigned char processes_object[];
extern const size_t processes_object_bytes;
