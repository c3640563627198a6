#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/trace/names.h"
#include "kernel/trace/request_internal.h"

static const char *const ops[TRACE_OP_N] = { "eq", "ne", "lt", "le", "gt", "ge", "in" };

/* A signal or system call may be named. Those that this architecture lacks are INT64_MIN. */
static int take_name(struct trace_filter *filter, const char *name, int64_t *value_out,
		     struct error *err)
{
	int number = -1;

	if (filter->field.format == TRACE_SYSCALL) {
		number = names_find_syscall(name);
	} else if (filter->field.format == TRACE_SIGNAL) {
		for (int i = 1; i < NSIG && number < 0; i++)
			if (sigabbrev_np(i) && strcmp(sigabbrev_np(i), name) == 0)
				number = i;
	} else {
		return error_set(err, -EINVAL, "'%.64s' is no number", name);
	}
	if (number < 0 && filter->op != TRACE_IN)
		return error_set(err, -EINVAL, "'%.64s' is not known here", name);
	*value_out = number < 0 ? INT64_MIN : number;
	return 0;
}

static bool is_text(enum trace_format format)
{
	return format == TRACE_COMM || format == TRACE_STRING || format == TRACE_USER_STRING;
}

static int take_value(struct trace_filter *filter, const json_t *value, struct error *err)
{
	const char *text = json_string_value(value);
	int64_t *at = &filter->values[filter->n_values];

	if (filter->n_values == TRACE_MAX_VALUES)
		return error_set(err, -EINVAL, "a filter has at most %d values", TRACE_MAX_VALUES);
	if (json_is_integer(value)) {
		*at = json_integer_value(value);
	} else if (text && is_text(filter->field.format)) {
		size_t most =
			filter->field.format == TRACE_COMM ? TRACE_TEXT_BYTES : TRACE_STRING_BYTES;

		if (filter->op > TRACE_NE || !*text || strlen(text) >= most)
			return error_set(err, -EINVAL, "a text has 1 to %zu bytes, and is eq or ne",
					 most - 1);
		text_copy(filter->text, sizeof(filter->text), text);
	} else if (text) {
		char *end;

		errno = 0;
		*at = strtoll(text, &end, 0);
		if ((errno || end == text || *end) && take_name(filter, text, at, err) < 0)
			return -EINVAL;
		if (*at == INT64_MIN)
			return 0;
	} else {
		return error_set(err, -EINVAL, "a value is a number or a name");
	}
	filter->n_values++;
	return 0;
}

