#include "kernel/trace/request.h"

#include <errno.h>
#include <string.h>

#include "kernel/trace/request_internal.h"

static const char *const types[TRACE_TYPE_N] = {
	"tracepoint", "raw",    "btf",   "perf",   "kprobe",
	"kretprobe",  "fentry", "fexit", "uprobe", "uretprobe",
};
static const char *const aggregates[TRACE_AGGREGATE_N] = {
	"count", "hist", "sum", "events", "latency", "depth",
};
static const char *const formats[TRACE_FORMAT_N] = {
	"number", "hex",       "comm",    "string", "user_string", "peer",
	"local",  "errno",     "syscall", "signal", "device",      "softirq",
	"exit",   "tcp_state", "probe",   "lock",   "stack",
};

const char *trace_type_name(enum trace_type type)
{
	return types[type];
}

const char *trace_aggregate_name(enum trace_aggregate aggregate)
{
	return aggregates[aggregate];
}

const char *trace_format_name(enum trace_format format)
{
	return formats[format];
}

bool trace_has_starts(enum trace_aggregate aggregate)
{
	return aggregate == TRACE_LATENCY || aggregate == TRACE_DEPTH;
}

int trace_find_word(const char *const *words, unsigned n, const char *what, const char *word,
		    struct error *err)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return (int)i;
	return error_set(err, -EINVAL, "there is no %s '%s'", what, word);
}

/* Text that goes into a fixed place whole, of letters that names in the kernel have. */
static int take_text(char *out, size_t size, const char *from, size_t len, struct error *err)
{
	if (!len || len >= size)
		return error_set(err, -EINVAL, "a name must have 1 to %zu letters", size - 1);
	for (size_t i = 0; i < len; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:|-",
			    from[i]) ||
		    !from[i])
			return error_set(err, -EINVAL, "'%.*s' is no name that the kernel has",
					 (int)(len < 64 ? len : 64), from);
	memcpy(out, from, len);
	out[len] = '\0';
	return 0;
}

/* What a program or library is called: it may lie anywhere. */
static int take_file_target(char *out, const char *from, struct error *err)
{
	size_t len = strlen(from);

	if (len >= TRACE_TARGET_BYTES)
		return error_set(err, -EINVAL, "it has more than %d bytes", TRACE_TARGET_BYTES - 1);
	if (from[0] != '/' || !strchr(from, ':'))
		return error_set(err, -EINVAL, "a probe of a program is written /PATH:SYMBOL");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)from[i] <= ' ' || from[i] == 0x7f)
			return error_set(err, -EINVAL, "a path has no blanks here");
	memcpy(out, from, len + 1);
	return 0;
}

static bool is_stack(const char *path)
{
	return strcmp(path, "kernel_stack") == 0 || strcmp(path, "user_stack") == 0;
}

/* What a path is by itself, where the request does not say. */
static enum trace_format usual_format(const char *path)
{
	if (strcmp(path, "comm") == 0 || strcmp(path, "start.comm") == 0)
		return TRACE_COMM;
	if (is_stack(path))
		return TRACE_STACK;
	return strcmp(path, "probe") == 0 ? TRACE_PROBE : TRACE_NUMBER;
}

int trace_field_parse(const char *text, struct trace_field *field_out, struct error *err)
{
	const char *equals = strchr(text, '='), *path = equals ? equals + 1 : text;
	const char *colon = strchr(path, ':');
	size_t n_path = colon ? (size_t)(colon - path) : strlen(path);
	struct trace_field field = { 0 };
	int r;

	r = take_text(field.path, sizeof(field.path), path, n_path, err);
	if (r == 0 && equals)
		r = take_text(field.name, sizeof(field.name), text, (size_t)(equals - text), err);
	else
		text_copy(field.name, sizeof(field.name), field.path);
	if (r < 0)
		return error_wrap(err, "field '%.80s'", text);
	field.format = usual_format(field.path);
	if (colon) {
		r = trace_find_word(formats, TRACE_FORMAT_N, "format", colon + 1, err);
		if (r < 0)
			return error_wrap(err, "field '%.80s'", text);
		field.format = (enum trace_format)r;
	}
	if (is_stack(field.path) != (field.format == TRACE_STACK))
		return error_set(err, -EINVAL,
				 "field '%.80s': kernel_stack and user_stack are stacks, and "
				 "nothing else is",
				 text);
	*field_out = field;
	return 0;
}

