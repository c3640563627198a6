#include "call/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/step.h"
#include "call/spool_internal.h"

#define FOLDER "spool"
#define TOMBSTONES_FILE "forgotten"

bool spool_is_id(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789_-";
	size_t len = strnlen(text, SPOOL_ID_BYTES);

	return len && len < SPOOL_ID_BYTES && strspn(text, letters) == len;
}

const char *spool_name(const char *call_id, enum spool_state state, char name[SPOOL_NAME_BYTES])
{
	text_format(name, SPOOL_NAME_BYTES, "%s.%s", call_id,
		    state == SPOOL_STARTED ? "started" : "result");
	return name;
}

static int open_folder(struct spool *spool, const char *directory, enum spool_opening opening,
		       struct error *err)
{
	CLEANUP(fd) int above = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (above < 0)
		return error_errno(err, "%s", directory);
	if (opening == SPOOL_MAKE && mkdirat(above, FOLDER, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "make %s/" FOLDER, directory);
	spool->dir_fd = openat(above, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (spool->dir_fd < 0 || fstat(spool->dir_fd, &st) < 0)
		return error_errno(err, "%s/" FOLDER, directory);
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return error_set(err, -EPERM,
				 "%s/" FOLDER ": must belong to uid %u and be closed to others",
				 directory, geteuid());
	return 0;
}

static int open_spool(struct spool *spool, const char *directory, enum spool_opening opening,
		      struct error *err)
{
	int r = open_folder(spool, directory, opening, err);

	if (r == 0)
		r = ring_open(&spool->tombstones, spool->dir_fd, TOMBSTONES_FILE, SPOOL_TOMBSTONES,
			      NULL, err);
	if (r == 0)
		r = spool_recover(spool, err);
	if (r == 0)
		spool_fill_reserves(spool);
	return r;
}

struct spool *spool_open(const char *directory, enum spool_opening opening, struct error *err)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	struct error why = { 0 };

	if (!spool)
		abort();
	spool->dir_fd = spool->tombstones.fd = -1;
	if (open_spool(spool, directory, opening, &why) == 0)
		return spool;
	spool_close(spool);
	if (opening == SPOOL_MAKE || why.code != -ENOENT) {
		*err = why;
		error_wrap(err, "open the spool");
	}
	return NULL;
}

void spool_close(struct spool *spool)
{
	if (!spool)
		return;
	ring_close(&spool->tombstones);
	fd_close(&spool->dir_fd);
	free(spool->entries);
	free(spool);
}

struct spool_entry *spool_add(struct spool *spool, const struct spool_entry *entry)
{
	spool->entries = reallocarray(spool->entries, spool->n_entries + 1, sizeof(*entry));
	if (!spool->entries)
		abort();
	spool->entries[spool->n_entries] = *entry;
	spool->n_bytes += entry->n_bytes;
	return &spool->entries[spool->n_entries++];
}

void spool_remove(struct spool *spool, struct spool_entry *entry)
{
	spool->n_bytes -= entry->n_bytes;
	spool->n_entries--;
	memmove(entry, entry + 1,
		(size_t)(spool->entries + spool->n_entries - entry) * sizeof(*entry));
}

static struct spool_entry *find(const struct spool *spool, const char *call_id)
{
	for (size_t i = 0; i < spool->n_entries; i++)
		if (strcmp(spool->entries[i].call_id, call_id) == 0)
			return &spool->entries[i];
	return NULL;
}

int spool_find(const struct spool *spool, const char *call_id, enum spool_state *state_out,
	       const struct spool_entry **entry_out, struct error *err)
{
	int r;

	*entry_out = find(spool, call_id);
	*state_out = *entry_out ? (*entry_out)->state : SPOOL_UNKNOWN;
	if (*entry_out)
		return 0;
	r = ring_has(&spool->tombstones, call_id, err);
	if (r < 0)
		return error_wrap(err, "the spool's tombstones");
	*state_out = r ? SPOOL_FORGOTTEN : SPOOL_UNKNOWN;
	return 0;
}

bool spool_is_of(const struct spool_entry *entry, uid_t uid)
{
	return uid == entry->uid || uid == 0 || uid == geteuid();
}

const struct spool_entry *spool_next(const struct spool *spool, const struct spool_entry *entry)
{
	const struct spool_entry *next = entry ? entry + 1 : spool->entries;

	return spool->n_entries && next < spool->entries + spool->n_entries ? next : NULL;
}

static int write_line(const struct spool_entry *entry, int fd)
{
	CLEANUP(buf) struct buf line = { 0 };

	buf_init(&line, SPOOL_LINE_MAX_BYTES);
	spool_line_format(entry, &line);
	return line.dropped ? -E2BIG : fd_write_all(fd, line.data, line.len);
}

/* Complete and, above reads, on disk, before anything may come of it. */
static int make_started(struct spool *spool, const struct spool_entry *entry, const char *name)
{
	CLEANUP(fd) int fd = spool_make_file(spool, name);
	int r = fd < 0 ? fd : write_line(entry, fd);

	if (r == 0 && entry->risk > TOOL_READS && (fsync(fd) < 0 || fsync(spool->dir_fd) < 0))
		r = -errno;
	return r;
}

int spool_start(struct spool *spool, const struct spool_entry *entry, struct error *err)
{
	struct spool_entry started = *entry;
	char name[SPOOL_NAME_BYTES];
	int r;

	started.state = SPOOL_STARTED;
	started.n_bytes = SPOOL_ROOM_BYTES;
	if (spool->n_entries >= SPOOL_MAX_ENTRIES ||
	    spool->n_bytes + started.n_bytes > SPOOL_MAX_BYTES)
		return error_set(err, -EBUSY,
				 "%zu calls are kept already: collect and forget some first",
				 spool->n_entries);
	spool_name(entry->call_id, SPOOL_STARTED, name);
	r = make_started(spool, &started, name);
	if (r < 0) {
		(void)unlinkat(spool->dir_fd, name, 0); /* a part of it is none, see recovery */
		return error_set(err, r, "keep the call in the spool: %s", strerrordesc_np(-r));
	}
	(void)spool_add(spool, &started);
	return 0;
}

void spool_abandon(struct spool *spool, const char *call_id)
{
	struct spool_entry *entry = find(spool, call_id);
	char name[SPOOL_NAME_BYTES];

	/* Where it cannot be removed it is settled as interrupted at the next start. */
	(void)unlinkat(spool->dir_fd, spool_name(call_id, SPOOL_STARTED, name), 0);
	spool_remove(spool, entry);
	spool_fill_reserves(spool);
}

/* Behind the line, over whatever an earlier attempt left there. */
static int write_answer(int fd, const struct frame *answer, enum tool_risk risk)
{
	CLEANUP(buf) struct buf frame = { 0 };
	struct spool_entry ignored;
	ssize_t line = spool_line_read(fd, &ignored);
	int r;

	if (line < 0)
		return (int)line;
	buf_init(&frame, SPOOL_ANSWER_MAX_BYTES);
	frame_encode(answer->header, answer->body, answer->n_body, &frame);
	if (frame.dropped)
		return -E2BIG;
	if (lseek(fd, (off_t)line, SEEK_SET) < 0)
		return -errno;
	r = fd_write_all(fd, frame.data, frame.len);
	/* Gives back the room that was held. */
	if (r == 0 && ftruncate(fd, (off_t)line + (off_t)frame.len) < 0)
		r = -errno;
	if (r == 0 && risk > TOOL_READS && fsync(fd) < 0)
		r = -errno;
	return r < 0 ? r : (int)line + (int)frame.len;
}

static int keep_answer(struct spool *spool, struct spool_entry *entry, const struct frame *answer)
{
	char started[SPOOL_NAME_BYTES], result[SPOOL_NAME_BYTES];
	CLEANUP(fd) int fd = -1;
	int n;

	spool_name(entry->call_id, SPOOL_STARTED, started);
	spool_name(entry->call_id, SPOOL_FINISHED, result);
	fd = openat(spool->dir_fd, started, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write_answer(fd, answer, entry->risk);
	if (n < 0)
		return n;
	step_reached("spool-written");
	if (renameat(spool->dir_fd, started, spool->dir_fd, result) < 0)
		return -errno;
	/* From here on it is answered, whether or not the folder can be synced. */
	if (entry->risk > TOOL_READS)
		(void)!fsync(spool->dir_fd);
	spool->n_bytes -= entry->n_bytes - (size_t)n;
	entry->n_bytes = (size_t)n;
	entry->state = SPOOL_FINISHED;
	return 0;
}

int spool_finish(struct spool *spool, const char *call_id, const struct frame *answer,
		 struct error *err)
{
	struct spool_entry *entry = find(spool, call_id);
	int r = keep_answer(spool, entry, answer);

	/* Once more: what failed for a moment should cost no result. */
	if (r < 0 && r != -E2BIG)
		r = keep_answer(spool, entry, answer);
	spool_fill_reserves(spool);
	return r < 0 ? error_set(err, r, "keep the answer in the spool: %s", strerrordesc_np(-r))
		     : 0;
}

int spool_load(const struct spool *spool, const char *call_id, struct frame *answer_out,
	       struct error *err)
{
	struct spool_entry entry;
	char name[SPOOL_NAME_BYTES];
	CLEANUP(fd)
	int fd = openat(spool->dir_fd, spool_name(call_id, SPOOL_FINISHED, name),
			O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t line = fd < 0 ? -errno : spool_line_read(fd, &entry);

	if (line < 0 || lseek(fd, (off_t)line, SEEK_SET) < 0)
		return error_set(err, line < 0 ? (int)line : -errno,
				 "the answer of '%s' cannot be read", call_id);
	if (frame_read(fd, answer_out, err) < 0) {
		err->code = -EIO;
		return error_wrap(err, "the answer of '%s' was damaged on disk", call_id);
	}
	return 0;
}

int spool_forget(struct spool *spool, const char *call_id, struct error *err)
{
	struct spool_entry *entry = find(spool, call_id);
	char name[SPOOL_NAME_BYTES];
	int r;

	if (!entry)
		return error_set(err, -ENOENT, "no call '%s' is kept", call_id);
	if (entry->state != SPOOL_FINISHED)
		return error_set(err, -EBUSY, "the call '%s' has not ended", call_id);
	/* The tombstone first: in between it is known twice, never not at all. */
	r = ring_add(&spool->tombstones, call_id, 0,
		     entry->risk > TOOL_READS ? RING_SYNCED : RING_CACHED, err);
	if (r < 0)
		return error_wrap(err, "forget '%s'", call_id);
	step_reached("spool-buried");
	if (unlinkat(spool->dir_fd, spool_name(call_id, SPOOL_FINISHED, name), 0) < 0)
		return error_errno(err, "forget '%s'", call_id);
	spool_remove(spool, entry);
	spool_fill_reserves(spool);
	return 0;
}
