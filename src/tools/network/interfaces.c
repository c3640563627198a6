#include "tools/network/interfaces.h"

#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "host/network.h"

#define MAX_INTERFACES 256
#define MAX_BYTES MIB

struct column {
	const char *name;
	const char *rate; /* member of the second look, or NULL */
};

/* The columns of /proc/net/dev; NULL names are not reported. */
static const struct column columns[] = {
	{ "rx_bytes", "rx_bytes_per_s" },
	{ "rx_packets", "rx_packets_per_s" },
	{ "rx_errors", "rx_errors_per_s" },
	{ "rx_dropped", "rx_dropped_per_s" },
	{ "rx_fifo", NULL },
	{ NULL, NULL },
	{ NULL, NULL },
	{ NULL, NULL },
	{ "tx_bytes", "tx_bytes_per_s" },
	{ "tx_packets", "tx_packets_per_s" },
	{ "tx_errors", "tx_errors_per_s" },
	{ "tx_dropped", "tx_dropped_per_s" },
	{ "tx_fifo", NULL },
	{ "tx_collisions", NULL },
	{ "tx_carrier_errors", NULL },
};

struct counts {
	char name[32];
	uint64_t values[ARRAY_LEN(columns)];
};

/* "  eth0: 1 2 3 ..."; an old kernel glues the first number to the colon. */
static bool parse_line(const char *line, struct counts *counts_out)
{
	const char *colon = strrchr(line, ':');
	size_t blank = strspn(line, " ");

	if (!colon || colon == line + blank)
		return false;
	str_copy((struct str) { line + blank, (size_t)(colon - line) - blank }, counts_out->name,
		 sizeof(counts_out->name));
	colon++;
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (!scan_u64(&colon, &counts_out->values[i]))
			return false;
	return true;
}

static json_t *state_of(const struct host *folder)
{
	char text[32];
	ssize_t len = host_read(folder, "operstate", text, sizeof(text));

	return len < 0 ? json_null() : json_text(text, strcspn(text, "\n"));
}

static void put_attributes(const struct host *host, const char *interface, json_t *entry)
{
	static const char *const names[] = { "mtu", "speed", "carrier", "carrier_changes" };
	CLEANUP(host) struct host folder = HOST_CLOSED;
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "sys/class/net/%s", interface);
	r = host_enter(host, path, &folder);
	json_put(entry, "state", r < 0 ? json_null() : state_of(&folder));
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(names); i++) {
		uint64_t value;

		if (host_read_u64(&folder, names[i], &value) && value <= INT64_MAX)
			json_put(entry, names[i], json_integer((json_int_t)value));
	}
}

static json_t *describe(const struct host *host, const struct counts *counts)
{
	json_t *entry = json_object();

	json_put(entry, "name", json_text(counts->name, strlen(counts->name)));
	put_attributes(host, counts->name, entry);
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (columns[i].name)
			json_put(entry, columns[i].name, json_count(counts->values[i]));
	json_put(entry, "addresses", json_array());
	return entry;
}

static json_t *find_interface(const json_t *result, const char *name)
{
	json_t *list = json_object_get(result, "interfaces"), *entry;
	size_t i;

	json_array_foreach(list, i, entry) if (strcmp(json_get_text(entry, "name", ""), name) ==
					       0) return entry;
	return NULL;
}

static void rate(json_t *entry, const struct counts *later, double seconds)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		const json_t *before = json_object_get(entry, columns[i].name);
		uint64_t from = (uint64_t)json_integer_value(before);

		if (!columns[i].rate || !json_is_integer(before))
			continue;
		/* A counter that went back belongs to an interface made anew. */
		json_put(entry, columns[i].rate,
			 json_figure(later->values[i] < from
					     ? 0
					     : (double)(later->values[i] - from) / seconds));
	}
}

static int read_dev(const struct host *host, double seconds, json_t *result)
{
	CLEANUP(fd) int fd = network_open(host, "dev");
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;
	struct counts counts;

	if (fd < 0)
		return fd;
	lines_init(&lines, fd, MAX_BYTES);
	while (lines_next(&lines, &line)) {
		json_t *entry;

		if (!parse_line(line.data, &counts))
			continue;
		entry = find_interface(result, counts.name);
		if (seconds > 0 && entry)
			rate(entry, &counts, seconds);
		else if (seconds <= 0 &&
			 json_array_size(json_object_get(result, "interfaces")) < MAX_INTERFACES)
			json_push(json_object_get(result, "interfaces"), describe(host, &counts));
	}
	return lines.error;
}

void interfaces_read(const struct host *host, json_t *result)
{
	int r;

	json_put(result, "interfaces", json_array());
	r = read_dev(host, 0, result);
	if (r < 0)
		tool_unread(result, "network interfaces", r);
}

void interfaces_rate(const struct host *host, double seconds, json_t *result)
{
	(void)read_dev(host, seconds, result); /* what fails here failed before, and was noted */
}
