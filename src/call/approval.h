/*
 * Approvals given at this host: a call that policy wants asked about waits for
 * uid 0 (or whoever the warden itself runs as) to say yes.
 *
 * A request names the tool and the SHA-256 of the exact argument bytes; its
 * nonce is random, belongs to this start of the warden, is good for one run of
 * exactly that call, and expires after APPROVAL_LIFETIME_NS of boot time. The same call of the same
 * caller is the same request while nobody has said yes. At most APPROVAL_MAX_PENDING wait, and
 * APPROVAL_MAX_OF_ONE of one caller; beyond, a new request is refused.
 */
#pragma once

#include "call/policy.h"

#define APPROVAL_LIFETIME_NS (600 * NS_PER_SEC)
#define APPROVAL_MAX_PENDING 64
#define APPROVAL_MAX_OF_ONE 16 /* a client, or a user who is none */
#define APPROVAL_SHOWN_BYTES (8 * KIB)
#define APPROVAL_NONCE_BYTES 33 /* 128 bits as hex, NUL-terminated */

struct approvals;

struct approvals *approvals_new(void);
void approvals_free(struct approvals *approvals);

struct approval_call {
	const struct caller *caller;
	const char *tool;
	const char *args;
	size_t n_args;
	const char *nonce; /* that the same call was told before; or NULL */
};

/*
 * Notes that this call waits; one that waits already still does. Returns {"nonce", "tool",
 * "args_sha256", "asked_by", "expires_in_s"}, a new reference, or NULL with -EBUSY.
 */
json_t *approvals_request(struct approvals *approvals, const struct approval_call *call,
			  struct error *err);

/* -EACCES if 'approver' may not, -ENOENT if no such request waits. */
int approvals_grant(struct approvals *approvals, const struct caller *approver, const char *nonce,
		    struct error *err) MUST_CHECK;

/*
 * Whether 'nonce' is a granted approval of exactly this call, for the same client; uses it up.
 * 'by_out' says who granted it.
 */
bool approvals_take(struct approvals *approvals, const char *nonce,
		    const struct approval_call *call, char by_out[64]);

/*
 * What waits: an array of what approvals_request() returned, "granted", and "args", the exact
 * bytes that will run; without it where they are more than APPROVAL_SHOWN_BYTES.
 */
json_t *approvals_list(const struct approvals *approvals);
