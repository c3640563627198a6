/*
 * A case from somewhere: evidence that nobody vouches for is weighed by the real
 * engine, which answers, and answers the same once more.
 */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "call/hash.h"
#include "investigation/case.h"

#define MAX_BYTES (64 * KIB)

/* jq keeps only a pointer to the end of its stack, which looks like a leak. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:jv_mem_realloc";
}

static struct predicates *load_predicates(void)
{
	static struct predicates *predicates;
	struct error err = { 0 };

	if (!predicates) {
		struct knowledge *knowledge = knowledge_load("knowledge", &err);

		assert(knowledge);
		predicates = predicates_new(knowledge, &err);
	}
	assert(predicates);
	return predicates;
}

/* Lets the fuzzer write results as JSON: it could not guess their hashes. */
static void seal(json_t *bundle)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(bundle, "evidence"), i, item)
	{
		json_t *result = json_object_get(item, "result");
		char sha256[HASH_TEXT_BYTES];

		if (!result)
			continue;
		CLEANUP(text) char *bytes = json_canonical(result);

		json_put(item, "sha256", json_string(hash_text(bytes, strlen(bytes), sha256)));
		json_put(item, "bytes", json_string(bytes));
		json_object_del(item, "result");
	}
}

static char *replay(const json_t *bundle)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *report = case_replay(bundle, load_predicates(), NULL, &err);

	assert(report || err.code < 0);
	json_object_del(report, "elapsed_ms");
	return report ? json_canonical(report) : strdup(err.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *bundle = json_parse((const char *)data, size, MAX_BYTES, &err);

	if (!json_is_object(bundle))
		return 0;
	seal(bundle);
	if (case_check(bundle, &err) < 0) {
		assert(err.code < 0 && err.text[0]);
		return 0;
	}

	CLEANUP(text) char *once = replay(bundle);
	CLEANUP(text) char *again = replay(bundle);

	assert(strcmp(once, again) == 0);
	return 0;
}
