/*
 * Rules: what a profile means, as one row of a const table.
 */
#pragma once

#include "call/sandbox/profile.h"

/* One bit per Linux capability. */
#define CAPABILITY(number) (UINT64_C(1) << (number))

/* Which mount tree a job sees. */
enum tree_kind {
	TREE_HOST,     /* the host's own, read-only, secrets masked */
	TREE_SCRATCH,  /* the same with a private /tmp and /dev/shm */
	TREE_OWN_PROC, /* the host's, with a /proc that shows the sandbox only */
	TREE_NONE,     /* the host's mount namespace as it is */
};

/* Groups of system calls beyond those that every profile has; see calls.h. */
enum call_set {
	CALLS_METADATA = 1 << 0, /* chmod, rename, unlink: only behind a read-only tree */
	CALLS_CONNECT = 1 << 1,  /* IPv4 and IPv6 stream and datagram sockets, to connect */
	CALLS_UNIX = 1 << 7,     /* unix ones, where a target has declared them */
	CALLS_KEEP = 1 << 2,     /* with STILL: files of a log, and clients that come */
	CALLS_TRACE = 1 << 3,    /* bpf, perf_event_open */
	CALLS_HOST = 1 << 4,     /* what changes the host: chown, kill, priorities, servers */
	CALLS_BROKER = 1 << 5,   /* syslog, adjtimex; no open for writing, no new process */
	CALLS_PROCESS = 1 << 6,  /* signals and scheduling inside a pid namespace */
	CALLS_AGENT = 1 << 9,    /* accepts clients, ends its child */
	CALLS_LOCK = 1 << 10,    /* of folders, while their files are replaced */
	CALLS_CLIENT = 1 << 11,  /* with STILL: reads files, resolves names in threads, connects */
	CALLS_LISTEN = 1 << 12,  /* with UNIX: a socket of its own, and who comes to it */
	CALLS_CONFINE = 1 << 13, /* raises further walls around itself, as its children do */
	CALLS_STILL = 1 << 8,    /* opens, starts and makes nothing: only what it has */
};

/* What Landlock grants. */
enum land_kind {
	LAND_READ,    /* read and execute anywhere, write to null, zero, full */
	LAND_ROOTS,   /* the same below the roots that policy names, and what programs need */
	LAND_SCRATCH, /* plus everything below /tmp and /dev/shm */
	LAND_NOTHING, /* not even reading: what is open stays open */
	LAND_AGENT,   /* read anywhere, write in its own folder, run its own programs */
	LAND_SERVER,  /* write in its folders, if any, read its roots, run nothing */
	LAND_NONE,    /* not restricted */
};

struct rules {
	const char *name;
	uint32_t walls; /* those this profile raises, when the process can */
	enum tree_kind tree;
	enum land_kind land;
	unsigned calls;        /* enum call_set */
	uint64_t capabilities; /* kept */
};

const struct rules *rules_of(enum sandbox_profile profile);
const struct rules *rules_of_broker(void);
const struct rules *rules_of_loader(void);
const struct rules *rules_of_steward(void);
const struct rules *rules_of_prober(void);
const struct rules *rules_of_guardian(void);
const struct rules *rules_of_warden(void);
const struct rules *rules_of_store(void);
const struct rules *rules_of_agent(void);
const struct rules *rules_of_server(void);
const struct rules *rules_of_courier(void);
const struct rules *rules_of_starting_courier(void);

/* A row of enum sandbox_target. */
#define TARGET_MAX_PORTS 8
#define TARGET_MAX_SOCKETS 4

struct target {
	const char *user;                 /* service user to run as, NULL: our own uid */
	uint16_t ports[TARGET_MAX_PORTS]; /* TCP; none and any_port unset: none */
	enum {
		TARGET_LISTED_PORTS,
		TARGET_EVERY_PORT
	} scope;
	const char *sockets[TARGET_MAX_SOCKETS]; /* directories whose unix sockets stay visible */
};

const struct target *target_of(enum sandbox_target target);
