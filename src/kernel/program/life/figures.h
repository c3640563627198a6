/*
 * What the kernel says of a program and its maps, by their descriptors.
 *
 * Run time is counted only while somebody holds the kernel's statistics on, and is that of the
 * program's own instructions: how a program is entered and left is not in it.
 */
#pragma once

#include "base/error.h"

/* About what it takes to enter and leave a program once, with the statistics off: measured on
 * tracepoints from 75 to 115 ns. */
#define FIGURES_ENTRY_NS 100

struct figures {
	uint64_t runs, run_ns; /* while statistics were on */
	uint64_t missed;       /* not run, as it was running already on that processor */
};

int figures_read(int program, struct figures *figures_out) MUST_CHECK;

struct bpf_map_info;

/* What the kernel says of a map. */
int figures_read_map(int map, struct bpf_map_info *info_out) MUST_CHECK;

/* What a program's or a map's descriptor keeps in memory; 0 where the kernel does not say. */
uint64_t figures_memory_bytes(int fd);

/* What a map holds at 'key', or all its elements together where it is a hash: of at most 'max' of
 * them. -EINVAL for a map whose elements are no numbers. */
int figures_count(int map, uint32_t key, size_t max, uint64_t *sum_out);
