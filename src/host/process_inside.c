#include "host/process_inside.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>

#include "host/fields.h"
#include "host/pids.h"
#include "host/process.h"

#define MAPS_MAX_BYTES (1 * MIB)
#define MAPPED_FILES_MAX 200

static json_t *io_json(const struct host *host, uint32_t pid, int *code_out)
{
	static const char *const members[][2] = {
		{ "read_bytes", "read_bytes" },
		{ "write_bytes", "write_bytes" },
		{ "cancelled_write_bytes", "cancelled_write_bytes" },
		{ "read_chars", "rchar" },
		{ "written_chars", "wchar" },
		{ "read_calls", "syscr" },
		{ "write_calls", "syscw" },
	};
	char text[512];
	ssize_t len = process_read_file(host, pid, "io", text, sizeof(text));
	json_t *json;

	if (len < 0)
		*code_out = (int)len;
	if (len <= 0)
		return NULL;
	json = json_object();
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		json_put(json, members[i][0], json_count(fields_get(text, members[i][1], 0)));
	return json;
}

static json_t *link_json(const struct host *host, uint32_t pid, const char *name, int *code_out)
{
	char path[64], target[PATH_MAX];
	ssize_t len;

	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/%s", pid, name);
	len = host_readlink(host, path, target, sizeof(target));
	/* A kernel thread has no program: -ENOENT is its answer. */
	if (len < 0 && len != -ENOENT)
		*code_out = (int)len;
	return len < 0 ? json_null() : json_text(target, (size_t)len);
}

static bool is_listed(const json_t *list, const json_t *path)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i,
			   entry) if (json_equal(json_object_get(entry, "path"), path)) return true;
	return false;
}

/* The sixth column of a line of maps, if it is a path. */
static bool mapped_path(struct str line, struct str *path_out)
{
	const char *at = line.data;
	const char *slash;
	struct str word;

	for (int i = 0; i < 5; i++)
		if (!scan_word(&at, &word))
			return false;
	slash = at + strspn(at, " ");
	if (*slash != '/')
		return false;
	*path_out = (struct str) { slash, (size_t)(line.data + line.len - slash) };
	return true;
}

static json_t *maps_json(const struct host *host, uint32_t pid)
{
	static const char suffix[] = " (deleted)";
	CLEANUP(buf) struct buf text = { 0 };
	json_t *list = json_array();
	const char *at;
	char path[64];
	struct str line, file;

	buf_init(&text, MAPS_MAX_BYTES);
	(void)snprintf(path, sizeof(path), "proc/%" PRIu32 "/maps", pid);
	if (host_read_buf(host, path, &text) < 0)
		return list;
	at = buf_text(&text);
	while (json_array_size(list) < MAPPED_FILES_MAX && scan_line(&at, &line)) {
		size_t cut = sizeof(suffix) - 1;
		bool deleted;
		json_t *name;

		if (!mapped_path(line, &file))
			continue;
		deleted = file.len > cut && memcmp(file.data + file.len - cut, suffix, cut) == 0;
		name = json_text(file.data, file.len - (deleted ? cut : 0));
		if (is_listed(list, name))
			json_decref(name);
		else
			json_push(list, json_pack("{s:o, s:b}", "path", name, "deleted", deleted));
	}
	return list;
}

json_t *process_inside_json(const struct host *host, uint32_t pid, int *code_out)
{
	static const char suffix[] = " (deleted)";
	json_t *json = json_object();
	const char *exe, *end;
	json_t *io;

	*code_out = 0;
	json_put(json, "exe", link_json(host, pid, "exe", code_out));
	json_put(json, "cwd", link_json(host, pid, "cwd", code_out));
	json_put(json, "root", link_json(host, pid, "root", code_out));
	exe = json_get_text(json, "exe", "");
	end = exe + strlen(exe) - (strlen(exe) < strlen(suffix) ? strlen(exe) : strlen(suffix));
	json_put(json, "exe_deleted", json_boolean(strcmp(end, suffix) == 0));
	io = io_json(host, pid, code_out);
	json_put(json, "io", io ? io : json_null());
	json_put(json, "maps_files", maps_json(host, pid));
	return json;
}

json_t *process_io_json(const struct host *host, size_t *n_unreadable_out, int *code_out)
{
	CLEANUP(pids) struct pids pids = { 0 };
	json_t *list = json_array();

	*n_unreadable_out = 0;
	*code_out = pids_read(host, "proc", &pids);
	for (size_t i = 0; i < pids.n; i++) {
		int code = 0;
		json_t *json = io_json(host, pids.list[i], &code);

		if (code == -EACCES || code == -EPERM) {
			++*n_unreadable_out;
			*code_out = code;
		}
		if (!json)
			continue;
		json_put(json, "pid", json_integer(pids.list[i]));
		json_push(list, json);
	}
	return list;
}
