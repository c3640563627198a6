#include "server/pipeline/target.h"

#include <string.h>
#include <strings.h>

#include "server/pipeline/alert_text.h"

enum agent_column {
	AGENT_ID,
	AGENT_NAME,
	AGENT_HOSTNAME,
	AGENT_ADDRESS,
	AGENT_LABELS,
	AGENT_NAMESPACES,
};

struct search {
	const json_t *target, *alert;
	const struct store_rows *rows;
	json_t *found;      /* {"agents", "unresolved", ...} */
	json_t *namespaces; /* of those agents, as members */
};

static bool holds_text(const json_t *list, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) if (strcmp(json_string_value(one), text) == 0) return true;
	return false;
}

/* Filled, each once; what cannot be filled is left out. */
static json_t *fill_list(const struct search *search, const char *name)
{
	const json_t *list = json_object_get(search->target, name), *one;
	json_t *filled = json_array();
	char text[ALERT_FILLED_BYTES];
	size_t i;

	json_array_foreach(list, i, one) if (alert_template_fill(json_string_value(one),
								 search->alert, text) &&
					     !holds_text(filled, text))
		json_push(filled, json_string(text));
	return filled;
}

static json_t *parse_column(const struct search *search, unsigned row, enum agent_column column)
{
	return json_loads(store_text_at(search->rows, row, column), 0, NULL);
}

static void note_namespaces(struct search *search, unsigned row)
{
	CLEANUP(json) json_t *list = parse_column(search, row, AGENT_NAMESPACES);
	const json_t *one;
	size_t i;

	json_array_foreach(list, i,
			   one) if (json_is_string(one) &&
				    !holds_text(search->namespaces, json_string_value(one)))
		json_push(search->namespaces, json_incref((json_t *)one));
}

static void add_agent(struct search *search, unsigned row, const char *by)
{
	json_t *agents = json_object_get(search->found, "agents"), *one;
	const char *id = store_text_at(search->rows, row, AGENT_ID);
	size_t i;

	json_array_foreach(agents, i,
			   one) if (strcmp(json_get_text(one, "id", ""), id) == 0) return;
	if (i == TARGET_MAX_AGENTS) {
		int64_t n = json_get_int(search->found, "left_out", 0);

		json_put(search->found, "left_out", json_integer(n + 1));
		return;
	}
	json_push(agents, json_pack("{s:s, s:s, s:s}", "id", id, "hostname",
				    store_text_at(search->rows, row, AGENT_HOSTNAME), "by", by));
	note_namespaces(search, row);
}

static void miss(struct search *search, const char *name, const char *why)
{
	json_push(json_object_get(search->found, "unresolved"),
		  json_pack("{s:s, s:s}", "name", name, "why", why));
}

static bool is_address(const char *host)
{
	return strchr(host, ':') || host[strspn(host, "0123456789.")] == '\0';
}

/* "web1" and "web1.example.com" may be the same; "web1.a" and "web1.b" are not. */
static bool is_short_of(const char *one, const char *other)
{
	size_t len = strcspn(other, ".");

	return other[len] && strlen(one) == len && strncasecmp(one, other, len) == 0;
}

static bool may_be(const struct search *search, unsigned row, const char *host)
{
	const char *hostname = store_text_at(search->rows, row, AGENT_HOSTNAME);

	if (is_address(host))
		return strcmp(store_text_at(search->rows, row, AGENT_ADDRESS), host) == 0;
	return is_short_of(host, hostname) || is_short_of(hostname, host);
}

static bool is_named(const struct search *search, unsigned row, const char *host)
{
	return strcasecmp(store_text_at(search->rows, row, AGENT_HOSTNAME), host) == 0 ||
	       strcasecmp(store_text_at(search->rows, row, AGENT_NAME), host) == 0;
}

static void find_host(struct search *search, const char *host, const char *by)
{
	unsigned n_named = 0, n_like = 0, like = 0;

	for (unsigned row = 0; row < search->rows->n_rows; row++) {
		if (is_named(search, row, host)) {
			add_agent(search, row, by);
			n_named++;
		} else if (may_be(search, row, host)) {
			like = row;
			n_like++;
		}
	}
	if (n_named)
		return;
	if (n_like == 1)
		add_agent(search, like, by);
	else
		miss(search, host,
		     n_like ? "more than one enrolled host may be meant"
			    : "no enrolled host has this name");
}

static void find_hosts(struct search *search)
{
	const json_t *hosts = json_object_get(search->target, "hosts"), *one;
	CLEANUP(json) json_t *asked = json_array();
	char text[ALERT_FILLED_BYTES], host[ALERT_FILLED_BYTES];
	size_t i;

	json_array_foreach(hosts, i, one)
	{
		const char *template = json_string_value(one);

		if (!alert_template_fill(template, search->alert, text))
			continue;
		if (!alert_host(text, host)) {
			miss(search, text, "is no name of a host");
		} else if (!holds_text(asked, host)) {
			json_push(asked, json_string(host));
			find_host(search, host, template);
		}
	}
}

static void find_ids(struct search *search)
{
	CLEANUP(json) json_t *ids = fill_list(search, "agents");
	const json_t *id;
	size_t i;

	json_array_foreach(ids, i, id)
	{
		const char *text = json_string_value(id);
		unsigned row = 0;

		while (row < search->rows->n_rows &&
		       strcmp(store_text_at(search->rows, row, AGENT_ID), text) != 0)
			row++;
		if (row < search->rows->n_rows)
			add_agent(search, row, "agents");
		else
			miss(search, text, "no such agent is enrolled");
	}
}

static bool has_labels(const json_t *labels, const json_t *wanted)
{
	const char *key;
	const json_t *one;

	json_object_foreach((json_t *)wanted, key,
			    one) if (strcmp(json_get_text(labels, key, "\x01"),
					    json_string_value(one)) != 0) return false;
	return true;
}

/* NULL where one of them cannot be filled: then they name nobody. */
static json_t *fill_labels(const struct search *search)
{
	CLEANUP(json) json_t *wanted = json_object();
	const json_t *one;
	const char *key;
	char text[ALERT_FILLED_BYTES];

	json_object_foreach(json_object_get(search->target, "labels"), key, one)
	{
		if (!alert_template_fill(json_string_value(one), search->alert, text))
			return NULL;
		json_put(wanted, key, json_string(text));
	}
	return json_object_size(wanted) ? TAKE(wanted) : NULL;
}

static void find_labels(struct search *search)
{
	CLEANUP(json) json_t *wanted = fill_labels(search);

	for (unsigned row = 0; wanted && row < search->rows->n_rows; row++) {
		CLEANUP(json) json_t *labels = parse_column(search, row, AGENT_LABELS);

		if (has_labels(labels, wanted))
			add_agent(search, row, "labels");
	}
}

json_t *target_find(const json_t *target, const json_t *alert, const struct store_rows *agents)
{
	struct search search = {
		.target = target,
		.alert = alert,
		.rows = agents,
		.found = json_pack("{s:[], s:[], s:i}", "agents", "unresolved", "left_out", 0),
		.namespaces = json_array(),
	};
	json_t *namespaces = fill_list(&search, "namespaces");

	find_ids(&search);
	find_hosts(&search);
	find_labels(&search);
	json_put(search.found, "log_groups", fill_list(&search, "log_groups"));
	json_put(search.found, "services", fill_list(&search, "services"));
	if (json_array_size(namespaces) == 0) {
		json_decref(namespaces);
		namespaces = json_incref(search.namespaces);
	}
	json_put(search.found, "namespaces", namespaces);
	json_decref(search.namespaces);
	return search.found;
}
