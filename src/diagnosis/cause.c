#include "diagnosis/cause.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTER_BYTES 160
#define MAX_WEIGHT 12.0
#define MAX_NEEDS 16

enum presence {
	OPTIONAL,
	REQUIRED,
};

/* One key of a mapping; 'kind' is its JSON type, JSON_REAL also takes integers. */
struct key {
	const char *name;
	json_type kind;
	enum presence presence;
};

static const struct key cause_keys[] = {
	{ "id", JSON_STRING, REQUIRED },
	{ "area", JSON_STRING, REQUIRED },
	{ "statement", JSON_STRING, REQUIRED },
	{ "prior", JSON_REAL, REQUIRED },
	{ "words", JSON_ARRAY, OPTIONAL },
	{ "findings", JSON_ARRAY, REQUIRED },
	{ "requires", JSON_ARRAY, REQUIRED },
	{ "explains", JSON_ARRAY, OPTIONAL },
	{ "elsewhere", JSON_STRING, OPTIONAL },
	{ "decides", JSON_ARRAY, OPTIONAL },
	{ "background", JSON_TRUE, OPTIONAL },
	{ "remedies", JSON_ARRAY, REQUIRED },
	{ NULL },
};

static const struct key finding_keys[] = {
	{ "id", JSON_STRING, REQUIRED },
	{ "from", JSON_STRING, REQUIRED },
	{ "where", JSON_STRING, REQUIRED },
	{ "says", JSON_STRING, REQUIRED },
	{ "values", JSON_STRING, OPTIONAL },
	{ "group", JSON_STRING, OPTIONAL },
	{ "weight", JSON_REAL, REQUIRED },
	{ "against", JSON_REAL, OPTIONAL },
	{ NULL },
};

static const struct key inquiry_keys[] = {
	{ "tool", JSON_STRING, REQUIRED },
	{ "args", JSON_OBJECT, OPTIONAL },
	{ NULL },
};

static const struct key remedy_keys[] = {
	{ "statement", JSON_STRING, REQUIRED },
	{ "risk", JSON_STRING, REQUIRED },
	{ "call", JSON_OBJECT, OPTIONAL },
	{ "undo", JSON_STRING, OPTIONAL },
	{ NULL },
};

static const char *join(char pointer[POINTER_BYTES], const char *base, const char *key)
{
	(void)snprintf(pointer, POINTER_BYTES, "%.100s/%.50s", base, key);
	return pointer;
}

static const char *join_index(char pointer[POINTER_BYTES], const char *base, size_t index)
{
	(void)snprintf(pointer, POINTER_BYTES, "%.100s/%zu", base, index);
	return pointer;
}

static const char *kind_name(json_type kind)
{
	switch (kind) {
	case JSON_STRING:
		return "a text";
	case JSON_REAL:
		return "a number";
	case JSON_ARRAY:
		return "a list";
	case JSON_TRUE:
		return "true";
	default:
		return "a mapping";
	}
}

static const struct key *find_key(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (strcmp(keys->name, name) == 0)
			return keys;
	return NULL;
}

static bool is_kind(const json_t *value, json_type kind)
{
	return json_typeof(value) == kind || (kind == JSON_REAL && json_is_integer(value));
}

/* 'object' has every required key, each of its kind and no text empty, and no other. */
static int check_keys(const struct yaml *file, const char *base, const json_t *object,
		      const struct key *keys, struct error *err)
{
	char pointer[POINTER_BYTES];
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return yaml_error(file, err, base, "expected a mapping");
	json_object_foreach((json_t *)object, name, value)
	{
		const struct key *key = find_key(keys, name);

		join(pointer, base, name);
		if (!key)
			return yaml_error(file, err, pointer, "is not a known key");
		if (!is_kind(value, key->kind))
			return yaml_error(file, err, pointer, "expected %s", kind_name(key->kind));
		if (key->kind == JSON_STRING && !json_string_length(value))
			return yaml_error(file, err, pointer, "is empty");
	}
	for (; keys->name; keys++)
		if (keys->presence == REQUIRED && !json_object_get(object, keys->name))
			return yaml_error(file, err, base, "the key '%s' is missing", keys->name);
	return 0;
}

