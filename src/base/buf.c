#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void text_cleanup(char **text)
{
	free(*text);
}

void text_format(char *text, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, size, format, args);
	va_end(args);
}

void text_copy(char *text, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(text, from, len);
	text[len] = '\0';
}

void buf_init(struct buf *buf, size_t max)
{
	*buf = (struct buf) { .max = max };
}

void buf_finish(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf) { 0 };
}

void buf_cleanup(struct buf *buf)
{
	buf_finish(buf);
}

static void reserve(struct buf *buf, size_t len)
{
	size_t want = buf->allocated ? buf->allocated : 64;

	if (len < buf->allocated)
		return;
	while (want <= len)
		want *= 2;
	if (want > buf->max + 1)
		want = buf->max + 1;
	if (want <= buf->allocated)
		return;
	buf->data = realloc(buf->data, want);
	if (!buf->data)
		abort();
	buf->allocated = want;
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	size_t room = buf->max - buf->len;

	if (len > room) {
		buf->dropped += len - room;
		len = room;
	}
	reserve(buf, buf->len + len);
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_add_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_format(struct buf *buf, const char *format, ...)
{
	CLEANUP(text) char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		abort();
	buf_add(buf, text, (size_t)len);
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->dropped = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

int buf_read_fd(struct buf *buf, int fd)
{
	char chunk[16 * 1024];

	while (!buf->dropped) {
		ssize_t n = read(fd, chunk, sizeof(chunk));

		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		buf_add(buf, chunk, (size_t)n);
	}
	buf_add(buf, "", 0);
	return 0;
}
