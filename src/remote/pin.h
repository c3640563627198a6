/*
 * Whose approvals count on this host: the org's root key, pinned in the warden's state folder
 * (call/consent.h), which only the user that the warden runs as can write.
 */
#pragma once

#include "base/json.h"

enum pin_change {
	PIN_ONCE,    /* one that contradicts is refused */
	PIN_REPLACE, /* who asks has said that it is to be another */
};

/*
 * 'state' is the host's state folder; 'host' has "agent_id", "org", "root_key" and perhaps
 * "anchor_key". -EACCES for who may not say it, -EEXIST where another root is pinned.
 */
int pin_host(const char *state, const json_t *host, enum pin_change change,
	     struct error *err) MUST_CHECK;
