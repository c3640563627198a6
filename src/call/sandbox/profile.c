#include "call/sandbox/profile.h"

#include <assert.h>

#include "call/tool.h"

const char *sandbox_profile_name(enum sandbox_profile profile)
{
	static const char *const names[PROFILE_N] = {
		"diagnose", "diagnose-root", "probe", "script", "trace", "full", "investigator",
	};

	assert(profile < PROFILE_N);
	return names[profile];
}

const char *sandbox_wall_name(enum sandbox_wall wall)
{
	static const char *const names[WALL_N] = {
		"user-ns",      "pid-ns",   "mount-ns", "read-only", "masks",
		"net-ns",       "ipc-ns",   "uts-ns",   "uid",       "capabilities",
		"no-new-privs", "landlock", "seccomp",  "cgroup",    "rlimits",
	};

	for (unsigned i = 0; i < WALL_N; i++)
		if (wall == 1U << i)
			return names[i];
	return "unknown";
}

const char *job_executable_name(enum job_executable executable)
{
	static const char *const names[JOB_N] = {
		"constable-job",         "constable-job-net", "constable-job-systemd",
		"constable-job-archive", "constable-job-bpf",
	};

	assert(executable < JOB_N);
	return names[executable];
}

enum sandbox_profile sandbox_profile_for(unsigned needs)
{
	if (needs & TOOL_NEEDS_HOST)
		return PROFILE_FULL;
	if (needs & TOOL_NEEDS_SCRIPT)
		return PROFILE_SCRIPT;
	if (needs & TOOL_NEEDS_TRACE)
		return PROFILE_TRACE;
	if (needs & TOOL_NEEDS_TARGETS)
		return PROFILE_PROBE;
	if (needs & TOOL_NEEDS_ROOT_FILES)
		return PROFILE_DIAGNOSE_ROOT;
	return PROFILE_DIAGNOSE;
}

struct sandbox_limits sandbox_default_limits(enum sandbox_profile profile)
{
	struct sandbox_limits limits = {
		.wall_ns = 30 * NS_PER_SEC,
		.cpu_ns = 30 * NS_PER_SEC,
		.memory_bytes = 256 * MIB,
		.output_bytes = 1 * MIB,
		.n_processes = 128,
		.n_files = 256,
		.cpu_permille = 1000,
	};

	if (profile == PROFILE_SCRIPT || profile == PROFILE_FULL) {
		limits.wall_ns = 300 * NS_PER_SEC;
		limits.cpu_ns = 300 * NS_PER_SEC;
		limits.memory_bytes = 512 * MIB;
		limits.n_files = 1024;
	}
	return limits;
}
