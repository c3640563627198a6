#include "host/cgroup.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"

static struct cgroups trees(unsigned version, const char *top)
{
	struct cgroups cgroups = { .mode = version == 1 ? CGROUP_MODE_V1 : CGROUP_MODE_V2 };

	for (size_t i = 0; i < CGROUP_N_CONTROLLERS; i++) {
		cgroups.trees[i].version = version;
		(void)snprintf(cgroups.trees[i].top, sizeof(cgroups.trees[i].top), "%s", top);
	}
	return cgroups;
}

static struct host open_machine(const char *name)
{
	struct host host;
	struct error err = { 0 };
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", getenv("HOSTS_DIR"), name);
	CHECK_OK(host_init(&host, path, &err), err);
	return host;
}

TEST(a_controller_is_found_among_others_of_its_line)
{
	struct cgroups cgroups = trees(1, "/");
	char path[CGROUP_PATH_BYTES];

	CHECK(cgroup_path_parse(&cgroups, CGROUP_CPU,
				"5:cpuset:/set\n4:cpuacct,cpu:/a:b/c\n3:memory:/m\n0::/u\n", path));
	CHECK_TEXT(path, "/a:b/c");
	CHECK(!cgroup_path_parse(&cgroups, CGROUP_PIDS, "4:cpu,cpuacct:/a\n", path));
}

TEST(a_container_is_the_top_of_what_it_sees)
{
	struct cgroups cgroups = trees(1, "/docker/abc");
	char path[CGROUP_PATH_BYTES];

	CHECK(cgroup_path_parse(&cgroups, CGROUP_MEMORY, "4:memory:/docker/abc\n", path));
	CHECK_TEXT(path, "/");
	CHECK(cgroup_path_parse(&cgroups, CGROUP_MEMORY, "4:memory:/docker/abc/x\n", path));
	CHECK_TEXT(path, "/x");
	cgroups = trees(2, "/");
	CHECK(cgroup_path_parse(&cgroups, CGROUP_MEMORY, "0::/../other\n", path));
	CHECK_TEXT(path, "/");
}

TEST(garbage_names_no_cgroup)
{
	static const char *const texts[] = { "",
					     ":",
					     "::",
					     "4:memory",
					     "4:memory:",
					     "memory:/x",
					     "4:xmemory:/x\n",
					     "4:memory:relative\n" };
	struct cgroups cgroups = trees(1, "/");
	char path[CGROUP_PATH_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		CHECK(!cgroup_path_parse(&cgroups, CGROUP_MEMORY, texts[i], path));
}

TEST(parents_end_at_the_top)
{
	char path[CGROUP_PATH_BYTES] = "/a/b";

	CHECK(cgroup_parent(path));
	CHECK_TEXT(path, "/a");
	CHECK(cgroup_parent(path));
	CHECK_TEXT(path, "/");
	CHECK(!cgroup_parent(path));
}

TEST(each_kind_of_machine_is_recognised)
{
	static const struct {
		const char *name;
		enum cgroup_mode mode;
		unsigned memory_version;
	} machines[] = {
		{ "rhel8-database", CGROUP_MODE_V1, 1 },
		{ "ubuntu2204-memory", CGROUP_MODE_V2, 2 },
		{ "debian12-hybrid", CGROUP_MODE_HYBRID, 1 },
		{ "arm64-board", CGROUP_MODE_V2, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		CLEANUP(host) struct host host = open_machine(machines[i].name);
		struct cgroups cgroups;

		cgroups_find(&host, &cgroups);
		CHECK_INT(cgroups.mode, machines[i].mode);
		CHECK_INT(cgroups.trees[CGROUP_MEMORY].version, machines[i].memory_version);
	}
}

TEST(parents_are_listed_before_children)
{
	CLEANUP(host) struct host host = open_machine("kubernetes-node");
	CLEANUP(cgroup_list) struct cgroup_list list = { 0 };
	struct cgroups cgroups;

	cgroups_find(&host, &cgroups);
	cgroup_list_read(&host, &cgroups, CGROUP_MEMORY, &list);
	CHECK(list.n > 5);
	CHECK_TEXT(list.paths[0], "/");
	for (size_t i = 1; i < list.n; i++)
		CHECK(strcmp(list.paths[i - 1], list.paths[i]) < 0);
	CHECK(!list.truncated);
}

TEST(what_version_one_writes_for_no_limit_is_none)
{
	CLEANUP(host) struct host host = open_machine("amazon2-docker");
	struct cgroups cgroups;
	uint64_t limit = 0;

	cgroups_find(&host, &cgroups);
	CHECK(cgroup_read_u64(&host, &cgroups.trees[CGROUP_MEMORY], "/", "memory.limit_in_bytes",
			      &limit));
	CHECK(limit == UINT64_MAX);
}
