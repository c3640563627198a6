/* A new org: its row and its first admin key, as steps of one batch. */
#pragma once

#include "server/org/credential.h"
#include "server/org/orgs.h"

#define FOUNDING_AGENTS 10000
#define FOUNDING_CALLS 6000 /* per minute */
#define FOUNDING_STEPS 2

/* Lives until the batch was submitted; the key until it was shown. */
struct founding {
	char id[CERTIFICATE_ID_BYTES];
	char customer_id[ORG_CUSTOMER_BYTES];
	int64_t quota_agents, quota_calls;
	struct credential admin_key;
	char *ca; /* orgs_seal_ca(); or NULL */

	/* private */
	const char *name;
	struct store_value org[7], key[5];
};

/* 'id' NULL: one is made. 'name' is borrowed. */
void founding_begin(struct founding *founding, const char *id, const char *name);

/* For a batch across all orgs; the first step returns ORGS_COLUMNS. */
void founding_steps(struct founding *founding, struct store_step steps_out[FOUNDING_STEPS]);
