#include "investigation/reach.h"

#include <ctype.h>
#include <string.h>

static bool is_of_name(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

/* Whether a longer name ends here: of "db.example." at the end of a sentence none does. */
static bool goes_on(const char *at)
{
	return is_of_name(at[0]) || (at[0] == '.' && is_of_name(at[1]));
}

static bool begins_before(const char *text, const char *at)
{
	if (at == text)
		return false;
	return is_of_name(at[-1]) || (at[-1] == '.' && at - 1 > text && is_of_name(at[-2]));
}

static bool stands_in(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = text; (at = strcasestr(at, name)); at++)
		if (!begins_before(text, at) && !goes_on(at + len))
			return true;
	return false;
}

static bool is_known(const struct investigation *investigation, const char *name)
{
	const struct ledger *ledger = &investigation->ledger;

	if (strcmp(name, "localhost") == 0 || stands_in(investigation->question, name))
		return true;
	for (size_t i = 0; i < ledger->n; i++)
		if (ledger->items[i].bytes && stands_in(ledger->items[i].bytes, name))
			return true;
	return false;
}

bool reach_allows(const struct investigation *investigation, const char *tool, const json_t *args)
{
	const char *key;
	json_t *value;

	if (strncmp(tool, "test_", 5) != 0)
		return true;
	json_object_foreach((json_t *)(uintptr_t)args, key, value)
	{
		const char *text = json_string_value(value);

		if (text && (!*text || !is_known(investigation, text)))
			return false;
	}
	return true;
}
