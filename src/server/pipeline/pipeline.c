#include "server/pipeline/pipeline.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "server/pipeline/alert_text.h"

/* A quarter of an hour before it fired, as people look at graphs; and a budget that a fresh look at
 * a few hosts stays far below. */
static json_t *make_defaults(void)
{
	return json_pack(
		"{s:i, s:b, s:[], s:[], s:[], s:{s:i}, s:s, s:{s:i, s:i}, s:[s], s:b, s:s}",
		"position", 100, "enabled", 1, "matchers", "severities", "integrations", "window",
		"before_s", 900, "engine", "builtin", "budget", "time_s", 120, "calls", 200,
		"destinations", "*", "continue", 0, "remedies", "offer");
}

json_t *pipeline_default(void)
{
	json_t *document = make_defaults();

	json_put(document, "name", json_string(PIPELINE_DEFAULT));
	json_put(document, "position", json_integer(1000000));
	json_put(document, "target",
		 json_pack("{s:[s,s,s,s,s], s:[s,s]}", "hosts", "{labels.instance}",
			   "{labels.host}", "{labels.hostname}", "{labels.node}",
			   "{labels.nodename}", "services", "{labels.service}", "{labels.job}"));
	return document;
}

const char *pipeline_name(const struct pipeline *pipeline)
{
	return json_get_text(pipeline->document, "name", "");
}

static int check_name(const char *name, struct error *err)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.");

	if (name[len] || !isalnum((unsigned char)name[0]))
		return error_set(err, -EINVAL,
				 "/name: '%.80s' is no name: small letters, digits, '-', '_' and "
				 "'.', the first no sign",
				 name);
	return 0;
}

static int check_templates(const json_t *target, const char *name, struct error *err)
{
	const json_t *list = json_object_get(target, name), *one;
	size_t i;

	json_array_foreach(list, i, one) if (alert_template_check(json_string_value(one), err) <
					     0) return error_wrap(err, "/target/%s/%zu", name, i);
	return 0;
}

static int check_target(json_t *target, struct error *err)
{
	static const char *const lists[] = { "agents", "hosts", "namespaces", "log_groups",
					     "services" };
	json_t *labels = json_object_get(target, "labels"), *one;
	const char *key;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		if (check_templates(target, lists[i], err) < 0)
			return err->code;
		if (!json_object_get(target, lists[i]))
			json_put(target, lists[i], json_array());
	}
	json_object_foreach(labels, key,
			    one) if (alert_template_check(json_string_value(one), err) <
				     0) return error_wrap(err, "/target/labels/%s", key);
	if (!labels)
		json_put(target, "labels", json_object());
	if (!json_array_size(json_object_get(target, "agents")) &&
	    !json_array_size(json_object_get(target, "hosts")) &&
	    !json_object_size(json_object_get(target, "labels")))
		return error_set(err, -EINVAL,
				 "/target: names no agent: give agents, hosts or labels");
	return 0;
}

static int parse_matchers(struct pipeline *pipeline, struct error *err)
{
	const json_t *list = json_object_get(pipeline->document, "matchers"), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		struct matcher *matcher = &pipeline->matchers[pipeline->n_matchers];

		if (matcher_parse(json_string_value(one), matcher, err) < 0)
			return error_wrap(err, "/matchers/%zu", i);
		pipeline->n_matchers++;
	}
	return 0;
}

/* The document over the defaults, and the same for the objects in it. */
static json_t *make_whole(const json_t *document)
{
	json_t *whole = make_defaults(), *copy = json_deep_copy(document), *value;
	const char *key;

	json_object_foreach(copy, key, value)
	{
		json_t *there = json_object_get(whole, key);

		if (json_is_object(there) && json_is_object(value))
			json_object_update(there, value);
		else
			json_object_set(whole, key, value);
	}
	json_decref(copy);
	pipeline_modernise(whole);
	return whole;
}

