#include "investigation/joint.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define MAX_DEPTH 16
#define ID_BYTES 24

/* How well the cause of a host explains the whole; the highest is named. */
enum standing {
	STANDING_NONE,
	STANDING_ELSEWHERE,         /* its cause points to another end */
	STANDING_ELSEWHERE_POINTED, /* as above, in the middle of a chain */
	STANDING_HERE,
	STANDING_HERE_POINTED, /* another host's cause points to it */
};

static const json_t *report_of(const json_t *finished)
{
	return json_object_get(finished, "report");
}

static const char *host_of(const json_t *finished)
{
	return json_get_text(finished, "host", "?");
}

static bool is_found(const json_t *report)
{
	return strcmp(json_get_text(report, "verdict", ""), "cause-found") == 0;
}

static bool is_part(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* As a word of its own: 10.0.0.1 does not stand in 10.0.0.12 or in 110.0.0.1. */
static bool mentions(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; len && (at = strstr(at, name)); at++) {
		bool begins = at == text || !(is_part(at[-1]) || at[-1] == '.');
		bool ends = !is_part(at[len]) &&
			    !(at[len] == '.' && isalnum((unsigned char)at[len + 1]));

		if (begins && ends)
			return true;
	}
	return false;
}

static bool names_host(const char *text, const json_t *finished)
{
	const json_t *address;
	size_t i;

	if (mentions(text, host_of(finished)))
		return true;
	json_array_foreach(json_object_get(finished, "addresses"), i, address)
	{
		if (json_is_string(address) && mentions(text, json_string_value(address)))
			return true;
	}
	return false;
}

/* Where the cause of a host points to, or NULL if it lies there. */
static const char *elsewhere(const json_t *finished)
{
	static const char *const own[] = { "127.0.0.1", "localhost", "::1", "unix" };
	const json_t *first = json_array_get(json_object_get(report_of(finished), "hypotheses"), 0);
	const char *text = json_get_text(first, "elsewhere", "");

	if (!*text || names_host(text, finished))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (mentions(text, own[i]))
			return NULL;
	return text;
}

static bool is_pointed_at(const json_t *cases, size_t host)
{
	const json_t *finished;
	size_t i;

	json_array_foreach(cases, i, finished)
	{
		const char *text = is_found(report_of(finished)) ? elsewhere(finished) : NULL;

		if (i != host && text && names_host(text, json_array_get(cases, host)))
			return true;
	}
	return false;
}

static enum standing standing_of(const json_t *cases, size_t host)
{
	const json_t *finished = json_array_get(cases, host);
	bool is_pointed;

	if (!is_found(report_of(finished)))
		return STANDING_NONE;
	is_pointed = is_pointed_at(cases, host);
	if (elsewhere(finished))
		return is_pointed ? STANDING_ELSEWHERE_POINTED : STANDING_ELSEWHERE;
	return is_pointed ? STANDING_HERE_POINTED : STANDING_HERE;
}

/* Where nothing was found: "inconclusive" says more than "healthy". */
static bool is_better_none(const json_t *report, const json_t *best)
{
	bool is_open = strcmp(json_get_text(report, "verdict", ""), "inconclusive") == 0;
	bool best_is_open = strcmp(json_get_text(best, "verdict", ""), "inconclusive") == 0;

	if (is_open != best_is_open)
		return is_open;
	return json_get_number(report, "confidence", 0) < json_get_number(best, "confidence", 0) &&
	       !is_open;
}

static size_t choose(const json_t *cases)
{
	enum standing best_standing = STANDING_NONE;
	size_t best = 0;

	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *report = report_of(json_array_get(cases, i));
		const json_t *best_report = report_of(json_array_get(cases, best));
		enum standing standing = standing_of(cases, i);

		if (standing > best_standing ||
		    (standing == best_standing && standing != STANDING_NONE &&
		     json_get_number(report, "confidence", 0) >
			     json_get_number(best_report, "confidence", 0)) ||
		    (standing == best_standing && standing == STANDING_NONE &&
		     is_better_none(report, best_report)))
			best = i;
		if (standing > best_standing)
			best_standing = standing;
	}
	return best;
}

/* "e3" of a host whose evidence begins after 'offset' of others. */
static json_t *shifted(const json_t *id, size_t offset)
{
	const char *text = json_is_string(id) ? json_string_value(id) : "";
	char moved[ID_BYTES];

	if (text[0] != 'e' || !text[1] || text[1 + strspn(text + 1, "0123456789")])
		return NULL;
	(void)snprintf(moved, sizeof(moved), "e%zu",
		       (size_t)strtoul(text + 1, NULL, 10) % 1000000 + offset);
	return json_string(moved);
}

/* Every "evidence" that names one, and the "id" of those in lists of evidence. */
static void shift(json_t *value, size_t offset, unsigned depth)
{
	static const char *const keys[] = { "evidence", "id" };
	const char *key;
	json_t *inner;
	void *next;
	size_t i;

	if (depth == MAX_DEPTH)
		return;
	json_array_foreach(value, i, inner) shift(inner, offset, depth + 1);
	json_object_foreach_safe(value, next, key, inner) shift(inner, offset, depth + 1);
	for (i = 0; i < ARRAY_LEN(keys); i++) {
		json_t *moved = shifted(json_object_get(value, keys[i]), offset);

		if (moved)
			json_put(value, keys[i], moved);
	}
}

