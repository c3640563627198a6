/* Watching an investigation: its events from the store, then as they happen. */
#pragma once

#include "base/error.h"

#define INQUIRY_MAX_WATCHERS 1024
#define INQUIRY_MAX_WATCHERS_OF_ORG 512 /* so that no org keeps the others out */

struct inquiries;

/* As clients get it; texts are borrowed, 'data' is JSON text. */
struct inquiry_event {
	uint64_t seq; /* from 1, without a gap */
	const char *type;
	const char *data;
	uint64_t time_ns; /* wall clock */
};

struct inquiry_watch;

/* Copied but for 'data'. */
struct inquiry_watcher {
	const char *org, *investigation;
	uint64_t after_seq;

	/* 0, or -EAGAIN: not taken; then nothing comes until inquiry_watch_resume(). */
	int (*deliver)(const struct inquiry_event *event, void *data);
	/* Once, after the last event, or with 'err' instead of it: the watch is no more. */
	void (*ended)(const struct error *err, void *data);
	void *data;
};

/* From the store, then as they happen. From the loop only. NULL: -EBUSY, too many watch. */
struct inquiry_watch *inquiry_watch(struct inquiries *inquiries,
				    const struct inquiry_watcher *watcher, struct error *err);
void inquiry_watch_resume(struct inquiry_watch *watch);
/* 'ended' does not come any more. */
void inquiry_watch_end(struct inquiry_watch *watch);
