/*
 * A host that is not known yet: what it says of itself, and who lets it in.
 *
 * Whatever way it came, its admission is one lookup of the credential and one batch that
 * spends it and makes the agent. The agent's id is the server's choice; what the host
 * says is shown to people and decides nothing.
 */
#pragma once

#include "server/enrol/issue.h"
#include "server/hub/labels.h"

#define NEWCOMER_STEPS (2 + LABELS_STEPS)
#define NEWCOMER_LABELS_BYTES (16 * KIB)

/* Who vouches: a token, or a key of the org. */
struct voucher {
	struct org *org;
	char id[CERTIFICATE_ID_BYTES];
	bool is_key;
	char *labels; /* JSON text that the token gives its hosts, or NULL */
};

void voucher_finish(struct voucher *voucher);

/*
 * The query for a token (or key) by its text; 'params' lives until it was submitted. In
 * a batch of all orgs.
 */
struct voucher_query {
	char hash[65];
	struct store_value params[2];
	struct store_step step;
};
void voucher_ask_token(struct voucher_query *query, const char *text);
void voucher_ask_key(struct voucher_query *query, const char *text);

struct voucher_rule {
	const struct api *api;
	const char *address;  /* of the peer */
	const char *key;      /* the key's text; NULL: it is a token */
	const char *customer; /* that has to come with a key */
};

/*
 * Reads the answer. -ENOENT unknown, used, revoked, expired; -EACCES not from this
 * address, not with this customer id, not of this role; -EDQUOT no room for an agent.
 */
int voucher_read(const struct voucher_rule *rule, const struct store_rows *rows,
		 struct voucher *voucher_out, struct error *err) MUST_CHECK;

struct newcomer {
	char agent[CERTIFICATE_ID_BYTES];
	char name[ORG_NAME_BYTES], hostname[ORG_NAME_BYTES], version[64], address[64];
	char enrolled_by[CERTIFICATE_ID_BYTES + 16];
	char *labels, *capabilities; /* JSON texts */

	/* private */
	struct store_value spent[3], made[11];
	struct labels_rows rows;
};

/*
 * What a body says: vm_id or name, hostname, agent_version or version, labels, and
 * capabilities as a list or as flags. -EINVAL for texts with control characters.
 */
int newcomer_read(const json_t *body, const char *address, struct newcomer *newcomer_out,
		  struct error *err) MUST_CHECK;
void newcomer_finish(struct newcomer *newcomer);

/* Chooses the id, puts the voucher's labels over its own, and gives both steps: -ENOENT
 * where the voucher was spent meanwhile, or the org is full. */
void newcomer_steps(struct newcomer *newcomer, const struct voucher *voucher,
		    struct store_step steps_out[NEWCOMER_STEPS]);
