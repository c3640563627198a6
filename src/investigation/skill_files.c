/* A skill of its files, wherever they come from. */
#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "investigation/skill.h"

#define MAIN "SKILL.md"
#define SCRIPTS "scripts/"

static bool is_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f || name[i] == '\\')
			return false;
	return len && name[0] != '.';
}

/* "references/x.md": names that begin with no dot, a few levels deep. */
static bool is_path(const char *path)
{
	const char *at = path;

	for (unsigned depth = 0; depth < SKILL_MAX_DEPTH; depth++) {
		size_t len = strcspn(at, "/");

		if (!is_name(at, len))
			return false;
		if (!at[len])
			return strlen(path) <= SKILL_PATH_MAX_BYTES;
		at += len + 1;
	}
	return false;
}

static int check_text(const char *path, const json_t *text, size_t *bytes_left, struct error *err)
{
	const char *bytes = json_string_value(text);
	size_t len = json_string_length(text);

	if (!is_path(path))
		return error_set(err, -EINVAL, "'%.100s' is no path within a skill", path);
	if (!bytes || memchr(bytes, '\0', len) || !utf8_is_valid(bytes, len))
		return error_set(err, -EBADMSG, "'%s' is no UTF-8 text", path);
	if (len > SKILL_FILE_MAX_BYTES)
		return error_set(err, -E2BIG, "'%s' is larger than %zu KiB", path,
				 SKILL_FILE_MAX_BYTES / KIB);
	if (len > *bytes_left)
		return error_set(err, -E2BIG, "its files have more than %zu KiB together",
				 SKILL_MAX_BYTES / KIB);
	*bytes_left -= len;
	return 0;
}

static int check_files(const json_t *files, struct error *err)
{
	size_t bytes_left = SKILL_MAX_BYTES;
	const char *path;
	json_t *text;

	if (!json_is_string(json_object_get(files, MAIN)))
		return error_set(err, -ENOENT, "it has no " MAIN);
	if (json_object_size(files) > SKILL_MAX_FILES + 1)
		return error_set(err, -E2BIG, "it has more than %d files", SKILL_MAX_FILES);
	json_object_foreach((json_t *)(uintptr_t)files, path, text)
	{
		int r = check_text(path, text, &bytes_left, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int skill_from_files(struct skill *skill, const char *name, const json_t *files, struct error *err)
{
	const json_t *matter = json_object_get(files, MAIN);
	const char *path;
	json_t *text;
	int r = check_files(files, err);

	*skill = (struct skill) { 0 };
	if (r == 0)
		r = skill_parse(
			skill, name,
			(struct str) { json_string_value(matter), json_string_length(matter) },
			err);
	if (r < 0)
		return r;
	json_object_foreach((json_t *)(uintptr_t)files, path, text)
	{
		if (strcmp(path, MAIN) != 0)
			json_put(skill->files, path, json_incref(text));
	}
	return 0;
}

const char *skill_script(const struct skill *skill, const char *path, struct error *err)
{
	const char *text = skill_file(skill, path, err);

	if (!text)
		return NULL;
	if (strncmp(path, SCRIPTS, strlen(SCRIPTS)) != 0)
		error_set(err, -EINVAL, "'%.100s' is no script: those lie below " SCRIPTS, path);
	else if (strncmp(text, "#!/", 3) != 0)
		error_set(err, -ENOEXEC, "'%.100s' does not begin with #! and an interpreter",
			  path);
	else if (strlen(text) > SKILL_SCRIPT_MAX_BYTES)
		error_set(err, -E2BIG, "'%.100s' is longer than a script may be, %zu KiB", path,
			  SKILL_SCRIPT_MAX_BYTES / KIB);
	else
		return text;
	return NULL;
}
