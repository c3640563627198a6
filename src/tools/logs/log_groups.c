#include "tools/logs/log_groups.h"

#include <stdlib.h>
#include <string.h>

#define SKELETON_BYTES 300
#define TEXT_BYTES 400

struct ranked {
	json_t *group;
	size_t order; /* of first appearance */
	int64_t rank;
};

void log_groups_init(struct log_groups *groups, const struct task *task)
{
	*groups = (struct log_groups) { .groups = json_object(), .task = task };
	if (!groups->groups)
		abort();
}

void log_groups_finish(struct log_groups *groups)
{
	json_decref(groups->groups);
	groups->groups = NULL;
}

void log_groups_add(struct log_groups *groups, const struct log_clock *clock,
		    const struct log_entry *entry)
{
	char skeleton[SKELETON_BYTES];
	size_t len = log_skeleton(entry->text, skeleton, sizeof(skeleton));
	json_t *group;

	/* Foreign bytes that are no UTF-8 make no key; such lines share one group. */
	group = json_object_getn(groups->groups, skeleton, len);
	if (!group) {
		if (json_object_size(groups->groups) >= LOG_GROUPS_MAX) {
			groups->others++;
			return;
		}
		group = json_pack("{s:o}", "pattern", json_text(skeleton, len));
		if (json_object_setn_new(groups->groups, skeleton, len, group) < 0) {
			group = json_object_get(groups->groups, "");
			if (!group) {
				group = json_object();
				json_put(groups->groups, "", group);
			}
		}
	}
	json_put(group, "count", json_integer(json_get_int(group, "count", 0) + 1));
	json_put(group, "text", log_line_json(groups->task, entry->text, TEXT_BYTES));
	if (entry->number)
		json_put(group, "line_number", json_integer((json_int_t)entry->number));
	if (!entry->time_ns)
		return;
	json_put(group, "seconds_ago", json_figure(log_seconds_ago(clock, entry->time_ns)));
	if (!json_object_get(group, "first_seconds_ago"))
		json_put(group, "first_seconds_ago",
			 json_figure(log_seconds_ago(clock, entry->time_ns)));
}

static int compare_ranks(const void *left, const void *right)
{
	const struct ranked *l = left, *r = right;

	if (l->rank != r->rank)
		return l->rank < r->rank ? 1 : -1;
	return (l->order > r->order) - (l->order < r->order);
}

json_t *log_groups_top(const struct log_groups *groups, enum log_groups_order order, size_t max)
{
	size_t n_groups = json_object_size(groups->groups), n = 0;
	struct ranked *ranked = calloc(n_groups + 1, sizeof(*ranked));
	json_t *top = json_array(), *group;
	const char *skeleton;

	if (!ranked || !top)
		abort();
	json_object_foreach(groups->groups, skeleton, group)
	{
		int64_t rank = json_get_int(group, "count", 0);

		if (order == LOG_GROUPS_LATEST)
			rank = json_object_get(group, "seconds_ago")
				       ? -(int64_t)(json_get_number(group, "seconds_ago", 0) * 1000)
				       : json_get_int(group, "line_number", 0);
		ranked[n] = (struct ranked) { group, n, rank };
		n++;
	}
	qsort(ranked, n, sizeof(*ranked), compare_ranks);
	for (size_t i = 0; i < n && i < max; i++)
		json_push(top, json_incref(ranked[i].group));
	free(ranked);
	return top;
}