static void append(json_t *to, const char *key, const json_t *from, const char *host)
{
	json_t *list = json_object_get(to, key);
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(from, key), i, item)
	{
		if (json_is_object(item) && !json_object_get(item, "host"))
			json_put(item, "host", json_string(host));
		json_push(list, json_incref(item));
	}
}

static int by_time(const void *left, const void *right)
{
	double a = json_get_number(*(json_t *const *)left, "seconds_ago", 0);
	double b = json_get_number(*(json_t *const *)right, "seconds_ago", 0);

	return a < b ? 1 : a > b ? -1 : 0;
}

/* Oldest first, as each of them was. */
static void sort_timeline(json_t *report)
{
	json_t *list = json_object_get(report, "timeline");
	size_t n = json_array_size(list);
	json_t **sorted = calloc(n + 1, sizeof(json_t *));

	if (!sorted)
		abort();
	for (size_t i = 0; i < n; i++)
		sorted[i] = json_incref(json_array_get(list, i));
	qsort(sorted, n, sizeof(json_t *), by_time);
	json_array_clear(list);
	for (size_t i = 0; i < n; i++)
		json_push(list, sorted[i]);
	free(sorted);
}

/* What the models of one more host took, so that nothing is lost in the sum. */
static void add_models(json_t *joint, const json_t *report)
{
	const json_t *engine = json_object_get(report, "engine");
	json_t *all = json_object_get(joint, "engine");
	const json_t *model;
	size_t i;

	if (engine && !all) {
		all = json_pack("{s:O?, s:[]}", "name", json_object_get(engine, "name"), "models");
		json_put(joint, "engine", all);
	}
	json_array_foreach(json_object_get(engine, "models"), i, model)
		json_push(json_object_get(all, "models"), json_incref((json_t *)model));
}

static void take_verdict(json_t *joint, const json_t *report)
{
	static const char *const keys[] = { "verdict",    "cause_id", "root_cause",
					    "confidence", "remedies", "question" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (json_object_get(report, keys[i]))
			json_put(joint, keys[i], json_incref(json_object_get(report, keys[i])));
	if (strcmp(json_get_text(report, "verdict", ""), "healthy") == 0)
		json_put(joint, "root_cause",
			 json_string("Nothing that was read shows a fault on any of these hosts."));
}

/* The hosts with their ids moved, in their order; the chosen one's hypotheses come first. */
static void join(json_t *joined, json_t *moved, size_t chosen)
{
	json_t *report = json_object_get(joined, "report");
	const json_t *first = json_array_get(moved, chosen), *finished;
	double elapsed_ms = 0;
	size_t i;

	take_verdict(report, report_of(first));
	json_put(report, "host", json_string(host_of(first)));
	append(report, "hypotheses", report_of(first), host_of(first));
	json_array_foreach(moved, i, finished)
	{
		const char *host = host_of(finished);

		json_push(json_object_get(joined, "hosts"), json_string(host));
		append(joined, "evidence", finished, host);
		append(report, "evidence", report_of(finished), host);
		append(report, "timeline", report_of(finished), host);
		append(report, "unknowns", report_of(finished), host);
		add_models(report, report_of(finished));
		if (i != chosen)
			append(report, "hypotheses", report_of(finished), host);
		if (json_get_number(report_of(finished), "elapsed_ms", 0) > elapsed_ms)
			elapsed_ms = json_get_number(report_of(finished), "elapsed_ms", 0);
	}
	sort_timeline(report);
	json_put(report, "elapsed_ms", json_integer((json_int_t)elapsed_ms));
}

json_t *joint_case(const json_t *cases, struct error *err)
{
	CLEANUP(json) json_t *moved = json_deep_copy(cases);
	size_t n = json_array_size(cases), offset = 0;
	json_t *joined, *finished;
	size_t i;

	if (!n || n > JOINT_MAX_HOSTS) {
		error_set(err, -EINVAL, "%zu hosts: expected 1 to %d", n, JOINT_MAX_HOSTS);
		return NULL;
	}
	json_array_foreach(moved, i, finished)
	{
		if (!json_is_object(report_of(finished))) {
			error_set(err, -EINVAL, "the case of host '%s' has no report",
				  host_of(finished));
			return NULL;
		}
		if (!json_object_get(finished, "last_earlier"))
			shift(finished, offset, 0);
		offset += json_array_size(json_object_get(finished, "evidence"));
	}
	joined = json_pack("{s:i, s:s, s:[], s:[], s:{s:[], s:[], s:[], s:[]}}", "constable_case",
			   1, "question", json_get_text(json_array_get(cases, 0), "question", ""),
			   "hosts", "evidence", "report", "hypotheses", "evidence", "timeline",
			   "unknowns");
	if (!joined)
		abort();
	join(joined, moved, choose(cases));
	return joined;
}
