#include "call/sandbox/rules_internal.h"

#include <assert.h>
#include <linux/capability.h>

#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif

#define WALLS_ALL (((1U << WALL_N) - 1) & ~(unsigned)WALL_USER_NS)

/* What no approval can give: each is a way to own the kernel or the audit log's keeper. */
#define CAPABILITIES_NEVER                                                                        \
	(CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_SYS_MODULE) |    \
	 CAPABILITY(CAP_SYS_RAWIO) | CAPABILITY(CAP_SYS_BOOT) | CAPABILITY(CAP_MAC_ADMIN) |       \
	 CAPABILITY(CAP_MAC_OVERRIDE) | CAPABILITY(CAP_AUDIT_CONTROL) | CAPABILITY(CAP_PERFMON) | \
	 CAPABILITY(CAP_BPF) | CAPABILITY(CAP_SYS_TIME) | CAPABILITY(CAP_LINUX_IMMUTABLE) |       \
	 CAPABILITY(CAP_WAKE_ALARM))

#define CAPABILITIES_KNOWN ((UINT64_C(1) << 41) - 1)

static const struct rules table[PROFILE_N] = {
	[PROFILE_DIAGNOSE] = { "diagnose", WALLS_ALL, TREE_HOST, LAND_READ, 0, 0 },
	[PROFILE_DIAGNOSE_ROOT] = { "diagnose-root", WALLS_ALL, TREE_HOST, LAND_ROOTS, 0,
				    CAPABILITY(CAP_DAC_READ_SEARCH) },
	[PROFILE_PROBE] = { "probe", WALLS_ALL & ~(unsigned)WALL_NET_NS, TREE_HOST, LAND_READ,
			    CALLS_CONNECT, 0 },
	[PROFILE_SCRIPT] = { "script", WALLS_ALL, TREE_SCRATCH, LAND_SCRATCH,
			     CALLS_METADATA | CALLS_PROCESS, 0 },
	/* CAP_PERFMON reads the environment of other processes, through Landlock too. */
	[PROFILE_TRACE] = { "trace", WALLS_ALL, TREE_OWN_PROC, LAND_READ, CALLS_TRACE,
			    CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON) },
	/* Its purpose is to change the host: no namespace, no Landlock, and what it
	 * starts may outlive it. What remains are the powers that no call gets. */
	[PROFILE_FULL] = { "full",
			   WALL_CAPABILITIES | WALL_NO_NEW_PRIVS | WALL_SECCOMP | WALL_CGROUP |
				   WALL_RLIMITS,
			   TREE_NONE, LAND_NONE,
			   CALLS_METADATA | CALLS_CONNECT | CALLS_PROCESS | CALLS_HOST,
			   CAPABILITIES_KNOWN & ~CAPABILITIES_NEVER },
	[PROFILE_INVESTIGATOR] = { "investigator",
				   WALL_NO_NEW_PRIVS | WALL_LANDLOCK | WALL_SECCOMP | WALL_RLIMITS,
				   TREE_NONE, LAND_NOTHING, CALLS_STILL, 0 },
};

/* It must see through what blinds the others, so neither Landlock nor a pid
 * namespace; it may not open anything for writing (its system call filter). */
static const struct rules broker = {
	"broker",
	WALL_NET_NS | WALL_IPC_NS | WALL_UTS_NS | WALL_UID | WALL_CAPABILITIES | WALL_NO_NEW_PRIVS |
		WALL_SECCOMP | WALL_CGROUP | WALL_RLIMITS,
	TREE_NONE,
	LAND_NONE,
	CALLS_BROKER,
	CAPABILITY(CAP_DAC_READ_SEARCH) | CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_SYSLOG),
};

/* It reads what the kernel says of itself and puts one program of ours there. */
static const struct rules loader = {
	"loader",
	WALL_NET_NS | WALL_IPC_NS | WALL_UTS_NS | WALL_UID | WALL_CAPABILITIES | WALL_NO_NEW_PRIVS |
		WALL_LANDLOCK | WALL_SECCOMP | WALL_RLIMITS,
	TREE_NONE,
	LAND_READ,
	CALLS_BROKER | CALLS_TRACE,
	CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON),
};

/* It keeps its folder, starts the loader and the guardian, and puts programs in each other's
 * place; what it reads of an artifact is its signature. */
static const struct rules steward = {
	"steward",
	WALL_CAPABILITIES | WALL_NO_NEW_PRIVS | WALL_SECCOMP | WALL_RLIMITS,
	TREE_NONE,
	LAND_NONE,
	CALLS_METADATA | CALLS_LOCK | CALLS_PROCESS | CALLS_UNIX | CALLS_LISTEN | CALLS_CONFINE |
		CALLS_TRACE,
	CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON) | CAPABILITY(CAP_NET_ADMIN) |
		CAPABILITY(CAP_DAC_READ_SEARCH),
};

