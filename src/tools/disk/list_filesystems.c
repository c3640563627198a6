/* list_filesystems: how full they are, by bytes and by inodes. */
#include <errno.h>
#include <string.h>

#include "host/mounts.h"
#include "tools/catalogue.h"
#include "tools/sample.h"

#define LISTED_MAX 512

static json_t *text(const char *value)
{
	return json_text(value, strlen(value));
}

static json_t *describe(const struct mount *mount)
{
	json_t *json = json_object();

	json_put(json, "mount", text(mount->point));
	json_put(json, "source", text(mount->source));
	json_put(json, "type", text(mount->type));
	json_put(json, "options", text(mount->options));
	json_put(json, "read_only", json_boolean(mount_is_read_only(mount)));
	json_put(json, "pseudo", json_boolean(mount_is_pseudo(mount)));
	json_put(json, "image", json_boolean(mount_is_image(mount)));
	json_put(json, "network", json_boolean(mount_is_network(mount)));
	return json;
}

/* As df(1): percent of what users may fill, so 100 means full for them. */
static void put_figures(json_t *json, const struct statvfs *figures)
{
	uint64_t block = figures->f_frsize ? figures->f_frsize : figures->f_bsize;
	uint64_t used =
		figures->f_blocks > figures->f_bfree ? figures->f_blocks - figures->f_bfree : 0;
	uint64_t inodes_used =
		figures->f_files > figures->f_ffree ? figures->f_files - figures->f_ffree : 0;

	json_put(json, "total_bytes", json_count(figures->f_blocks * block));
	json_put(json, "used_bytes", json_count(used * block));
	json_put(json, "available_bytes", json_count(figures->f_bavail * block));
	json_put(json, "used_percent", json_figure(sample_percent(used, used + figures->f_bavail)));
	json_put(json, "inodes_total", json_count(figures->f_files));
	json_put(json, "inodes_free", json_count(figures->f_ffree));
	json_put(json, "inodes_used_percent",
		 json_figure(sample_percent(inodes_used, figures->f_files)));
}

/* Mounted over by a later one: its figures cannot be asked for by path. */
static bool is_hidden(const struct mounts *mounts, size_t i)
{
	for (size_t k = i + 1; k < mounts->n; k++)
		if (strcmp(mounts->list[k].point, mounts->list[i].point) == 0)
			return true;
	return false;
}

/* The first mount of the same file system, or NULL: a bind mount has the same figures. */
static const struct mount *original(const struct mounts *mounts, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (mounts->list[k].major == mounts->list[i].major &&
		    mounts->list[k].minor == mounts->list[i].minor &&
		    strcmp(mounts->list[k].type, mounts->list[i].type) == 0)
			return &mounts->list[k];
	return NULL;
}

static json_t *real_json(struct task *task, const struct mounts *mounts, size_t i, json_t *result)
{
	const struct mount *mount = &mounts->list[i];
	const struct mount *first = original(mounts, i);
	json_t *json = describe(mount);
	struct statvfs figures;
	int r;

	if (first)
		json_put(json, "duplicate_of", text(first->point));
	if (is_hidden(mounts, i)) {
		json_put(json, "hidden", json_true());
		return json;
	}
	if (mount_is_network(mount)) {
		/* A dead server would hold this process for good. */
		tool_unread(result, mount->point, -EREMOTE);
		return json;
	}
	r = host_statvfs(task->host, mount->point, &figures);
	if (r < 0)
		tool_unread(result, mount->point, r);
	else
		put_figures(json, &figures);
	return json;
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result, struct error *err)
{
	CLEANUP(mounts) struct mounts mounts = { 0 };
	json_t *list = json_array();
	size_t n = 0;
	int r = mounts_read(task->host, &mounts);

	json_put(result, "filesystems", list);
	if (r < 0)
		return error_set(err, r, "read /proc/1/mountinfo: %s", strerrordesc_np(-r));
	for (size_t i = 0; i < mounts.n; i++)
		if (!mount_is_pseudo(&mounts.list[i]) && n++ < LISTED_MAX)
			json_push(list, real_json(task, &mounts, i, result));
	for (size_t i = 0; i < mounts.n; i++)
		if (mount_is_pseudo(&mounts.list[i]) && n++ < LISTED_MAX)
			json_push(list, describe(&mounts.list[i]));
	if (n > LISTED_MAX || mounts.truncated)
		json_put(result, "truncated", json_true());
	return 0;
}

const struct tool tool_list_filesystems = {
	.info = {
		.name = "list_filesystems",
		.summary = "Every mounted file system: how full it is by bytes and by inodes, and "
			   "whether it is read-only.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.risk = TOOL_READS,
	},
	.run = run,
};
