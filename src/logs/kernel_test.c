#include "logs/kernel.h"

#include <string.h>

#include "base/test.h"

static json_t *report_of(const char *const *lines, size_t n)
{
	CLEANUP(kernel_log) struct kernel_log *log = kernel_log_new();
	json_t *result = json_object();

	for (size_t i = 0; i < n; i++)
		kernel_log_add(log, (struct str) { lines[i], strlen(lines[i]) }, (double)(n - i));
	kernel_log_report(log, result);
	return result;
}

static int64_t count_of(const json_t *report, const char *kind)
{
	return json_get_int(json_object_get(report, "counts"), kind, -1);
}

static const json_t *first_of(const json_t *report, const char *kind)
{
	return json_array_get(json_object_get(report, kind), 0);
}

TEST(an_oom_kill_in_a_cgroup_names_process_and_cgroup)
{
	static const char *const lines[] = {
		"python3 invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0",
		"oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,"
		"oom_memcg=/web,task_memcg=/web/worker,task=python3,pid=4711,uid=0",
		"Memory cgroup out of memory: Killed process 4711 (python3) total-vm:220000kB, "
		"anon-rss:100000kB, file-rss:5kB, shmem-rss:0kB, UID:0 pgtables:300kB",
	};
	CLEANUP(json) json_t *report = report_of(lines, ARRAY_LEN(lines));
	const json_t *kill = first_of(report, "oom_kills");

	CHECK_INT(count_of(report, "oom_kills"), 1);
	CHECK_TEXT(json_get_text(kill, "comm", ""), "python3");
	CHECK_INT(json_get_int(kill, "pid", 0), 4711);
	CHECK_TEXT(json_get_text(kill, "cgroup", ""), "/web/worker");
	CHECK_TEXT(json_get_text(kill, "limit_cgroup", ""), "/web");
	CHECK_TEXT(json_get_text(kill, "scope", ""), "cgroup");
	CHECK_INT(json_get_int(kill, "anonymous_bytes", 0), 102400000);
}

TEST(an_oom_kill_of_an_old_kernel_and_one_of_the_host_are_told_apart)
{
	static const char *const lines[] = {
		"Task in /docker/abc killed as a result of limit of /docker/abc",
		"Memory cgroup out of memory: Kill process 9 (java) score 1000 or sacrifice child",
		"Killed process 9 (java) total-vm:20kB, anon-rss:10kB, file-rss:0kB",
		("oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,"
		 "global_oom,task_memcg=/system.slice/db.service,task=my db,pid=12,uid=0"),
		"Out of memory: Killed process 12 (my db) total-vm:20kB, anon-rss:10kB",
	};
	CLEANUP(json) json_t *report = report_of(lines, ARRAY_LEN(lines));
	const json_t *kills = json_object_get(report, "oom_kills");

	CHECK_INT(count_of(report, "oom_kills"), 2);
	CHECK_TEXT(json_get_text(json_array_get(kills, 0), "cgroup", ""), "/docker/abc");
	CHECK_TEXT(json_get_text(json_array_get(kills, 0), "scope", ""), "cgroup");
	CHECK_TEXT(json_get_text(json_array_get(kills, 1), "comm", ""), "my db");
	CHECK_TEXT(json_get_text(json_array_get(kills, 1), "scope", ""), "host");
}

struct promise {
	const char *line;
	const char *kind;
	const char *member;
	const char *value;
};

