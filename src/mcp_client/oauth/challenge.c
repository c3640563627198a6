#include "mcp_client/oauth/challenge.h"

#include <string.h>
#include <strings.h>

#include "base/scan.h"
#include "mcp_client/oauth/scope.h"

static const char token_chars[] = "!#$%&'*+-.^_`|~0123456789"
				  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static void skip(const char **at, const char *chars)
{
	*at += strspn(*at, chars);
}

static bool read_token(const char **at, struct str *token_out)
{
	size_t len = strspn(*at, token_chars);

	*token_out = (struct str) { *at, len };
	*at += len;
	return len > 0;
}

/* A token or a quoted string, as much of it as fits; false where it does not, or is none. */
static bool read_value(const char **at, char *value, size_t size)
{
	size_t n = 0;
	bool fits = true;

	if (**at != '"') {
		struct str token;

		if (!read_token(at, &token))
			return false;
		str_copy(token, value, size);
		return token.len < size;
	}
	for ((*at)++; **at && **at != '"'; (*at)++) {
		if (**at == '\\' && (*at)[1])
			(*at)++;
		fits = fits && n + 1 < size && **at >= ' ' && **at <= '~';
		if (fits)
			value[n++] = **at;
	}
	value[n] = '\0';
	if (!**at)
		return false;
	(*at)++;
	return fits;
}

struct reading {
	struct oauth_challenge *challenge;
	unsigned n_urls, n_scopes, n_errors;
};

static void keep(char *into, size_t size, const char *value, unsigned n_before)
{
	text_copy(into, size, n_before || strlen(value) >= size ? "" : value);
}

static void take(struct reading *reading, struct str name, const char *value)
{
	struct oauth_challenge *challenge = reading->challenge;

	if (name.len == 17 && strncasecmp(name.data, "resource_metadata", 17) == 0)
		keep(challenge->resource_metadata, sizeof(challenge->resource_metadata), value,
		     reading->n_urls++);
	else if (name.len == 5 && strncasecmp(name.data, "scope", 5) == 0)
		keep(challenge->scope, sizeof(challenge->scope), value, reading->n_scopes++);
	else if (name.len == 5 && strncasecmp(name.data, "error", 5) == 0)
		keep(challenge->error, sizeof(challenge->error), value, reading->n_errors++);
}

/* "name = value" at the cursor, else nothing is read: then another scheme may begin there. */
static bool read_parameter(const char **at, struct reading *reading)
{
	char value[OAUTH_URL_BYTES];
	const char *here = *at;
	struct str name;
	bool is_whole;

	if (!read_token(&here, &name))
		return false;
	skip(&here, " \t");
	if (*here != '=')
		return false;
	here++;
	skip(&here, " \t=");
	is_whole = read_value(&here, value, sizeof(value));
	if (reading)
		take(reading, name, is_whole ? value : "");
	*at = here;
	return true;
}

bool oauth_challenge_parse(const char *field, struct oauth_challenge *challenge_out)
{
	struct oauth_challenge challenge = { 0 };
	struct reading reading = { .challenge = &challenge };
	bool is_found = false;
	const char *at = field;
	struct str scheme;

	while (!is_found) {
		skip(&at, " \t,");
		if (!read_token(&at, &scheme))
			return false;
		is_found = scheme.len == 6 && strncasecmp(scheme.data, "Bearer", 6) == 0;
		skip(&at, " \t");
		while (read_parameter(&at, is_found ? &reading : NULL))
			skip(&at, " \t,");
		if (!is_found && *at && *at != ',' && !strchr(token_chars, *at))
			return false;
	}
	oauth_scope_clean(challenge.scope);
	*challenge_out = challenge;
	return true;
}
