#include "cli/ask/record.h"

#include <errno.h>

#include "investigation/recorded.h"

#define ARGS_MAX_BYTES (64 * KIB)

static json_t *describe(const json_t *name, const json_t *catalogue)
{
	json_t *tool;
	size_t i;

	json_array_foreach(catalogue, i, tool)
	{
		if (json_equal(json_object_get(tool, "name"), name))
			return json_incref(tool);
	}
	return json_pack("{s:O, s:s}", "name", name, "risk", "reads");
}

json_t *record_tools(const json_t *record, const json_t *catalogue)
{
	json_t *tools = json_array();
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(record, "tools"), i, name)
	{
		if (json_is_string(name))
			json_push(tools, describe(name, catalogue));
	}
	return tools;
}

static json_t *header_of(int64_t id, const json_t *entry)
{
	const json_t *failure = json_object_get(entry, "error");
	json_t *header = json_pack("{s:s, s:I}", "type", "answer", "id", (json_int_t)id);

	if (json_is_string(json_object_get(entry, "bytes"))) {
		json_put(header, "elapsed_ms", json_real(json_get_number(entry, "elapsed_ms", 0)));
		json_put(header, "sha256", json_string(json_get_text(entry, "sha256", "")));
		return header;
	}
	json_put(header, "code", json_integer(json_get_int(failure, "code", -ENOENT)));
	json_put(header, "error",
		 json_string(json_get_text(failure, "text", "nothing of this call was recorded")));
	if (json_object_get(failure, "outcome"))
		json_put(header, "outcome", json_string(json_get_text(failure, "outcome", "")));
	return header;
}

int record_answer(const json_t *record, const struct frame *call, int fd, struct error *err)
{
	CLEANUP(json) json_t *args = json_parse(call->body, call->n_body, ARGS_MAX_BYTES, err);
	CLEANUP(json) json_t *header = NULL;
	const json_t *entry, *bytes;

	if (!args)
		return err->code;
	entry = recorded_find(json_object_get(record, "evidence"),
			      json_get_text(call->header, "tool", ""), args, RECORDED_ANY_ARGS);
	header = header_of(json_get_int(call->header, "id", 0), entry);
	bytes = json_object_get(entry, "bytes");
	return frame_write(fd, header, json_string_value(bytes), json_string_length(bytes), err);
}
