#include "host/fields.h"

#include <string.h>

#include "base/scan.h"

const char *fields_find(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text) {
		if (strncmp(text, key, len) == 0 && text[len] && strchr(": \t", text[len])) {
			text += len + (text[len] == ':');
			return text + strspn(text, " \t");
		}
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return NULL;
}

uint64_t fields_get(const char *text, const char *key, uint64_t otherwise)
{
	const char *at = fields_find(text, key);
	uint64_t value;

	return at && scan_u64(&at, &value) ? value : otherwise;
}
