#include "server/alert/settings.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

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

static int check_one(enum alert_kind kind, const char *name, const json_t *value, struct error *err)
{
	if (kind == ALERT_GENERIC && strcmp(name, "mapping") == 0)
		return mapping_check(value, err);
	if (kind == ALERT_GRAFANA &&
	    (strcmp(name, "signature_header") == 0 || strcmp(name, "timestamp_header") == 0))
		return check_header(name, value, err);
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
	return 0;
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
		if (text)
			(void)json_string_set(value, lower);
	}
	return stored;
}
