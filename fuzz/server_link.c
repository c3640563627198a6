/* What an agent says of a call, and the figures that it sends as differences. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "base/merge.h"
#include "server/hub/flight_internal.h"

static void check_response(const json_t *result)
{
	CLEANUP(response) struct response response = { 0 };
	struct error err = { 0 };

	if (response_read(result, &response, &err) < 0) {
		assert(err.code < 0 && err.text[0]);
		return;
	}
	assert(response.text && json_is_object(response.meta) && response.code <= 0);
	assert(response.kind != RESPONSE_OUTCOME ||
	       (response.state && hub_is_outcome(response.state)));
	assert(response.code < 0 || response.sha256);
}

/* However often it is applied, a patch gives the same. */
static void check_merge(const json_t *patch)
{
	CLEANUP(json) json_t *once = json_object();
	CLEANUP(json) json_t *twice = NULL;
	CLEANUP(json) json_t *difference = NULL;

	json_merge(once, patch);
	twice = json_deep_copy(once);
	json_merge(twice, patch);
	assert(json_equal(once, twice));
	difference = json_difference(once, twice);
	assert(json_object_size(difference) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *value = json_parse((const char *)data, size, 16 * KIB, &err);

	if (!json_is_object(value))
		return 0;
	check_response(value);
	check_merge(value);
	return 0;
}
