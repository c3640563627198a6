#include "call/caller.h"

#include <string.h>

bool caller_is_client_kind(const char *word, size_t len)
{
	static const char *const kinds[] = { "certificate", "key", "oauth", "oauth-client" };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strlen(kinds[i]) == len && memcmp(kinds[i], word, len) == 0)
			return true;
	return false;
}

bool caller_is_nameless_client(const char *word, size_t len)
{
	return (len == 5 && memcmp(word, "token", len) == 0) ||
	       (len == 8 && memcmp(word, "registry", len) == 0);
}

bool caller_is_client(const char *text)
{
	const char *name = strchr(text, ' ');

	if (caller_is_nameless_client(text, strlen(text)))
		return true;
	if (!name || !name[1] || strlen(text) >= CALLER_CLIENT_BYTES ||
	    !caller_is_client_kind(text, (size_t)(name - text)))
		return false;
	for (name++; *name; name++)
		if ((unsigned char)*name <= ' ' || (unsigned char)*name >= 0x7f)
			return false;
	return true;
}

const char *caller_name(const struct caller *caller)
{
	return caller->client[0] ? caller->client : caller->who;
}
