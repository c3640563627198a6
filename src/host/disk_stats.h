/* /proc/diskstats: what the block devices did since boot. */
#pragma once

#include "host/host.h"

#define DISK_NAME_BYTES 64

struct disk {
	uint32_t major, minor;
	char name[DISK_NAME_BYTES];
	uint64_t n_reads, n_writes;
	uint64_t read_sectors, written_sectors; /* of 512 bytes, whatever the device */
	uint64_t read_ms, write_ms;             /* summed over requests */
	uint64_t n_in_flight;
	uint64_t busy_ms;     /* with at least one request */
	uint64_t weighted_ms; /* summed over requests, also those in flight */
};

struct disk_stats {
	struct disk *list;
	size_t n;
	bool truncated; /* more than DISK_MAX */
};

#define DISK_MAX 4096

void disk_stats_parse(const char *text, struct disk_stats *stats_out);
int disk_stats_read(const struct host *host, struct disk_stats *stats_out) MUST_CHECK;
void disk_stats_finish(struct disk_stats *stats);
void disk_stats_cleanup(struct disk_stats *stats);

/* The same device in another reading, or NULL. */
const struct disk *disk_stats_match(const struct disk_stats *stats, const struct disk *disk);

/* Whether it is a part of another block device. */
bool disk_is_partition(const struct host *host, const struct disk *disk);
