/*
 * Exports: each investigation that has ended is told to the operator's OpenTelemetry collector,
 * as one trace (investigation/otlp.h, without content). Nothing waits for it: it is read from
 * the store afterwards, one at a time. A collector that is away or busy is asked again, after
 * 1 s, doubling to 30 s, or when it says; after EXPORTS_TRIES the trace is dropped, and so is one
 * for which EXPORTS_MAX_WAITING leave no place. What waits when the server ends is dropped.
 */
#pragma once

#include "courier/collector.h"
#include "server/store/store.h"

#define EXPORTS_MAX_WAITING 256
#define EXPORTS_TRIES 6

struct exports;

struct exports_config {
	struct event_base *base;
	struct store *store;
	struct courier *courier;
	const struct collector *collector; /* borrowed */
	uint64_t pause_ns;                 /* before the second try; 0: a second */
};

struct exports_counters {
	uint64_t waiting, sent, retried, dropped;
};

struct exports *exports_new(const struct exports_config *config);
/* NULL is nothing. */
void exports_free(struct exports *exports);

/* It has ended, and that is in the store. */
void exports_add(struct exports *exports, const char *org, const char *investigation);

/* What constable_export* says in /metrics. */
void exports_metrics(const struct exports *exports, struct buf *page);