/* It tries what a host allows to be tried, and meets whatever answers. */
static const struct rules prober = {
	"prober",
	WALL_IPC_NS | WALL_UTS_NS | WALL_UID | WALL_CAPABILITIES | WALL_NO_NEW_PRIVS |
		WALL_LANDLOCK | WALL_SECCOMP | WALL_RLIMITS,
	TREE_NONE,
	LAND_READ,
	CALLS_CONNECT,
	0,
};

/* It only holds, and lets go. */
static const struct rules guardian = {
	"guardian",
	WALL_NO_NEW_PRIVS | WALL_LANDLOCK | WALL_SECCOMP | WALL_RLIMITS,
	TREE_NONE,
	LAND_NOTHING,
	CALLS_STILL | CALLS_KEEP,
	0,
};

/* It keeps its powers over files, for its log is root's; it can start nothing and
 * reach nobody with them. What it wants done the launcher does. */
static const struct rules warden = {
	"warden",
	WALL_NO_NEW_PRIVS | WALL_SECCOMP | WALL_RLIMITS,
	TREE_NONE,
	LAND_NONE,
	CALLS_STILL | CALLS_KEEP,
	CAPABILITIES_KNOWN,
};

/* It keeps and replaces its files, as the warden does its log, but owns no power. */
static const struct rules store = {
	"store",   WALL_NO_NEW_PRIVS | WALL_SECCOMP | WALL_RLIMITS, TREE_NONE,
	LAND_NONE, CALLS_STILL | CALLS_KEEP | CALLS_METADATA,       0,
};

/* It holds every connection to the outside, so it may do nothing else. */
static const struct rules agent = {
	"agent",    WALL_NO_NEW_PRIVS | WALL_LANDLOCK | WALL_SECCOMP | WALL_RLIMITS,    TREE_NONE,
	LAND_AGENT, CALLS_KEEP | CALLS_CONNECT | CALLS_UNIX | CALLS_AGENT | CALLS_LOCK, 0,
};

/* It accepts whoever comes and keeps its keys; what owns the database is started by another. */
static const struct rules server = {
	"server",    WALL_NO_NEW_PRIVS | WALL_LANDLOCK | WALL_SECCOMP | WALL_RLIMITS, TREE_NONE,
	LAND_SERVER, CALLS_STILL | CALLS_KEEP | CALLS_METADATA | CALLS_LOCK,          0,
};

/* It meets whatever answers a request, and has nothing but the network. */
static const struct rules courier = {
	"courier",
	WALL_NO_NEW_PRIVS | WALL_LANDLOCK | WALL_SECCOMP | WALL_RLIMITS,
	TREE_NONE,
	LAND_SERVER,
	CALLS_STILL | CALLS_CONNECT | CALLS_CLIENT,
	0,
};

/* What the launcher takes from one before it is there to raise its own. */
static const struct rules starting_courier = {
	"courier",
	WALL_IPC_NS | WALL_UTS_NS | WALL_UID | WALL_CAPABILITIES | WALL_NO_NEW_PRIVS | WALL_RLIMITS,
	TREE_NONE,
	LAND_NONE,
	0,
	0,
};

const struct rules *rules_of(enum sandbox_profile profile)
{
	assert(profile < PROFILE_N);
	return &table[profile];
}

const struct rules *rules_of_broker(void)
{
	return &broker;
}

const struct rules *rules_of_loader(void)
{
	return &loader;
}

const struct rules *rules_of_steward(void)
{
	return &steward;
}

const struct rules *rules_of_prober(void)
{
	return &prober;
}

const struct rules *rules_of_guardian(void)
{
	return &guardian;
}

const struct rules *rules_of_warden(void)
{
	return &warden;
}

const struct rules *rules_of_store(void)
{
	return &store;
}

const struct rules *rules_of_agent(void)
{
	return &agent;
}

const struct rules *rules_of_server(void)
{
	return &server;
}

const struct rules *rules_of_courier(void)
{
	return &courier;
}

const struct rules *rules_of_starting_courier(void)
{
	return &starting_courier;
}

static const struct target targets[TARGET_N] = {
	[TARGET_ANY_TCP] = { .scope = TARGET_EVERY_PORT },
	[TARGET_DNS] = { .ports = { 53, 853 } },
	[TARGET_HTTP] = { .ports = { 80, 443, 8000, 8008, 8080, 8081, 8443, 8888 } },
	[TARGET_POSTGRESQL] = { .user = "postgres",
				.ports = { 5432, 5433 },
				.sockets = { "/run/postgresql" } },
	[TARGET_MARIADB] = { .user = "mysql", .ports = { 3306 }, .sockets = { "/run/mysqld" } },
	[TARGET_REDIS] = { .user = "redis", .ports = { 6379, 6380 }, .sockets = { "/run/redis" } },
};

const struct target *target_of(enum sandbox_target target)
{
	assert(target < TARGET_N);
	return &targets[target];
}
