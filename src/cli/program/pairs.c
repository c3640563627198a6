/* What goes along with a program, as a command's words have it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/lines.h"
#include "cli/program/program.h"

#define LIST_FILE_MAX_BYTES (1 * MIB)

static int add_pair(json_t *object, const char *name, const char *text, int wants_number,
		    struct error *err)
{
	const char *at = text;
	int64_t number = 0;

	if (!wants_number) {
		json_put(object, name, json_text(text, strlen(text)));
		return 0;
	}
	if (!scan_i64(&at, &number) || *at)
		return error_set(err, -EINVAL, "the parameter '%s' is a whole number, not '%s'",
				 name, text);
	json_put(object, name, json_integer(number));
	return 0;
}

json_t *program_read_pairs(const char *text, int wants_number, struct error *err)
{
	CLEANUP(json) json_t *object = json_object();
	CLEANUP(text) char *copy = strdup(text);
	char *rest = copy, *word;

	while ((word = strsep(&rest, ","))) {
		char *equals = strchr(word, '=');

		if (!equals || equals == word) {
			error_set(err, -EINVAL, "'%s' is not NAME=VALUE", word);
			return NULL;
		}
		*equals = '\0';
		if (add_pair(object, word, equals + 1, wants_number, err) < 0)
			return NULL;
	}
	return TAKE(object);
}

static int add_lines(json_t *list, const char *path, struct error *err)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	lines_init(&lines, fd, LIST_FILE_MAX_BYTES);
	while (lines_next(&lines, &line))
		if (line.len && line.data[0] != '#')
			json_push(list, json_text(line.data, line.len));
	if (lines.error)
		return error_set(err, lines.error, "read '%s': %s", path,
				 strerrordesc_np(-lines.error));
	return lines.truncated ? error_set(err, -E2BIG, "'%s' has more than %zu bytes", path,
					   (size_t)LIST_FILE_MAX_BYTES)
			       : 0;
}

json_t *program_read_lists(const char *text, struct error *err)
{
	CLEANUP(json) json_t *lists = json_object();
	CLEANUP(text) char *copy = strdup(text);
	char *rest = copy, *word;
	json_t *list = NULL;

	while ((word = strsep(&rest, ","))) {
		char *equals = strchr(word, '=');

		if (equals) {
			*equals = '\0';
			list = json_array();
			json_put(lists, word, list);
			word = equals + 1;
		}
		if (!list) {
			error_set(err, -EINVAL, "'%s' is not NAME=ITEM", word);
			return NULL;
		}
		if (word[0] == '@' && add_lines(list, word + 1, err) < 0)
			return NULL;
		if (word[0] && word[0] != '@')
			json_push(list, json_text(word, strlen(word)));
	}
	return TAKE(lists);
}
