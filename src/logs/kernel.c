#include "logs/kernel.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PATTERNS 128
#define EVENT_TEXT_BYTES 400
#define CGROUP_BYTES 512
#define MATCH_LIMIT 20000

struct kernel_log {
	pcre2_code *compiled[MAX_PATTERNS];
	pcre2_match_data *match;
	pcre2_match_context *limits;
	json_t *counts, *events;
	/* The victim announced by "oom-kill:" or "Task in ... killed" until its kill follows. */
	char oom_cgroup[CGROUP_BYTES];
	char oom_limit_cgroup[CGROUP_BYTES];
};

struct kernel_log *kernel_log_new(void)
{
	struct kernel_log *log = calloc(1, sizeof(*log));

	if (!log)
		abort();
	log->match = pcre2_match_data_create(16, NULL);
	log->limits = pcre2_match_context_create(NULL);
	log->counts = json_object();
	log->events = json_object();
	if (!log->match || !log->limits || !log->counts || !log->events)
		abort();
	pcre2_set_match_limit(log->limits, MATCH_LIMIT);
	for (const struct kernel_pattern *at = kernel_patterns; at->kind; at++)
		json_put(log->counts, at->kind, json_integer(0));
	return log;
}

void kernel_log_free(struct kernel_log *log)
{
	if (!log)
		return;
	for (size_t i = 0; i < MAX_PATTERNS; i++)
		pcre2_code_free(log->compiled[i]);
	pcre2_match_data_free(log->match);
	pcre2_match_context_free(log->limits);
	json_decref(log->counts);
	json_decref(log->events);
	free(log);
}

void kernel_log_cleanup(struct kernel_log **log)
{
	kernel_log_free(*log);
}

static const pcre2_code *compile(struct kernel_log *log, size_t index)
{
	PCRE2_SIZE offset;
	int code;

	if (!log->compiled[index])
		log->compiled[index] =
			pcre2_compile((PCRE2_SPTR)kernel_patterns[index].regex,
				      PCRE2_ZERO_TERMINATED, PCRE2_DUPNAMES, &code, &offset, NULL);
	/* The table is ours: a pattern that does not compile is a bug, and a test finds it. */
	if (!log->compiled[index])
		abort();
	return log->compiled[index];
}

static void put_group(json_t *event, const char *name, const char *text, size_t len)
{
	char number[24];
	const char *at = number;
	uint64_t value;

	str_copy((struct str) { text, len }, number, sizeof(number));
	if (len < 19 && strspn(number, "0123456789") == len && scan_u64(&at, &value))
		json_put(event, name, json_integer((json_int_t)value));
	else
		json_put(event, name, json_text(text, len));
}

/* Each named group that took part in the match becomes a member. */
static void put_groups(const struct kernel_log *log, const pcre2_code *code, const char *text,
		       json_t *event)
{
	const PCRE2_SIZE *at = pcre2_get_ovector_pointer(log->match);
	uint32_t n_names, entry_bytes;
	PCRE2_SPTR table;

	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &n_names);
	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &entry_bytes);
	(void)pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &table);
	for (uint32_t i = 0; i < n_names; i++, table += entry_bytes) {
		size_t group = (size_t)table[0] << 8 | table[1];

		if (at[2 * group] != PCRE2_UNSET && at[2 * group + 1] > at[2 * group])
			put_group(event, (const char *)table + 2, text + at[2 * group],
				  at[2 * group + 1] - at[2 * group]);
	}
}

static json_t *match_pattern(struct kernel_log *log, size_t index, const char *text)
{
	const struct kernel_pattern *pattern = &kernel_patterns[index];
	const pcre2_code *code;
	json_t *event;

	if (!strstr(text, pattern->anchor))
		return NULL;
	if (!pattern->regex)
		return json_object();
	code = compile(log, index);
	if (pcre2_match(code, (PCRE2_SPTR)text, strlen(text), 0, 0, log->match, log->limits) < 0)
		return NULL;
	event = json_object();
	put_groups(log, code, text, event);
	return event;
}

