/* What a small model wrote: calls come out only for tools that are offered. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "investigation/model/salvage.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(json)
	json_t *tools = json_pack("[{s:s, s:{s:[s]}}, {s:s}]", "name", "read_file", "schema",
				  "required", "path", "name", "query_logs");
	CLEANUP(buf) struct buf rest = { 0 };
	const json_t *call;
	size_t i;

	buf_init(&rest, MIB);

	CLEANUP(json)
	json_t *calls = salvage_calls((struct str) { (const char *)data, size }, tools, &rest);

	assert(json_array_size(calls) <= SALVAGE_MAX_CALLS);
	assert(rest.len <= size);
	json_array_foreach(calls, i, call)
	{
		const char *name = json_get_text(call, "name", "");

		assert(strcmp(name, "read_file") == 0 || strcmp(name, "query_logs") == 0);
		assert(json_is_object(json_object_get(call, "args")));
	}
	return 0;
}
