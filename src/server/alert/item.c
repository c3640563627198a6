#include "server/alert/item.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "identity/token.h"

#define DETAIL_BYTES (16 * KIB)
#define MS_FROM 100000000000 /* a number this large counts milliseconds: year 5138 in seconds */

json_t *item_new(const struct alert_source *source)
{
	static const char *const empty[] = { "fingerprint", "name", "severity", "summary",
					     "group" };
	static const char *const none[] = { "starts_at", "ends_at", "occurred_at" };
	static const char *const maps[] = { "labels", "annotations", "links", "details" };
	json_t *item = json_object();

	json_put(item, "integration", json_string(source->integration));
	json_put(item, "kind", json_string(alert_kind_name(source->kind)));
	json_put(item, "status", json_string("firing"));
	for (size_t i = 0; i < ARRAY_LEN(empty); i++)
		json_put(item, empty[i], json_string(""));
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		json_put(item, none[i], json_null());
	for (size_t i = 0; i < ARRAY_LEN(maps); i++)
		json_put(item, maps[i], json_object());
	json_put(item, "cut", json_false());
	return item;
}

static void note_cut(json_t *item)
{
	json_put(item, "cut", json_true());
}

static json_t *bounded(json_t *item, const char *text, size_t max_bytes)
{
	size_t len = strlen(text), kept = 0, step;

	if (len <= max_bytes)
		return json_text(text, len);
	while ((step = utf8_len(text + kept, len - kept)) && kept + step <= max_bytes)
		kept += step;
	note_cut(item);
	return json_text(text, kept);
}

void item_put_text(json_t *item, const char *member, const char *text, size_t max_bytes)
{
	if (text)
		json_put(item, member, bounded(item, text, max_bytes));
}

void item_put_link(json_t *item, const char *name, const char *url)
{
	if (!url || (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0))
		return;
	if (strlen(url) > ALERT_TEXT_BYTES)
		note_cut(item); /* half a link leads nowhere */
	else
		json_put(json_object_get(item, "links"), name, json_string(url));
}

static void put_value(json_t *item, json_t *map, const char *name, const json_t *value,
		      size_t max_bytes)
{
	CLEANUP(text) char *text = NULL;

	if (json_is_null(value))
		return;
	if (strlen(name) > ALERT_NAME_BYTES || !*name ||
	    json_object_size(map) >= ALERT_MAX_LABELS) {
		note_cut(item);
		return;
	}
	if (!json_is_string(value))
		text = json_canonical(value);
	json_put(map, name, bounded(item, text ? text : json_string_value(value), max_bytes));
}

void item_put_map(json_t *item, const char *member, const json_t *object, size_t max_bytes)
{
	json_t *map = json_object_get(item, member);
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)object, name, value)
		put_value(item, map, name, value, max_bytes);
}

void item_put_label(json_t *item, const char *name, const char *value)
{
	json_t *text = value && *value ? json_text(value, strlen(value)) : json_null();

	put_value(item, json_object_get(item, "labels"), name, text, ALERT_VALUE_BYTES);
	json_decref(text);
}

void item_put_detail(json_t *item, const char *name, json_t *value)
{
	CLEANUP(text) char *text = value ? json_canonical(value) : NULL;

	if (text && !json_is_null(value) && strlen(text) <= DETAIL_BYTES) {
		json_put(json_object_get(item, "details"), name, value);
		return;
	}
	if (text && !json_is_null(value))
		note_cut(item);
	json_decref(value);
}

static bool read_number(const json_t *value, uint64_t *time_ns_out)
{
	double number = json_number_value(value);

	if (!(number >= 0 && number < 1e14))
		return false;
	*time_ns_out = (uint64_t)(number >= (double)MS_FROM ? number * (double)NS_PER_MS
							    : number * (double)NS_PER_SEC);
	return true;
}

static bool read_time(const json_t *value, uint64_t *time_ns_out)
{
	const char *text = json_string_value(value);

	if (json_is_number(value))
		return read_number(value, time_ns_out);
	if (text && (!*text || strncmp(text, "0001-01-01", 10) == 0)) {
		*time_ns_out = 0;
		return true;
	}
	return text && clock_parse(text, time_ns_out);
}

int item_put_time(json_t *item, const char *member, const json_t *value, struct error *err)
{
	char text[CLOCK_TEXT_BYTES];
	uint64_t time_ns = 0;

	if (!value || json_is_null(value))
		return 0;
	if (!read_time(value, &time_ns))
		return error_set(err, -EBADMSG, "'%s' is not told as a time", member);
	json_put(item, member, time_ns ? json_string(clock_format(time_ns, text)) : json_null());
	return 0;
}