static int check_texts(const struct yaml *file, const char *base, const json_t *list,
		       struct error *err)
{
	char pointer[POINTER_BYTES];
	const json_t *item;
	size_t i;

	json_array_foreach(
		list, i,
		item) if (!json_is_string(item) ||
			  !json_string_length(item)) return yaml_error(file, err,
								       join_index(pointer, base, i),
								       "expected a text");
	return 0;
}

int inquiries_parse(const struct yaml *file, const char *base, const json_t *list,
		    struct inquiry **inquiries_out, size_t *n_out, struct error *err)
{
	size_t n = json_array_size(list);
	struct inquiry *inquiries;
	char pointer[POINTER_BYTES];

	for (size_t i = 0; i < n; i++) {
		int r = check_keys(file, join_index(pointer, base, i), json_array_get(list, i),
				   inquiry_keys, err);

		if (r < 0)
			return r;
	}
	inquiries = calloc(n + 1, sizeof(*inquiries));
	if (!inquiries)
		abort();
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(list, i);

		inquiries[i].tool = json_get_text(item, "tool", "");
		inquiries[i].args = json_object_get(item, "args");
	}
	*inquiries_out = inquiries;
	*n_out = n;
	return 0;
}

static int parse_finding(const struct yaml *file, const char *base, const json_t *item,
			 struct finding *finding, struct error *err)
{
	char pointer[POINTER_BYTES];
	int r = check_keys(file, base, item, finding_keys, err);

	if (r < 0)
		return r;
	*finding = (struct finding) {
		.id = json_get_text(item, "id", NULL),
		.tool = json_get_text(item, "from", NULL),
		.where = json_get_text(item, "where", NULL),
		.says = json_get_text(item, "says", NULL),
		.values = json_get_text(item, "values", NULL),
		.group = json_get_text(item, "group", NULL),
		.weight = json_get_number(item, "weight", 0),
		.against = json_get_number(item, "against", 0),
	};
	if (fabs(finding->weight) > MAX_WEIGHT)
		return yaml_error(file, err, join(pointer, base, "weight"),
				  "must lie between -%g and %g", MAX_WEIGHT, MAX_WEIGHT);
	if (finding->against < 0 || finding->against > MAX_WEIGHT)
		return yaml_error(file, err, join(pointer, base, "against"),
				  "must lie between 0 and %g", MAX_WEIGHT);
	return 0;
}

static int parse_findings(struct cause *cause, const json_t *list, struct error *err)
{
	size_t n = json_array_size(list);
	struct finding *findings = calloc(n + 1, sizeof(*findings));
	char pointer[POINTER_BYTES];

	if (!findings)
		abort();
	cause->findings = findings;
	for (size_t i = 0; i < n; i++) {
		int r;

		join_index(pointer, "/findings", i);
		r = parse_finding(&cause->file, pointer, json_array_get(list, i), &findings[i],
				  err);
		if (r < 0)
			return r;
		for (size_t before = 0; before < i; before++)
			if (strcmp(findings[before].id, findings[i].id) == 0)
				return yaml_error(&cause->file, err, pointer,
						  "the finding '%s' stands twice", findings[i].id);
		cause->n_findings++;
	}
	if (!n)
		return yaml_error(&cause->file, err, "/findings", "is empty");
	return 0;
}

static bool find_finding(const struct cause *cause, const char *id, size_t *number_out)
{
	for (size_t i = 0; i < cause->n_findings; i++) {
		if (strcmp(cause->findings[i].id, id) != 0)
			continue;
		*number_out = i;
		return true;
	}
	return false;
}

static int add_need(struct cause *cause, struct need *needed, const char *pointer,
		    const json_t *item, struct error *err)
{
	const char *id = json_string_value(item);
	size_t number;

	if (!id || !find_finding(cause, id, &number))
		return yaml_error(&cause->file, err, pointer, "no finding is named '%s'",
				  id ? id : "");
	if (cause->n_needed == MAX_NEEDS)
		return yaml_error(&cause->file, err, pointer, "more than %d findings", MAX_NEEDS);
	needed[cause->n_needed++] = (struct need) { .clause = cause->n_clauses, .finding = number };
	return 0;
}

