#include "logs/window.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* One look of the search: enough for a line with a time among stack traces. */
#define LOOK_BYTES (32 * KIB)
#define SMALL_BYTES (64 * KIB)
#define TIMELESS_BYTES (256 * KIB)

/* Counting lines from the end of a file. */
struct backward {
	uint64_t size, wanted, n;
	uint64_t start; /* of the wanted line; 0: not met */
};

struct look {
	uint64_t line_at; /* offset of the first line that carries a time */
	uint64_t time_ns;
};

static ssize_t read_at(int fd, char *bytes, size_t size, uint64_t offset)
{
	ssize_t n;

	do
		n = pread(fd, bytes, size, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* The first whole line at or after 'offset' that carries a time. */
static bool look_at(int fd, const struct log_clock *clock, uint64_t offset, struct look *look_out)
{
	char bytes[LOOK_BYTES + 1];
	ssize_t n = read_at(fd, bytes, LOOK_BYTES, offset);
	char *at = bytes, *end = bytes + (n > 0 ? n : 0);

	if (offset) {
		at = n > 0 ? memchr(bytes, '\n', (size_t)n) : NULL;
		if (!at)
			return false;
		at++;
	}
	while (at < end) {
		char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t len = (size_t)((newline ? newline : end) - at);

		if (log_time_parse(clock, (struct str) { at, len }, &look_out->time_ns)) {
			look_out->line_at = offset + (uint64_t)(at - bytes);
			return true;
		}
		at += len + 1;
	}
	return false;
}

/* The start of the line that follows 'offset', unless one begins right there. */
static int line_start(int fd, uint64_t offset, uint64_t *start_out)
{
	char bytes[LOOK_BYTES];
	ssize_t n = offset ? read_at(fd, bytes, sizeof(bytes), offset - 1) : 0;
	char *newline = n > 0 ? memchr(bytes, '\n', (size_t)n) : NULL;

	if (n < 0)
		return (int)n;
	*start_out = newline ? offset + (uint64_t)(newline - bytes) : offset;
	return 0;
}

static uint64_t search(int fd, const struct log_clock *clock, uint64_t since_ns,
		       struct log_window *window)
{
	uint64_t low = 0, high = window->size;
	struct look look;

	while (high - low > SMALL_BYTES) {
		uint64_t middle = low + (high - low) / 2;

		if (!look_at(fd, clock, middle, &look))
			return low;
		window->has_times = true;
		if (look.time_ns < since_ns)
			low = middle;
		else
			high = middle;
	}
	return low;
}

int log_window_seek(int fd, const struct log_clock *clock, uint64_t since_ns, uint64_t max_bytes,
		    struct log_window *window_out)
{
	off_t end = lseek(fd, 0, SEEK_END);
	struct log_window window = { 0 };
	uint64_t start = 0;
	int r;

	if (end < 0)
		return -errno;
	window.size = (uint64_t)end;
	if (since_ns)
		start = search(fd, clock, since_ns, &window);
	/* Lines without a time may be of any age: only the latest can belong to a window. */
	if (since_ns && !window.has_times && window.size > TIMELESS_BYTES &&
	    max_bytes > TIMELESS_BYTES)
		max_bytes = TIMELESS_BYTES;
	if (window.size > max_bytes && start < window.size - max_bytes) {
		start = window.size - max_bytes;
		window.truncated = true;
	}
	r = line_start(fd, start, &window.start);
	if (r < 0)
		return r;
	*window_out = window;
	return lseek(fd, (off_t)window.start, SEEK_SET) < 0 ? -errno : 0;
}

/* Newlines of one chunk, last first; true when the wanted one was found. */
static bool count_back(const char *bytes, uint64_t base, size_t len, struct backward *back)
{
	while (len) {
		const char *newline = memrchr(bytes, '\n', len);

		if (!newline)
			return false;
		len = (size_t)(newline - bytes);
		/* The newline that ends the file ends a line and begins none. */
		if (base + len + 1 == back->size)
			continue;
		if (++back->n == back->wanted) {
			back->start = base + len + 1;
			return true;
		}
	}
	return false;
}

int log_window_seek_lines(int fd, uint64_t n_lines, uint64_t max_bytes,
			  struct log_window *window_out)
{
	struct backward back = { .wanted = n_lines };
	off_t end = lseek(fd, 0, SEEK_END);
	char bytes[LOOK_BYTES];
	uint64_t at;

	if (end < 0)
		return -errno;
	back.size = at = (uint64_t)end;
	while (at && back.size - at < max_bytes) {
		size_t len = at < LOOK_BYTES ? (size_t)at : LOOK_BYTES;
		ssize_t n = read_at(fd, bytes, len, at - len);

		if (n < 0)
			return (int)n;
		at -= len;
		if (count_back(bytes, at, (size_t)n, &back))
			break;
	}
	*window_out = (struct log_window) {
		.start = back.start,
		.size = back.size,
		.truncated = at && !back.start,
	};
	if (at && !back.start) {
		int r = line_start(fd, at, &window_out->start);

		if (r < 0)
			return r;
	}
	return lseek(fd, (off_t)window_out->start, SEEK_SET) < 0 ? -errno : 0;
}
