#include "remote/secret_option.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

static void take(struct buf *secret, const char *text)
{
	size_t len;

	text += strspn(text, " \t\r\n");
	len = strlen(text);
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	buf_add(secret, text, len);
}

static int read_file(const char *path, struct buf *secret, struct error *err)
{
	CLEANUP(buf) struct buf raw = { 0 };
	CLEANUP(fd) int fd = -1;
	int r;

	buf_init(&raw, SECRET_MAX_BYTES);
	if (strcmp(path, "-") != 0) {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (fd < 0)
			return error_errno(err, "open '%s'", path);
	}
	r = buf_read_fd(&raw, fd < 0 ? STDIN_FILENO : fd);
	if (r == 0 && !raw.dropped)
		take(secret, buf_text(&raw));
	if (raw.len)
		explicit_bzero(raw.data, raw.len);
	if (raw.dropped)
		return error_set(err, -E2BIG, "'%s' holds no secret: it is too long", path);
	return r < 0 ? error_set(err, r, "read '%s': %s", path, strerrordesc_np(-r)) : 0;
}

int secret_read(const struct secret_option *option, struct buf *secret_out, struct error *err)
{
	const char *variable = option->variable ? getenv(option->variable) : NULL;

	buf_init(secret_out, SECRET_MAX_BYTES);
	if (option->argument) {
		take(secret_out, option->argument);
		explicit_bzero(option->argument, strlen(option->argument));
		return 0;
	}
	if (option->file)
		return read_file(option->file, secret_out, err);
	if (variable)
		take(secret_out, variable);
	return 0;
}
