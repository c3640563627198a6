/*
 * Consent: approvals that come signed from elsewhere, checked on this host.
 *
 * Below the state folder, in "approval": pin.json, the org's root key and what the
 * org calls this host, pinned once; approvers.json, the newest list that the root
 * signed; nonce.key and nonces, what was given out and used; grants.json, how often each
 * standing grant was used, and which are revoked, until they expire. A nonce needs no
 * memory: it holds the boot time at which it was given and a MAC over that, the
 * host's boot, and the one call it is for. Used ones are remembered in a ring
 * that outlives the warden, and that never forgets one which is still good.
 *
 * Statements and lists are those of identity/approval.h, grant.h and approvers.h.
 */
#pragma once

#include "base/json.h"
#include "identity/approval.h"

#define CONSENT_MAX_USED 4096
#define CONSENT_MAX_GRANTS 512 /* that are known at once; beyond: -ENOSPC */

struct consent;

/* Makes the folder: later, behind the walls, no folder can be made. */
struct consent *consent_open(const char *directory, const char *boot_id, struct error *err);
void consent_close(struct consent *consent);

/* What is to be approved. */
struct consent_call {
	const char *call_id;
	const char *tool;
	const char *args_sha256;
	const char *on_behalf; /* "org/person": who asks */
};

/*
 * {"org","host","tool","args_sha256","call_id","nonce"}: what an approver signs beside
 * his name and a lifetime; a new reference. NULL with -ENOKEY while no root is pinned.
 */
json_t *consent_request(struct consent *consent, const struct consent_call *call,
			struct error *err);

/*
 * Checks a sealed approval and uses its nonce up. 0 and who signed it, or an error:
 * -ENOKEY nothing is pinned or no list is there; -EBADMSG -E2BIG -EPROTOTYPE the form or
 * another domain; -EBADE a signature; -EACCES no approver, another call, host or org,
 * a nonce that was not given for this, was used, or an author who approves himself;
 * -ETIME too late.
 */
int consent_take(struct consent *consent, const json_t *sealed, const struct consent_call *call,
		 char approver_out[APPROVER_NAME_BYTES], struct error *err) MUST_CHECK;

/* What allowed a call: use number 'n_used' of 'n_uses' on this host. */
struct consent_grant {
	char id[CERTIFICATE_ID_BYTES];
	char approver[APPROVER_NAME_BYTES];
	uint64_t n_used, n_uses;
};

/*
 * Checks a sealed grant (identity/grant.h) for this call with these arguments, and counts the
 * use, on disk. As consent_take(); -EACCES also for a revoked one, -EDQUOT where it was used
 * as often as it may be.
 */
int consent_use_grant(struct consent *consent, const json_t *sealed,
		      const struct consent_call *call, const json_t *args,
		      struct consent_grant *used_out, struct error *err) MUST_CHECK;

/* A sealed revocation: whatever comes of that grant is refused from now on. */
int consent_revoke(struct consent *consent, const json_t *sealed, struct error *err) MUST_CHECK;

struct consent_pin {
	const char *org;
	const char *host;       /* what the org calls this host: the agent's id */
	const char *root;       /* key_text() of the org's root key */
	const char *anchor_key; /* of the server's key that signs anchors; "" for none yet */
};

/*
 * Pins them; -EEXIST if others are. An anchor key may come later, and a host that enrolled anew
 * in the same org, under the same root, may be called otherwise.
 */
int consent_set_pin(struct consent *consent, const struct consent_pin *pin,
		    struct error *err) MUST_CHECK;
/* Pins them whatever was pinned; a list of approvers by another root is forgotten. */
int consent_replace_pin(struct consent *consent, const struct consent_pin *pin,
			struct error *err) MUST_CHECK;

/* A newer list, sealed, or the one in force; -ESTALE for another that is not newer. */
int consent_set_approvers(struct consent *consent, const json_t *sealed,
			  struct error *err) MUST_CHECK;

/* {"org","host","sequence","approvers":[name...]}: a new reference, null while nothing is pinned.
 */
json_t *consent_describe(struct consent *consent);
