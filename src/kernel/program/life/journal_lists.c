/* What lies beside the programs: what was rolled back, and what is not taken again. */
#include <string.h>

#include "kernel/program/life/journal.h"

/* A journal of an earlier version has none. */
static json_t *list_of(const struct journal *journal, const char *name)
{
	json_t *list = json_object_get(journal->document, name);

	if (!json_is_array(list)) {
		list = json_array();
		json_put(journal->document, name, list);
	}
	return list;
}

json_t *journal_rollbacks(const struct journal *journal)
{
	return list_of(journal, "rollbacks");
}

json_t *journal_quarantine(const struct journal *journal)
{
	return list_of(journal, "quarantine");
}

static void add_bounded(json_t *list, json_t *item, size_t max)
{
	json_push(list, item);
	while (json_array_size(list) > max)
		(void)json_array_remove(list, 0);
}

void journal_add_rollback(struct journal *journal, json_t *rollback)
{
	add_bounded(journal_rollbacks(journal), rollback, JOURNAL_MAX_ROLLBACKS);
}

void journal_add_quarantined(struct journal *journal, json_t *item)
{
	add_bounded(journal_quarantine(journal), item, JOURNAL_MAX_QUARANTINED);
}

const json_t *journal_find_quarantined(const struct journal *journal, const char *sha256)
{
	const json_t *item;
	size_t i;

	json_array_foreach(journal_quarantine(journal), i, item)
	{
		if (strcmp(json_get_text(item, "sha256", ""), sha256) == 0)
			return item;
	}
	return NULL;
}
