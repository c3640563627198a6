#include "server/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"

#define NAME_BYTES 4200

struct log_file {
	char *path; /* "" for standard error */
	int fd;
	uint64_t n_bytes, max_bytes;
	uint64_t n_lost;
};

static int open_file(struct log_file *log, struct error *err)
{
	struct stat stat;

	log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (log->fd < 0 || fstat(log->fd, &stat) < 0)
		return error_errno(err, "open the log '%s'", log->path);
	log->n_bytes = (uint64_t)stat.st_size;
	return 0;
}

struct log_file *log_file_open(const char *path, uint64_t max_bytes, struct error *err)
{
	struct log_file *log = calloc(1, sizeof(*log));

	if (!log)
		abort();
	*log = (struct log_file) {
		.path = strdup(path),
		.fd = STDERR_FILENO,
		.max_bytes = max_bytes ? max_bytes : LOG_FILE_MAX_BYTES,
	};
	if (!log->path)
		abort();
	if (*path && open_file(log, err) < 0) {
		log->fd = -1;
		log_file_close(log);
		return NULL;
	}
	return log;
}

void log_file_close(struct log_file *log)
{
	if (!log)
		return;
	if (*log->path)
		fd_close(&log->fd);
	free(log->path);
	free(log);
}

/* FILE.4 becomes FILE.5, ..., FILE becomes FILE.1. A name that is not there is no harm. */
static void rotate(struct log_file *log)
{
	char from[NAME_BYTES], to[NAME_BYTES];
	struct error err = { 0 };

	for (int i = LOG_FILE_KEPT; i > 0; i--) {
		text_format(to, sizeof(to), "%s.%d", log->path, i);
		if (i > 1)
			text_format(from, sizeof(from), "%s.%d", log->path, i - 1);
		else
			text_format(from, sizeof(from), "%s", log->path);
		(void)rename(from, to);
	}
	fd_close(&log->fd);
	if (open_file(log, &err) < 0)
		fd_close(&log->fd); /* tried again with the next line */
}

static char *format(struct log_file *log, const char *level, const char *text)
{
	CLEANUP(json) json_t *line = json_object();
	char time[CLOCK_TEXT_BYTES];
	char *out;

	json_put(line, "time", json_string(clock_format(clock_wall_ns(), time)));
	json_put(line, "level", json_string(level));
	json_put(line, "message", json_text(text, strlen(text)));
	if (log->n_lost)
		json_put(line, "lost", json_integer((json_int_t)log->n_lost));
	out = json_dumps(line, JSON_COMPACT);
	if (!out)
		abort();
	return out;
}

void log_file_write(int level, const char *text, void *data)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	struct log_file *log = data;
	CLEANUP(text) char *line = format(log, names[level & 3], text);
	size_t len = strlen(line);
	struct error err = { 0 };

	if (*log->path && log->n_bytes + len + 1 > log->max_bytes && log->n_bytes)
		rotate(log);
	if (log->fd < 0 && *log->path && open_file(log, &err) < 0)
		fd_close(&log->fd);
	line[len] = '\n'; /* in place of the NUL, which write() does not need */
	if (log->fd < 0 || fd_write_all(log->fd, line, len + 1) < 0) {
		log->n_lost++;
	} else {
		log->n_lost = 0;
		log->n_bytes += len + 1;
	}
	line[len] = '\0';
}
