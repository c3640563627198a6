#include "tools/network/port_range.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/lines.h"
#include "call/broker.h"

/* What the kernel begins with. */
#define DEFAULT_LOW 32768
#define DEFAULT_HIGH 60999
#define MAX_FILES 200
#define MAX_BYTES (256 * KIB)

static bool parse_range(const char *at, uint64_t *low_out, uint64_t *high_out)
{
	uint64_t low, high;

	if (!scan_u64(&at, &low) || !scan_u64(&at, &high) || low > high || high > UINT16_MAX)
		return false;
	*low_out = low;
	*high_out = high;
	return true;
}

/* "net.ipv4.ip_local_port_range = 32768 60999"; slashes may stand for the dots. */
static bool parse_setting(const char *line, uint64_t *low_out, uint64_t *high_out)
{
	line += strspn(line, " \t-");
	if (!scan_text(&line, "net.ipv4.ip_local_port_range") &&
	    !scan_text(&line, "net/ipv4/ip_local_port_range"))
		return false;
	line += strspn(line, " \t=");
	return parse_range(line, low_out, high_out);
}

static bool read_file(const struct host *host, const char *path, uint64_t *low_out,
		      uint64_t *high_out)
{
	CLEANUP(fd) int fd = host_open(host, path, O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	bool is_set = false;
	struct str line;

	if (fd < 0)
		return false;
	lines_init(&lines, fd, MAX_BYTES);
	while (lines_next(&lines, &line))
		is_set |= parse_setting(line.data, low_out, high_out);
	return is_set;
}

static bool read_folder(const struct host *host, const char *folder, uint64_t *low_out,
			uint64_t *high_out)
{
	CLEANUP(json) json_t *names = host_list(host, folder, MAX_FILES);
	const json_t *name;
	bool is_set = false;
	size_t i;

	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);
		char path[512];

		if (strlen(text) < 5 || strcmp(text + strlen(text) - 5, ".conf") != 0)
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", folder, text);
		is_set |= read_file(host, path, low_out, high_out);
	}
	return is_set;
}

const char *port_range_read(struct task *task, uint64_t *low_out, uint64_t *high_out)
{
	static const char *const folders[] = { "usr/lib/sysctl.d", "run/sysctl.d", "etc/sysctl.d" };
	const struct host *host = task->host;
	struct error err = { 0 };
	CLEANUP(json) json_t *range = broker_ask(task, BROKER_OUTGOING_PORTS, NULL, &err);
	bool is_set = false;

	*low_out = (uint64_t)json_get_int(range, "low", DEFAULT_LOW);
	*high_out = (uint64_t)json_get_int(range, "high", DEFAULT_HIGH);
	if (range)
		return "kernel";
	for (size_t i = 0; i < ARRAY_LEN(folders); i++)
		is_set |= read_folder(host, folders[i], low_out, high_out);
	is_set |= read_file(host, "etc/sysctl.conf", low_out, high_out);
	return is_set ? "configuration" : "default";
}