TEST(each_kind_of_trouble_is_recognised)
{
	static const struct promise promises[] = {
		{ "blk_update_request: I/O error, dev sda, sector 1234 op 0x0:(READ)", "io_errors",
		  "device", "sda" },
		{ "I/O error, dev dm-3, sector 8 op 0x1:(WRITE) flags 0x0 phys_seg 1", "io_errors",
		  "device", "dm-3" },
		{ "Buffer I/O error on dev nvme0n1p2, logical block 0, async page read",
		  "io_errors", "device", "nvme0n1p2" },
		{ "EXT4-fs error (device vdb1): ext4_lookup:1604: inode #2: comm ls: deleted inode",
		  "filesystem_errors", "device", "vdb1" },
		{ "XFS (sdc): Metadata corruption detected at xfs_agf_read_verify",
		  "filesystem_errors", "device", "sdc" },
		{ "EXT4-fs (dm-1): Remounting filesystem read-only", "read_only_remounts", "device",
		  "dm-1" },
		{ "INFO: task postgres:881 blocked for more than 120 seconds.", "hung_tasks",
		  "comm", "postgres" },
		{ "watchdog: BUG: soft lockup - CPU#3 stuck for 22s! [kworker/3:1:99]",
		  "soft_lockups", "comm", "kworker/3:1" },
		{ "php-fpm[77]: segfault at 8 ip 00007f sp 00007ffe error 4 in libc.so.6[7f+1a]",
		  "segfaults", "object", "libc.so.6" },
		{ "EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0",
		  "memory_errors", "class", "CE" },
		{ "mce: [Hardware Error]: Machine check events logged", "machine_checks", NULL,
		  NULL },
		{ "e1000: eth0 NIC Link is Down", "link_down", "interface", "eth0" },
		{ "ixgbe 0000:01:00.0 eth1: NIC Link is Down", "link_down", "interface", "eth1" },
		{ "nf_conntrack: nf_conntrack: table full, dropping packet", "conntrack_full", NULL,
		  NULL },
		{ "neighbour: arp_cache: neighbor table overflow!", "neighbour_table_full", NULL,
		  NULL },
		{ "TCP: out of memory -- consider tuning tcp_mem", "out_of_sockets", NULL, NULL },
		{ "TCP: request_sock_TCP: Possible SYN flooding on port 443. Sending cookies.",
		  "syn_floods", "port", NULL },
		{ "cgroup: fork rejected by pids controller in /user.slice/user-0.slice",
		  "fork_rejected", "cgroup", "/user.slice/user-0.slice" },
		{ "VFS: file-max limit 1024 reached", "file_limit_reached", NULL, NULL },
		{ "bnx2 0000:02:00.0: Direct firmware load for bnx2/x.fw failed with error -2",
		  "missing_firmware", "firmware", "bnx2/x.fw" },
		{ "zfs: Unknown symbol spl_kmem_alloc (err -2)", "module_failures", "module",
		  "zfs" },
		{ "audit: type=1400 audit(1.2:3): apparmor=\"DENIED\" operation=\"open\" "
		  "profile=\"nginx\" name=\"/srv/x\" pid=1 comm=\"nginx\"",
		  "denials", "path", "/srv/x" },
		{ "nfs: server files.example not responding, still trying", "nfs_not_responding",
		  "server", "files.example" },
		{ "md/raid1:md0: Disk failure on sdb1, disabling device.", "raid_degraded", "array",
		  "md0" },
	};

	for (size_t i = 0; i < ARRAY_LEN(promises); i++) {
		CLEANUP(json) json_t *report = report_of(&promises[i].line, 1);
		const json_t *event = first_of(report, promises[i].kind);

		if (!event)
			fail_msg("not recognised: %s", promises[i].line);
		if (promises[i].value)
			CHECK_TEXT(json_get_text(event, promises[i].member, ""), promises[i].value);
	}
}

TEST(ordinary_boot_messages_are_no_trouble)
{
	static const char *const lines[] = {
		"EDAC MC: Ver: 3.0.0",
		"EDAC MC0: Giving out device to module ie31200_edac: DEV 0000:00:00.0 (POLLED)",
		"mce: CPU0: Thermal monitoring enabled (TM1)",
		"e1000: eth0 NIC Link is Up 1000 Mbps Full Duplex",
		"EXT4-fs (vda): mounted filesystem r/w without journal. Quota mode: none.",
		"ADDRCONF(NETDEV_UP): eth0: link is not ready",
		"Out of memory handling is configured",
	};
	CLEANUP(json) json_t *report = report_of(lines, ARRAY_LEN(lines));
	const char *kind;
	json_t *n;

	json_object_foreach(json_object_get(report, "counts"), kind,
			    n) if (json_integer_value(n) && strcmp(kind, "link_up") != 0)
		fail_msg("%s", kind);
}

TEST(every_pattern_of_the_table_compiles)
{
	CLEANUP(kernel_log) struct kernel_log *log = kernel_log_new();

	/* The anchor alone makes the pattern compile; that aborts if it cannot. */
	for (const struct kernel_pattern *at = kernel_patterns; at->kind; at++)
		kernel_log_add(log, (struct str) { at->anchor, strlen(at->anchor) }, 0);
}

TEST(a_flood_of_events_is_counted_and_only_the_latest_are_kept)
{
	CLEANUP(kernel_log) struct kernel_log *log = kernel_log_new();
	CLEANUP(json) json_t *report = json_object();
	static const char line[] = "I/O error, dev sda, sector 1";

	for (int i = 0; i < 1000; i++)
		kernel_log_add(log, (struct str) { line, sizeof(line) - 1 }, 1000 - i);
	kernel_log_report(log, report);
	CHECK_INT(count_of(report, "io_errors"), 1000);
	CHECK_INT(json_array_size(json_object_get(report, "io_errors")), KERNEL_LOG_MAX_EVENTS);
	CHECK(json_get_number(first_of(report, "io_errors"), "seconds_ago", 0) ==
	      KERNEL_LOG_MAX_EVENTS);
}
