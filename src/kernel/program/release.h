/*
 * A release: what is signed of an artifact, release.json.
 *
 *	{"schema":1, "name", "version", "seq", "sha256", "size", "key_id",
 *	 "not_before", "not_after", "min_agent"?, "hosts"?:[NAME]}
 *
 * 'seq' grows with every release of a name: a host takes none below the highest that it has
 * seen. Times are RFC 3339. 'hosts' are host names, "*" in them stands for anything; without it
 * every host is meant. 'min_agent' is the oldest version of Constable that may load it.
 */
#pragma once

#include "kernel/program/trust.h"

#define RELEASE_MAX_HOSTS 64

struct release {
	char name[PROGRAM_NAME_BYTES];
	char version[PROGRAM_VERSION_BYTES];
	char sha256[65];
	char key_id[PROGRAM_KEY_ID_BYTES];
	uint64_t seq, size;
	uint64_t not_before_ns, not_after_ns; /* wall clock */
	json_t *document;                     /* all of it */
};

/* Who asks, and when. */
struct release_place {
	const char *host; /* NULL: a registry, where any host and version will do */
	const char *agent_version;
	uint64_t now_ns; /* wall clock */
};

void release_finish(struct release *release);
void release_cleanup(struct release *release);

/* Of bytes whose signature was verified. -EBADMSG, or -EINVAL naming the place. */
int release_parse(const char *bytes, size_t len, struct release *release_out,
		  struct error *err) MUST_CHECK;

/*
 * Signature, form, key, revocation, time, host and version, in this order, each refused with a
 * sentence of its own: -EBADE, -EKEYREVOKED, -EBADMSG, -EINVAL, -EKEYEXPIRED, -EXDEV, -EPROTO.
 */
int release_verify(const struct trust *trust, const struct release_place *place, struct str bytes,
		   struct str signature, struct release *release_out, struct error *err) MUST_CHECK;

/* -ESTALE for one older than what the host has had. */
int release_check_seq(const struct release *release, uint64_t highest_seq,
		      struct error *err) MUST_CHECK;

/* Whether these are the bytes that it names: -EBADE. */
int release_check_artifact(const struct release *release, const void *artifact, size_t len,
			   struct error *err) MUST_CHECK;
