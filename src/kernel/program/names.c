#include "kernel/program/names.h"

#include <errno.h>
#include <string.h>

#include "kernel/program/program.h"

#define NEAR 2 /* letters that are wrong, missing, or too many */

const json_t *name_find(const json_t *items, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		if (strcmp(json_get_text(item, "name", ""), name) == 0)
			return item;
	}
	return NULL;
}

static unsigned least(unsigned one, unsigned other)
{
	return one < other ? one : other;
}

/* Edit distance (Levenshtein), row by row; of names that are too long none is near. */
static unsigned distance(const char *one, const char *other)
{
	unsigned row[PROGRAM_NAME_BYTES];
	size_t n = strlen(other);

	if (n >= PROGRAM_NAME_BYTES || strlen(one) >= PROGRAM_NAME_BYTES)
		return NEAR + 1;
	for (unsigned i = 0; i <= n; i++)
		row[i] = i;
	for (unsigned i = 1; *one; one++, i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			unsigned changed = diagonal + (*one != other[j - 1]);

			diagonal = row[j];
			row[j] = least(changed, 1 + least(row[j], row[j - 1]));
		}
	}
	return row[n];
}

int name_unknown(const char *what, const json_t *items, const char *name, struct error *err)
{
	const char *near = NULL;
	unsigned best = NEAR + 1;
	const json_t *item;
	size_t i;

	json_array_foreach(items, i, item)
	{
		const char *other = json_get_text(item, "name", "");
		unsigned wrong = distance(name, other);

		if (wrong < best && wrong < strlen(other)) {
			best = wrong;
			near = other;
		}
	}
	if (near)
		return error_set(err, -EINVAL, "there is no %s '%.60s': is it '%s'?", what, name,
				 near);
	return error_set(err, -EINVAL, "there is no %s '%.60s'", what, name);
}
