#include "server/pipeline/alert_text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define PLACE_BYTES 160

const char *alert_label(const json_t *alert, const char *name)
{
	const char *label = json_get_text(json_object_get(alert, "labels"), name, NULL);

	if (label)
		return label;
	if (strcmp(name, "alertname") == 0)
		name = "name";
	else if (strcmp(name, "severity") != 0)
		return "";
	return json_get_text(alert, name, "");
}

static const char *find_place(const char *place, const json_t *alert)
{
	const char *at = place;

	if (scan_text(&at, "labels."))
		return alert_label(alert, at);
	if (scan_text(&at, "annotations."))
		return json_get_text(json_object_get(alert, "annotations"), at, "");
	return json_get_text(alert, place, "");
}

static bool is_place(const char *place)
{
	const char *at = place;

	if (scan_text(&at, "labels.") || scan_text(&at, "annotations."))
		return *at;
	return strcmp(place, "name") == 0 || strcmp(place, "severity") == 0 ||
	       strcmp(place, "group") == 0;
}

/* The cursor stands on '{'; past its '}' afterwards. */
static bool read_place(const char **at, char place[PLACE_BYTES])
{
	const char *start = *at + 1, *end = strchr(start, '}');

	if (!end || end == start || (size_t)(end - start) >= PLACE_BYTES)
		return false;
	text_format(place, PLACE_BYTES, "%.*s", (int)(end - start), start);
	*at = end + 1;
	return true;
}

int alert_template_check(const char *template, struct error *err)
{
	char place[PLACE_BYTES];

	if (strlen(template) >= ALERT_FILLED_BYTES)
		return error_set(err, -EINVAL, "is longer than %d bytes", ALERT_FILLED_BYTES - 1);
	for (const char *at = template; *at;) {
		if (scan_text(&at, "{{"))
			continue;
		if (*at != '{')
			at++;
		else if (!read_place(&at, place) || !is_place(place))
			return error_set(err, -EINVAL,
					 "'%.80s' is no template: in braces stands labels.NAME, "
					 "annotations.NAME, name, severity or group",
					 template);
	}
	return 0;
}

bool alert_template_fill(const char *template, const json_t *alert, char text[ALERT_FILLED_BYTES])
{
	char place[PLACE_BYTES];
	size_t len = 0;

	for (const char *at = template; *at;) {
		const char *piece = at;
		size_t n = 1;

		if (scan_text(&at, "{{")) {
			n = 1;
		} else if (*at != '{') {
			at++;
		} else {
			if (!read_place(&at, place))
				return false;
			piece = find_place(place, alert);
			n = strlen(piece);
		}
		if (n == 0 || len + n >= ALERT_FILLED_BYTES)
			return false;
		memcpy(text + len, piece, n);
		len += n;
	}
	text[len] = '\0';
	return len;
}

static bool is_host_byte(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-._:", c));
}

bool alert_host(const char *instance, char host[ALERT_FILLED_BYTES])
{
	const char *scheme = strstr(instance, "://");
	const char *at = scheme ? scheme + 3 : instance;
	const char *end = at + strcspn(at, "/?#");
	const char *user = memchr(at, '@', (size_t)(end - at));
	size_t n = 0;

	if (user)
		at = user + 1;
	if (at < end && *at == '[') {
		const char *close = memchr(at, ']', (size_t)(end - at));

		at++;
		end = close ? close : at;
	} else {
		const char *colon = memchr(at, ':', (size_t)(end - at));

		/* Two of them are an address of IPv6. */
		if (colon && !memchr(colon + 1, ':', (size_t)(end - colon - 1)))
			end = colon;
	}
	while (at < end && is_host_byte(*at) && n + 1 < ALERT_FILLED_BYTES)
		host[n++] = (char)tolower((unsigned char)*at++);
	host[n] = '\0';
	return n && at == end;
}

unsigned alert_hosts(const json_t *alert, char hosts[ALERT_MAX_HOSTS][ALERT_FILLED_BYTES])
{
	static const char *const labels[ALERT_MAX_HOSTS] = { "instance", "host", "hostname", "node",
							     "nodename" };
	unsigned n = 0;

	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		n += alert_host(alert_label(alert, labels[i]), hosts[n]);
	return n;
}
