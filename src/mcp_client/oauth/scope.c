#include "mcp_client/oauth/scope.h"

#include <string.h>

#define OFFLINE "offline_access"

static bool is_word(struct str word)
{
	for (size_t i = 0; i < word.len; i++)
		if (word.data[i] < '!' || word.data[i] > '~' || word.data[i] == '"' ||
		    word.data[i] == '\\')
			return false;
	return word.len > 0;
}

static bool has(const char *scope, struct str word)
{
	struct str one;

	while (scan_word(&scope, &one))
		if (one.len == word.len && memcmp(one.data, word.data, one.len) == 0)
			return true;
	return false;
}

static void add(char scope[OAUTH_SCOPE_BYTES], struct str word)
{
	size_t n = strlen(scope);

	if (!is_word(word) || has(scope, word) || n + word.len + 2 > OAUTH_SCOPE_BYTES)
		return;
	if (n)
		scope[n++] = ' ';
	memcpy(scope + n, word.data, word.len);
	scope[n + word.len] = '\0';
}

void oauth_scope_clean(char scope[OAUTH_SCOPE_BYTES])
{
	char given[OAUTH_SCOPE_BYTES];

	text_copy(given, sizeof(given), scope);
	scope[0] = '\0';
	oauth_scope_add(scope, given);
}

bool oauth_scope_has(const char *scope, const char *word)
{
	return has(scope, (struct str) { word, strlen(word) });
}

void oauth_scope_add(char scope[OAUTH_SCOPE_BYTES], const char *more)
{
	struct str word;

	while (scan_word(&more, &word))
		add(scope, word);
}

static bool knows(const json_t *document, const char *word)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(document, "scopes_supported"), i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), word) == 0)
			return true;
	}
	return false;
}

void oauth_scope_choose(const struct oauth_challenge *challenge, const json_t *resource,
			const json_t *issuer, const char *old, char scope_out[OAUTH_SCOPE_BYTES])
{
	const json_t *one;
	size_t i;

	scope_out[0] = '\0';
	oauth_scope_add(scope_out, old);
	if (challenge && *challenge->scope) {
		oauth_scope_add(scope_out, challenge->scope);
	} else {
		json_array_foreach(json_object_get(resource, "scopes_supported"), i, one)
		{
			if (json_is_string(one))
				add(scope_out, (struct str) { json_string_value(one),
							      json_string_length(one) });
		}
	}
	if (*scope_out && knows(issuer, OFFLINE))
		oauth_scope_add(scope_out, OFFLINE);
}
