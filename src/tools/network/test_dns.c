/* test_dns: whether each DNS server of this host answers, and what it says to a name. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "base/fd.h"
#include "base/lines.h"
#include "call/sandbox/profile.h"
#include "tools/catalogue.h"
#include "tools/network/dns_probe.h"
#include "tools/network/resolv_conf.h"

#define CONF_BYTES (64 * KIB)
#define MAX_SERVERS 12
#define DNS_PORT 53
#define MAX_HOSTS_BYTES (4 * MIB)
#define MAX_HOSTS_ADDRESSES 16
/* What systemd-resolved listens on, and where it says whom it asks itself. */
#define STUB_ADDRESS "127.0.0.53"
#define UPSTREAM_PATH "run/systemd/resolve/resolv.conf"

struct testing {
	struct task *task;
	struct dns_probe probes[MAX_SERVERS];
	char addresses[MAX_SERVERS][RESOLV_CONF_ADDRESS_BYTES];
	const char *sources[MAX_SERVERS];
	bool is_used[MAX_SERVERS]; /* by programs of this host, not only by its stub */
	size_t n;
	json_t *result;
};

static void add_server(struct testing *testing, const char *address, const char *source,
		       bool is_used)
{
	for (size_t i = 0; i < testing->n; i++)
		if (strcmp(testing->addresses[i], address) == 0)
			return;
	if (testing->n == MAX_SERVERS)
		return;
	str_copy((struct str) { address, strlen(address) }, testing->addresses[testing->n],
		 RESOLV_CONF_ADDRESS_BYTES);
	testing->sources[testing->n] = source;
	testing->is_used[testing->n] = is_used;
	testing->probes[testing->n++].fd = -1;
}

static int read_conf(const struct host *host, const char *path, struct resolv_conf *conf)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	buf_init(&text, CONF_BYTES);
	r = host_read_buf(host, path, &text);
	resolv_conf_parse(r < 0 ? "" : buf_text(&text), conf);
	return r;
}

static void find_servers(struct testing *testing)
{
	struct resolv_conf conf, upstream;
	int r = read_conf(testing->task->host, "etc/resolv.conf", &conf);
	json_t *json = resolv_conf_json(&conf);

	json_put(json, "exists", json_boolean(r == 0));
	if (r < 0 && r != -ENOENT)
		tool_unread(testing->result, "/etc/resolv.conf", r);
	for (size_t i = 0; i < conf.n_servers && i < RESOLV_CONF_USED_SERVERS; i++)
		add_server(testing, conf.servers[i], "/etc/resolv.conf", true);
	/* Without any glibc asks this machine. */
	if (!conf.n_servers)
		add_server(testing, "127.0.0.1", "default", true);
	if (testing->n && strcmp(testing->addresses[0], STUB_ADDRESS) == 0 &&
	    read_conf(testing->task->host, UPSTREAM_PATH, &upstream) == 0) {
		for (size_t i = 0; i < upstream.n_servers; i++)
			add_server(testing, upstream.servers[i], "/" UPSTREAM_PATH, false);
		json_decref(upstream.search);
	}
	json_put(testing->result, "resolv_conf", json);
	json_decref(conf.search);
}

/* Whether servers know the name but have no address of the kind that was asked for. */
static bool is_empty(const struct testing *testing)
{
	bool is_known = false;

	for (size_t i = 0; i < testing->n; i++) {
		if (json_array_size(testing->probes[i].records))
			return false;
		is_known |= testing->probes[i].verdict == DNS_OK;
	}
	return is_known;
}

static void ask(struct testing *testing, const char *name, enum dns_type type, const json_t *args)
{
	uint64_t timeout_ns = (uint64_t)json_get_int(args, "timeout_ms", 2500) * NS_PER_MS;

	dns_probe_finish(testing->probes, testing->n);
	for (size_t i = 0; i < testing->n; i++)
		(void)dns_probe_set(&testing->probes[i], testing->addresses[i], DNS_PORT);
	dns_probe_all(testing->probes, testing->n, name, type, timeout_ns);
}

static bool works(const struct dns_probe *probe)
{
	return probe->verdict == DNS_OK || probe->verdict == DNS_NXDOMAIN;
}

static bool any_works(const struct testing *testing)
{
	for (size_t i = 0; i < testing->n; i++)
		if (testing->is_used[i] && works(&testing->probes[i]))
			return true;
	return false;
}

static json_t *server_json(const struct testing *testing, size_t i)
{
	const struct dns_probe *probe = &testing->probes[i];
	json_t *json =
		json_pack("{s:o, s:b, s:s, s:s, s:b, s:b}", "address",
			  json_text(testing->addresses[i], strlen(testing->addresses[i])), "ok",
			  works(probe), "verdict", dns_verdict_name(probe->verdict), "source",
			  testing->sources[i], "used", testing->is_used[i], "tcp", probe->used_tcp);

	json_put(json, "latency_ms", json_figure((double)probe->latency_ns / (double)NS_PER_MS));
	json_put(json, "error", *probe->error ? json_string(probe->error) : json_null());
	return json;
}

