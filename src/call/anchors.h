/*
 * Anchors: heads of the audit log that the server countersigned (identity/anchor.h),
 * kept beside the log in anchors.jsonl, so that whoever cuts lines off its end or
 * writes it anew is found out up to the last of them.
 *
 * The key that signs them is pinned with the org's root (call/consent.h). While none
 * is, an anchor is taken only where it fits the log as it is now, and what its
 * signature is worth is for the server to say. The newest ANCHORS_KEPT are kept.
 */
#pragma once

#include "call/hash.h"
#include "identity/anchor.h"

#define ANCHORS_KEPT 256
#define ANCHOR_LINE_MAX_BYTES 1024

/* Where the log stands. */
struct anchors_log {
	const char *directory;
	uint64_t seq;
	const char *head;
};

/*
 * Keeps a sealed anchor. -ESTALE if it is of a line that the log does not have, -EBADE
 * for a signature that is not the pinned key's or a head that is not the log's: one that
 * the pinned key did sign is kept all the same, as the proof that it is.
 */
int anchors_add(const struct anchors_log *log, const json_t *sealed, struct error *err) MUST_CHECK;

struct anchors {
	struct anchor *list; /* in the order they came */
	size_t n;
	size_t n_bad; /* lines that are no anchor, or that the pinned key did not sign */
	bool has_key; /* one is pinned, and signed all of the list */
};

/* 'dir_fd' is the log's folder; none kept is none loaded. */
int anchors_load(int dir_fd, struct anchors *anchors_out, struct error *err) MUST_CHECK;
void anchors_finish(struct anchors *anchors);
void anchors_cleanup(struct anchors *anchors);
