/* get_hardware_errors: what memory, processors, disks, arrays and cards have counted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/pattern.h"
#include "tools/catalogue.h"
#include "tools/kernel/arrays.h"
#include "tools/kernel/kernel_lines.h"

#define MAX_ENTRIES 256
#define MAX_LINES 30

/* One counter file per device: only those above zero are errors, all are counted. */
struct counter {
	const char *member;  /* of the result */
	const char *pattern; /* the files */
	const char *prefix;  /* before the number on its line; "" for a bare number */
};

static const struct counter counters[] = {
	{ "memory_corrected", "/sys/devices/system/edac/mc/mc*/ce_count", "" },
	{ "memory_uncorrected", "/sys/devices/system/edac/mc/mc*/ue_count", "" },
	{ "memory_modules", "/sys/devices/system/edac/mc/mc*/dimm*/dimm_ce_count", "" },
	{ "memory_modules", "/sys/devices/system/edac/mc/mc*/dimm*/dimm_ue_count", "" },
	{ "thermal_throttles", "/sys/devices/system/cpu/cpu*/thermal_throttle/core_throttle_count",
	  "" },
	{ "thermal_throttles",
	  "/sys/devices/system/cpu/cpu*/thermal_throttle/package_throttle_count", "" },
	{ "pcie_corrected", "/sys/bus/pci/devices/*/aer_dev_correctable", "TOTAL_ERR_COR " },
	{ "pcie_nonfatal", "/sys/bus/pci/devices/*/aer_dev_nonfatal", "TOTAL_ERR_NONFATAL " },
	{ "pcie_fatal", "/sys/bus/pci/devices/*/aer_dev_fatal", "TOTAL_ERR_FATAL " },
	{ "disk_errors", "/sys/block/*/device/ioerr_cnt", "" },
	{ "filesystem_errors", "/sys/fs/ext4/*/errors_count", "" },
	{ "filesystem_errors", "/sys/fs/btrfs/*/devinfo/*/error_stats", "write_errs " },
	{ "filesystem_errors", "/sys/fs/btrfs/*/devinfo/*/error_stats", "read_errs " },
	{ "filesystem_errors", "/sys/fs/btrfs/*/devinfo/*/error_stats", "corruption_errs " },
	{ "network_receive_errors", "/sys/class/net/*/statistics/rx_errors", "" },
	{ "network_transmit_errors", "/sys/class/net/*/statistics/tx_errors", "" },
	{ "network_checksum_errors", "/sys/class/net/*/statistics/rx_crc_errors", "" },
};

static const char *const kernel_words[] = {
	"[Hardware Error]",
	"mce:",
	"Machine check",
	"EDAC",
	"I/O error",
	"edium error",
	"Unrecovered read",
	"failed command:",
	"rejecting I/O",
	"hard resetting link",
	"controller is down",
	"AER:",
	"temperature above threshold",
	"Disk failure on",
	"read error corrected",
	"link is not ready",
	"Buffer I/O error",
	NULL,
};

/* What the kernel says of itself at every start, by the same words. */
static const char *const start_words[] = {
	"Thermal monitoring enabled",
	"Monitor-Mwait",
	"machine check banks",
	"MCE banks",
	"EDAC MC: Ver:",
	"AER: enabled",
	"Giving out device",
	NULL,
};

/* ioerr_cnt is "0x0", the others are decimal. */
static bool read_counter(const struct host *host, const char *path, const char *prefix,
			 uint64_t *value_out)
{
	char text[8 * KIB];
	const char *at = text, *found;

	if (host_read(host, path + 1, text, sizeof(text)) < 0)
		return false;
	if (*prefix) {
		found = strstr(text, prefix);
		if (!found)
			return false;
		at = found + strlen(prefix);
	}
	if (scan_text(&at, "0x"))
		return scan_hex(&at, value_out);
	return scan_u64(&at, value_out);
}

static void count(const struct host *host, const struct counter *counter, json_t *result)
{
	CLEANUP(json) json_t *files = host_match(host, counter->pattern, MAX_ENTRIES);
	json_t *list = json_object_get(result, counter->member);
	const json_t *file;
	size_t i;

	if (!list) {
		list = json_array();
		json_put(result, counter->member, list);
	}
	json_array_foreach(files, i, file)
	{
		const char *path = json_string_value(file);
		uint64_t value;

		if (read_counter(host, path, counter->prefix, &value) && value > 0)
			json_push(list, json_pack("{s:s, s:s, s:I}", "file", path, "what",
						  counter->prefix, "count", (json_int_t)value));
	}
}

static bool is_start_line(const char *line)
{
	for (const char *const *word = start_words; *word; word++)
		if (strstr(line, *word))
			return true;
	return false;
}

