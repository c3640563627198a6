#include "server/inquiry/offer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "call/hash.h"
#include "call/schema.h"
#include "investigation/fence.h"
#include "investigation/injection.h"

#define MAX_DEPTH 6
#define MAX_PROPERTIES 64
#define MAX_ENUM 64
#define HASH_DIGITS 8

bool offer_is_name(const char *tool)
{
	return strncmp(tool, OFFER_PREFIX, strlen(OFFER_PREFIX)) == 0;
}

void offer_name(const char *server, const char *tool, char name[OFFER_NAME_BYTES])
{
	char whole[OFFER_NAME_BYTES + 256], sha256[HASH_TEXT_BYTES];
	bool is_plain = true;
	size_t room = OFFER_NAME_BYTES - 1 - HASH_DIGITS - 1;

	text_format(whole, sizeof(whole), OFFER_PREFIX "%s__%s", server, tool);
	for (char *at = whole; *at; at++) {
		if (isalnum((unsigned char)*at) || *at == '_' || *at == '-')
			continue;
		*at = '_';
		is_plain = false;
	}
	if (is_plain && strlen(whole) < OFFER_NAME_BYTES) {
		text_copy(name, OFFER_NAME_BYTES, whole);
		return;
	}
	hash_text(tool, strlen(tool), sha256);
	text_format(name, OFFER_NAME_BYTES, "%.*s_%.*s", (int)room, whole, HASH_DIGITS, sha256);
}

/* What is there to be read by people, and no more of it. */
static json_t *tame_text(const char *text, size_t max)
{
	CLEANUP(buf) struct buf shown = { 0 };
	size_t left = strlen(text);

	if (injection_find((struct str) { text, left }))
		return json_string("(what it says of this looks like instructions, and is left "
				   "out)");
	buf_init(&shown, max);
	while (left && shown.len + 4 <= max) {
		size_t n = utf8_len(text, left);

		if (n && !fence_hides(utf8_code_point(text, n)))
			buf_add(&shown, text, n);
		else
			buf_add_text(&shown, "?");
		text += n ? n : 1;
		left -= n ? n : 1;
	}
	return json_text(buf_text(&shown), shown.len);
}

static json_t *tame(const json_t *schema, unsigned depth);

static void put_properties(const json_t *schema, json_t *kept, unsigned depth)
{
	const json_t *given = json_object_get(schema, "properties");
	json_t *properties = json_object();
	const char *key;
	json_t *property;

	json_object_foreach((json_t *)(uintptr_t)given, key, property)
	{
		bool is_shown = strlen(key) <= OFFER_WORDS_BYTES &&
				!injection_find((struct str) { key, strlen(key) });

		if (is_shown && json_object_size(properties) < MAX_PROPERTIES)
			json_put(properties, key, tame(property, depth + 1));
	}
	if (json_is_object(given))
		json_put(kept, "properties", json_incref(properties));
	json_decref(properties);
}

/* Only what is among the properties. */
static void put_required(const json_t *schema, json_t *kept)
{
	const json_t *properties = json_object_get(kept, "properties"), *name;
	json_t *required = json_array();
	size_t i;

	json_array_foreach(json_object_get(schema, "required"), i, name)
	{
		if (json_is_string(name) && json_object_get(properties, json_string_value(name)))
			json_push(required, json_incref((json_t *)(uintptr_t)name));
	}
	if (json_array_size(required))
		json_put(kept, "required", json_incref(required));
	json_decref(required);
}

/* Words to choose from, where all of them may be read. */
static void put_enum(const json_t *schema, json_t *kept)
{
	const json_t *words = json_object_get(schema, "enum"), *word;
	size_t i;

	json_array_foreach(words, i, word)
	{
		const char *text = json_string_value(word);

		if (json_is_object(word) || json_is_array(word) ||
		    (text && (strlen(text) > OFFER_WORDS_BYTES ||
			      injection_find((struct str) { text, strlen(text) }))))
			return;
	}
	if (json_array_size(words) && json_array_size(words) <= MAX_ENUM)
		json_put(kept, "enum", json_incref((json_t *)(uintptr_t)words));
}

static void put_limits(const json_t *schema, json_t *kept)
{
	static const char *const limits[] = { "minimum",   "maximum",  "minLength",
					      "maxLength", "minItems", "maxItems" };

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		json_t *limit = json_object_get(schema, limits[i]);
		bool is_count = i >= 2;

		if (is_count ? json_is_integer(limit) && json_integer_value(limit) >= 0
			     : json_is_number(limit))
			json_put(kept, limits[i], json_incref(limit));
	}
}

static void put_type(const json_t *schema, json_t *kept)
{
	static const char *const types[] = { "string", "number", "integer", "boolean",
					     "object", "array",  "null" };
	const char *type = json_get_text(schema, "type", "");

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(type, types[i]) == 0)
			json_put(kept, "type", json_string(type));
}

static json_t *tame(const json_t *schema, unsigned depth)
{
	json_t *kept = json_object();
	const char *words = json_get_text(schema, "description", NULL);

	put_type(schema, kept);
	if (words)
		json_put(kept, "description", tame_text(words, OFFER_WORDS_BYTES));
	put_enum(schema, kept);
	put_limits(schema, kept);
	if (depth >= MAX_DEPTH)
		return kept;
	put_properties(schema, kept, depth);
	put_required(schema, kept);
	if (json_is_false(json_object_get(schema, "additionalProperties")))
		json_put(kept, "additionalProperties", json_false());
	if (json_is_object(json_object_get(schema, "items")))
		json_put(kept, "items", tame(json_object_get(schema, "items"), depth + 1));
	return kept;
}

static json_t *schema_of(const json_t *tool)
{
	json_t *schema = tame(json_object_get(tool, "schema"), 0);
	struct error err = { 0 };

	if (schema_check_self(schema, &err) == 0)
		return schema;
	json_decref(schema);
	return json_pack("{s:s}", "type", "object"); /* it checks its arguments itself */
}

json_t *offer_new(const char *server, const json_t *tool, const char *risk)
{
	CLEANUP(json)
	json_t *words = tame_text(json_get_text(tool, "description", ""), OFFER_DESCRIPTION_BYTES);
	CLEANUP(buf) struct buf summary = { 0 };
	char name[OFFER_NAME_BYTES];

	offer_name(server, json_get_text(tool, "name", ""), name);
	buf_init(&summary, 2 * OFFER_DESCRIPTION_BYTES);
	buf_add_format(&summary, "Of the MCP server '%s', which says of it: %s", server,
		       json_string_value(words));
	return json_pack("{s:s, s:o, s:o, s:s, s:b}", "name", name, "summary",
			 json_text(buf_text(&summary), summary.len), "schema", schema_of(tool),
			 "risk", risk, "foreign", 1);
}
