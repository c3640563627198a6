/* The files of the spool: their first line, their room, and the reserves. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/spool_internal.h"

#define LINE_VERSION 1

void spool_line_format(const struct spool_entry *entry, struct buf *out)
{
	CLEANUP(json)
	json_t *line = json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:i}", "version",
				 LINE_VERSION, "call_id", entry->call_id, "tool", entry->tool,
				 "who", entry->who, "on_behalf", entry->on_behalf, "args_sha256",
				 entry->args_sha256, "audit_id", (json_int_t)entry->audit_id, "uid",
				 (json_int_t)entry->uid, "risk", (int)entry->risk);
	CLEANUP(text) char *text = json_canonical(line);

	buf_add_text(out, text);
	buf_add(out, "\n", 1);
}

static void copy(const json_t *line, const char *key, char *out, size_t size)
{
	text_format(out, size, "%s", json_get_text(line, key, ""));
}

bool spool_line_parse(const char *text, size_t len, struct spool_entry *entry_out)
{
	struct error ignored = { 0 };
	CLEANUP(json) json_t *line = json_parse(text, len, SPOOL_LINE_MAX_BYTES, &ignored);
	struct spool_entry entry = { 0 };
	json_int_t risk = json_get_int(line, "risk", -1);

	if (json_get_int(line, "version", 0) != LINE_VERSION || risk < TOOL_READS ||
	    risk > TOOL_CHANGES || !spool_is_id(json_get_text(line, "call_id", "")))
		return false;
	copy(line, "call_id", entry.call_id, sizeof(entry.call_id));
	copy(line, "tool", entry.tool, sizeof(entry.tool));
	copy(line, "who", entry.who, sizeof(entry.who));
	copy(line, "on_behalf", entry.on_behalf, sizeof(entry.on_behalf));
	copy(line, "args_sha256", entry.args_sha256, sizeof(entry.args_sha256));
	entry.audit_id = (uint64_t)json_get_int(line, "audit_id", 0);
	entry.uid = (uid_t)json_get_int(line, "uid", 0);
	entry.risk = (enum tool_risk)risk;
	*entry_out = entry;
	return true;
}

ssize_t spool_line_read(int fd, struct spool_entry *entry_out)
{
	char text[SPOOL_LINE_MAX_BYTES];
	const char *newline;
	ssize_t n;

	do
		n = pread(fd, text, sizeof(text), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	newline = memchr(text, '\n', (size_t)n);
	if (!newline || !spool_line_parse(text, (size_t)(newline - text), entry_out))
		return -EBADMSG;
	return newline - text + 1;
}

static const char *reserve_name(unsigned i, char name[SPOOL_NAME_BYTES])
{
	text_format(name, SPOOL_NAME_BYTES, "reserve.%u", i);
	return name;
}

/* 0, or -ENOSPC; a file system that cannot hold room for a file holds none. */
static int hold_room(int fd)
{
	int r;

	do
		r = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, SPOOL_ROOM_BYTES);
	while (r < 0 && errno == EINTR);
	return r < 0 && errno != EOPNOTSUPP && errno != ENOSYS ? -errno : 0;
}

/* One that an earlier process made has its room already. */
static bool make_reserve(const struct spool *spool, unsigned i)
{
	char name[SPOOL_NAME_BYTES];
	CLEANUP(fd)
	int fd = openat(spool->dir_fd, reserve_name(i, name),
			O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && hold_room(fd) == 0)
		return true;
	(void)unlinkat(spool->dir_fd, name, 0); /* half a reserve only takes room */
	return false;
}

void spool_fill_reserves(struct spool *spool)
{
	for (unsigned i = 0; i < SPOOL_RESERVES; i++) {
		if (!spool->has_reserve[i])
			spool->has_reserve[i] = make_reserve(spool, i);
		if (!spool->has_reserve[i])
			return; /* the next one would not fit either */
	}
}

static int take_reserve(struct spool *spool, const char *name)
{
	char reserve[SPOOL_NAME_BYTES];

	for (unsigned i = SPOOL_RESERVES; i-- > 0;) {
		int fd;

		if (!spool->has_reserve[i])
			continue;
		spool->has_reserve[i] = false;
		if (renameat(spool->dir_fd, reserve_name(i, reserve), spool->dir_fd, name) < 0)
			continue;
		fd = openat(spool->dir_fd, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	return -ENOSPC;
}

int spool_make_file(struct spool *spool, const char *name)
{
	int fd = openat(spool->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	int r = fd < 0 ? -errno : hold_room(fd);

	if (r == 0)
		return fd;
	fd_close(&fd);
	if (r != -ENOSPC && r != -EDQUOT)
		return r;
	return take_reserve(spool, name); /* in its place, if it exists */
}