static json_t *find_kernel_lines(struct task *task, json_t *result)
{
	json_t *lines = kernel_lines_find(task, kernel_words, MAX_LINES, result);

	for (size_t i = json_array_size(lines); i-- > 0;)
		if (is_start_line(json_string_value(json_array_get(lines, i))))
			(void)json_array_remove(lines, i); /* it is in range */
	return lines;
}

static bool read_word(const struct host *host, const char *path, char *text, size_t size)
{
	if (host_read(host, path, text, size) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	return true;
}

/* Disks and controllers that are not as they should be: offline, dead, blocked. */
static void add_states(const struct host *host, json_t *result)
{
	static const struct {
		const char *pattern, *healthy;
	} states[] = {
		{ "/sys/block/*/device/state", "running" },
		{ "/sys/class/nvme/nvme*/state", "live" },
		{ "/sys/block/dm-*/dm/suspended", "0" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		CLEANUP(json) json_t *files = host_match(host, states[i].pattern, MAX_ENTRIES);
		const json_t *file;
		size_t j;

		json_array_foreach(files, j, file)
		{
			const char *path = json_string_value(file);
			char state[64];

			/* A namespace of an NVMe shows its controller's state: "live". */
			if (read_word(host, path + 1, state, sizeof(state)) &&
			    strcmp(state, states[i].healthy) != 0 && strcmp(state, "live") != 0)
				json_push(list, json_pack("{s:s, s:o}", "file", path, "state",
							  json_text(state, strlen(state))));
		}
	}
	json_put(result, "device_states", list);
}

/* Sensors at or above what their maker calls critical or high. */
static void add_temperatures(const struct host *host, json_t *result)
{
	CLEANUP(json)
	json_t *files = host_match(host, "/sys/class/hwmon/hwmon*/temp*_input", MAX_ENTRIES);
	json_t *list = json_array();
	const json_t *file;
	size_t i, n = 0;

	json_array_foreach(files, i, file)
	{
		const char *path = json_string_value(file);
		int base = (int)(strlen(path) - strlen("input"));
		char critical[512], high[512];
		uint64_t value, limit = 0;

		text_format(critical, sizeof(critical), "%.*scrit", base - 1, path + 1);
		text_format(high, sizeof(high), "%.*smax", base - 1, path + 1);
		if (!host_read_u64(host, path + 1, &value))
			continue;
		n++;
		if (!host_read_u64(host, high, &limit) || !limit)
			(void)host_read_u64(host, critical, &limit);
		if (limit && value >= limit)
			json_push(list, json_pack("{s:s, s:f, s:f}", "sensor", path, "celsius",
						  (double)value / 1000.0, "limit_celsius",
						  (double)limit / 1000.0));
	}
	json_put(result, "n_temperature_sensors", json_integer((json_int_t)n));
	json_put(result, "temperatures_too_high", list);
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result,
	       struct error *err UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(counters); i++)
		count(task->host, &counters[i], result);
	add_states(task->host, result);
	add_temperatures(task->host, result);
	json_put(result, "arrays", arrays_read(task->host));
	json_put(result, "kernel_log", find_kernel_lines(task, result));
	return 0;
}

const struct tool tool_get_hardware_errors = {
	.info = {
		.name = "get_hardware_errors",
		.summary = "Errors that memory, processors, PCIe, disks, arrays, file systems and network "
			   "cards have counted, and too high temperatures.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "memory_corrected: [{file: string, what: string, count: integer}], "
			"memory_uncorrected: [{file: string, what: string, count: integer}], "
			"memory_modules: [{file: string, what: string, count: integer}], "
			"thermal_throttles: [{file: string, what: string, count: integer}], "
			"pcie_corrected: [{file: string, what: string, count: integer}], "
			"pcie_nonfatal: [{file: string, what: string, count: integer}], "
			"pcie_fatal: [{file: string, what: string, count: integer}], "
			"disk_errors: [{file: string, what: string, count: integer}], "
			"filesystem_errors: [{file: string, what: string, count: integer}], "
			"network_receive_errors: [{file: string, what: string, count: integer}], "
			"network_transmit_errors: [{file: string, what: string, count: integer}], "
			"network_checksum_errors: [{file: string, what: string, count: integer}], "
			"arrays: [{name: string, state: string, level: string, failed: [string], "
			"degraded: boolean, n_disks?: integer, n_active?: integer, "
			"action?: string, mismatches?: integer}], device_states: [{file: string, "
			"state: string}], kernel_log: [string], n_temperature_sensors: integer, "
			"temperatures_too_high: [{sensor: string, celsius: number, "
			"limit_celsius: number}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER,
	},
	.run = run,
};
