#include "host/disk_stats.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_MAX_BYTES (1 * MIB)

static bool parse_line(struct str line, struct disk *disk_out)
{
	const char *at = line.data;
	struct disk disk = { 0 };
	uint64_t major, minor, skipped;
	struct str name;

	if (!scan_u64(&at, &major) || !scan_u64(&at, &minor) || !scan_word(&at, &name))
		return false;
	if (!scan_u64(&at, &disk.n_reads) || !scan_u64(&at, &skipped) ||
	    !scan_u64(&at, &disk.read_sectors) || !scan_u64(&at, &disk.read_ms) ||
	    !scan_u64(&at, &disk.n_writes) || !scan_u64(&at, &skipped) ||
	    !scan_u64(&at, &disk.written_sectors) || !scan_u64(&at, &disk.write_ms) ||
	    !scan_u64(&at, &disk.n_in_flight) || !scan_u64(&at, &disk.busy_ms) ||
	    !scan_u64(&at, &disk.weighted_ms))
		return false;
	disk.major = (uint32_t)major;
	disk.minor = (uint32_t)minor;
	str_copy(name, disk.name, sizeof(disk.name));
	*disk_out = disk;
	return true;
}

void disk_stats_parse(const char *text, struct disk_stats *stats_out)
{
	struct disk_stats stats = { 0 };
	struct str line;

	while (scan_line(&text, &line)) {
		struct disk disk;

		if (!parse_line(line, &disk))
			continue;
		if (stats.n == DISK_MAX) {
			stats.truncated = true;
			break;
		}
		if ((stats.n & (stats.n - 1)) == 0) {
			stats.list = reallocarray(stats.list, stats.n ? stats.n * 2 : 1,
						  sizeof(*stats.list));
			if (!stats.list)
				abort();
		}
		stats.list[stats.n++] = disk;
	}
	*stats_out = stats;
}

int disk_stats_read(const struct host *host, struct disk_stats *stats_out)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	buf_init(&text, TEXT_MAX_BYTES);
	r = host_read_buf(host, "proc/diskstats", &text);
	if (r < 0)
		return r;
	disk_stats_parse(buf_text(&text), stats_out);
	stats_out->truncated |= text.dropped > 0;
	return 0;
}

void disk_stats_finish(struct disk_stats *stats)
{
	free(stats->list);
	*stats = (struct disk_stats) { 0 };
}

void disk_stats_cleanup(struct disk_stats *stats)
{
	disk_stats_finish(stats);
}

const struct disk *disk_stats_match(const struct disk_stats *stats, const struct disk *disk)
{
	for (size_t i = 0; i < stats->n; i++)
		if (strcmp(stats->list[i].name, disk->name) == 0)
			return &stats->list[i];
	return NULL;
}

/* Without /sys the name tells: sda1, nvme0n1p2. */
static bool looks_like_partition(const char *name)
{
	size_t len = strlen(name);
	size_t digits = 0;

	while (digits < len && name[len - 1 - digits] >= '0' && name[len - 1 - digits] <= '9')
		digits++;
	if (!digits || digits == len)
		return false;
	if (strncmp(name, "sd", 2) == 0 || strncmp(name, "vd", 2) == 0 ||
	    strncmp(name, "hd", 2) == 0 || strncmp(name, "xvd", 3) == 0)
		return true;
	return name[len - 1 - digits] == 'p' &&
	       (strncmp(name, "nvme", 4) == 0 || strncmp(name, "mmcblk", 6) == 0);
}

bool disk_is_partition(const struct host *host, const struct disk *disk)
{
	CLEANUP(host) struct host folder = HOST_CLOSED;
	char path[128];

	(void)snprintf(path, sizeof(path), "sys/class/block/%s", disk->name);
	if (strchr(disk->name, '/') || host_enter(host, path, &folder) < 0)
		return looks_like_partition(disk->name);
	return host_exists(&folder, "partition");
}
