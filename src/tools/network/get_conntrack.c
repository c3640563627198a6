/* get_conntrack: how full the connection tracking table is, and of what. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "host/network.h"
#include "tools/catalogue.h"
#include "tools/network/conntrack.h"
#include "tools/network/tally.h"

#define MAX_TABLE_BYTES (64 * MIB)

struct tracked {
	char protocol[16], state[24];
	char destination[64];
	char port[8];
};

static void take_value(const char *line, const char *key, char *out, size_t size)
{
	const char *at = strstr(line, key);

	out[0] = '\0';
	if (at)
		str_copy((struct str) { at + strlen(key), strcspn(at + strlen(key), " \n") }, out,
			 size);
}

/* "ipv4 2 tcp 6 431999 ESTABLISHED src=... dst=... sport=... dport=... [ASSURED] ..." */
static bool parse_line(const char *line, struct tracked *tracked_out)
{
	const char *at = line;
	struct str family, protocol, state;
	uint64_t number;

	if (!scan_word(&at, &family) || !scan_u64(&at, &number) || !scan_word(&at, &protocol) ||
	    !scan_u64(&at, &number) || !scan_u64(&at, &number) || !scan_word(&at, &state))
		return false;
	str_copy(protocol, tracked_out->protocol, sizeof(tracked_out->protocol));
	/* Only TCP and its like have a state; others go on with src=. */
	if (memchr(state.data, '=', state.len))
		tracked_out->state[0] = '\0';
	else
		str_copy(state, tracked_out->state, sizeof(tracked_out->state));
	take_value(line, "dst=", tracked_out->destination, sizeof(tracked_out->destination));
	take_value(line, "dport=", tracked_out->port, sizeof(tracked_out->port));
	return tracked_out->destination[0];
}

static void count(struct tally *tally, const char *name, const char *member)
{
	json_t *entry = tally_add(tally, name);

	if (entry)
		json_put(entry, member, json_text(name, strlen(name)));
}

static int read_table(struct task *task, json_t *result)
{
	CLEANUP(fd) int fd = network_open(task->host, "nf_conntrack");
	CLEANUP(lines) struct lines lines = { 0 };
	struct tally protocols, states, destinations;
	struct tracked tracked;
	struct str line;

	if (fd < 0)
		return fd;
	tally_init(&protocols);
	tally_init(&states);
	tally_init(&destinations);
	lines_init(&lines, fd, MAX_TABLE_BYTES);
	while (lines_next(&lines, &line) &&
	       (lines.n_lines % 256 || clock_monotonic_ns() < task->deadline_ns)) {
		char name[80];

		if (!parse_line(line.data, &tracked))
			continue;
		count(&protocols, tracked.protocol, "protocol");
		if (tracked.state[0])
			count(&states, tracked.state, "state");
		(void)snprintf(name, sizeof(name), "%s:%s", tracked.destination, tracked.port);
		count(&destinations, name, "destination");
	}
	json_put(result, "by_protocol", tally_top(&protocols, 10));
	json_put(result, "by_state", tally_top(&states, 20));
	json_put(result, "top_destinations", tally_top(&destinations, 20));
	json_put(result, "truncated",
		 json_boolean(lines.truncated || clock_monotonic_ns() > task->deadline_ns));
	tally_finish(&protocols);
	tally_finish(&states);
	tally_finish(&destinations);
	return lines.error;
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result,
	       struct error *err UNUSED)
{
	json_t *figures = conntrack_json(task->host);
	int r;

	json_put(result, "present", json_boolean(json_is_object(figures)));
	/* Without connection tracking there is nothing to see, which is no failure. */
	if (!json_is_object(figures)) {
		json_decref(figures);
		return 0;
	}
	(void)json_object_update(result, figures);
	json_decref(figures);
	r = read_table(task, result);
	if (r < 0)
		tool_unread(result, "the tracked connections", r);
	return 0;
}

const struct tool tool_get_conntrack = {
	.info = {
		.name = "get_conntrack",
		.summary = "How full the kernel's connection tracking table is, what it dropped, and "
			   "which destinations fill it.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "present: boolean, count?: integer, max?: integer, used_percent?: number, "
			"drop?: integer, insert_failed?: integer, early_drop?: integer, "
			"by_protocol?: [{protocol: string, n: integer}], "
			"by_state?: [{state: string, n: integer}], "
			"top_destinations?: [{destination: string, n: integer}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
