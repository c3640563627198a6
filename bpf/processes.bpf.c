/*
 * SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only
 *
 * The process table of the kernel, as records: what /proc/PID/stat and the owner of /proc/PID say,
 * of all processes in a few reads. An iterator: it is attached to nothing and runs only while
 * somebody reads a descriptor made from it.
 *
 * The structures name what is read and no more; the loader finds where this kernel has it. A
 * pointer that leads nowhere reads as 0.
 */
#include "host/process_record.h"

typedef uint8_t __u8;
typedef uint16_t __u16, __be16;
typedef int32_t __s32;
typedef uint32_t __u32, __be32, __wsum;
typedef int64_t __s64;
typedef uint64_t __u64;

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

const char program_license[] SEC("license") = "GPL";

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct cred {
	struct {
		uint32_t val;
	} euid;
};

struct percpu_counter {
	int64_t count;
};

enum mm_counter {
	COUNTER_FILE,
	COUNTER_ANONYMOUS,
	COUNTER_SWAP,
	COUNTER_SHARED,
	N_COUNTERS,
};

struct mm_struct {
	struct percpu_counter rss_stat[N_COUNTERS];
};

struct mm_rss_stat {
	struct {
		int64_t counter;
	} count[N_COUNTERS];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat rss_stat;
};

struct prev_cputime {
	uint64_t utime, stime;
};

struct signal_struct {
	int nr_threads;
	struct prev_cputime prev_cputime;
	uint64_t utime, stime;
	uint64_t sum_sched_runtime;
	unsigned long maj_flt;
};

struct task_delay_info {
	uint64_t blkio_delay, swapin_delay;
};

/* Since then time spent in reading from swap is no longer counted as of the other kind as well. */
struct task_delay_info___since_5_17 {
	uint64_t swapin_start;
};

struct sched_entity {
	uint64_t sum_exec_runtime;
};

struct worker_pool;
struct work_struct;

struct worker {
	struct work_struct *current_work;
	struct worker_pool *pool;
	char desc[24];
};

struct kthread {
	void *data;
	char *full_name;
};

struct task_struct {
	unsigned int __state;
	unsigned int flags;
	struct sched_entity se;
	struct mm_struct *mm;
	int exit_state;
	int pid, tgid;
	struct task_struct *real_parent;
	uint64_t utime, stime;
	uint64_t start_boottime;
	unsigned long maj_flt;
	const struct cred *real_cred;
	char comm[PROCESS_RECORD_COMM_BYTES];
	struct signal_struct *signal;
	struct task_delay_info *delays;
	void *worker_private; /* since 5.17 */
};

struct task_struct___before_5_14 {
	long state;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

static uint64_t counted(int64_t count)
{
	return count > 0 ? (uint64_t)count : 0;
}

static uint64_t rss_pages(const struct mm_struct *mm)
{
	const struct mm_struct___before_6_2 *old = (const void *)mm;

	/* By the helper: these kernels' verifier follows no pointer into an atomic_long_t. */
	if (bpf_core_field_exists(old->rss_stat.count))
		return counted(BPF_CORE_READ(old, rss_stat.count[COUNTER_FILE].counter)) +
		       counted(BPF_CORE_READ(old, rss_stat.count[COUNTER_ANONYMOUS].counter)) +
		       counted(BPF_CORE_READ(old, rss_stat.count[COUNTER_SHARED].counter));
	return counted(mm->rss_stat[COUNTER_FILE].count) +
	       counted(mm->rss_stat[COUNTER_ANONYMOUS].count) +
	       counted(mm->rss_stat[COUNTER_SHARED].count);
}

static uint32_t state(const struct task_struct *task)
{
	const struct task_struct___before_5_14 *old = (const void *)task;

	if (bpf_core_field_exists(old->state))
		return (uint32_t)old->state;
	return task->__state;
}

static uint64_t io_delay_ns(const struct task_struct *task)
{
	const struct task_delay_info___since_5_17 *since = (const void *)0;

	if (!bpf_core_field_exists(task->delays))
		return 0;
	if (bpf_core_field_exists(since->swapin_start))
		return task->delays->blkio_delay;
	return task->delays->blkio_delay + task->delays->swapin_delay;
}

static void describe(const struct task_struct *task, struct process_record *record)
{
	const struct signal_struct *all = task->signal;

	record->thread.user_ns += all->utime;
	record->thread.system_ns += all->stime;
	record->thread.runtime_ns += all->sum_sched_runtime;
	record->thread.major_faults += all->maj_flt;
	record->told_user_ns = all->prev_cputime.utime;
	record->told_system_ns = all->prev_cputime.stime;
	record->started_ns = task->start_boottime;
	record->io_delay_ns = io_delay_ns(task);
	record->ppid = (uint32_t)task->real_parent->tgid;
	record->uid = task->real_cred->euid.val;
	record->flags = task->flags;
	record->state = state(task);
	record->exit_state = (uint32_t)task->exit_state;
	record->n_threads = (uint32_t)all->nr_threads;
	if (task->mm && !(record->flags & PROCESS_RECORD_KERNEL))
		record->rss_pages = rss_pages(task->mm);
	(void)bpf_probe_read_kernel(record->comm, sizeof(record->comm), task->comm);
}

static void describe_worker(const struct worker *worker, struct kernel_record *record)
{
	if (!BPF_CORE_READ(worker, pool))
		return;
	record->is_working = BPF_CORE_READ(worker, current_work) != 0;
	bpf_core_read_str(record->work, sizeof(record->work), &worker->desc);
}

static void describe_kernel(const struct task_struct *task, struct kernel_record *record)
{
	const struct kthread *kthread = 0;
	const char *name;

	if (!bpf_core_field_exists(task->worker_private) ||
	    !bpf_core_field_exists(kthread->full_name))
		return;
	kthread = task->worker_private;
	name = kthread ? BPF_CORE_READ(kthread, full_name) : 0;
	if (name)
		bpf_probe_read_kernel_str(record->name, sizeof(record->name), name);
	if (kthread && record->process.flags & PROCESS_RECORD_WORKER)
		describe_worker(BPF_CORE_READ(kthread, data), record);
	record->is_known = 1;
}

SEC("iter/task")
int list_processes(struct bpf_iter__task *context)
{
	const struct task_struct *task = context->task;
	struct kernel_record all = { 0 };
	uint32_t size = sizeof(all.process);

	if (!task)
		return 0;
	all.process.thread.tid = (uint32_t)task->pid;
	all.process.thread.pid = (uint32_t)task->tgid;
	all.process.thread.user_ns = task->utime;
	all.process.thread.system_ns = task->stime;
	all.process.thread.runtime_ns = task->se.sum_exec_runtime;
	all.process.thread.major_faults = task->maj_flt;
	if (task->pid != task->tgid) {
		bpf_seq_write(context->meta->seq, &all.process.thread, sizeof(all.process.thread));
		return 0;
	}
	describe(task, &all.process);
	if (all.process.flags & PROCESS_RECORD_KERNEL) {
		describe_kernel(task, &all);
		size = sizeof(all);
	}
	/* What found no room the kernel asks for again. */
	bpf_seq_write(context->meta->seq, &all, size);
	return 0;
}
