#include "server/enrol/device_client.h"

#include <string.h>

#define MEMBER_BYTES 257

static const struct column columns[] = {
	{ "user_code", COLUMN_TEXT },
	{ "state", COLUMN_TEXT },
	{ "address", COLUMN_TEXT },
	{ "client", COLUMN_JSON },
	{ "created", COLUMN_TIME },
	{ "expires", COLUMN_TIME },
	{ 0 },
};

static void copy(json_t *client, const json_t *body, const char *name, const char *otherwise)
{
	char text[MEMBER_BYTES];

	text_format(text, sizeof(text), "%s", json_get_text(body, name, otherwise));
	json_put(client, name, json_text(text, strlen(text)));
}

json_t *device_client_read(const json_t *body)
{
	json_t *client = json_object();

	copy(client, body, "scope", "agent");
	copy(client, body, "hostname", "");
	copy(client, body, "client_id", "");
	return client;
}

json_t *device_client_describe(const struct store_rows *rows)
{
	json_t *row = exchange_row(rows, 0, columns);
	CLEANUP(json) json_t *client = json_incref(json_object_get(row, "client"));

	(void)json_object_del(row, "client");
	json_put(row, "hostname", json_string(json_get_text(client, "hostname", "")));
	json_put(row, "scope", json_string(json_get_text(client, "scope", "agent")));
	return row;
}
