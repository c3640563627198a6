/*
 * The program that tells a host's process table in one go: bpf/processes.bpf.c, put into the
 * kernel. Who holds the link makes descriptors from it (BPF_ITER_CREATE), and a program that
 * nobody holds is gone.
 *
 * Costs tens of milliseconds and 13 MB for a moment, since the layout of all of the kernel's
 * structures is read: for a process that ends. Needs CAP_BPF and CAP_PERFMON, kernel 5.8 with BTF,
 * and the first namespace of process numbers and of time, as only there the kernel's own are
 * /proc's.
 */
#pragma once

#include "base/error.h"

/* The link, or a negative errno where this kernel or this process cannot have it. */
int processes_load(struct error *err) MUST_CHECK;
