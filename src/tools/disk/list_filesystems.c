/* list_filesystems: how full they are, by bytes and by inodes. */
#include "tools/catalogue.h"
#include "tools/disk/filesystems.h"

static int run(struct task *task, const json_t *args UNUSED, json_t *result, struct error *err)
{
	return filesystems_put(task, result, err);
}

const struct tool tool_list_filesystems = {
	.info = {
		.name = "list_filesystems",
		.summary = "Every mounted file system: how full it is by bytes and by inodes, and "
			   "whether it is read-only.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = FILESYSTEMS_RESULT,
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER,
	},
	.run = run,
};
