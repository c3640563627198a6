/*
 * A tally of results: which one most hosts have, who differs from it, and where first.
 *
 * Results count as the same when their canonical form has the same SHA-256; hosts are sorted
 * by it, so that 20,000 of them take a moment. Of two results that equally many hosts have,
 * the one of the earlier host counts as most. A result that no second host has is nobody's
 * measure: then nobody agrees.
 */
#pragma once

#include "base/json.h"

#define TALLY_DIGEST_BYTES 32
#define TALLY_NOBODY ((size_t)-1)

struct tally_entry {
	const json_t *result; /* borrowed; NULL: the host gave none */
	unsigned char digest[TALLY_DIGEST_BYTES];
	size_t host;
};

struct tally {
	size_t n_hosts, n_results;
	size_t n_variants; /* how many different results there are */
	size_t most;       /* a host that has what most have, or TALLY_NOBODY */
	size_t n_most;     /* how many have it */

	/* private */
	struct tally_entry *entries; /* by host */
};

void tally_init(struct tally *tally, size_t n_hosts);
void tally_finish(struct tally *tally);

/* Of each host at most once; the result lives until tally_finish(). */
void tally_add(struct tally *tally, size_t host, const json_t *result);

/* Once all are added: fills the figures. */
void tally_count(struct tally *tally);

/* Whether the host has a result, and another one than most. */
bool tally_differs(const struct tally *tally, size_t host);

/*
 * Where two documents differ first, members in the order of their names: a new object
 * {"path": ".disks[0].size", "is", "most"}, values as JSON text, cut short, and null where there
 * is none. NULL where they are the same.
 */
json_t *tally_find_difference(const json_t *is, const json_t *most);
