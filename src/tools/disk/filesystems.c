#include "tools/disk/filesystems.h"

#include <errno.h>
#include <string.h>

#include "call/broker.h"
#include "host/filesystems.h"
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
static void put_figures(json_t *json, const json_t *figures)
{
	uint64_t block = (uint64_t)json_get_int(figures, "block_bytes", 0);
	uint64_t blocks = (uint64_t)json_get_int(figures, "blocks", 0);
	uint64_t blocks_free = (uint64_t)json_get_int(figures, "blocks_free", 0);
	uint64_t available = (uint64_t)json_get_int(figures, "blocks_available", 0);
	uint64_t inodes = (uint64_t)json_get_int(figures, "inodes", 0);
	uint64_t inodes_free = (uint64_t)json_get_int(figures, "inodes_free", 0);
	uint64_t used = blocks > blocks_free ? blocks - blocks_free : 0;
	uint64_t inodes_used = inodes > inodes_free ? inodes - inodes_free : 0;

	json_put(json, "total_bytes", json_count(blocks * block));
	json_put(json, "used_bytes", json_count(used * block));
	json_put(json, "available_bytes", json_count(available * block));
	json_put(json, "used_percent", json_figure(sample_percent(used, used + available)));
	/* btrfs and others make inodes as they need them, and report none. */
	if (!inodes)
		return;
	json_put(json, "inodes_total", json_count(inodes));
	json_put(json, "inodes_free", json_count(inodes_free));
	json_put(json, "inodes_used_percent", json_figure(sample_percent(inodes_used, inodes)));
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

static json_t *real_json(const struct mounts *mounts, size_t i, const json_t *all, json_t *result)
{
	const struct mount *mount = &mounts->list[i];
	const struct mount *first = original(mounts, i);
	const json_t *figures = json_object_get(all, mount->point);
	json_t *json = describe(mount);

	if (first)
		json_put(json, "duplicate_of", text(first->point));
	if (filesystem_is_hidden(mounts, i))
		json_put(json, "hidden", json_true());
	else if (mount_is_network(mount)) /* a dead server would hold who asks for good */
		tool_unread(result, mount->point, -EREMOTE);
	else if (figures)
		put_figures(json, figures);
	else
		tool_unread(result, mount->point, -EACCES);
	return json;
}

/* The broker is asked only for what cannot be seen from here; NULL where it has no answer. */
static json_t *read_figures(struct task *task, const struct mounts *mounts, struct error *err)
{
	CLEANUP(json) json_t *answer = NULL;
	size_t n_unseen = 1;

	if (!task->host->is_fixture) {
		answer = filesystems_seen_json(task->host, mounts, &n_unseen);
		if (!n_unseen)
			return TAKE(answer);
		json_decref(TAKE(answer));
	}
	answer = broker_ask(task, BROKER_FILESYSTEMS, NULL, err);
	return json_incref(json_object_get(answer, "filesystems"));
}

int filesystems_put(struct task *task, json_t *result, struct error *err)
{
	CLEANUP(mounts) struct mounts mounts = { 0 };
	CLEANUP(json) json_t *figures = NULL;
	json_t *list = json_array();
	size_t n = 0;
	int r = mounts_read(task->host, &mounts);

	json_put(result, "filesystems", list);
	if (r < 0)
		return error_set(err, r, "read /proc/1/mountinfo: %s", strerrordesc_np(-r));
	figures = read_figures(task, &mounts, err);
	if (!figures)
		tool_unread(result, "figures of the file systems", err->code);
	for (size_t i = 0; i < mounts.n; i++)
		if (!mount_is_pseudo(&mounts.list[i]) && n++ < LISTED_MAX)
			json_push(list, real_json(&mounts, i, figures, result));
	for (size_t i = 0; i < mounts.n; i++)
		if (mount_is_pseudo(&mounts.list[i]) && n++ < LISTED_MAX)
			json_push(list, describe(&mounts.list[i]));
	if (n > LISTED_MAX || mounts.truncated)
		json_put(result, "truncated", json_true());
	return 0;
}