/* The name's addresses in /etc/hosts, which is asked before any server. */
static json_t *hosts_file(struct testing *testing, const char *name)
{
	CLEANUP(fd) int fd = host_open(testing->task->host, "etc/hosts", O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	json_t *addresses = json_array();
	struct str line, address, word;

	if (fd < 0)
		return addresses;
	lines_init(&lines, fd, MAX_HOSTS_BYTES);
	while (lines_next(&lines, &line) && json_array_size(addresses) < MAX_HOSTS_ADDRESSES) {
		const char *at = line.data;

		if (!scan_word(&at, &address) || address.data[0] == '#')
			continue;
		while (scan_word(&at, &word) && word.data[0] != '#')
			if (word.len == strlen(name) && strncasecmp(word.data, name, word.len) == 0)
				json_push(addresses, json_str(address));
	}
	return addresses;
}

static void put_nsswitch(struct testing *testing)
{
	CLEANUP(fd) int fd = host_open(testing->task->host, "etc/nsswitch.conf", O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	json_t *sources = json_array();
	struct str line, word;

	if (fd >= 0)
		lines_init(&lines, fd, CONF_BYTES);
	while (fd >= 0 && lines_next(&lines, &line)) {
		const char *at = line.data;

		if (!scan_text(&at, "hosts:"))
			continue;
		while (scan_word(&at, &word) && word.data[0] != '#')
			json_push(sources, json_str(word));
	}
	json_put(testing->result, "nsswitch_hosts", sources);
}

/* An alias that leads nowhere, or to itself, is an answer and no address. */
static bool has_address(const json_t *records)
{
	const json_t *record;
	size_t i;

	json_array_foreach(records, i, record)
	{
		const char *text = json_string_value(record);
		uint8_t bytes[16];

		if (inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1)
			return true;
	}
	return false;
}

/* The first server that works, or NULL; adds the time until then to 'waited_s'. */
static const struct dns_probe *first_that_works(const struct testing *testing, double *waited_s)
{
	for (size_t i = 0; i < testing->n; i++) {
		const struct dns_probe *probe = &testing->probes[i];

		if (!testing->is_used[i])
			continue;
		if (works(probe))
			return probe;
		/* A silent server costs each program glibc's timeout before the next is asked. */
		if (probe->verdict == DNS_TIMEOUT)
			*waited_s += (double)json_get_int(
				json_object_get(testing->result, "resolv_conf"), "timeout_s", 5);
	}
	return NULL;
}

/* What a program of this host would get: the hosts file, else the first server that works. */
static void put_answers(struct testing *testing, const char *name)
{
	json_t *listed = *name ? hosts_file(testing, name) : json_array();
	bool is_listed = json_array_size(listed) > 0;
	double waited_s = 0;
	const struct dns_probe *probe = first_that_works(testing, &waited_s);
	json_t *served = probe ? json_copy(probe->records) : NULL;
	bool is_served = probe && probe->verdict == DNS_OK && (!*name || has_address(served));

	served = served ? served : json_array();
	json_put(testing->result, "hosts_file", listed);
	json_put(testing->result, "dns_answers", served);
	json_put(testing->result, "ok", json_boolean(is_listed || is_served));
	json_put(testing->result, "answers", json_copy(is_listed ? listed : served));
	json_put(testing->result, "delay_s", json_figure(is_listed ? 0 : waited_s));
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err UNUSED)
{
	const char *name = json_get_text(args, "name", "");
	struct testing testing = { .task = task, .result = result };
	json_t *servers = json_array();

	find_servers(&testing);
	put_nsswitch(&testing);
	/* Every server that resolves knows the root; a name of ours would have to be somebody's. */
	ask(&testing, name, *name ? DNS_A : DNS_NS, args);
	if (*name && is_empty(&testing))
		ask(&testing, name, DNS_AAAA, args);
	for (size_t i = 0; i < testing.n; i++)
		json_push(servers, server_json(&testing, i));
	json_put(result, "name", *name ? json_string(name) : json_string("."));
	json_put(result, "resolvers", servers);
	put_answers(&testing, name);
	if (!*name)
		json_put(result, "ok", json_boolean(any_works(&testing)));
	dns_probe_finish(testing.probes, testing.n);
	return 0;
}

const struct tool tool_test_dns = {
	.info = {
		.name = "test_dns",
		.summary = "Whether each DNS server of this host answers, how fast, and what it says to "
			   "a name.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":253,"
			  "\"description\":\"a name to resolve; without it the root's servers\"},"
			  "\"timeout_ms\":{\"type\":\"integer\",\"minimum\":50,\"maximum\":10000,"
			  "\"default\":2500}}}",
		.result = "name: string, ok: boolean, answers: [string], dns_answers: [string], "
			"hosts_file: [string], delay_s: number, nsswitch_hosts: [string], "
			"resolv_conf: {exists: boolean, nameservers: [string], "
			"n_ignored_nameservers: integer, search: [string], ndots: integer, "
			"timeout_s: integer, attempts: integer, rotate: boolean, "
			"n_ignored_lines: integer}, resolvers: [{address: string, ok: boolean, "
			"verdict: string, source: string, used: boolean, tcp: boolean, "
			"latency_ms: number, error: string|null}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_TARGETS,
		.target = TARGET_DNS,
	},
	.run = run,
};
