/*
 * What the kernel tells of each thread when all are read at once: written by bpf/processes.bpf.c,
 * read by process_stream.c. Both are built from this file alone, so it includes nothing of ours.
 *
 * The stream holds one record for each thread, ascending by its number. That of a process's first
 * thread is a whole struct process_record, which struct kernel_record continues if it is one of the
 * kernel's own; of any other thread only its head, a struct thread_record.
 */
#pragma once

#include <stdint.h>

#define PROCESS_RECORD_COMM_BYTES 16
#define PROCESS_RECORD_WORKER 0x00000020 /* PF_WQ_WORKER, of 'flags' */
#define PROCESS_RECORD_KERNEL 0x00200000 /* PF_KTHREAD */

struct thread_record {
	uint32_t tid, pid;
	uint64_t user_ns, system_ns; /* as sampled by the timer */
	uint64_t runtime_ns;         /* as the scheduler counts it */
	uint64_t major_faults;
};

struct process_record {
	struct thread_record thread;           /* with what threads left that are gone */
	uint64_t told_user_ns, told_system_ns; /* what /proc said last: it never goes back */
	uint64_t started_ns;                   /* after boot */
	uint64_t rss_pages;
	uint64_t io_delay_ns;
	uint32_t ppid;
	uint32_t uid;   /* effective */
	uint32_t flags; /* PF_* */
	uint32_t state, exit_state;
	uint32_t n_threads;
	char comm[PROCESS_RECORD_COMM_BYTES]; /* NUL-terminated */
};

/* What /proc makes a kernel thread's name of. */
struct kernel_record {
	struct process_record process;
	char name[64];       /* where 'comm' has no room for it, else "" */
	char work[32];       /* what a worker did last, or "" */
	uint32_t is_known;   /* 0: this kernel has it elsewhere, ask /proc */
	uint32_t is_working; /* does it now */
};

_Static_assert(sizeof(struct thread_record) == 40, "no padding");
_Static_assert(sizeof(struct process_record) == 120, "no padding");
_Static_assert(sizeof(struct kernel_record) == 224, "no padding");
