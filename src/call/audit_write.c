#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/json.h"
#include "call/audit_internal.h"

/* Asked for at once beyond the reserve, so that not every line asks. */
#define RESERVE_STEP_BYTES (256 * KIB)

static int set_errno_error(const struct audit *audit, struct error *err, const char *what)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return error_set(err, -ENOSPC, "%s: the disk is full%s", what,
				 audit->has_reserve ? ", and the reserve used up" : "");
	return error_errno(err, "%s", what);
}

static json_t *build_line(const struct audit *audit, enum audit_kind kind, json_t *members)
{
	char time[CLOCK_TEXT_BYTES];
	json_t *line = json_pack("{s:I, s:s, s:s, s:s}", "seq", (json_int_t)audit->seq + 1, "time",
				 clock_format(clock_wall_ns(), time), "kind", audit_kind_name(kind),
				 "prev", audit->head);

	if (!line || json_object_update(line, members) < 0)
		abort();
	json_decref(members);
	return line;
}

/* All of the line or none of it: half a line would be taken for a crash. */
static int append(struct audit *audit, const char *text, size_t len, struct error *err)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(audit->fd, text + done, len - done);

		if (n > 0) {
			done += (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			int r = set_errno_error(audit, err, "write the audit log");

			if (done && ftruncate(audit->fd, audit->size) < 0)
				audit->is_broken = true;
			if (done)
				audit->allocated_end = audit->size; /* cut off with it */
			return r;
		}
	}
	return 0;
}

int audit_write(struct audit *audit, enum audit_kind kind, json_t *members, struct error *err)
{
	CLEANUP(json) json_t *line = build_line(audit, kind, members);
	CLEANUP(text) char *text = json_dumps(line, JSON_COMPACT);
	size_t len;
	int r;

	if (!text)
		abort();
	if (audit->is_broken)
		return error_set(err, -EIO, "the audit log failed before; restart to go on");
	len = strlen(text);
	assert(len < AUDIT_LINE_MAX_BYTES);
	hash_text(text, len, audit->head);
	text[len] = '\n';
	r = append(audit, text, len + 1, err);
	text[len] = '\0';
	if (r < 0) {
		/* The line is not there: the next one follows the one before it. */
		const char *prev = json_get_text(line, "prev", "");

		memcpy(audit->head, prev, HASH_TEXT_BYTES);
		return r;
	}
	audit->seq++;
	audit->size += (off_t)len + 1;
	audit->needs_sync = true;
	return 0;
}

static bool disk_is_full(const struct audit *audit)
{
	struct statvfs fs;
	uint64_t n_free;

	if (fstatvfs(audit->fd, &fs) < 0 || !fs.f_blocks)
		return false;
	n_free = geteuid() == 0 ? fs.f_bfree : fs.f_bavail;
	return n_free * fs.f_frsize < AUDIT_RESERVE_BYTES;
}

static bool allocate(struct audit *audit, size_t len)
{
	int r;

	do {
		r = fallocate(audit->fd, FALLOC_FL_KEEP_SIZE, audit->size, (off_t)len);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return false;
	audit->allocated_end = audit->size + (off_t)len;
	return true;
}

void audit_fill_reserve(struct audit *audit)
{
	bool is_whole = audit->allocated_end >= audit->size + (off_t)AUDIT_RESERVE_BYTES;

	if (!is_whole) {
		is_whole = allocate(audit, AUDIT_RESERVE_BYTES + RESERVE_STEP_BYTES) ||
			   allocate(audit, AUDIT_RESERVE_BYTES);
		audit->has_reserve |= is_whole || errno == ENOSPC || errno == EDQUOT;
	}
	audit->is_on_reserve = (audit->has_reserve && !is_whole) || disk_is_full(audit);
}

static json_t *open_ids(const struct audit *audit)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < audit->open.n; i++)
		json_push(ids, json_integer((json_int_t)audit->open.ids[i]));
	return json_pack("{s:o}", "open", ids);
}

static int start_new_file(struct audit *audit, struct error *err)
{
	char name[AUDIT_NAME_BYTES];
	CLEANUP(fd) int old = audit->fd;
	int r;

	audit_rotated_name(audit->n_rotated + 1, name);
	audit->fd = -1;
	if (renameat(audit->dir_fd, AUDIT_FILE, audit->dir_fd, name) == 0) {
		audit->n_rotated++;
		audit->fd = openat(audit->dir_fd, AUDIT_FILE,
				   O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	}
	if (audit->fd < 0 || fsync(audit->dir_fd) < 0) {
		audit->is_broken = true;
		return error_errno(err, "rotate the audit log");
	}
	/* What is left of the old file's reserve goes back to the disk. */
	r = ftruncate(old, audit->size);
	(void)r; /* it costs only space */
	audit->size = 0;
	audit->allocated_end = 0;
	audit_fill_reserve(audit);
	return audit_write(audit, AUDIT_ROTATE, open_ids(audit), err);
}

int audit_rotate_if_long(struct audit *audit, struct error *err)
{
	int r;

	/* On a full disk a new file could not hold a reserve: the old one goes on. */
	if (audit->size < (off_t)AUDIT_FILE_BYTES || audit->is_on_reserve)
		return 0;
	r = audit_sync(audit, err);
	return r < 0 ? r : start_new_file(audit, err);
}
