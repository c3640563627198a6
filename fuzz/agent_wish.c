/* What a registry answers is anything: each wish is of sound words and could be a path, or says why
 * it cannot be followed. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "agent/registry/wish.h"
#include "base/encoding.h"
#include "kernel/program/program.h"

static void check_lists(const json_t *lists)
{
	const json_t *item;
	const char *name;
	json_t *items;
	size_t i;

	assert(json_dumpb(lists, NULL, 0, JSON_COMPACT) <= PROGRAM_GIVEN_MAX_BYTES);
	json_object_foreach((json_t *)(uintptr_t)lists, name, items)
	{
		assert(json_is_array(items) && json_array_size(items) <= PROGRAM_LIST_MAX_ITEMS);
		json_array_foreach(items, i, item)
		{
			assert(json_is_string(item));
		}
	}
}

static void check_wish(const json_t *wish)
{
	const char *name = json_get_text(wish, "name", ""), *id = json_get_text(wish, "id", "");

	assert(program_is_name(name) && hex_is(json_get_text(wish, "key", ""), 64));
	assert(!json_object_get(wish, "why") != !*id);
	assert(!strchr(id, '/') && id[0] != '.');
	assert(!*id || hex_is(json_get_text(wish, "sha256", ""), 64));
	check_lists(json_object_get(wish, "lists"));
}

/* What is followed is called as the release has it. */
static void check_release(const json_t *wish)
{
	const char *text = json_get_text(wish, "release", "");
	struct error err = { 0 };
	CLEANUP(json)
	json_t *release = json_parse(text, strlen(text), PROGRAM_RELEASE_MAX_BYTES, &err);

	assert(json_object_get(wish, "why") ||
	       strcmp(json_get_text(release, "name", ""), json_get_text(wish, "name", "-")) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *said = wish_parse((const char *)data, size, &err);
	const json_t *wishes = json_object_get(said, "wishes"), *wish;
	size_t i;

	if (!said) {
		assert(err.code < 0 && err.text[0]);
		return 0;
	}
	assert(json_array_size(wishes) <= WISH_MAX);
	assert(json_array_size(json_object_get(said, "revoked")) <= WISH_MAX_REVOKED);
	json_array_foreach(wishes, i, wish)
	{
		check_wish(wish);
		check_release(wish);
	}
	return 0;
}
