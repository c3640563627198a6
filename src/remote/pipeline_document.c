#include "remote/pipeline_document.h"

#include <errno.h>
#include <string.h>

#include "remote/listing.h"

#define MAX_LABELS 32

static const struct {
	const char *option, *member;
	enum {
		OF_TARGET,
		OF_DOCUMENT,
	} place;
} lists[PIPELINE_LISTS] = {
	{ "--hosts", "hosts", OF_TARGET },
	{ "--agents", "agents", OF_TARGET },
	{ "--services", "services", OF_TARGET },
	{ "--namespaces", "namespaces", OF_TARGET },
	{ "--log-groups", "log_groups", OF_TARGET },
	{ "--severities", "severities", OF_DOCUMENT },
	{ "--integrations", "integrations", OF_DOCUMENT },
	{ "--to", "destinations", OF_DOCUMENT },
};

int pipeline_options_read(struct pipeline_options *options, int argc, char **argv,
			  struct words *words_out, struct error *err)
{
	const struct option_row others[] = { { "--file", OPTION_TEXT, &options->file },
					     { "--labels", OPTION_TEXT, &options->labels },
					     { "--engine", OPTION_TEXT, &options->engine },
					     { "--position", OPTION_TEXT, &options->position },
					     { "--remedies", OPTION_TEXT, &options->remedies },
					     { "--before", OPTION_DURATION, &options->before_ns },
					     { "--time", OPTION_DURATION, &options->time_ns },
					     { "--calls", OPTION_COUNT, &options->calls },
					     { "--continue", OPTION_SET, &options->goes_on },
					     { "--stop", OPTION_SET, &options->stops },
					     { "--enable", OPTION_SET, &options->enables },
					     { "--disable", OPTION_SET, &options->disables },
					     { "--json", OPTION_SET, &options->wants_json } };
	struct option_row rows[PIPELINE_LISTS + ARRAY_LEN(others) + 1] = { 0 };

	memcpy(rows, others, sizeof(others));
	for (size_t i = 0; i < PIPELINE_LISTS; i++)
		rows[ARRAY_LEN(others) + i] =
			(struct option_row) { lists[i].option, OPTION_TEXT, &options->lists[i] };
	return option_read(rows, argc, argv, words_out, err);
}

static json_t *split(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t len = strcspn(text, ",");

		if (len)
			json_push(list, json_text(text, len));
		text += len + (text[len] == ',');
	}
	return list;
}

/* The object of that name in the document, made where there is none. */
static json_t *member_of(json_t *document, const char *name)
{
	json_t *there = json_object_get(document, name);

	if (json_is_object(there))
		return there;
	json_put(document, name, json_object());
	return json_object_get(document, name);
}

static int apply_labels(const char *text, json_t *target, struct error *err)
{
	CLEANUP(json) json_t *list = split(text);
	const char *words[MAX_LABELS];
	json_t *labels = json_object();
	size_t n = json_array_size(list);

	json_put(target, "labels", labels);
	if (n > MAX_LABELS)
		return error_set(err, -EINVAL, "more than %d labels", MAX_LABELS);
	for (size_t i = 0; i < n; i++)
		words[i] = json_string_value(json_array_get(list, i));
	return labels_parse(words, n, labels, err);
}

static void apply_numbers(const struct pipeline_options *options, json_t *document)
{
	const struct {
		uint64_t value, unit;
		const char *object, *member;
	} rows[] = {
		{ options->before_ns, NS_PER_SEC, "window", "before_s" },
		{ options->time_ns, NS_PER_SEC, "budget", "time_s" },
		{ options->calls, 1, "budget", "calls" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].value)
			json_put(member_of(document, rows[i].object), rows[i].member,
				 json_integer((json_int_t)(rows[i].value / rows[i].unit)));
}

static int apply_position(const char *text, json_t *document, struct error *err)
{
	const char *at = text;
	uint64_t position;

	if (!scan_u64(&at, &position) || *at || position > INT32_MAX)
		return error_set(err, -EINVAL, "--position: '%s' is no whole number", text);
	json_put(document, "position", json_integer((json_int_t)position));
	return 0;
}

static void apply_flags(const struct pipeline_options *options, json_t *document)
{
	if (options->goes_on || options->stops)
		json_put(document, "continue", json_boolean(options->goes_on));
	if (options->enables || options->disables)
		json_put(document, "enabled", json_boolean(options->enables));
}

int pipeline_options_apply(const struct pipeline_options *options, const struct words *words,
			   json_t *document, struct error *err)
{
	json_t *target = member_of(document, "target");

	for (size_t i = 0; i < PIPELINE_LISTS; i++)
		if (options->lists[i])
			json_put(lists[i].place == OF_TARGET ? target : document, lists[i].member,
				 split(options->lists[i]));
	if (options->labels && apply_labels(options->labels, target, err) < 0)
		return error_wrap(err, "--labels");
	if (options->position && apply_position(options->position, document, err) < 0)
		return err->code;
	if (options->engine)
		json_put(document, "engine", json_text(options->engine, strlen(options->engine)));
	if (options->remedies)
		json_put(document, "remedies",
			 json_text(options->remedies, strlen(options->remedies)));
	apply_numbers(options, document);
	apply_flags(options, document);
	if (words->n > 1)
		json_put(document, "matchers", json_array());
	for (size_t i = 1; i < words->n; i++)
		json_push(json_object_get(document, "matchers"),
			  json_text(words->at[i], strlen(words->at[i])));
	return 0;
}
