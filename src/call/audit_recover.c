#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/audit_internal.h"

#define MAX_ROTATED 100000

const char *audit_rotated_name(unsigned n, char name[AUDIT_NAME_BYTES])
{
	(void)snprintf(name, AUDIT_NAME_BYTES, "audit.%u.jsonl", n);
	return name;
}

static unsigned rotated_number(const char *name)
{
	uint64_t n;
	const char *at = name;

	if (!scan_text(&at, "audit.") || *at < '1' || *at > '9' || !scan_u64(&at, &n) ||
	    strcmp(at, ".jsonl") != 0 || n > MAX_ROTATED)
		return 0;
	return (unsigned)n;
}

int audit_count_rotated(int dir_fd, unsigned *n_out, struct error *err)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	unsigned max = 0;

	if (!directory) {
		error_errno(err, "list the log's folder");
		fd_close(&fd);
		return err->code;
	}
	while ((entry = readdir(directory))) {
		unsigned n = rotated_number(entry->d_name);

		if (n > max)
			max = n;
	}
	(void)closedir(directory);
	*n_out = max;
	return 0;
}

/* Follows a file to its end; returns how many lines it has, or a negative errno. */
static int64_t follow_file(struct audit *audit, int fd, struct audit_tear *tear)
{
	CLEANUP(audit_reader) struct audit_reader reader = { .fd = -1 };
	enum audit_read what;
	struct str text = { "", 0 };
	int64_t n = 0;

	audit_reader_init(&reader, fd);
	for (;;) {
		struct audit_line line;
		off_t offset = reader.offset;

		what = audit_reader_next(&reader, &text);
		if (what != AUDIT_READ_LINE) {
			audit->size = offset;
			break;
		}
		n++;
		hash_text(text.data, text.len, audit->head);
		if (!audit_line_parse(text, &line))
			continue;
		audit->seq = line.seq;
		/* What makes no sense is audit_verify()'s to tell. */
		(void)audit_line_follow(&line, text, &audit->open);
	}
	if (what == AUDIT_READ_TORN) {
		tear->n_bytes = text.len;
		hash_text(text.data, text.len, tear->sha256);
	}
	return reader.error ? reader.error : n;
}

/* A file that a crash left empty goes on where the one before it ended. */
static int follow_rotated(struct audit *audit, struct error *err)
{
	char name[AUDIT_NAME_BYTES];
	struct audit_tear torn = { 0 };
	CLEANUP(fd) int fd = -1;
	int64_t n;

	if (!audit->n_rotated)
		return 0;
	audit_rotated_name(audit->n_rotated, name);
	fd = openat(audit->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "%s", name);
	n = follow_file(audit, fd, &torn);
	if (n < 0)
		return error_set(err, (int)n, "%s: %s", name, strerrordesc_np((int)-n));
	return 0;
}

static int open_current(struct audit *audit, struct error *err)
{
	struct stat st;

	audit->fd = openat(audit->dir_fd, AUDIT_FILE,
			   O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (audit->fd < 0 || fstat(audit->fd, &st) < 0)
		return error_errno(err, AUDIT_FILE);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "%s: is not a regular file", AUDIT_FILE);
	if (fsync(audit->dir_fd) < 0)
		return error_errno(err, AUDIT_FILE);
	return 0;
}

int audit_recover(struct audit *audit, struct audit_tear *tear_out, struct error *err)
{
	int64_t n;
	int r = open_current(audit, err);

	if (r < 0)
		return r;
	hash_text(AUDIT_FIRST_PREV, strlen(AUDIT_FIRST_PREV), audit->head);
	n = follow_file(audit, audit->fd, tear_out);
	if (n < 0)
		return error_set(err, (int)n, "%s: %s", AUDIT_FILE, strerrordesc_np((int)-n));
	if (n == 0) {
		off_t size = audit->size;

		r = follow_rotated(audit, err);
		audit->size = size;
		if (r < 0)
			return r;
	}
	if (tear_out->n_bytes && ftruncate(audit->fd, audit->size) < 0)
		return error_errno(err, "cut off a torn line");
	audit->allocated_end = audit->size;
	return 0;
}
