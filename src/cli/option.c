#include "cli/option.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/scan.h"

#define JOINED_MAX_BYTES (128 * KIB)

static int store(const struct option_row *row, const char *text, struct error *err)
{
	uint64_t *number = row->value;

	switch (row->type) {
	case OPTION_SET:
		*(int *)row->value = 1;
		return 0;
	case OPTION_TEXT:
		*(const char **)row->value = text;
		return 0;
	case OPTION_DURATION:
		if (!duration_from_text(text, number) || !*number)
			return error_set(err, -EINVAL,
					 "%s: '%s' is no duration; write 90s, 15m or 2h", row->name,
					 text);
		return 0;
	case OPTION_COUNT:
		if (!scan_u64(&text, number) || *text || !*number)
			return error_set(err, -EINVAL, "%s wants a number from 1", row->name);
		return 0;
	}
	return 0;
}

static const struct option_row *find(const struct option_row *rows, const char *arg, size_t len)
{
	for (; rows->name; rows++)
		if (strncmp(rows->name, arg, len) == 0 && !rows->name[len])
			return rows;
	return NULL;
}

/* Reads argv[*at], and the value after it where it takes one. */
static int read_option(const struct option_row *rows, char **argv, int *at, struct error *err)
{
	const char *arg = argv[*at];
	size_t len = strcspn(arg, "=");
	const struct option_row *row = find(rows, arg, len);

	if (!row)
		return error_set(err, -EINVAL, "%s: no option '%.*s'; see 'constable help %s'",
				 argv[0], (int)len, arg, argv[0]);
	if (row->type == OPTION_SET)
		return arg[len] ? error_set(err, -EINVAL, "%s takes no value", row->name)
				: store(row, NULL, err);
	if (arg[len])
		return store(row, arg + len + 1, err);
	if (!argv[*at + 1])
		return error_set(err, -EINVAL, "%s wants a value", row->name);
	return store(row, argv[++*at], err);
}

int option_read(const struct option_row *rows, int argc, char **argv, struct words *words_out,
		struct error *err)
{
	bool is_over = false;

	*words_out = (struct words) { 0 };
	for (int i = 1; i < argc; i++) {
		if (!is_over && strcmp(argv[i], "--") == 0) {
			is_over = true;
		} else if (!is_over && argv[i][0] == '-' && argv[i][1]) {
			int r = read_option(rows, argv, &i, err);

			if (r < 0)
				return r;
		} else if (words_out->n == OPTION_MAX_WORDS) {
			return error_set(err, -EINVAL, "%s: more than %d words", argv[0],
					 OPTION_MAX_WORDS);
		} else {
			words_out->at[words_out->n++] = argv[i];
		}
	}
	return 0;
}

char *option_join(const struct words *words)
{
	struct buf text;

	buf_init(&text, JOINED_MAX_BYTES);
	buf_add(&text, "", 0);
	for (size_t i = 0; i < words->n; i++) {
		buf_add_text(&text, i ? " " : "");
		buf_add_text(&text, words->at[i]);
	}
	return text.data;
}
