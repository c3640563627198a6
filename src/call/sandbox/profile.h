/*
 * Profiles and walls: what a job may do, by name.
 *
 * A profile is a compiled table (mounts, uid and capabilities, network, system
 * calls, Landlock rights, default limits); a wall is one mechanism that
 * enforces it. The layers of a result name the walls that stood.
 */
#pragma once

#include "base/base.h"

enum sandbox_profile {
	PROFILE_DIAGNOSE,      /* read-only host view, no network */
	PROFILE_DIAGNOSE_ROOT, /* plus reading any file (CAP_DAC_READ_SEARCH) below the policy's
				  roots */
	PROFILE_PROBE,         /* host network, declared targets only, as the service's user */
	PROFILE_SCRIPT,        /* overlay or minimal root, scratch */
	PROFILE_TRACE,         /* diagnose, plus eBPF and perf events */
	PROFILE_FULL,          /* changes the host: its processes, files and network */
	PROFILE_INVESTIGATOR,  /* no network, no host: two descriptors, see confine.h */
	PROFILE_N,
};

enum sandbox_wall {
	WALL_USER_NS = 1 << 0, /* only where we are not root */
	WALL_PID_NS = 1 << 1,
	WALL_MOUNT_NS = 1 << 2, /* own mount tree */
	WALL_READ_ONLY = 1 << 3,
	WALL_MASKS = 1 << 4,
	WALL_NET_NS = 1 << 5,
	WALL_IPC_NS = 1 << 6,
	WALL_UTS_NS = 1 << 7,
	WALL_UID = 1 << 8, /* dedicated uid */
	WALL_CAPABILITIES = 1 << 9,
	WALL_NO_NEW_PRIVS = 1 << 10,
	WALL_LANDLOCK = 1 << 11,
	WALL_SECCOMP = 1 << 12,
	WALL_CGROUP = 1 << 13,
	WALL_RLIMITS = 1 << 14,
	WALL_N = 15,
};

/*
 * Whom a probe may talk to: a compiled row of TCP ports, unix sockets and the
 * user it runs as. What the row does not name cannot be reached.
 */
enum sandbox_target {
	TARGET_ANY_TCP, /* any TCP or UDP port, no unix socket; a uid of our own */
	TARGET_DNS,
	TARGET_HTTP, /* web servers here: their usual ports */
	TARGET_POSTGRESQL,
	TARGET_MARIADB,
	TARGET_REDIS,
	TARGET_N,
};

struct sandbox_limits {
	uint64_t wall_ns;
	uint64_t cpu_ns;
	uint64_t memory_bytes;
	uint64_t output_bytes; /* more is a flood: the job is killed */
	uint32_t n_processes;
	uint32_t n_files;
	uint32_t cpu_permille; /* of one CPU */
	uint32_t reserved;
};

/* Job executables, one per library family; the launcher's table has their names. */
enum job_executable {
	JOB_PLAIN,   /* constable-job: libc, jansson, PCRE2 */
	JOB_NET,     /* constable-job-net: libpq, TLS, DNS */
	JOB_SYSTEMD, /* constable-job-systemd: journal, D-Bus */
	JOB_ARCHIVE, /* constable-job-archive: libarchive */
	JOB_BPF,     /* constable-job-bpf: libbpf */
	JOB_N,
};

const char *sandbox_profile_name(enum sandbox_profile profile);
const char *sandbox_wall_name(enum sandbox_wall wall);
const char *job_executable_name(enum job_executable executable);

/* The profile that a tool's needs (enum tool_needs) call for. */
enum sandbox_profile sandbox_profile_for(unsigned needs);

struct sandbox_limits sandbox_default_limits(enum sandbox_profile profile);