/* The value after 'key', up to a comma or blank. */
static void take_value(const char *text, const char *key, char *out, size_t size)
{
	const char *at = strstr(text, key);

	if (!at)
		return;
	at += strlen(key);
	str_copy((struct str) { at, strcspn(at, ", \n") }, out, size);
}

static void notice_oom_context(struct kernel_log *log, const char *text)
{
	if (strstr(text, "oom-kill:")) {
		log->oom_limit_cgroup[0] = '\0';
		take_value(text, "task_memcg=", log->oom_cgroup, sizeof(log->oom_cgroup));
		take_value(text, "oom_memcg=", log->oom_limit_cgroup,
			   sizeof(log->oom_limit_cgroup));
	} else if (strstr(text, "killed as a result of limit of")) {
		take_value(text, "Task in ", log->oom_cgroup, sizeof(log->oom_cgroup));
		take_value(text, "limit of ", log->oom_limit_cgroup, sizeof(log->oom_limit_cgroup));
	}
}

static void add_oom_context(struct kernel_log *log, json_t *event)
{
	const char *scope = json_get_text(event, "scope", "");
	int64_t kib = json_get_int(event, "anon_kib", -1);

	if (log->oom_cgroup[0])
		json_put(event, "cgroup", json_text(log->oom_cgroup, strlen(log->oom_cgroup)));
	if (log->oom_limit_cgroup[0])
		json_put(event, "limit_cgroup",
			 json_text(log->oom_limit_cgroup, strlen(log->oom_limit_cgroup)));
	json_put(event, "scope",
		 json_string(log->oom_limit_cgroup[0] || strstr(scope, "cgroup") ? "cgroup"
										 : "host"));
	if (kib >= 0)
		json_put(event, "anonymous_bytes", json_integer(kib * 1024));
	(void)json_object_del(event, "anon_kib");
	(void)json_object_del(event, "total_kib");
	log->oom_cgroup[0] = '\0';
	log->oom_limit_cgroup[0] = '\0';
}

static void keep(struct kernel_log *log, const char *kind, json_t *event)
{
	json_t *events = json_object_get(log->events, kind);
	json_int_t n = json_integer_value(json_object_get(log->counts, kind));

	json_put(log->counts, kind, json_integer(n + 1));
	if (!events) {
		events = json_array();
		json_put(log->events, kind, events);
	}
	if (json_array_size(events) >= KERNEL_LOG_MAX_EVENTS)
		(void)json_array_remove(events, 0);
	json_push(events, event);
}

/* No more than max bytes, ending between words: half a word may be half a secret. */
static size_t whole_words(const char *text, size_t max)
{
	size_t len = strnlen(text, max);

	while (len == max && len && text[len] != ' ')
		len = max = len - 1;
	return len;
}

void kernel_log_add(struct kernel_log *log, struct str text, double seconds_ago)
{
	char line[1024];
	const char *last_kind = "";

	str_copy(text, line, sizeof(line));
	notice_oom_context(log, line);
	for (size_t i = 0; kernel_patterns[i].kind; i++) {
		const char *kind = kernel_patterns[i].kind;
		json_t *event = strcmp(kind, last_kind) == 0 ? NULL : match_pattern(log, i, line);

		if (!event)
			continue;
		last_kind = kind;
		if (strcmp(kind, "oom_kills") == 0)
			add_oom_context(log, event);
		json_put(event, "seconds_ago", json_figure(seconds_ago));
		json_put(event, "line", json_text(line, whole_words(line, EVENT_TEXT_BYTES)));
		keep(log, kind, event);
	}
}

void kernel_log_report(const struct kernel_log *log, json_t *result)
{
	const char *kind;
	json_t *events;

	json_put(result, "counts", json_incref(log->counts));
	json_object_foreach(log->events, kind, events) json_put(result, kind, json_incref(events));
}