/* Each item is a finding, or a list of findings one of which will do. */
static int parse_needed(struct cause *cause, const json_t *list, struct error *err)
{
	struct need *needed = calloc(MAX_NEEDS, sizeof(*needed));
	char pointer[POINTER_BYTES];
	const json_t *item, *choice;
	size_t i, j;

	if (!needed)
		abort();
	cause->needed = needed;
	json_array_foreach(list, i, item)
	{
		int r = 0;

		join_index(pointer, "/requires", i);
		if (!json_is_array(item))
			r = add_need(cause, needed, pointer, item, err);
		json_array_foreach(item, j, choice) if (r == 0) r =
			add_need(cause, needed, pointer, choice, err);
		if (r < 0)
			return r;
		cause->n_clauses++;
	}
	if (!cause->n_needed)
		return yaml_error(&cause->file, err, "/requires",
				  "is empty: a cause needs proof to be named");
	return 0;
}

static int check_remedies(const struct yaml *file, const json_t *list, struct error *err)
{
	char pointer[POINTER_BYTES], call[POINTER_BYTES];
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *risk;
		int r = check_keys(file, join_index(pointer, "/remedies", i), item, remedy_keys,
				   err);

		if (r < 0)
			return r;
		risk = json_get_text(item, "risk", "");
		if (strcmp(risk, "reads") != 0 && strcmp(risk, "traces") != 0 &&
		    strcmp(risk, "changes") != 0)
			return yaml_error(file, err, join(call, pointer, "risk"),
					  "expected reads, traces or changes");
		if (!json_object_get(item, "call"))
			continue;
		r = check_keys(file, join(call, pointer, "call"), json_object_get(item, "call"),
			       inquiry_keys, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int parse_lists(struct cause *cause, const json_t *root, struct error *err)
{
	static const char *const texts[] = { "words", "explains" };
	char pointer[POINTER_BYTES];
	struct inquiry *inquiries = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		r = check_texts(&cause->file, join(pointer, "", texts[i]),
				json_object_get(root, texts[i]), err);
		if (r < 0)
			return r;
	}
	r = parse_findings(cause, json_object_get(root, "findings"), err);
	if (r < 0)
		return r;
	r = parse_needed(cause, json_object_get(root, "requires"), err);
	if (r < 0)
		return r;
	r = inquiries_parse(&cause->file, "/decides", json_object_get(root, "decides"), &inquiries,
			    &cause->n_inquiries, err);
	cause->inquiries = inquiries;
	return r < 0 ? r : check_remedies(&cause->file, cause->remedies, err);
}

int cause_parse(struct cause *cause, struct yaml *file, struct error *err)
{
	const json_t *root = file->root;
	int r;

	*cause = (struct cause) { .file = *file };
	*file = (struct yaml) { 0 };
	r = check_keys(&cause->file, "", root, cause_keys, err);
	if (r < 0)
		return r;
	cause->id = json_get_text(root, "id", NULL);
	cause->area = json_get_text(root, "area", NULL);
	cause->statement = json_get_text(root, "statement", NULL);
	cause->prior = json_get_number(root, "prior", 0);
	cause->words = json_object_get(root, "words");
	cause->explains = json_object_get(root, "explains");
	cause->elsewhere = json_get_text(root, "elsewhere", NULL);
	cause->is_background = json_get_bool(root, "background", false);
	cause->remedies = json_object_get(root, "remedies");
	if (!(cause->prior > 0 && cause->prior <= 0.2))
		return yaml_error(&cause->file, err, "/prior",
				  "must lie above 0 and not above 0.2");
	return parse_lists(cause, root, err);
}

void cause_finish(struct cause *cause)
{
	free((void *)cause->findings);
	free((void *)cause->needed);
	free((void *)cause->inquiries);
	yaml_finish(&cause->file);
	*cause = (struct cause) { 0 };
}
