/* list_block_devices: the disks, their parts, and what they report about themselves. */
#include <string.h>

#include "host/host.h"
#include "tools/catalogue.h"

#define DEVICES_MAX 512
#define SECTOR_BYTES 512

static bool number(const struct host *host, const char *name, const char *file, uint64_t *value_out)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "sys/class/block/%s/%s", name, file);
	return host_read_u64(host, path, value_out);
}

static json_t *count(const struct host *host, const char *name, const char *file)
{
	uint64_t value;

	return number(host, name, file, &value) ? json_count(value) : json_null();
}

static json_t *flag(const struct host *host, const char *name, const char *file)
{
	uint64_t value;

	return number(host, name, file, &value) ? json_boolean(value != 0) : json_null();
}

/* One line, without the blanks that firmware pads it with. */
static json_t *line(const struct host *host, const char *name, const char *file)
{
	char path[256], text[256];
	const char *at = text;
	size_t len;

	(void)snprintf(path, sizeof(path), "sys/class/block/%s/%s", name, file);
	if (host_read(host, path, text, sizeof(text)) <= 0)
		return json_null();
	at += strspn(at, " \t");
	len = strcspn(at, "\n");
	while (len && at[len - 1] == ' ')
		len--;
	return len ? json_text(at, len) : json_null();
}

static json_t *names_in(const struct host *host, const char *name, const char *folder)
{
	char path[256];
	json_t *list;

	(void)snprintf(path, sizeof(path), "sys/class/block/%s/%s", name, folder);
	list = host_list(host, path, 64);
	return list ? list : json_array();
}

/* SCSI and NVMe count what went wrong; other drivers have no such figure. */
static json_t *errors(const struct host *host, const char *name)
{
	char path[256], text[64];
	const char *at = text;
	uint64_t value;

	(void)snprintf(path, sizeof(path), "sys/class/block/%s/device/ioerr_cnt", name);
	if (host_read(host, path, text, sizeof(text)) <= 0)
		return json_null();
	/* "0x1f": an octal zero is not what is meant. */
	if (scan_text(&at, "0x") ? scan_hex(&at, &value) : scan_u64(&at, &value))
		return json_count(value);
	return json_null();
}

static json_t *device_json(const struct host *host, const char *name)
{
	json_t *json = json_object();
	uint64_t sectors;
	bool is_partition = number(host, name, "partition", &sectors);

	json_put(json, "name", json_text(name, strlen(name)));
	json_put(json, "type", json_string(is_partition ? "partition" : "disk"));
	json_put(json, "size_bytes",
		 number(host, name, "size", &sectors) && sectors < UINT64_MAX / SECTOR_BYTES
			 ? json_count(sectors * SECTOR_BYTES)
			 : json_null());
	json_put(json, "read_only", flag(host, name, "ro"));
	json_put(json, "removable", flag(host, name, "removable"));
	json_put(json, "rotational", flag(host, name, "queue/rotational"));
	json_put(json, "scheduler", line(host, name, "queue/scheduler"));
	json_put(json, "queue_requests", count(host, name, "queue/nr_requests"));
	json_put(json, "model", line(host, name, "device/model"));
	json_put(json, "state", line(host, name, "device/state"));
	json_put(json, "device_mapper", line(host, name, "dm/name"));
	json_put(json, "array_state", line(host, name, "md/array_state"));
	json_put(json, "array_degraded", count(host, name, "md/degraded"));
	json_put(json, "built_on", names_in(host, name, "slaves"));
	json_put(json, "errors", errors(host, name));
	return json;
}

/* Loop devices exist long before anybody uses one. */
static bool is_empty_loop(const struct host *host, const char *name)
{
	uint64_t sectors;

	return (strncmp(name, "loop", 4) == 0 || strncmp(name, "zram", 4) == 0 ||
		strncmp(name, "ram", 3) == 0) &&
	       number(host, name, "size", &sectors) && sectors == 0;
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result, struct error *err)
{
	CLEANUP(json) json_t *names = host_list(task->host, "sys/class/block", DEVICES_MAX);
	json_t *list = json_array();
	const json_t *name;
	size_t i;

	json_put(result, "devices", list);
	if (!names)
		return error_errno(err, "list /sys/class/block");
	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);

		if (!is_empty_loop(task->host, text))
			json_push(list, device_json(task->host, text));
	}
	if (json_array_size(names) == DEVICES_MAX)
		json_put(result, "truncated", json_true());
	return 0;
}

const struct tool tool_list_block_devices = {
	.info = {
		.name = "list_block_devices",
		.summary = "Every disk and partition: size, model, state, whether it is read-only or a "
			   "degraded array, and the errors it counted.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "devices: [{name: string, type: 'disk'|'partition', "
			"size_bytes: integer|null, read_only: boolean|null, "
			"removable: boolean|null, rotational: boolean|null, "
			"scheduler: string|null, queue_requests: integer|null, model: string|null, "
			"state: string|null, device_mapper: string|null, array_state: string|null, "
			"array_degraded: integer|null, built_on: [string], errors: integer|null}]",
		.risk = TOOL_READS,
	},
	.run = run,
};
