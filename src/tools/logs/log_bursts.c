#include "tools/logs/log_bursts.h"

#include <stdlib.h>
#include <string.h>

/* A burst is so many times the median minute, and at least so many lines. */
#define BURST_FACTOR 5
#define BURST_MIN_LINES 20

struct burst {
	uint64_t start, end; /* minutes, both in it */
	uint64_t n;
};

void log_bursts_init(struct log_bursts *bursts)
{
	*bursts = (struct log_bursts) { 0 };
	bursts->minutes = calloc(LOG_BURSTS_MINUTES, sizeof(*bursts->minutes));
	if (!bursts->minutes)
		abort();
}

void log_bursts_finish(struct log_bursts *bursts)
{
	free(bursts->minutes);
	*bursts = (struct log_bursts) { 0 };
}

void log_bursts_add(struct log_bursts *bursts, uint64_t time_ns)
{
	uint64_t minute = time_ns / NS_PER_SEC / 60;

	if (bursts->n && bursts->minutes[bursts->n - 1].minute == minute) {
		bursts->minutes[bursts->n - 1].n++;
		return;
	}
	if (bursts->n < LOG_BURSTS_MINUTES)
		bursts->minutes[bursts->n++] = (struct log_minute) { minute, 1 };
}

static int compare_counts(const void *left, const void *right)
{
	const uint32_t *l = left, *r = right;

	return (*l > *r) - (*l < *r);
}

static int compare_bursts(const void *left, const void *right)
{
	const struct burst *l = left, *r = right;

	if (l->n != r->n)
		return l->n < r->n ? 1 : -1;
	return (l->start > r->start) - (l->start < r->start);
}

/* Of all minutes of the span, silent ones too. */
static uint32_t median(const struct log_bursts *bursts)
{
	uint64_t span = bursts->minutes[bursts->n - 1].minute - bursts->minutes[0].minute + 1;
	uint32_t *counts = calloc(bursts->n, sizeof(*counts));
	uint32_t middle;

	if (!counts)
		abort();
	for (size_t i = 0; i < bursts->n; i++)
		counts[i] = bursts->minutes[i].n;
	qsort(counts, bursts->n, sizeof(*counts), compare_counts);
	/* More silent minutes than others: the usual is nothing. */
	middle = span > 2 * bursts->n ? 0 : counts[bursts->n - 1 - (size_t)(span / 2) % bursts->n];
	free(counts);
	return middle;
}

static size_t find(const struct log_bursts *bursts, uint32_t usual, struct burst *found)
{
	uint32_t least =
		usual * BURST_FACTOR > BURST_MIN_LINES ? usual * BURST_FACTOR : BURST_MIN_LINES;
	size_t n = 0;

	for (size_t i = 0; i < bursts->n; i++) {
		const struct log_minute *at = &bursts->minutes[i];

		if (at->n < least)
			continue;
		if (n && at->minute >= found[n - 1].start && at->minute <= found[n - 1].end + 1) {
			found[n - 1].n += at->n;
			found[n - 1].end = at->minute;
		} else {
			found[n++] = (struct burst) { at->minute, at->minute, at->n };
		}
	}
	return n;
}

json_t *log_bursts_json(const struct log_bursts *bursts, const struct log_clock *clock, size_t max)
{
	json_t *list = json_array();
	struct burst *found;
	uint32_t usual;
	size_t n;

	if (bursts->n < 3 || bursts->minutes[bursts->n - 1].minute < bursts->minutes[0].minute)
		return list;
	found = calloc(bursts->n, sizeof(*found));
	if (!found)
		abort();
	usual = median(bursts);
	n = find(bursts, usual, found);
	qsort(found, n, sizeof(*found), compare_bursts);
	for (size_t i = 0; i < n && i < max; i++) {
		uint64_t minutes = found[i].end - found[i].start + 1;

		json_push(list,
			  json_pack("{s:o, s:I, s:I, s:I}", "seconds_ago",
				    json_figure(log_seconds_ago(clock,
								found[i].start * 60 * NS_PER_SEC)),
				    "minutes", (json_int_t)minutes, "n", (json_int_t)found[i].n,
				    "usual_per_minute", (json_int_t)usual));
	}
	free(found);
	return list;
}
