#include "server/alert/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call/schema.h"
#include "server/alert/mapping.h"

#define HEADER_BYTES 64

static int check_header(const char *name, const json_t *value, struct error *err)
{
	const char *text = json_string_value(value);
	size_t len = text ? strlen(text) : 0;

	if (len == 0 || len >= HEADER_BYTES ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != len)
		return error_set(err, -EINVAL, "'%s' is no name of a header", name);
	return 0;
}

static const char slack_schema[] =
	"{\"type\":\"object\",\"properties\":{\"team\":{\"type\":\"string\"},"
	"\"answers_url\":{\"type\":\"string\",\"maxLength\":200},"
	"\"people\":{\"type\":\"array\",\"maxItems\":500,\"items\":{\"type\":\"object\","
	"\"additionalProperties\":false,\"required\":[\"id\",\"name\",\"role\"],\"properties\":{"
	"\"id\":{\"type\":\"string\"},\"name\":{\"type\":\"string\",\"minLength\":1,"
	"\"maxLength\":64},\"role\":{\"enum\":[\"responder\",\"approver\",\"admin\"]}}}}}}";

/* As Slack writes them: a capital that says of what, capitals and digits. */
static int check_slack_id(const char *id, const char *firsts, struct error *err)
{
	size_t len = strlen(id);

	if (len < 3 || len > 32 || !strchr(firsts, *id) ||
	    strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != len)
		return error_set(err, -EINVAL, "'%.40s' is no id of Slack's that begins with %s",
				 id, firsts);
	return 0;
}

/* "https://HOST/": so that the host of what it is held against is this one. */
static int check_answers_url(const char *url, struct error *err)
{
	static const char scheme[] = "https://";
	const char *host = url + strlen(scheme);
	size_t len = strncmp(url, scheme, strlen(scheme)) == 0 ? strcspn(host, "/?#@\\") : 0;

	return len && host[len] == '/'
		       ? 0
		       : error_set(err, -EINVAL, "answers_url is no https://HOST/ or below it");
}

static int check_slack(const json_t *settings, struct error *err)
{
	CLEANUP(json) json_t *schema = json_loads(slack_schema, 0, NULL);
	const json_t *person;
	size_t i;

	if (!schema)
		abort();
	if (schema_check(schema, settings, err) < 0 ||
	    check_slack_id(json_get_text(settings, "team", "TEAM"), "TE", err) < 0 ||
	    check_answers_url(json_get_text(settings, "answers_url", SLACK_ANSWERS_URL), err) < 0)
		return err->code;
	json_array_foreach(json_object_get(settings, "people"), i, person)
	{
		if (check_slack_id(json_get_text(person, "id", ""), "UW", err) < 0)
			return err->code;
	}
	return 0;
}

static int check_one(enum alert_kind kind, const char *name, const json_t *value, struct error *err)
{
	if (kind == ALERT_GENERIC && strcmp(name, "mapping") == 0)
		return mapping_check(value, err);
	if (kind == ALERT_GRAFANA &&
	    (strcmp(name, "signature_header") == 0 || strcmp(name, "timestamp_header") == 0))
		return check_header(name, value, err);
	if (kind == ALERT_SLACK && (strcmp(name, "people") == 0 || strcmp(name, "team") == 0 ||
				    strcmp(name, "answers_url") == 0))
		return 0;
	return error_set(err, -EINVAL, "an integration of the kind %s has no setting '%.64s'",
			 alert_kind_name(kind), name);
}

int alert_settings_check(enum alert_kind kind, const json_t *settings, struct error *err)
{
	const char *name;
	json_t *value;
	int r;

	json_object_foreach((json_t *)settings, name, value)
	{
		r = check_one(kind, name, value, err);
		if (r < 0)
			return r;
	}
	return kind == ALERT_SLACK && settings ? check_slack(settings, err) : 0;
}

json_t *alert_settings_stored(const json_t *settings)
{
	json_t *stored = settings ? json_deep_copy(settings) : json_object();
	const char *name;
	json_t *value;

	json_object_foreach(stored, name, value)
	{
		char lower[HEADER_BYTES] = "";
		const char *text = json_string_value(value);

		for (size_t i = 0; text && text[i] && i + 1 < sizeof(lower); i++)
			lower[i] = (char)tolower((unsigned char)text[i]);
		if (text && strstr(name, "_header"))
			(void)json_string_set(value, lower);
	}
	return stored;
}
