#include "server/org/founding.h"

#include <string.h>

#include "base/clock.h"
#include "server/org/role.h"

static const char org_sql[] =
	"INSERT INTO orgs (id, name, customer_id, created, quota_agents, quota_calls, ca) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING " ORGS_COLUMNS;
static const char key_sql[] = "INSERT INTO api_keys (org, id, name, role, hash, created) "
			      "VALUES ($1, $2, 'first-admin', $3, $4, $5)";

/* A random UUID (RFC 9562, version 4). */
static void make_uuid(char uuid[ORG_CUSTOMER_BYTES])
{
	char hex[NONCE_TEXT_BYTES];

	(void)nonce_make(hex);
	hex[12] = '4';
	hex[16] = "89ab"[hex[16] & 3];
	text_format(uuid, ORG_CUSTOMER_BYTES, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
		    hex + 16, hex + 20);
}

void founding_begin(struct founding *founding, const char *id, const char *name)
{
	char nonce[NONCE_TEXT_BYTES];

	*founding = (struct founding) {
		.name = name,
		.quota_agents = FOUNDING_AGENTS,
		.quota_calls = FOUNDING_CALLS,
	};
	if (id)
		text_format(founding->id, sizeof(founding->id), "%s", id);
	else
		text_format(founding->id, sizeof(founding->id), "org_%.20s", nonce_make(nonce));
	make_uuid(founding->customer_id);
	credential_make(TOKEN_API_KEY, &founding->admin_key);
}

void founding_steps(struct founding *founding, struct store_step steps_out[FOUNDING_STEPS])
{
	const struct store_value now = store_int((int64_t)clock_wall_ns());
	const struct store_value org[] = {
		store_text(founding->id),          store_text(founding->name),
		store_text(founding->customer_id), now,
		store_int(founding->quota_agents), store_int(founding->quota_calls),
		store_text(founding->ca),
	};
	const struct store_value key[] = {
		store_text(founding->id),
		store_text(founding->admin_key.id),
		store_text(role_name(ROLE_ADMIN)),
		store_text(founding->admin_key.hash),
		now,
	};

	memcpy(founding->org, org, sizeof(org));
	memcpy(founding->key, key, sizeof(key));
	steps_out[0] = (struct store_step) { org_sql, founding->org, ARRAY_LEN(org), STORE_SOME };
	steps_out[1] = (struct store_step) { key_sql, founding->key, ARRAY_LEN(key), STORE_ANY };
}
