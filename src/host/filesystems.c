#include "host/filesystems.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

bool filesystem_is_hidden(const struct mounts *mounts, size_t i)
{
	for (size_t k = i + 1; k < mounts->n; k++)
		if (strcmp(mounts->list[k].point, mounts->list[i].point) == 0)
			return true;
	return false;
}

bool filesystem_has_figures(const struct mounts *mounts, size_t i)
{
	const struct mount *mount = &mounts->list[i];

	return !mount_is_pseudo(mount) && !mount_is_network(mount) &&
	       !filesystem_is_hidden(mounts, i);
}

static json_t *figures_json(const struct statvfs *figures)
{
	uint64_t block = figures->f_frsize ? figures->f_frsize : figures->f_bsize;

	return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "block_bytes", (json_int_t)block,
			 "blocks", json_count(figures->f_blocks), "blocks_free",
			 json_count(figures->f_bfree), "blocks_available",
			 json_count(figures->f_bavail), "inodes", json_count(figures->f_files),
			 "inodes_free", json_count(figures->f_ffree));
}

json_t *filesystems_json(const struct host *host)
{
	CLEANUP(mounts) struct mounts mounts = { 0 };
	json_t *all = json_object();
	struct statvfs figures;

	if (mounts_read(host, &mounts) < 0)
		return all;
	for (size_t i = 0; i < mounts.n; i++)
		if (filesystem_has_figures(&mounts, i) &&
		    host_statvfs(host, mounts.list[i].point, &figures) == 0)
			json_put(all, mounts.list[i].point, figures_json(&figures));
	return all;
}

static bool is_seen(const struct mount *mount)
{
	struct stat info;

	return stat(mount->point, &info) == 0 && major(info.st_dev) == mount->major &&
	       minor(info.st_dev) == mount->minor;
}

json_t *filesystems_seen_json(const struct host *host, const struct mounts *mounts,
			      size_t *n_unseen_out)
{
	json_t *all = json_object();
	struct statvfs figures;

	*n_unseen_out = 0;
	for (size_t i = 0; i < mounts->n; i++) {
		const struct mount *mount = &mounts->list[i];

		if (!filesystem_has_figures(mounts, i))
			continue;
		if (is_seen(mount) && host_statvfs(host, mount->point, &figures) == 0)
			json_put(all, mount->point, figures_json(&figures));
		else
			++*n_unseen_out;
	}
	return all;
}