const char *item_severity(const char *word)
{
	static const struct {
		const char *word, *severity;
	} words[] = {
		{ "critical", "critical" },
		{ "crit", "critical" },
		{ "page", "critical" },
		{ "fatal", "critical" },
		{ "emergency", "critical" },
		{ "disaster", "critical" },
		{ "p1", "critical" },
		{ "sev1", "critical" },
		{ "sev-1", "critical" },
		{ "error", "error" },
		{ "high", "error" },
		{ "major", "error" },
		{ "err", "error" },
		{ "p2", "error" },
		{ "sev2", "error" },
		{ "sev-2", "error" },
		{ "warning", "warning" },
		{ "warn", "warning" },
		{ "medium", "warning" },
		{ "minor", "warning" },
		{ "average", "warning" },
		{ "low", "warning" },
		{ "p3", "warning" },
		{ "sev3", "warning" },
		{ "sev-3", "warning" },
		{ "info", "info" },
		{ "information", "info" },
		{ "informational", "info" },
		{ "none", "info" },
		{ "debug", "info" },
		{ "notice", "info" },
		{ "p4", "info" },
		{ "p5", "info" },
		{ "sev4", "info" },
		{ "sev5", "info" },
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(word, words[i].word) == 0)
			return words[i].severity;
	return "";
}

static const char *first_label(const json_t *item, const char *const *names)
{
	const json_t *labels = json_object_get(item, "labels");

	for (; *names; names++)
		if (json_get_text(labels, *names, NULL))
			return json_get_text(labels, *names, NULL);
	return "";
}

/* A text of any length as one of at most 128 bytes. */
static void put_hash(json_t *item, const char *member, const char *text)
{
	char hash[TOKEN_HASH_BYTES];

	json_put(item, member, json_string(token_hash(text, strlen(text), hash)));
}

/* Labels tell alerts of one source apart; a summary may change from one time to the next. */
static void add_fingerprint(json_t *item)
{
	json_t *of =
		json_pack("[O, O]", json_object_get(item, "name"), json_object_get(item, "labels"));
	CLEANUP(text) char *text = json_canonical(of);

	json_decref(of);
	put_hash(item, "fingerprint", text);
}

/* The sender has no groups of its own: the same trouble of the same service is one. */
static void add_group(json_t *item)
{
	static const char *const rows[][4] = {
		{ "cluster", NULL },
		{ "namespace", NULL },
		{ "service", "service_name", "job", NULL },
	};
	CLEANUP(buf) struct buf group = { 0 };

	buf_init(&group, 4 * KIB);
	buf_add_format(&group, "labels:%s", json_get_text(item, "name", ""));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		buf_add_format(&group, ",%s=%s", rows[i][0], first_label(item, rows[i]));
	json_put(item, "group", json_text(group.data, group.len));
}

static bool is_too_long(const json_t *item)
{
	CLEANUP(text) char *text = json_canonical(item);

	return strlen(text) > ALERT_ITEM_BYTES;
}

/* Lists of alerts are read at once: one must not make them unreadable. Least needed first. */
static void bound(json_t *item)
{
	static const char *const maps[] = { "details", "annotations", "labels" };

	for (size_t i = 0; i < ARRAY_LEN(maps) && is_too_long(item); i++) {
		json_put(item, maps[i], json_object());
		note_cut(item);
	}
}

void item_complete(json_t *item)
{
	static const char *const severities[] = { "severity", "priority", "level", NULL };
	const char *severity = json_get_text(item, "severity", "");

	if (!*severity)
		severity = item_severity(first_label(item, severities));
	json_put(item, "severity", json_string(*severity ? severity : "warning"));
	if (!*json_get_text(item, "name", ""))
		json_put(item, "name", json_string("an alert without a name"));
	if (!*json_get_text(item, "fingerprint", ""))
		add_fingerprint(item);
	if (strlen(json_get_text(item, "fingerprint", "")) > 128)
		put_hash(item, "fingerprint", json_get_text(item, "fingerprint", ""));
	if (!*json_get_text(item, "group", ""))
		add_group(item);
	if (strlen(json_get_text(item, "group", "")) > 512)
		put_hash(item, "group", json_get_text(item, "group", ""));
	bound(item);
}
