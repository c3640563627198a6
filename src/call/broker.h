/*
 * The broker: a typed, read-only window for what the sandbox's walls blind.
 *
 * A sandboxed job cannot look into other processes (Landlock makes them
 * un-ptraceable), nor read the kernel log. A small root process without
 * network answers these few questions about the same machine; each answer is
 * bounded, and the environment of a process is never among them.
 *
 * Without root the broker answers for the caller's own processes and says what
 * it could not see in "unread".
 */
#pragma once

#include "call/tool.h"

enum broker_question {
	/* {"pid"?} -> {"processes":[{pid, n_fds, files:[{fd, path, type, deleted, size_bytes,
	 * disk_bytes, access, inode, device}]}]}. type: file dir socket pipe device anon. Without
	 * pid only n_fds of each, and the files that are deleted or open for writing. */
	BROKER_OPEN_FILES,
	/* {"pid"} -> {exe, cwd, root, io:{...}, exe_deleted, maps_files:[{path, deleted}]} */
	BROKER_PROCESS,
	/* {} -> {"sockets":[{inode, pid, comm, fd}]} */
	BROKER_SOCKET_OWNERS,
	/* {"since_s"?, "max_lines"?} -> {"lines":[{time_ns, priority, facility, text}], lost},
	 * times counted from boot */
	BROKER_KERNEL_LOG,
	/* {} -> {"processes":[{pid, read_bytes, write_bytes, ...}]} of /proc/PID/io */
	BROKER_PROCESS_IO,
	/* {} -> {"filesystems":{MOUNT:{...}}}, see host/filesystems.h: also of those that lie
	 * where only root may look, or were mounted after the job's own view was made */
	BROKER_FILESYSTEMS,
	/* {} -> {status, state, offset_s, max_error_s}, see host/clock_sync.h: no job may make the
	 * call that also sets the clock */
	BROKER_CLOCK,
	/* {} -> {low, high}, see host/outgoing_ports.h: a job's network has a range of its own */
	BROKER_OUTGOING_PORTS,
	/* {"addresses": {"0xffff...": null}} -> {"names": {"0xffff...": "vfs_read+0x1f"}} of those
	 * that are in a function of the kernel, see host/kernel_names.h */
	BROKER_KERNEL_NAMES,
	/* {"pid"} -> {"maps":[{start, end, offset, path, inode}]}, see host/code_maps.h */
	BROKER_CODE_MAPS,
	/* {"target"} -> what the tracepoint records, see host/tracepoint.h */
	BROKER_TRACEPOINT,
	BROKER_N_QUESTIONS,
};

/*
 * Asks; a new reference, or NULL with 'err'. A job without a broker answers itself with what it
 * may see, a fixture with what it recorded (-EPERM if nothing).
 */
json_t *broker_ask(struct task *task, enum broker_question question, const json_t *args,
		   struct error *err);

/*
 * Asks the steward of signed programs, whom a job with TOOL_NEEDS_STEWARD reaches in the broker's
 * place; 'ask' and 'args' are as in kernel/program/life/steward.h. The answer is a new reference:
 * with 'err' set it is the body of a refusal, or NULL. -ENOTSUP where nobody leads programs.
 */
json_t *steward_ask(struct task *task, const char *ask, const json_t *args, struct error *err);

/* The client end of a connection a job inherited as 'fd'. */
struct broker *broker_new(int fd);
void broker_free(struct broker *broker);

/* The other end: answers questions on 'fd' about 'host' until it closes. */
int broker_serve(int fd, struct host *host, struct error *err) MUST_CHECK;

/* As broker_ask() does in a process that may look itself; also behind broker_serve(). */
json_t *broker_answer(struct host *host, enum broker_question question, const json_t *args,
		      struct error *err);
