/*
 * What a report says beside its proof: the services that are hit and who depends on them, and in
 * its timeline what had changed, as told from outside or as evidence of the hosts shows it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "server/inquiry/leg_internal.h"

#define MAX_TOLD 10
#define MAX_SEEN 12 /* on hosts, the newest */
#define MAX_ROWS 128
#define TEXT_BYTES 1024

/* The newest come first in each list of list_recent_changes. */
static const struct {
	const char *list, *time;
	unsigned max; /* of one host */
} kinds[] = {
	{ "packages", "seconds_ago", 3 },
	{ "configuration", "changed_s_ago", 3 },
	{ "checkouts", "seconds_ago", 2 },
};

/* 'source' marks what a replay of the case does not have: "told" or "host"; and see made.c. */
static void add_row(json_t *rows, double ago_s, const char *text, const char *evidence,
		    const char *source)
{
	json_push(rows,
		  json_pack("{s:f, s:o, s:s, s:s}", "seconds_ago", ago_s, "text",
			    json_text(text, strlen(text)), "evidence", evidence, "source", source));
}

/* "deployment of shop v42 (3f2a91c), 3 min before the alert" */
static void describe_told(const json_t *change, uint64_t at_ns, uint64_t fired_ns,
			  char text[TEXT_BYTES])
{
	const char *version = json_get_text(change, "version", "");
	const char *commit = json_get_text(change, "commit", "");
	char duration[DURATION_TEXT_BYTES];
	bool is_before = fired_ns && at_ns < fired_ns;

	text_format(text, TEXT_BYTES, "%s of %s%s%s%s%s%s%s%s%s", json_get_text(change, "what", ""),
		    json_get_text(change, "service", ""), *version ? " " : "", version,
		    *commit ? " (commit " : "", commit, *commit ? ")" : "", is_before ? ", " : "",
		    is_before ? duration_to_text(fired_ns - at_ns, duration) : "",
		    is_before ? " before the alert" : "");
}

static void add_told(const struct run *run, uint64_t now_ns, json_t *rows)
{
	const json_t *changes = json_object_get(json_object_get(run->request, "impact"), "changes");
	uint64_t fired_ns = (uint64_t)json_get_int(run->request, "fired_at_ns", 0), at_ns;
	const json_t *change;
	size_t i;

	json_array_foreach(changes, i, change)
	{
		char text[TEXT_BYTES];

		if (i == MAX_TOLD)
			break;
		if (!clock_parse(json_get_text(change, "at", ""), &at_ns) || at_ns > now_ns)
			continue;
		describe_told(change, at_ns, fired_ns, text);
		add_row(rows, (double)((now_ns - at_ns) / NS_PER_SEC), text,
			json_get_text(change, "id", ""), "told");
	}
}

/* " 15.3 -> 15.4", as far as there is one and the other. */
static void describe_versions(const json_t *change, char text[TEXT_BYTES])
{
	const char *from = json_get_text(change, "from", ""), *to = json_get_text(change, "to", "");
	bool has_from = *from && *from != '<' && strcmp(from, to) != 0;
	bool has_to = *to && *to != '<';

	text_format(text, TEXT_BYTES, "%s%s%s%s", has_from || has_to ? " " : "",
		    has_from ? from : "", has_from && has_to ? " -> " : "", has_to ? to : "");
}

static void describe_seen(const json_t *change, const char *host, char text[TEXT_BYTES])
{
	const char *package = json_get_text(change, "package", "");
	const char *path = json_get_text(change, "path", "");
	const char *commit = json_get_text(change, "commit", NULL);

	char versions[TEXT_BYTES];

	describe_versions(change, versions);
	if (*package)
		text_format(text, TEXT_BYTES, "%s: package %s: %.100s%.300s", host, package,
			    json_get_text(change, "action", ""), versions);
	else if (commit)
		text_format(text, TEXT_BYTES, "%s: checkout %s is at %.12s: %.200s", host, path,
			    commit, json_get_text(change, "what", ""));
	else
		text_format(text, TEXT_BYTES, "%s: %s changed (%s)", host, path,
			    json_get_text(change, "what", ""));
}

static void add_seen_of(const char *host, const json_t *item, const json_t *result, json_t *rows)
{
	const json_t *change;
	size_t i;

	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		json_array_foreach(json_object_get(result, kinds[k].list), i, change)
		{
			char text[TEXT_BYTES];
			double ago_s = json_get_number(change, kinds[k].time, -1);

			if (i == kinds[k].max)
				break;
			if (ago_s < 0 || ago_s > 86400)
				continue;
			describe_seen(change, host, text);
			add_row(rows, ago_s, text, json_get_text(item, "id", ""), "host");
		}
}

static void add_seen(const struct leg *leg, json_t *rows)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(leg->bundle, "evidence"), i, item)
	{
		const char *bytes = json_get_text(item, "bytes", NULL);
		CLEANUP(json) json_t *result = NULL;

		if (!bytes || strcmp(json_get_text(item, "tool", ""), "list_recent_changes") != 0)
			continue;
		result = json_loads(bytes, 0, NULL);
		add_seen_of(leg->host, item, result, rows);
		return;
	}
}

static int compare(const void *left, const void *right)
{
	const json_t *a = *(json_t *const *)left, *b = *(json_t *const *)right;
	double ago_a = json_get_number(a, "seconds_ago", 0);
	double ago_b = json_get_number(b, "seconds_ago", 0);

	if (ago_a != ago_b)
		return ago_a < ago_b ? 1 : -1;
	return strcmp(json_get_text(a, "text", ""), json_get_text(b, "text", ""));
}

/* A new list, oldest first, of the newest 'max'. */
static json_t *sort(const json_t *rows, size_t max)
{
	json_t *all[MAX_ROWS], *list = json_array();
	size_t n = json_array_size(rows);

	if (n > MAX_ROWS)
		n = MAX_ROWS;
	for (size_t i = 0; i < n; i++)
		all[i] = json_array_get(rows, i);
	qsort(all, n, sizeof(all[0]), compare);
	for (size_t i = n > max ? n - max : 0; i < n; i++)
		json_push(list, json_incref(all[i]));
	return list;
}

static void add_changes(const struct run *run, json_t *report)
{
	CLEANUP(json) json_t *seen = json_array();
	CLEANUP(json) json_t *rows = NULL;
	const json_t *timeline = json_object_get(report, "timeline");

	for (unsigned i = 0; i < run->n_legs; i++)
		add_seen(&run->legs[i], seen);
	rows = sort(seen, MAX_SEEN);
	add_told(run, clock_wall_ns(), rows);
	run_add_made(run, rows);
	if (json_array_size(rows) == 0)
		return;
	if (json_is_array(timeline))
		json_array_extend(rows, (json_t *)timeline);
	json_put(report, "timeline", sort(rows, MAX_ROWS));
}

void run_add_circumstances(const struct run *run, json_t *report)
{
	static const char *const members[] = { "services", "affects" };
	const json_t *impact = json_object_get(run->request, "impact");

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *list = json_object_get(impact, members[i]);

		if (json_array_size(list))
			json_object_set(report, members[i], list);
	}
	add_changes(run, report);
}
