#include "remote/named_settings.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/scan.h"
#include "cli/server_name.h"
#include "identity/file.h"

/* Where the first one's things lie is no setting of another. */
static bool is_first_ones(struct str line)
{
	static const char *const keys[] = { "api_address:", "socket:", "state_dir:" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (line.len >= strlen(keys[i]) &&
		    strncmp(line.data, keys[i], strlen(keys[i])) == 0)
			return true;
	return false;
}

static int copy_where_missing(const char *from, const char *folder, const char *name,
			      struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(buf) struct buf kept = { 0 };
	char path[SERVER_NAME_PATH_BYTES + 64];
	struct str line;
	const char *at;
	int r;

	text_format(path, sizeof(path), "%s/%s", folder, name);
	if (access(path, F_OK) == 0)
		return 0;
	buf_init(&text, FILE_MAX_BYTES);
	buf_init(&kept, FILE_MAX_BYTES);
	r = file_load_public(from, &text, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (at = buf_text(&text); *at && scan_line(&at, &line);)
		if (!is_first_ones(line))
			buf_add_format(&kept, "%.*s\n", (int)line.len, line.data);
	return file_save_public(path, buf_text(&kept), kept.len, err);
}

int named_settings_make(struct error *err)
{
	static const char above[] = "/etc/constable/servers";
	char folder[SERVER_NAME_PATH_BYTES];
	int r;

	if (!server_name_folder(folder) || geteuid() != 0 || access("/etc/constable", F_OK) < 0)
		return 0;
	if ((mkdir(above, 0755) < 0 && errno != EEXIST) ||
	    (mkdir(folder, 0755) < 0 && errno != EEXIST))
		return error_errno(err, "make '%s'", folder);
	r = copy_where_missing("/etc/constable/policy", folder, "policy", err);
	return r < 0 ? r
		     : copy_where_missing("/etc/constable/agent.yaml", folder, "agent.yaml", err);
}
