#include "server/enrol/newcomer.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"

static const char spend_sql[] =
	"UPDATE tokens SET uses_left = uses_left - 1 WHERE org = $1 AND id = $2 "
	"AND revoked IS NULL AND (expires IS NULL OR expires > $3) "
	"AND (uses_left IS NULL OR uses_left > 0)";
static const char key_sql[] = "UPDATE api_keys SET last_used = $3 WHERE org = $1 AND id = $2 "
			      "AND revoked IS NULL AND (expires IS NULL OR expires > $3)";
static const char agent_sql[] =
	"INSERT INTO agents (org, id, name, hostname, version, state, address, created, "
	"enrolled_by, labels, capabilities, listed) "
	"SELECT id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), "
	"'disconnected', CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS TEXT), "
	"CAST($9 AS TEXT), CAST($10 AS TEXT), 1 FROM orgs WHERE id = $1 AND quota_agents > "
	"(SELECT count(*) FROM agents a WHERE a.org = $1 AND a.revoked IS NULL)";

/* json_get_text() of a foreign object, refused where it could steer a terminal. */
static int read_text(const json_t *body, const char *name, char *text, size_t size,
		     struct error *err)
{
	const char *value = json_get_text(body, name, NULL);

	if (!value)
		return 0;
	if (strlen(value) >= size)
		return error_set(err, -EINVAL, "%s is longer than %zu bytes", name, size - 1);
	for (const char *at = value; *at; at++)
		if ((unsigned char)*at < ' ' || *at == 0x7f)
			return error_set(err, -EINVAL, "%s has a control character", name);
	text_format(text, size, "%s", value);
	return 0;
}

/* ["shell", ...] or {"shell_executor": true, ...}; what is neither counts as nothing. */
static char *read_capabilities(const json_t *body)
{
	json_t *given = json_object_get(body, "capabilities"), *value;
	CLEANUP(json) json_t *list = json_array();
	const char *name;
	size_t i;

	if (json_is_object(given)) {
		json_object_foreach(given, name,
				    value) if (json_is_true(value) && json_array_size(list) < 64)
			json_push(list, json_string(name));
	} else {
		json_array_foreach(given, i, value) if (json_is_string(value) && i < 64)
			json_push(list, json_incref(value));
	}
	return json_canonical(list);
}

/* Texts only, at most 64 of them. */
static json_t *read_labels(const json_t *given)
{
	json_t *labels = json_object(), *value;
	const char *name;

	json_object_foreach((json_t *)given, name, value) if (json_is_string(value) &&
							      json_object_size(labels) < 64 &&
							      json_string_length(value) <= 256)
		json_put(labels, name, json_incref(value));
	return labels;
}

int newcomer_read(const json_t *body, const char *address, struct newcomer *newcomer_out,
		  struct error *err)
{
	struct newcomer newcomer = { 0 };
	CLEANUP(json) json_t *labels = read_labels(json_object_get(body, "labels"));

	if (read_text(body, "hostname", newcomer.hostname, sizeof(newcomer.hostname), err) < 0 ||
	    read_text(body, "version", newcomer.version, sizeof(newcomer.version), err) < 0 ||
	    read_text(body, "agent_version", newcomer.version, sizeof(newcomer.version), err) < 0 ||
	    read_text(body, "name", newcomer.name, sizeof(newcomer.name), err) < 0 ||
	    read_text(body, "vm_id", newcomer.name, sizeof(newcomer.name), err) < 0)
		return err->code;
	if (!newcomer.hostname[0] && !newcomer.name[0])
		return error_set(err, -EINVAL, "there is no hostname and no vm_id");
	if (!newcomer.hostname[0])
		text_format(newcomer.hostname, sizeof(newcomer.hostname), "%s", newcomer.name);
	if (!newcomer.name[0])
		text_format(newcomer.name, sizeof(newcomer.name), "%s", newcomer.hostname);
	text_format(newcomer.address, sizeof(newcomer.address), "%s", address);
	newcomer.labels = json_canonical(labels);
	newcomer.capabilities = read_capabilities(body);
	*newcomer_out = newcomer;
	return 0;
}

void newcomer_finish(struct newcomer *newcomer)
{
	labels_rows_cleanup(&newcomer->rows);
	free(newcomer->labels);
	free(newcomer->capabilities);
	newcomer->labels = newcomer->capabilities = NULL;
}

/* With those that its voucher gives it. */
static json_t *all_labels(struct newcomer *newcomer, const char *text)
{
	json_t *labels = json_loads(newcomer->labels, 0, NULL);
	CLEANUP(json) json_t *more = text ? json_loads(text, 0, NULL) : NULL;

	(void)json_object_update(labels, more);
	free(newcomer->labels);
	newcomer->labels = json_canonical(labels);
	return labels;
}

void newcomer_steps(struct newcomer *newcomer, const struct voucher *voucher,
		    struct store_step steps_out[NEWCOMER_STEPS])
{
	const struct store_value org = store_text(voucher->org->id);
	const struct store_value now = store_int((int64_t)clock_wall_ns());
	CLEANUP(json) json_t *labels = all_labels(newcomer, voucher->labels);
	char nonce[NONCE_TEXT_BYTES];

	text_format(newcomer->agent, sizeof(newcomer->agent), "agent_%.20s", nonce_make(nonce));
	text_format(newcomer->enrolled_by, sizeof(newcomer->enrolled_by), "%s/%s",
		    voucher->is_key ? "key" : "token", voucher->id);
	newcomer->spent[0] = org;
	newcomer->spent[1] = store_text(voucher->id);
	newcomer->spent[2] = now;
	const struct store_value made[] = {
		org,
		store_text(newcomer->agent),
		store_text(newcomer->name),
		store_text(newcomer->hostname),
		store_text(newcomer->version),
		store_text(newcomer->address),
		now,
		store_text(newcomer->enrolled_by),
		store_text(newcomer->labels),
		store_text(newcomer->capabilities),
	};
	memcpy(newcomer->made, made, sizeof(made));
	steps_out[0] = (struct store_step) { voucher->is_key ? key_sql : spend_sql, newcomer->spent,
					     3, STORE_SOME };
	steps_out[1] =
		(struct store_step) { agent_sql, newcomer->made, ARRAY_LEN(made), STORE_SOME };
	labels_write(&newcomer->rows, voucher->org->id, newcomer->agent, labels, steps_out + 2);
}
