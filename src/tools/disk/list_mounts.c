/* list_mounts: what is mounted where, and how. */
#include <string.h>

#include "host/mounts.h"
#include "tools/catalogue.h"

#define LISTED_MAX 1000

static json_t *text(const char *value)
{
	return json_text(value, strlen(value));
}

static json_t *mount_json(const struct mount *mount)
{
	json_t *json = json_object();
	char device[32];

	(void)snprintf(device, sizeof(device), "%u:%u", mount->major, mount->minor);
	json_put(json, "mount", text(mount->point));
	json_put(json, "source", text(mount->source));
	json_put(json, "type", text(mount->type));
	json_put(json, "options", text(mount->options));
	json_put(json, "super_options", text(mount->super_options));
	json_put(json, "root", text(mount->root));
	json_put(json, "device", json_string(device));
	json_put(json, "read_only", json_boolean(mount_is_read_only(mount)));
	return json;
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result, struct error *err)
{
	CLEANUP(mounts) struct mounts mounts = { 0 };
	json_t *list;
	int r = mounts_read(task->host, &mounts);

	if (r < 0)
		return error_set(err, r, "read /proc/1/mountinfo: %s", strerrordesc_np(-r));
	list = json_array();
	for (size_t i = 0; i < mounts.n && i < LISTED_MAX; i++)
		json_push(list, mount_json(&mounts.list[i]));
	json_put(result, "mounts", list);
	json_put(result, "n_mounts", json_integer((json_int_t)mounts.n));
	if (mounts.n > LISTED_MAX || mounts.truncated)
		json_put(result, "truncated", json_true());
	return 0;
}

const struct tool tool_list_mounts = {
	.info = {
		.name = "list_mounts",
		.summary = "Every mount with its source, type and options, as the first process sees "
			   "them.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "mounts: [{mount: string, source: string, type: string, options: string, "
			"super_options: string, root: string, device: string, "
			"read_only: boolean}], n_mounts: integer",
		.risk = TOOL_READS,
	},
	.run = run,
};
