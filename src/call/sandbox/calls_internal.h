/*
 * The system calls of each set, as lists of numbers that end with -1. What is
 * on no list of a profile is refused with EPERM, what is newer than CALLS_KNOWN
 * with ENOSYS, so that libraries fall back. calls.c has what every architecture
 * has; calls_ARCH.c adds its own, older ones.
 */
#pragma once

#include <stdint.h>

#define CALLS_KNOWN 450 /* set_mempolicy_home_node: the newest that is judged by name */

extern const uint32_t calls_audit_arch;

extern const int calls_base[], calls_base_of_arch[];
extern const int calls_metadata[], calls_metadata_of_arch[];
extern const int calls_process[];
extern const int calls_acquire[], calls_acquire_of_arch[]; /* new files, programs, sockets */
extern const int calls_keep[]; /* what writes and turns a log, and accepts clients */
extern const int calls_connect[];
extern const int calls_trace[];
extern const int calls_agent[];
extern const int calls_lock[];
extern const int calls_listen[];
extern const int calls_confine[];
extern const int calls_client[], calls_client_of_arch[]; /* looks at files, not what opens them */

/* Refused in every profile: doors to the kernel, to other processes, to the host's state. */
extern const int calls_hostile[], calls_hostile_of_arch[];

/* fork and vfork, where they are calls of their own. */
extern const int calls_fork_of_arch[];

/* open(2) with its flags as second argument, or -1. */
extern const int calls_open_of_arch;
