/* get_time_sync: is the clock right, and who keeps it so? */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timex.h>

#include "call/broker.h"
#include "host/permission.h"
#include "host/program.h"
#include "tools/catalogue.h"

#define FILE_MAX_BYTES (64 * KIB)
#define MAX_SERVERS 32

static const struct {
	const char *program;      /* the daemon */
	const char *config[4];    /* its files, as far as there */
	const char *const key[4]; /* words before a server's name */
} daemons[] = {
	{ "chronyd",
	  { "etc/chrony/chrony.conf", "etc/chrony.conf", NULL },
	  { "server ", "pool ", "refclock ", NULL } },
	{ "ntpd", { "etc/ntp.conf", "etc/ntpsec/ntp.conf", NULL }, { "server ", "pool ", NULL } },
	{ "systemd-timesyncd",
	  { "etc/systemd/timesyncd.conf", NULL },
	  { "NTP=", "FallbackNTP=", NULL } },
	{ "openntpd", { "etc/openntpd/ntpd.conf", NULL }, { "server ", "servers ", NULL } },
	{ "ptp4l", { "etc/linuxptp/ptp4l.conf", NULL }, { NULL } },
};

/* The kernel's own discipline, which every daemon steers. */
static void add_kernel(struct task *task, json_t *result)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *kernel = broker_ask(task, BROKER_CLOCK, NULL, &err);

	if (!kernel) {
		tool_unread(result, "the kernel's clock discipline (adjtimex)", err.code);
		json_put(result, "synchronised", json_null());
		return;
	}
	json_put(result, "synchronised",
		 json_boolean(!(json_get_int(kernel, "status", 0) & STA_UNSYNC) &&
			      json_get_int(kernel, "state", 0) != TIME_ERROR));
	json_put(result, "kernel", json_incref(kernel));
}

static void add_servers(const struct host *host, size_t which, json_t *servers)
{
	for (size_t i = 0; daemons[which].config[i]; i++) {
		CLEANUP(buf) struct buf text = { 0 };
		const char *at;
		struct str line;

		buf_init(&text, FILE_MAX_BYTES);
		if (host_read_buf(host, daemons[which].config[i], &text) < 0)
			continue;
		at = buf_text(&text);
		while (json_array_size(servers) < MAX_SERVERS && scan_line(&at, &line))
			for (size_t j = 0; daemons[which].key[j]; j++) {
				size_t len = strlen(daemons[which].key[j]);

				if (str_starts(line, daemons[which].key[j]) && line.len > len)
					json_push(servers,
						  json_text(line.data + len, line.len - len));
			}
	}
}

static void add_daemons(const struct host *host, json_t *result)
{
	CLEANUP(programs) struct programs programs = { 0 };
	json_t *list = json_array();
	int r = programs_load(host, &programs);

	if (r < 0)
		tool_unread(result, "/proc", r);
	for (size_t i = 0; i < ARRAY_LEN(daemons); i++) {
		const struct program *program = programs_next(&programs, daemons[i].program, NULL);
		json_t *servers = json_array();

		add_servers(host, i, servers);
		if (program || json_array_size(servers))
			json_push(list, json_pack("{s:s, s:b, s:O}", "name", daemons[i].program,
						  "running", program != NULL, "servers", servers));
		json_decref(servers);
	}
	json_put(result, "daemons", list);
}

/* Hardware clock against system clock; one that keeps local time is not compared. */
static void add_hardware_clock(const struct host *host, json_t *result)
{
	uint64_t rtc_s, now_s = host_now_ns(host) / NS_PER_SEC;
	char adjtime[256];
	bool is_local = host_read(host, "etc/adjtime", adjtime, sizeof(adjtime)) > 0 &&
			strstr(adjtime, "LOCAL");

	if (!host_read_u64(host, "sys/class/rtc/rtc0/since_epoch", &rtc_s)) {
		json_put(result, "hardware_clock", json_null());
		return;
	}
	json_put(result, "hardware_clock",
		 json_pack("{s:b, s:o}", "local_time", is_local, "ahead_s",
			   is_local ? json_null()
				    : json_integer((json_int_t)rtc_s - (json_int_t)now_s)));
}

/* A clock before the time of a file that only a right clock has stamped is wrong. */
static void add_floor(const struct host *host, json_t *result)
{
	static const char *const stamps[] = { "var/lib/systemd/timesync/clock",
					      "var/lib/chrony/chrony.drift", "var/lib/dpkg/status",
					      "var/lib/rpm/rpmdb.sqlite", "lib/apk/db/installed" };
	int64_t now_s = (int64_t)(host_now_ns(host) / NS_PER_SEC);

	for (size_t i = 0; i < ARRAY_LEN(stamps); i++) {
		struct stat stat;

		if (host_stat(host, stamps[i], &stat) < 0 || stat.st_mtime <= now_s)
			continue;
		json_put(result, "clock_is_before",
			 json_pack("{s:s+, s:I}", "file", "/", stamps[i], "seconds",
				   (json_int_t)(stat.st_mtime - now_s)));
		return;
	}
}

static void add_text(const struct host *host, const char *path, const char *member, json_t *result)
{
	char text[256];

	if (host_read(host, path, text, sizeof(text)) <= 0)
		return;
	text[strcspn(text, "\n")] = '\0';
	json_put(result, member, json_text(text, strlen(text)));
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result,
	       struct error *err UNUSED)
{
	static const char folder[] = "sys/devices/system/clocksource/clocksource0";
	struct stat stat;
	char path[128], target[256];

	add_kernel(task, result);
	add_daemons(task->host, result);
	add_hardware_clock(task->host, result);
	if (!task->host->is_fixture)
		add_floor(task->host, result); /* a checkout's files are all newer than its clock */
	text_format(path, sizeof(path), "%s/current_clocksource", folder);
	add_text(task->host, path, "clocksource", result);
	text_format(path, sizeof(path), "%s/available_clocksource", folder);
	add_text(task->host, path, "clocksources", result);
	if (host_readlink(task->host, "etc/localtime", target, sizeof(target)) > 0)
		json_put(result, "timezone", json_text(target, strlen(target)));
	if (host_stat(task->host, "run/systemd/timesync/synchronized", &stat) == 0)
		json_put(result, "synchronised", json_true()); /* timesyncd says so itself */
	return 0;
}

const struct tool tool_get_time_sync = {
	.info = {
		.name = "get_time_sync",
		.summary = "Whether the clock is synchronised, by which daemon and servers, and how far the "
			   "hardware clock is off.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "synchronised: boolean|null, kernel?: {status: integer, state: integer, "
			"offset_s: number, max_error_s: number}, daemons: [{name: string, "
			"running: boolean, servers: [string]}], "
			"hardware_clock: {local_time: boolean, ahead_s: integer|null}|null, "
			"clock_is_before?: {file: string, seconds: integer}, timezone?: string, "
			"clocksource?: string, clocksources?: string",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER,
	},
	.run = run,
};