static int take_values(struct trace_filter *filter, const json_t *value, struct error *err)
{
	const json_t *item;
	size_t i;
	int r = 0;

	if (!json_is_array(value))
		return take_value(filter, value, err);
	if (filter->op == TRACE_EQ)
		filter->op = TRACE_IN;
	if (filter->op != TRACE_IN)
		return error_set(err, -EINVAL, "several values go with 'in'");
	json_array_foreach(value, i, item)
	{
		r = take_value(filter, item, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int trace_filter_add(struct trace_probe *probe, const char *field, const char *op,
		     const json_t *value, struct error *err)
{
	struct trace_filter *filter = &probe->filters[probe->n_filters];
	int r;

	if (probe->n_filters == TRACE_MAX_FILTERS)
		return error_set(err, -EINVAL, "a probe has at most %d filters", TRACE_MAX_FILTERS);
	memset(filter, 0, sizeof(*filter));
	r = trace_field_parse(field, &filter->field, err);
	if (r == 0)
		r = trace_find_word(ops, TRACE_OP_N, "comparison", op, err);
	if (r < 0)
		return r;
	filter->op = (enum trace_op)r;
	/* "{tid}" is another field. */
	if (json_is_string(value) && json_string_value(value)[0] == '{') {
		char text[TRACE_PATH_BYTES];
		size_t len = json_string_length(value);

		if (len < 3 || len >= sizeof(text) || filter->op == TRACE_IN)
			return error_set(err, -EINVAL,
					 "a field to compare with is written {FIELD}");
		text_format(text, sizeof(text), "%.*s", (int)len - 2, json_string_value(value) + 1);
		r = trace_field_parse(text, &filter->other, err);
	} else {
		r = take_values(filter, value, err);
	}
	if (r < 0)
		return error_wrap(err, "filter of '%s'", filter->field.path);
	probe->n_filters++;
	return 0;
}

/* --- whom it is about ----------------------------------------------------------- */

/* "next.tgid" is about the process that "next.comm" names. */
static void name_of_subject(const struct trace_field *subject, char *text, size_t size)
{
	const char *dot = strrchr(subject->path, '.');

	if (dot)
		text_format(text, size, "%.*s.comm:comm", (int)(dot - subject->path),
			    subject->path);
	else
		text_copy(text, size, "comm");
}

/* Both ends of a system call are in the process that makes it; what starts anything else may not
 * be. */
static bool is_in_process(const struct trace_request *request, const struct trace_probe *probe)
{
	return (probe->type >= TRACE_UPROBE || strncmp(probe->target, "sys_", 4) == 0) &&
	       strcmp(request->subject.path, "pid") == 0;
}

/* How many are under way is judged where they begin, all else where it ends, or at both. */
static bool is_judged(const struct trace_request *request, unsigned probe)
{
	bool is_start = probe < request->n_starts;

	if (request->aggregate == TRACE_DEPTH)
		return is_start;
	return !is_start || is_in_process(request, &request->probes[probe]);
}

static int add_filter(struct trace_request *request, const char *field, const json_t *value,
		      struct error *err)
{
	for (unsigned i = 0; i < request->n_probes; i++) {
		int r;

		if (!is_judged(request, i))
			continue;
		r = trace_filter_add(&request->probes[i], field, "eq", value, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int choose_processes(struct trace_request *request, const json_t *args, struct error *err)
{
	const json_t *pid = json_object_get(args, "pid"), *comm = json_object_get(args, "comm");
	const json_t *cgroup = json_object_get(args, "cgroup");
	char text[TRACE_PATH_BYTES];
	int r = 0;

	if (!pid && !comm && !cgroup)
		return 0;
	if (!request->subject.path[0])
		return error_set(err, -EINVAL,
				 "these events are of no process: leave out pid, "
				 "comm and cgroup");
	if (cgroup && strcmp(request->subject.path, "pid") != 0)
		return error_set(err, -EINVAL,
				 "these events do not tell their control group: "
				 "use pid or comm");
	if (pid)
		r = add_filter(request, request->subject.path, pid, err);
	if (r == 0 && comm) {
		name_of_subject(&request->subject, text, sizeof(text));
		r = add_filter(request, text, comm, err);
	}
	if (r == 0 && cgroup)
		r = add_filter(request, "cgroup", cgroup, err);
	return r;
}

static unsigned limit(const json_t *args, const char *key, unsigned otherwise, unsigned most)
{
	int64_t value = json_get_int(json_object_get(args, "limits"), key, otherwise);

	return value < 1 ? 1 : value > most ? most : (unsigned)value;
}

static int add_stack(struct trace_request *request, const char *path, struct error *err)
{
	if (request->n_keys == ARRAY_LEN(request->keys))
		return error_set(err, -EINVAL, "a trace has at most %d keys and %d stacks",
				 TRACE_MAX_KEYS, TRACE_MAX_STACKS);
	return trace_field_parse(path, &request->keys[request->n_keys++], err);
}

static int add_stacks(struct trace_request *request, const char *which, struct error *err)
{
	bool both = strcmp(which, "both") == 0;
	int r = 0;

	if (*which && request->aggregate == TRACE_DEPTH)
		return error_set(err, -EINVAL, "'depth' has no stacks");
	if (both || strcmp(which, "kernel") == 0)
		r = add_stack(request, "kernel_stack", err);
	if (r == 0 && (both || strcmp(which, "user") == 0))
		r = add_stack(request, "user_stack", err);
	return r;
}

int trace_request_narrow(struct trace_request *request, const json_t *args, struct error *err)
{
	int r;
	double ms =
		json_get_number(args, "duration_ms", json_get_number(args, "duration", 0) * 1000);

	if (ms < 0 || ms * NS_PER_MS > (double)TRACE_MAX_DURATION_NS)
		return error_set(err, -EINVAL, "a trace lasts at most %u seconds",
				 (unsigned)(TRACE_MAX_DURATION_NS / NS_PER_SEC));
	if (ms > 0)
		request->duration_ns = (uint64_t)(ms * NS_PER_MS);
	request->max_rows = limit(args, "keys", request->max_rows, TRACE_MAX_ROWS);
	request->max_events = limit(args, "events", request->max_events, TRACE_MAX_EVENTS);
	request->max_events_per_s =
		limit(args, "events_per_second", request->max_events_per_s, TRACE_MAX_EVENTS_PER_S);
	r = add_stacks(request, json_get_text(args, "stacks", ""), err);
	return r < 0 ? r : choose_processes(request, args, err);
}
