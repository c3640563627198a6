/* list_directory: names, types, sizes and owners; touches nothing, not even an automount. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "host/account.h"
#include "host/permission.h"
#include "tools/catalogue.h"
#include "tools/files/files.h"

#define MAX_NAMES 20000

static void put_status(const struct host *host, const struct stat *status, json_t *entry)
{
	char permissions[FILES_PERMISSIONS_BYTES], owner[ACCOUNT_NAME_BYTES];

	json_put(entry, "type", json_string(files_type_name(status->st_mode)));
	json_put(entry, "size_bytes", json_integer((json_int_t)status->st_size));
	json_put(entry, "permissions",
		 json_string(files_permissions(status->st_mode, permissions)));
	(void)account_name(host, status->st_uid, owner);
	json_put(entry, "owner", json_text(owner, strlen(owner)));
	json_put(entry, "gid", json_integer(status->st_gid));
	json_put(entry, "n_links", json_integer((json_int_t)status->st_nlink));
	json_put(entry, "modified", files_modified(status));
}

static json_t *entry_json(const struct host *host, const char *directory, const char *name)
{
	char path[PERMISSION_PATH_BYTES], target[PERMISSION_PATH_BYTES];
	json_t *entry = json_pack("{s:o}", "name", json_text(name, strlen(name)));
	struct stat status;
	ssize_t len;
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", directory[1] ? directory + 1 : ".", name);
	r = host_lstat(host, path, &status);
	if (r < 0) {
		/* It vanished, or may not be looked at: its name is all there is. */
		json_put(entry, "type", json_string("unknown"));
		json_put(entry, "error", json_string(strerrordesc_np(-r)));
		return entry;
	}
	put_status(host, &status, entry);
	len = S_ISLNK(status.st_mode) ? host_readlink(host, path, target, sizeof(target)) : -1;
	if (len >= 0)
		json_put(entry, "target", json_text(target, (size_t)len));
	return entry;
}

static int explain(const char *path, int code, struct error *err)
{
	if (code == -ENOTDIR)
		return error_set(err, code, "'%s' is not a directory", path);
	return error_set(err, code, "list '%s': %s", path, strerrordesc_np(-code));
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	size_t max = (size_t)json_get_int(args, "max", 500), i;
	CLEANUP(json) json_t *names = NULL;
	json_t *entries = json_array();
	const json_t *name;
	const char *path;
	int r;

	json_put(result, "entries", entries);
	r = files_path_argument(args, "directory_path", &path, err);
	if (r < 0)
		return r;
	names = host_list(task->host, path[1] ? path + 1 : ".", MAX_NAMES);
	if (!names)
		return explain(path, -errno, err);
	if (!json_array_size(names) && host_is_covered(task->host, path + 1))
		return files_refuse_covered(path, err);
	json_array_foreach(names, i, name)
	{
		if (i >= max || clock_monotonic_ns() > task->deadline_ns)
			break;
		json_push(entries, entry_json(task->host, path, json_string_value(name)));
	}
	json_put(result, "path", json_text(path, strlen(path)));
	json_put(result, "n_entries", json_integer((json_int_t)json_array_size(names)));
	json_put(result, "truncated",
		 json_boolean(json_array_size(entries) < json_array_size(names) ||
			      json_array_size(names) == MAX_NAMES));
	return 0;
}

const struct tool tool_list_directory = {
	.info = {
		.name = "list_directory",
		.summary = "What lies in a directory of the host: types, sizes, owners, permissions.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"path\":{\"type\":\"string\",\"format\":\"path\"},"
			  "\"directory_path\":{\"type\":\"string\",\"format\":\"path\","
			  "\"description\":\"the same as path\"},"
			  "\"max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":5000,\"default\":500}}}",
		.result = "path: string, n_entries: integer, entries: [{name: string, type: string, "
			"size_bytes?: integer, permissions?: string, owner?: string, "
			"gid?: integer, n_links?: integer, modified?: string, target?: string, "
			"error?: string}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
