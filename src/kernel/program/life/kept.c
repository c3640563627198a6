/* The artifacts that may have to come back: KEPT-ID.json beside the journal, bytes as they came. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "identity/file.h"
#include "kernel/program/life/steward_internal.h"

static void name_file(const struct steward *steward, int64_t id, char path[4096])
{
	text_format(path, 4096, "%s/kept-%jd.json", steward->config->folder, (intmax_t)id);
}

void kept_save(const struct steward *steward, const json_t *program, const json_t *args)
{
	CLEANUP(text) char *text = json_canonical(args);
	struct error err = { 0 };
	char path[4096];

	name_file(steward, json_get_int(program, "id", 0), path);
	if (strlen(text) > FILE_MAX_BYTES)
		error_set(&err, -E2BIG, "it has more than %zu bytes", FILE_MAX_BYTES);
	else if (file_save_private(path, text, strlen(text), &err) == 0)
		return;
	log_warn("'%s' is not kept, so it cannot come back: %s", json_get_text(program, "name", ""),
		 err.text);
}

json_t *kept_load(const struct steward *steward, int64_t id, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	char path[4096];

	name_file(steward, id, path);
	buf_init(&text, FILE_MAX_BYTES);
	if (file_load_private(path, &text, err) < 0)
		return NULL;
	return json_parse(buf_text(&text), text.len, FILE_MAX_BYTES, err);
}

void kept_forget(const struct steward *steward, int64_t id)
{
	char path[4096];

	name_file(steward, id, path);
	if (id && unlink(path) < 0 && errno != ENOENT)
		log_warn("remove '%s': %s", path, strerrordesc_np(errno));
}
