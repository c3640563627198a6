#include "tools/network/tally.h"

#include <stdlib.h>
#include <string.h>

struct ranked {
	const char *name;
	json_t *entry;
	int64_t n;
};

void tally_init(struct tally *tally)
{
	*tally = (struct tally) { .entries = json_object() };
	if (!tally->entries)
		abort();
}

void tally_finish(struct tally *tally)
{
	json_decref(tally->entries);
	tally->entries = NULL;
}

void tally_cleanup(struct tally *tally)
{
	tally_finish(tally);
}

json_t *tally_add(struct tally *tally, const char *name)
{
	json_t *entry = json_object_get(tally->entries, name);

	if (!entry && json_object_size(tally->entries) >= TALLY_MAX) {
		tally->others++;
		return NULL;
	}
	if (!entry) {
		entry = json_object();
		/* A name that is not UTF-8 cannot be told apart from others. */
		if (json_object_set_new(tally->entries, name, entry) < 0) {
			tally->others++;
			return NULL;
		}
	}
	json_put(entry, "n", json_integer(json_get_int(entry, "n", 0) + 1));
	return entry;
}

static int compare_ranks(const void *left, const void *right)
{
	const struct ranked *l = left, *r = right;

	if (l->n != r->n)
		return l->n < r->n ? 1 : -1;
	return strcmp(l->name, r->name);
}

json_t *tally_top(const struct tally *tally, size_t max)
{
	struct ranked *ranked = calloc(json_object_size(tally->entries) + 1, sizeof(*ranked));
	json_t *top = json_array(), *entry;
	const char *name;
	size_t n = 0;

	if (!ranked || !top)
		abort();
	json_object_foreach(tally->entries, name, entry) ranked[n++] =
		(struct ranked) { name, entry, json_get_int(entry, "n", 0) };
	qsort(ranked, n, sizeof(*ranked), compare_ranks);
	for (size_t i = 0; i < n && i < max; i++)
		json_push(top, json_incref(ranked[i].entry));
	free(ranked);
	return top;
}
