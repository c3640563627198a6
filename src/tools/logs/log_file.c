#include "tools/logs/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

/* Line numbers need every newline before the window; beyond this they stay unknown. */
#define COUNTED_BYTES (32 * MIB)
#define CHUNK_BYTES (64 * KIB)
#define BINARY_LOOK_BYTES 1024

static bool is_binary(int fd)
{
	char bytes[BINARY_LOOK_BYTES];
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);

	return n > 0 && memchr(bytes, '\0', (size_t)n) != NULL;
}

static uint64_t count_lines(int fd, uint64_t bytes)
{
	char chunk[CHUNK_BYTES];
	uint64_t n_lines = 0, at = 0;

	while (at < bytes) {
		size_t want = bytes - at < sizeof(chunk) ? (size_t)(bytes - at) : sizeof(chunk);
		ssize_t n = pread(fd, chunk, want, (off_t)at);

		if (n <= 0)
			break;
		for (char *newline = chunk;
		     (newline = memchr(newline, '\n', (size_t)(chunk + n - newline))) != NULL;
		     newline++)
			n_lines++;
		at += (uint64_t)n;
	}
	return n_lines;
}

int log_file_start(struct log_file *file, struct task *task, const char *path)
{
	struct stat status;

	*file = (struct log_file) { .fd = host_open(task->host, path + (*path == '/'), O_RDONLY) };
	if (file->fd < 0)
		return file->fd;
	if (fstat(file->fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	file->clock = host_log_clock(task->host);
	file->size = (uint64_t)status.st_size;
	file->modified_s_ago =
		log_seconds_ago(&file->clock, (uint64_t)status.st_mtim.tv_sec * NS_PER_SEC +
						      (uint64_t)status.st_mtim.tv_nsec);
	file->deadline_ns = task->deadline_ns;
	return 0;
}

int log_file_open(struct log_file *file, struct task *task, const char *path,
		  const struct log_file_options *options)
{
	struct log_window window;
	int r = log_file_start(file, task, path);

	if (r < 0)
		return r;
	if (is_binary(file->fd))
		return -EILSEQ;
	if (options->n_lines)
		r = log_window_seek_lines(file->fd, options->n_lines, options->max_bytes, &window);
	else
		r = log_window_seek(file->fd, &file->clock, options->since_ns, options->max_bytes,
				    &window);
	if (r < 0)
		return r;
	file->truncated = window.truncated;
	file->first_line =
		window.start <= COUNTED_BYTES ? count_lines(file->fd, window.start) + 1 : 0;
	file->since_ns = options->since_ns;
	file->until_ns = options->until_ns ? options->until_ns : UINT64_MAX;
	lines_init(&file->lines, file->fd, options->max_bytes);
	return 0;
}

void log_file_close(struct log_file *file)
{
	lines_finish(&file->lines);
	if (file->decoder)
		file->decoder_close(file->decoder);
	file->decoder = NULL;
	if (file->fd >= 0)
		fd_close(&file->fd);
}

void log_file_cleanup(struct log_file *file)
{
	log_file_close(file);
}

static bool is_late(struct log_file *file)
{
	if (file->lines.n_lines % 256 || clock_monotonic_ns() < file->deadline_ns)
		return false;
	file->truncated = true;
	return true;
}

bool log_file_next(struct log_file *file, struct log_entry *entry_out)
{
	struct str line;

	while (!is_late(file) && lines_next(&file->lines, &line)) {
		uint64_t ns;
		bool has_time = log_time_parse(&file->clock, line, &ns);

		if (has_time)
			file->last_ns = ns;
		if (file->last_ns &&
		    (file->last_ns < file->since_ns || file->last_ns > file->until_ns))
			continue;
		*entry_out = (struct log_entry) {
			.text = line,
			.number = file->first_line ? file->first_line + file->lines.n_lines - 1 : 0,
			.time_ns = file->last_ns,
			.has_time = has_time,
		};
		return true;
	}
	file->truncated |= file->lines.truncated;
	return false;
}
