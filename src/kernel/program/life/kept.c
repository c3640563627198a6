/*
 * What may have to come back: beside the journal KEPT-ID.json, the call's arguments, and
 * KEPT-ID.tar.zst, the archive of which those had the Base64. Each is written whole or not at all
 * (identity/file.h), before anything is attached.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/log.h"
#include "base/scan.h"
#include "identity/file.h"
#include "kernel/program/life/kept_internal.h"
#include "kernel/program/life/steward_internal.h"

#define ARGUMENTS "json"
#define ARCHIVE "tar.zst"

static void name_file(const struct steward *steward, int64_t id, const char *what, char path[4096])
{
	text_format(path, 4096, "%s/kept-%jd.%s", steward->config->folder, (intmax_t)id, what);
}

static int save(const struct steward *steward, int64_t id, const char *what, struct str bytes,
		struct error *err)
{
	char path[4096];

	name_file(steward, id, what, path);
	return file_save_fleeting(path, bytes.data, bytes.len, err);
}

static int refuse_large(const json_t *program, const char *what, size_t len, struct error *err)
{
	return error_set(err, -E2BIG,
			 "'%s' is too large to be kept for a rollback: its %s has %zu bytes, of "
			 "%zu at most",
			 json_get_text(program, "name", ""), what, len, FILE_MAX_BYTES);
}

int kept_replace(const struct steward *steward, const json_t *program, const json_t *args,
		 struct error *err)
{
	CLEANUP(json) json_t *words = json_copy((json_t *)(uintptr_t)args);
	CLEANUP(text) char *text = NULL;
	size_t len;

	(void)json_object_del(words, "artifact");
	text = json_canonical(words);
	len = strlen(text);
	if (len > FILE_MAX_BYTES)
		return refuse_large(program, "parameters and lists", len, err);
	if (save(steward, json_get_int(program, "id", 0), ARGUMENTS, (struct str) { text, len },
		 err) < 0)
		return error_wrap(err, "keep '%s' for a rollback",
				  json_get_text(program, "name", ""));
	return 0;
}

int kept_save(const struct steward *steward, const json_t *program, const json_t *args,
	      struct str archive, struct error *err)
{
	if (archive.len > FILE_MAX_BYTES)
		return refuse_large(program, "archive", archive.len, err);
	if (save(steward, json_get_int(program, "id", 0), ARCHIVE, archive, err) < 0)
		return error_wrap(err, "keep '%s' for a rollback",
				  json_get_text(program, "name", ""));
	return kept_replace(steward, program, args, err);
}

static int load(const struct steward *steward, int64_t id, const char *what, struct buf *out,
		struct error *err)
{
	char path[4096];

	name_file(steward, id, what, path);
	buf_init(out, FILE_MAX_BYTES);
	return file_load_private(path, out, err);
}

json_t *kept_load(const struct steward *steward, int64_t id, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(buf) struct buf archive = { 0 };
	CLEANUP(text) char *artifact = NULL;
	json_t *args;

	if (load(steward, id, ARGUMENTS, &text, err) < 0 ||
	    load(steward, id, ARCHIVE, &archive, err) < 0)
		return NULL;
	args = json_parse(buf_text(&text), text.len, FILE_MAX_BYTES, err);
	if (!args)
		return NULL;
	artifact = base64_text(buf_text(&archive), archive.len);
	json_put(args, "artifact", json_string(artifact));
	return args;
}

static void forget_file(const char *path)
{
	if (unlink(path) < 0 && errno != ENOENT)
		log_warn("remove '%s': %s", path, strerrordesc_np(errno));
}

void kept_forget(const struct steward *steward, int64_t id)
{
	static const char *const both[] = { ARGUMENTS, ARCHIVE };
	char path[4096];

	for (size_t i = 0; id && i < ARRAY_LEN(both); i++) {
		name_file(steward, id, both[i], path);
		forget_file(path);
	}
}

static bool may_come_back(const struct steward *steward, int64_t id)
{
	const json_t *program;
	size_t i;

	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		if (program_state_is_attached(journal_state(program)) &&
		    (json_get_int(program, "id", 0) == id ||
		     json_get_int(program, "replaces", 0) == id))
			return true;
	}
	return false;
}

void kept_tidy(const struct steward *steward)
{
	DIR *folder = opendir(steward->config->folder);
	const struct dirent *entry;
	char path[4096];

	while (folder && (entry = readdir(folder))) {
		const char *at = entry->d_name;
		/* One with a dot before it is half-written (identity/file.h). */
		bool is_half = scan_text(&at, ".");
		uint64_t id;

		if (!scan_text(&at, "kept-") || !scan_u64(&at, &id) ||
		    (!is_half && may_come_back(steward, (int64_t)id)))
			continue;
		text_format(path, sizeof(path), "%s/%s", steward->config->folder, entry->d_name);
		forget_file(path);
	}
	if (folder)
		(void)closedir(folder);
}
