#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scan.h"
#include "cli/checkup/checkup.h"

#define CGROUP2_MAGIC 0x63677270
#define LANDLOCK_VERSION_FLAG 1u
#define NR_LANDLOCK_CREATE_RULESET 444 /* the same on every architecture */
#define OLDEST_MAJOR 5
#define OLDEST_MINOR 4
#define MAX_GROUPS 256

static void check_kernel(struct checkup *checkup)
{
	struct utsname about;
	uint64_t major = 0, minor = 0;
	const char *at = about.release;

	if (uname(&about) < 0)
		return;
	(void)(scan_u64(&at, &major) && scan_text(&at, ".") && scan_u64(&at, &minor));
	if (major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR))
		checkup_say(checkup, CHECK_WARN, "kernel", "5.4 is the oldest that is tested",
			    "%s %s on %s", about.sysname, about.release, about.machine);
	else
		checkup_say(checkup, CHECK_OK, "kernel", NULL, "%s %s on %s", about.sysname,
			    about.release, about.machine);
}

static void check_landlock(struct checkup *checkup)
{
	long abi = syscall(NR_LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_VERSION_FLAG);

	if (abi > 0)
		checkup_say(checkup, CHECK_OK, "Landlock", NULL, "version %ld", abi);
	else
		checkup_say(checkup, CHECK_WARN, "Landlock",
			    errno == EOPNOTSUPP
				    ? "boot with lsm=landlock,... for one wall more"
				    : "Linux 5.13 or later has it, where it is built in",
			    "this kernel has none (%s)", strerrordesc_np(errno));
}

static void check_seccomp(struct checkup *checkup)
{
	if (prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0)
		checkup_say(checkup, CHECK_OK, "seccomp", NULL, "there");
	else
		checkup_say(checkup, CHECK_FAIL, "seccomp",
			    "use a kernel with CONFIG_SECCOMP_FILTER",
			    "this kernel has no system call filter");
}

static void check_cgroups(struct checkup *checkup)
{
	struct statfs about;
	bool is_mounted = statfs("/sys/fs/cgroup", &about) == 0;
	bool is_v2 = is_mounted && about.f_type == CGROUP2_MAGIC;

	if (is_v2)
		checkup_say(checkup, CHECK_OK, "cgroups", NULL, "version 2");
	else if (access("/sys/fs/cgroup/unified/cgroup.controllers", F_OK) == 0)
		checkup_say(checkup, CHECK_OK, "cgroups", NULL, "hybrid: version 1 beside 2");
	else if (access("/sys/fs/cgroup/memory", F_OK) == 0)
		checkup_say(checkup, CHECK_OK, "cgroups", NULL, "version 1");
	else
		checkup_say(checkup, CHECK_WARN, "cgroups", "mount them at /sys/fs/cgroup",
			    "none: jobs are limited by rlimits alone");
}

/* The only sure way to know is to try, in a child. */
static bool may_make_user_namespace(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 ? 0 : 1);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void check_namespaces(struct checkup *checkup)
{
	if (geteuid() == 0)
		checkup_say(checkup, CHECK_OK, "namespaces", NULL, "we are root: not needed");
	else if (may_make_user_namespace())
		checkup_say(checkup, CHECK_OK, "user namespaces", NULL,
			    "allowed: walls that need root stand without it");
	else
		checkup_say(checkup, CHECK_WARN, "user namespaces",
			    "run as root, or allow them: sysctl kernel.unprivileged_userns_clone=1 "
			    "and user.max_user_namespaces above 0",
			    "not allowed for this user: fewer walls");
}

static void check_systemd(struct checkup *checkup)
{
	if (access("/run/systemd/system", F_OK) == 0)
		checkup_say(checkup, CHECK_OK, "systemd", NULL, "runs: services are read from it");
	else
		checkup_say(checkup, CHECK_OK, "systemd", NULL,
			    "does not run here: services are found by their traces");
}

static void check_journal(struct checkup *checkup)
{
	static const char *const places[] = { "/var/log/journal", "/run/log/journal" };

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (access(places[i], F_OK) < 0)
			continue;
		if (access(places[i], R_OK) == 0)
			checkup_say(checkup, CHECK_OK, "journal", NULL, "%s", places[i]);
		else
			checkup_say(checkup, CHECK_WARN, "journal",
				    "run as root, or join the group systemd-journal",
				    "%s may not be read", places[i]);
		return;
	}
	checkup_say(checkup, CHECK_OK, "journal", NULL, "none here: log files are read instead");
}

static bool is_member(const char *name)
{
	const struct group *group = getgrnam(name);
	gid_t groups[MAX_GROUPS];
	int n;

	if (!group)
		return false;
	n = getgroups(MAX_GROUPS, groups);
	for (int i = 0; i < n; i++)
		if (groups[i] == group->gr_gid)
			return true;
	return getegid() == group->gr_gid;
}

static void check_rights(struct checkup *checkup)
{
	char groups[128] = "";

	if (geteuid() == 0) {
		checkup_say(checkup, CHECK_OK, "rights", NULL, "root: everything can be seen");
		return;
	}
	if (is_member("constable"))
		text_format(groups, sizeof(groups), " constable");
	if (is_member("adm"))
		text_format(groups + strlen(groups), sizeof(groups) - strlen(groups), " adm");
	if (is_member("systemd-journal"))
		text_format(groups + strlen(groups), sizeof(groups) - strlen(groups),
			    " systemd-journal");
	checkup_say(checkup, CHECK_WARN, "rights",
		    "run as root, or let root run the warden as a service and join the group "
		    "constable",
		    "uid %u, groups:%s; open files and logs of others cannot be seen",
		    (unsigned)geteuid(), *groups ? groups : " none that help");
}

static void check_kernel_log(struct checkup *checkup)
{
	CLEANUP(fd) int fd = open("/dev/kmsg", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char byte[1];

	if (fd >= 0 &&
	    (read(fd, byte, 1) >= 0 || errno == EINVAL || errno == EAGAIN || errno == EPIPE))
		checkup_say(checkup, CHECK_OK, "kernel log", NULL, "/dev/kmsg can be read");
	else
		checkup_say(checkup, CHECK_WARN, "kernel log",
			    "run as root, or set sysctl kernel.dmesg_restrict=0",
			    "/dev/kmsg: %s; OOM kills and disk errors may go unseen",
			    strerrordesc_np(errno));
}

void host_checks(struct checkup *checkup)
{
	checkup->area = "This machine";
	check_rights(checkup);
	check_kernel(checkup);
	check_landlock(checkup);
	check_seccomp(checkup);
	check_cgroups(checkup);
	check_namespaces(checkup);
	check_systemd(checkup);
	check_journal(checkup);
	check_kernel_log(checkup);
}
