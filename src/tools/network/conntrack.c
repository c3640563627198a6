#include "tools/network/conntrack.h"

#include <string.h>

#include "base/fd.h"
#include "host/network.h"

#define MAX_COLUMNS 32

struct table {
	char names[MAX_COLUMNS][24];
	uint64_t sums[MAX_COLUMNS];
	size_t n;
};

static uint64_t column(const struct table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->names[i], name) == 0)
			return table->sums[i];
	return 0;
}

/* A heading, then a line of hex figures per CPU; "entries" is the same in each. */
static bool read_statistics(const struct host *host, struct table *table)
{
	CLEANUP(fd) int fd = network_open(host, "stat/nf_conntrack");
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line, word;
	const char *at;

	if (fd < 0)
		return false;
	lines_init(&lines, fd, MIB);
	if (!lines_next(&lines, &line))
		return false;
	for (at = line.data; table->n < MAX_COLUMNS && scan_word(&at, &word); table->n++)
		str_copy(word, table->names[table->n], sizeof(table->names[0]));
	while (lines_next(&lines, &line)) {
		uint64_t value;

		at = line.data;
		for (size_t i = 0; i < table->n && scan_hex(&at, &value); i++)
			table->sums[i] = strcmp(table->names[i], "entries") == 0
						 ? value
						 : table->sums[i] + value;
	}
	return true;
}

static bool read_setting(const struct host *host, const char *name, uint64_t *value_out)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "proc/sys/net/netfilter/%s", name);
	return host_read_u64(host, path, value_out);
}

json_t *conntrack_json(const struct host *host)
{
	struct table table = { .n = 0 };
	bool has_statistics = read_statistics(host, &table);
	uint64_t count = column(&table, "entries"), max;

	if (!read_setting(host, "nf_conntrack_max", &max) || max == 0)
		return json_null();
	if (!has_statistics && !network_is_own(host))
		return json_null();
	if (!has_statistics && !read_setting(host, "nf_conntrack_count", &count))
		return json_null();
	return json_pack("{s:I, s:I, s:o, s:I, s:I, s:I}", "count", (json_int_t)count, "max",
			 (json_int_t)max, "used_percent",
			 json_figure(100.0 * (double)count / (double)max), "drop",
			 (json_int_t)column(&table, "drop"), "insert_failed",
			 (json_int_t)column(&table, "insert_failed"), "early_drop",
			 (json_int_t)column(&table, "early_drop"));
}
