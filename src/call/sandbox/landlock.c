#include "call/sandbox/landlock_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
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

#define LAND_OF_FILES (LAND_EXECUTE | LAND_WRITE_FILE | LAND_READ_FILE)

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
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return 0;
	if (!S_ISDIR(status.st_mode)) /* the kernel refuses rights that make no sense */
		attr.allowed &= LAND_OF_FILES;
	return syscall(SYS_landlock_add_rule, ruleset, LAND_RULE_PATH, &attr, 0) < 0 ? -errno : 0;
}

static int allow_paths(int ruleset, const char *const *paths, uint64_t allowed)
{
	int r = 0;

	for (; *paths && r == 0; paths++)
		r = allow_path(ruleset, *paths, allowed);
	return r;
}

static int allow_executable(int ruleset, int fd)
{
	struct path_attr attr = { .allowed = LAND_EXECUTE | LAND_READ_FILE, .parent_fd = fd };

	if (fd < 0)
		return 0;
	return syscall(SYS_landlock_add_rule, ruleset, LAND_RULE_PATH, &attr, 0) < 0 ? -errno : 0;
}

/* What any program needs to start and to look at the machine, none of it secret. */
static const char *const machine[] = {
	"/usr",  "/lib", "/lib64", "/bin", "/sbin", "/etc/ld.so.cache", "/opt/constable/lib",
	"/proc", "/sys", "/dev",   NULL
};
static const char *const everything[] = { "/", NULL };
static const char *const sinks[] = { "/dev/null", "/dev/zero", "/dev/full", NULL };
static const char *const scratch[] = { "/tmp", "/dev/shm", NULL };

/* Any program that is linked dynamically is started by one of these. */
static const char *const loaders[] = { "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1",
				       NULL };

static int allow_agent(int ruleset, const struct land_request *request, uint64_t in_folder)
{
	int r = allow_paths(ruleset, everything, LAND_READ_FILE | LAND_READ_DIR);

	if (r == 0)
		r = allow_paths(ruleset, loaders, LAND_EXECUTE | LAND_READ_FILE);
	if (r == 0)
		r = allow_paths(ruleset, request->programs, LAND_EXECUTE | LAND_READ_FILE);
	if (r == 0)
		r = allow_paths(ruleset, request->folders, in_folder & ~LAND_EXECUTE);
	if (r == 0)
		r = allow_paths(ruleset, sinks, LAND_WRITE_FILE | LAND_READ_FILE);
	return r;
}

/* For a clock's zone and the like; none of it is secret. */
static const char *const libraries[] = { "/usr", "/etc/localtime", NULL };

static int allow_server(int ruleset, const struct land_request *request, uint64_t in_folder)
{
	int r = allow_paths(ruleset, request->roots, LAND_READ_FILE | LAND_READ_DIR);

	if (r == 0)
		r = allow_paths(ruleset, libraries, LAND_READ_FILE | LAND_READ_DIR);
	if (r == 0 && request->folders)
		r = allow_paths(ruleset, request->folders, in_folder & ~LAND_EXECUTE);
	if (r == 0)
		r = allow_paths(ruleset, sinks, LAND_WRITE_FILE | LAND_READ_FILE);
	return r;
}

static int allow_files(int ruleset, const struct land_request *request)
{
	uint64_t handled = handled_files(request->abi);
	uint64_t in_scratch = handled & ~(LAND_MAKE_CHAR | LAND_MAKE_BLOCK | LAND_IOCTL_DEV);
	bool some = request->kind == LAND_ROOTS && request->roots;
	int r;

	if (request->kind == LAND_NOTHING)
		return 0;
	if (request->kind == LAND_AGENT)
		return allow_agent(ruleset, request, in_scratch);
	if (request->kind == LAND_SERVER)
		return allow_server(ruleset, request, in_scratch);
	r = allow_paths(ruleset, some ? request->roots : everything, READ_ANYWHERE);
	if (r == 0 && some)
		r = allow_paths(ruleset, machine, READ_ANYWHERE);
	if (r == 0 && some)
		r = allow_executable(ruleset, request->executable_fd);
	if (r == 0)
		r = allow_paths(ruleset, sinks, LAND_WRITE_FILE | LAND_READ_FILE);
	if (r == 0 && request->kind == LAND_SCRATCH)
		r = allow_paths(ruleset, scratch, in_scratch);
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

int landlock_restrict(const struct land_request *request)
{
	CLEANUP(fd) int ruleset = -1;
	int r;

	if (request->abi == 0)
		return -ENOSYS;
	ruleset = open_ruleset(request->abi, request->target);
	if (ruleset < 0)
		return ruleset;
	r = allow_files(ruleset, request);
	if (r == 0 && request->abi >= 4)
		r = allow_ports(ruleset, request->target);
	if (r == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		r = -errno;
	return r;
}
