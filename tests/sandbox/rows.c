#include "rows.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/scan.h"
#include "call/sandbox/kernel_internal.h"

static const struct {
	const char *name;
	uint32_t bit;
} features[] = {
	{ "mount_setattr", FEATURE_MOUNT_SETATTR },
	{ "clone-into-cgroup", FEATURE_CLONE_CGROUP },
	{ "cgroup.kill", FEATURE_CGROUP_KILL },
	{ "close_range", FEATURE_CLOSE_RANGE },
	{ "cgroups", FEATURE_CGROUPS },
	{ "privilege", FEATURE_PRIVILEGE },
	{ "user-namespaces", FEATURE_USER_NS },
};

static int parse_profile(struct str word, struct row *row)
{
	for (unsigned i = 0; i < PROFILE_N; i++) {
		if (str_is(word, sandbox_profile_name(i))) {
			row->profile = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int add_lack(struct str name, struct row *row)
{
	for (unsigned i = 0; i < WALL_N; i++) {
		if (str_is(name, sandbox_wall_name(1U << i))) {
			row->walls_off |= 1U << i;
			return 0;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(features); i++) {
		if (str_is(name, features[i].name)) {
			row->features_off |= features[i].bit;
			return 0;
		}
	}
	return str_is(name, "nothing") ? 0 : -EINVAL;
}

static int parse_lacks(struct row *row)
{
	const char *at = row->without;
	int r = 0;

	while (*at && r == 0) {
		size_t len = strcspn(at, "+");

		r = add_lack((struct str) { at, len }, row);
		at += len + (at[len] == '+');
	}
	return r;
}

static int parse_row(struct str line, struct row *row)
{
	const char *colon = memchr(line.data, ':', line.len);
	const char *at = line.data;
	struct str word;

	if (!colon || !scan_word(&at, &word) || parse_profile(word, row) < 0)
		return -EINVAL;
	while (*at == ' ')
		at++;
	str_copy((struct str) { at, (size_t)(colon - at) }, row->without, sizeof(row->without));
	row->expected = strndup(colon + 1, line.len - (size_t)(colon + 1 - line.data));
	return parse_lacks(row);
}

int rows_load(struct rows *rows, const char *path, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *at;
	struct str line;

	buf_init(&text, 256 * KIB);
	if (fd < 0 || buf_read_fd(&text, fd) < 0)
		return error_errno(err, "read '%s'", path);
	at = buf_text(&text);
	for (unsigned number = 1; scan_line(&at, &line); number++) {
		if (line.len == 0 || line.data[0] == '#')
			continue;
		if (rows->n == ARRAY_LEN(rows->rows) || parse_row(line, &rows->rows[rows->n++]) < 0)
			return error_set(err, -EINVAL, "%s:%u: not a row", path, number);
	}
	return 0;
}

void rows_cleanup(struct rows *rows)
{
	for (unsigned i = 0; i < rows->n; i++)
		free(rows->rows[i].expected);
}
