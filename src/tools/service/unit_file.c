#include "tools/service/unit_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TEXTS 64

static const char *const unit_folders[] = {
	"etc/systemd/system",     "run/systemd/system", "usr/local/lib/systemd/system",
	"usr/lib/systemd/system", "lib/systemd/system",
};

void unit_file_cleanup(struct unit_file *file)
{
	for (size_t i = 0; i < file->n_texts; i++)
		free(file->texts[i]);
	free(file->texts);
	free(file->settings);
	*file = (struct unit_file) { 0 };
}

/* Keeps a copy that the settings may borrow from; NULL when there are too many. */
static char *keep_text(struct unit_file *file, const char *text, size_t len)
{
	char *copy;

	if (file->n_texts == MAX_TEXTS)
		return NULL;
	if (!file->texts) {
		file->texts = calloc(MAX_TEXTS, sizeof(*file->texts));
		file->settings = calloc(UNIT_FILE_MAX_SETTINGS, sizeof(*file->settings));
	}
	copy = malloc(len + 1);
	if (!file->texts || !file->settings || !copy)
		abort();
	memcpy(copy, text, len);
	copy[len] = '\0';
	file->texts[file->n_texts++] = copy;
	return copy;
}

static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && strchr(" \t\r", end[-1]))
		*--end = '\0';
	return text + strspn(text, " \t");
}

/* Joins lines that end in '\' in place, and cuts the logical line off. */
static char *take_line(char **at, unsigned *n_lines)
{
	char *line = *at, *end = line;

	if (!*line)
		return NULL;
	for (;;) {
		end += strcspn(end, "\n");
		++*n_lines;
		if (!*end)
			break;
		if (end == line || end[-1] != '\\') {
			*end++ = '\0';
			break;
		}
		end[-1] = ' ';
		*end++ = ' ';
	}
	*at = end;
	return line;
}

static void add_setting(struct unit_file *file, const char *section, char *line, unsigned number)
{
	char *equals = strchr(line, '=');

	if (!equals)
		return;
	if (file->n == UNIT_FILE_MAX_SETTINGS) {
		file->truncated = true;
		return;
	}
	*equals = '\0';
	file->settings[file->n++] = (struct unit_setting) {
		.section = section,
		.key = trim(line),
		.value = trim(equals + 1),
		.line = number,
	};
}

void unit_file_add(struct unit_file *file, const char *text, size_t len)
{
	char *at = keep_text(file, text, len);
	const char *section = "";
	unsigned n_lines = 0;
	char *line;

	if (!at) {
		file->truncated = true;
		return;
	}
	for (;;) {
		unsigned number = n_lines + 1;

		line = take_line(&at, &n_lines);
		if (!line)
			break;
		line = trim(line);
		if (*line == '[') {
			section = line + 1;
			line[strcspn(line, "]")] = '\0';
		} else if (*line && *line != '#' && *line != ';') {
			add_setting(file, section, line, number);
		}
	}
}

int unit_file_read(struct unit_file *file, const struct host *host, const char *path)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	buf_init(&text, UNIT_FILE_MAX_BYTES);
	r = host_read_buf(host, path, &text);
	if (r < 0)
		return r;
	unit_file_add(file, buf_text(&text), strlen(buf_text(&text)));
	return 0;
}

static void read_drop_ins(struct unit_file *file, const struct host *host, const char *name)
{
	/* Weakest first, so that what /etc says comes last. */
	for (size_t i = ARRAY_LEN(unit_folders); i-- > 0;) {
		CLEANUP(json) json_t *names = NULL;
		char folder[512], path[1024];
		const json_t *entry;
		size_t j;

		text_format(folder, sizeof(folder), "%s/%s.d", unit_folders[i], name);
		names = host_list(host, folder, MAX_TEXTS);
		json_array_foreach(names, j, entry)
		{
			text_format(path, sizeof(path), "%s/%s", folder, json_string_value(entry));
			/* One that cannot be read changes what is shown only by itself. */
			(void)unit_file_read(file, host, path);
		}
	}
}

int unit_file_load(struct unit_file *file, const struct host *host, const char *name,
		   char *path_out, size_t size)
{
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_LEN(unit_folders) && r == -ENOENT; i++) {
		char path[512];

		text_format(path, sizeof(path), "%s/%s", unit_folders[i], name);
		r = unit_file_read(file, host, path);
		if (r == 0)
			text_format(path_out, size, "/%s", path);
	}
	if (r == 0)
		read_drop_ins(file, host, name);
	return r;
}

static bool is_setting(const struct unit_setting *setting, const char *section, const char *key)
{
	return strcmp(setting->section, section) == 0 && strcmp(setting->key, key) == 0;
}

const char *unit_file_get(const struct unit_file *file, const char *section, const char *key)
{
	const char *value = NULL;

	for (size_t i = 0; i < file->n; i++)
		if (is_setting(&file->settings[i], section, key))
			value = file->settings[i].value;
	return value && *value ? value : NULL;
}

const struct unit_setting *unit_file_next(const struct unit_file *file, const char *section,
					  const char *key, const struct unit_setting *previous)
{
	size_t first = 0;

	if (previous)
		first = (size_t)(previous - file->settings) + 1;
	else
		for (size_t i = 0; i < file->n; i++)
			if (is_setting(&file->settings[i], section, key) &&
			    !*file->settings[i].value)
				first = i + 1;
	for (size_t i = first; i < file->n; i++)
		if (is_setting(&file->settings[i], section, key))
			return &file->settings[i];
	return NULL;
}

bool unit_file_program(const char *exec, char *path_out, size_t size)
{
	const char *at = exec + strspn(exec, "@-:+!| \t");
	bool is_quoted = *at == '"';
	struct str path;

	at += is_quoted;
	path = (struct str) { at, strcspn(at, is_quoted ? "\"" : " \t;") };
	if (!path.len)
		return false;
	str_copy(path, path_out, size);
	return true;
}
