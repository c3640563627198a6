#include "call/sandbox/landlock_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/sandbox/kernel_internal.h"

/* The headers of Debian 12 know version 2; these are the kernel's numbers. */
#define LAND_EXECUTE (1ULL << 0)
#define LAND_WRITE_FILE (1ULL << 1)
#define LAND_READ_FILE (1ULL << 2)
#define LAND_READ_DIR (1ULL << 3)
#define LAND_MAKE_CHAR (1ULL << 6)
#define LAND_MAKE_BLOCK (1ULL << 11)
#define LAND_IOCTL_DEV (1ULL << 15)
#define LAND_NET_CONNECT_TCP (1ULL << 1)
#define LAND_NET_ALL 3ULL
#define LAND_SCOPE_ALL 3ULL

#define LAND_VERSION 1U /* flag of landlock_create_ruleset() */
#define LAND_RULE_PATH 1
#define LAND_RULE_PORT 2

#define READ_ANYWHERE (LAND_EXECUTE | LAND_READ_FILE | LAND_READ_DIR)

struct ruleset_attr {
	uint64_t files, net, scoped;
};

struct path_attr {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

struct port_attr {
	uint64_t allowed, port;
};

static uint64_t handled_files(int abi)
{
	static const int bits[] = { 0, 13, 14, 15, 15, 16 };

	return (1ULL << (abi < 5 ? bits[abi] : bits[5])) - 1;
}

int landlock_abi(uint32_t features_off)
{
	long abi;

	if (features_off & FEATURE_LANDLOCK)
		return 0;
	abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LAND_VERSION);
	return abi < 0 ? 0 : (int)abi;
}

/* A row with every port handles no connection at all: there is no rule for "any". */
static int open_ruleset(int abi, const struct target *target)
{
	bool every_port = target && target->scope == TARGET_EVERY_PORT;
	struct ruleset_attr attr = {
		.files = handled_files(abi),
		.net = every_port ? LAND_NET_ALL & ~LAND_NET_CONNECT_TCP : LAND_NET_ALL,
		.scoped = LAND_SCOPE_ALL,
	};
	size_t size = abi >= 6 ? sizeof(attr) : abi >= 4 ? 16 : 8;
	long fd = syscall(SYS_landlock_create_ruleset, &attr, size, 0);

	return fd < 0 ? -errno : (int)fd;
}

/* A path that does not exist needs no rule. */
static int allow_path(int ruleset, const char *path, uint64_t allowed)
{
	CLEANUP(fd) int fd = open(path, O_PATH | O_CLOEXEC);
	struct path_attr attr = { .allowed = allowed, .parent_fd = fd };

	if (fd < 0 || !allowed)
		return 0;
	return syscall(SYS_landlock_add_rule, ruleset, LAND_RULE_PATH, &attr, 0) < 0 ? -errno : 0;
}

static int allow_files(int ruleset, enum land_kind kind, uint64_t handled)
{
	static const char *const sinks[] = { "/dev/null", "/dev/zero", "/dev/full" };
	static const char *const scratch[] = { "/tmp", "/dev/shm" };
	uint64_t in_scratch = handled & ~(LAND_MAKE_CHAR | LAND_MAKE_BLOCK | LAND_IOCTL_DEV);
	int r = kind == LAND_NOTHING ? 0 : allow_path(ruleset, "/", READ_ANYWHERE);

	for (size_t i = 0; kind != LAND_NOTHING && i < ARRAY_LEN(sinks) && r == 0; i++)
		r = allow_path(ruleset, sinks[i], LAND_WRITE_FILE | LAND_READ_FILE);
	for (size_t i = 0; kind == LAND_SCRATCH && i < ARRAY_LEN(scratch) && r == 0; i++)
		r = allow_path(ruleset, scratch[i], in_scratch);
	return r;
}

static int allow_ports(int ruleset, const struct target *target)
{
	for (size_t i = 0; target && i < TARGET_MAX_PORTS && target->ports[i]; i++) {
		struct port_attr attr = { LAND_NET_CONNECT_TCP, target->ports[i] };

		if (syscall(SYS_landlock_add_rule, ruleset, LAND_RULE_PORT, &attr, 0) < 0)
			return -errno;
	}
	return 0;
}

int landlock_restrict(enum land_kind kind, const struct target *target, int abi)
{
	CLEANUP(fd) int ruleset = -1;
	int r;

	if (abi == 0)
		return -ENOSYS;
	ruleset = open_ruleset(abi, target);
	if (ruleset < 0)
		return ruleset;
	r = allow_files(ruleset, kind, handled_files(abi));
	if (r == 0 && abi >= 4)
		r = allow_ports(ruleset, target);
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	return r;
}