static int take_filters(struct trace_probe *probe, const json_t *filters, struct error *err)
{
	const json_t *item;
	const char *key;
	size_t i;
	int r;

	json_array_foreach(filters, i, item)
	{
		r = trace_filter_add(probe, json_get_text(item, "field", ""),
				     json_get_text(item, "op", "eq"),
				     json_object_get(item, "value"), err);
		if (r < 0)
			return r;
	}
	if (!json_is_object(filters))
		return 0;
	json_object_foreach((json_t *)(uintptr_t)filters, key, item)
	{
		r = trace_filter_add(probe, key, "eq", item, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_optional(const json_t *args, const char *key, struct trace_field *field,
			 struct error *err)
{
	const char *text = json_get_text(args, key, "");

	return text[0] ? trace_field_parse(text, field, err) : 0;
}

static int take_probe(struct trace_request *request, const json_t *args, const char *usual_type,
		      struct error *err)
{
	struct trace_probe *probe = &request->probes[request->n_probes];
	const char *target = json_get_text(args, "target", "");
	int r;

	if (request->n_probes == TRACE_MAX_PROBES)
		return error_set(err, -EINVAL, "a trace has at most %d probes", TRACE_MAX_PROBES);
	r = trace_find_word(types, TRACE_TYPE_N, "type", json_get_text(args, "type", usual_type),
			    err);
	if (r < 0)
		return r;
	probe->type = (enum trace_type)r;
	if (probe->type >= TRACE_UPROBE)
		r = take_file_target(probe->target, target, err);
	else
		r = take_text(probe->target, sizeof(probe->target), target, strlen(target), err);
	if (r < 0)
		return error_wrap(err, "target");
	r = take_filters(probe, json_object_get(args, "filters"), err);
	if (r == 0)
		r = take_optional(args, "join", &probe->join, err);
	if (r == 0)
		r = take_optional(args, "keep", &probe->keep, err);
	if (r < 0)
		return error_wrap(err, "%s", probe->target);
	probe->keeps_first = json_get_bool(args, "first", false);
	request->n_probes++;
	return 0;
}

static int take_probes(struct trace_request *request, const json_t *args, struct error *err)
{
	const char *usual = json_get_text(args, "type", "tracepoint");
	const json_t *ends = json_object_get(args, "probes"), *item;
	size_t i;
	int r;

	json_array_foreach(json_object_get(args, "start"), i, item)
	{
		r = take_probe(request, item, usual, err);
		if (r < 0)
			return r;
	}
	request->n_starts = request->n_probes;
	if (!ends)
		return take_probe(request, args, usual, err);
	json_array_foreach(ends, i, item)
	{
		r = take_probe(request, item, usual, err);
		if (r < 0)
			return r;
	}
	return request->n_probes > request->n_starts
		       ? 0
		       : error_set(err, -EINVAL, "a trace needs a target");
}

static int take_keys(struct trace_request *request, const json_t *key, struct error *err)
{
	const json_t *item;
	size_t i;
	int r;

	if (json_is_string(key)) {
		request->n_keys = 1;
		return trace_field_parse(json_string_value(key), &request->keys[0], err);
	}
	if (json_array_size(key) > TRACE_MAX_KEYS)
		return error_set(err, -EINVAL, "a trace counts by at most %d fields",
				 TRACE_MAX_KEYS);
	json_array_foreach(key, i, item)
	{
		const char *text = json_string_value(item);

		r = trace_field_parse(text ? text : "", &request->keys[request->n_keys++], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_depth(const struct trace_request *request, struct error *err)
{
	for (unsigned i = 0; i < request->n_keys; i++)
		if (request->keys[i].format == TRACE_STACK)
			return error_set(err, -EINVAL,
					 "'depth' counts by what begin and end have in common: "
					 "not by stacks");
	for (unsigned i = request->n_starts; i < request->n_probes; i++)
		if (request->probes[i].n_filters)
			return error_set(err, -EINVAL,
					 "%s: of 'depth' the beginnings are filtered, not the ends",
					 request->probes[i].target);
	return 0;
}

/* What does not fit together is said before anything is loaded. */
static int check(const struct trace_request *request, struct error *err)
{
	bool has_ends = trace_has_starts(request->aggregate);

	if (has_ends != (request->n_starts > 0))
		return error_set(err, -EINVAL,
				 "'start' and the aggregates 'latency' and 'depth' go together");
	if ((request->aggregate == TRACE_HIST || request->aggregate == TRACE_SUM) &&
	    !request->value.path[0])
		return error_set(err, -EINVAL, "'%s' needs a 'value'",
				 trace_aggregate_name(request->aggregate));
	for (unsigned i = 0; has_ends && i < request->n_probes; i++)
		if (!request->probes[i].join.path[0])
			return error_set(err, -EINVAL, "%s: '%s' needs 'join' at both ends",
					 request->probes[i].target,
					 trace_aggregate_name(request->aggregate));
	return request->aggregate == TRACE_DEPTH ? check_depth(request, err) : 0;
}

static int take_aggregate(struct trace_request *request, const json_t *args, struct error *err)
{
	const char *usual = request->n_starts ? "latency" : request->n_keys ? "count" : "events";
	int r = trace_find_word(aggregates, TRACE_AGGREGATE_N, "aggregate",
				json_get_text(args, "aggregate", usual), err);

	if (r < 0)
		return r;
	request->aggregate = (enum trace_aggregate)r;
	if (request->aggregate != TRACE_EVENTS || request->n_keys)
		return 0;
	request->n_keys = 2;
	r = trace_field_parse("comm", &request->keys[0], err);
	return r < 0 ? r : trace_field_parse("pid", &request->keys[1], err);
}

int trace_request_parse(const json_t *args, struct trace_request *request_out, struct error *err)
{
	struct trace_request request = {
		.duration_ns = TRACE_DURATION_NS,
		.max_rows = 1024,
		.max_events = 1000,
		.max_events_per_s = 50000,
	};
	const char *subject = json_get_text(args, "subject", "pid");
	int r;

	text_copy(request.name, sizeof(request.name), json_get_text(args, "name", ""));
	r = take_probes(&request, args, err);
	if (r == 0)
		r = take_keys(&request, json_object_get(args, "key"), err);
	if (r == 0)
		r = take_optional(args, "value", &request.value, err);
	if (r == 0)
		r = take_aggregate(&request, args, err);
	if (r == 0 && strcmp(subject, "none") != 0)
		r = trace_field_parse(subject, &request.subject, err);
	if (r == 0)
		r = check(&request, err);
	if (r == 0)
		r = trace_request_narrow(&request, args, err);
	if (r == 0)
		*request_out = request;
	return r;
}