/* A window once had an end; an investigation begins when the alert comes, and looks until now. */
void pipeline_modernise(json_t *document)
{
	(void)json_object_del(json_object_get(document, "window"), "after_s");
}

int pipeline_parse(const json_t *document, struct pipeline *pipeline_out, struct error *err)
{
	struct pipeline pipeline = { .document = make_whole(document) };
	int r = check_name(pipeline_name(&pipeline), err);

	if (r == 0)
		r = check_target(json_object_get(pipeline.document, "target"), err);
	if (r == 0)
		r = parse_matchers(&pipeline, err);
	if (r < 0) {
		pipeline_finish(&pipeline);
		return r;
	}
	*pipeline_out = pipeline;
	return 0;
}

void pipeline_finish(struct pipeline *pipeline)
{
	for (unsigned i = 0; i < pipeline->n_matchers; i++)
		matcher_finish(&pipeline->matchers[i]);
	pipeline->n_matchers = 0;
	json_decref(pipeline->document);
	pipeline->document = NULL;
}

/* An empty list is no condition. */
static bool is_among(const struct pipeline *pipeline, const char *list_name, const char *value)
{
	const json_t *list = json_object_get(pipeline->document, list_name), *one;
	size_t i;

	json_array_foreach(list, i,
			   one) if (strcasecmp(json_string_value(one), value) == 0) return true;
	return json_array_size(list) == 0;
}

static bool is_of_service(const char *name)
{
	return strcmp(name, "service") == 0 || strcmp(name, "criticality") == 0;
}

bool pipeline_asks_for_service(const struct pipeline *pipeline)
{
	for (unsigned i = 0; i < pipeline->n_matchers; i++)
		if (is_of_service(pipeline->matchers[i].name))
			return true;
	return false;
}

static const char *value_of(const json_t *alert, const char *name)
{
	const json_t *about = is_of_service(name) ? json_object_get(alert, "about") : NULL;

	return json_is_object(about) ? json_get_text(about, name, "") : alert_label(alert, name);
}

static bool all_hold(const struct pipeline *pipeline, const json_t *alert,
		     char why_out[ERROR_TEXT_BYTES])
{
	for (unsigned i = 0; i < pipeline->n_matchers; i++) {
		const struct matcher *matcher = &pipeline->matchers[i];
		const char *value = value_of(alert, matcher->name);
		const char *text = json_string_value(
			json_array_get(json_object_get(pipeline->document, "matchers"), i));

		switch (matcher_ask(matcher, value)) {
		case MATCHER_HOLDS:
			continue;
		case MATCHER_FAILS:
			text_format(why_out, ERROR_TEXT_BYTES,
				    "%.200s does not hold: %s is '%.100s'", text, matcher->name,
				    value);
			return false;
		case MATCHER_GAVE_UP:
			text_format(why_out, ERROR_TEXT_BYTES,
				    "%.200s was given up: it takes too long for '%.100s'", text,
				    value);
			return false;
		}
	}
	return true;
}

bool pipeline_takes(const struct pipeline *pipeline, const json_t *alert,
		    char why_out[ERROR_TEXT_BYTES])
{
	const char *severity = json_get_text(alert, "severity", "");
	const char *integration = json_get_text(alert, "integration_name", "");

	if (!json_get_bool(pipeline->document, "enabled", true))
		text_format(why_out, ERROR_TEXT_BYTES, "it is disabled");
	else if (!is_among(pipeline, "severities", severity))
		text_format(why_out, ERROR_TEXT_BYTES, "its severity is '%.60s'", severity);
	else if (!is_among(pipeline, "integrations", integration) &&
		 !is_among(pipeline, "integrations", json_get_text(alert, "integration", "")) &&
		 !is_among(pipeline, "integrations", json_get_text(alert, "kind", "")))
		text_format(why_out, ERROR_TEXT_BYTES, "it came by the integration '%.60s'",
			    integration);
	else
		return all_hold(pipeline, alert, why_out);
	return false;
}
