/* What an earlier process left in the spool, and how it ends. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/audit.h"
#include "call/spool_internal.h"

static const struct error interrupted = { -EINTR, "interrupted: the warden ended while it ran" };

/* ID and state of a file's name; SPOOL_UNKNOWN for another's. */
static enum spool_state parse_name(const char *name, char call_id[SPOOL_ID_BYTES])
{
	const char *dot = strchr(name, '.');

	if (!dot || dot - name >= SPOOL_ID_BYTES)
		return SPOOL_UNKNOWN;
	text_format(call_id, SPOOL_ID_BYTES, "%.*s", (int)(dot - name), name);
	if (!spool_is_id(call_id))
		return SPOOL_UNKNOWN;
	if (strcmp(dot, ".started") == 0)
		return SPOOL_STARTED;
	return strcmp(dot, ".result") == 0 ? SPOOL_FINISHED : SPOOL_UNKNOWN;
}

/*
 * A line is complete before anything may come of it, so that without one nothing
 * was started: the file goes. A result without one was damaged later: its call
 * was started, and all that can be kept of it is that.
 */
static int drop(struct spool *spool, const char *name, const char *call_id, enum spool_state state,
		struct error *err)
{
	if (state == SPOOL_FINISHED &&
	    ring_add(&spool->tombstones, call_id, 0, RING_SYNCED, err) < 0)
		return error_wrap(err, "%s", name);
	return unlinkat(spool->dir_fd, name, 0) < 0 ? error_errno(err, "%s", name) : 0;
}

static int take_file(struct spool *spool, const char *name, struct error *err)
{
	struct spool_entry entry;
	char call_id[SPOOL_ID_BYTES];
	enum spool_state state = parse_name(name, call_id);
	CLEANUP(fd) int fd = -1;
	ssize_t n;

	if (state == SPOOL_UNKNOWN)
		return 0;
	fd = openat(spool->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	n = fd < 0 ? -errno : spool_line_read(fd, &entry);
	if (n == -EBADMSG || (n >= 0 && strcmp(entry.call_id, call_id) != 0))
		return drop(spool, name, call_id, state, err);
	if (n < 0)
		return error_set(err, (int)n, "%s: %s", name, strerrordesc_np((int)-n));
	entry.state = state;
	entry.n_bytes = SPOOL_ROOM_BYTES;
	if (state == SPOOL_FINISHED) {
		off_t size = lseek(fd, 0, SEEK_END);

		entry.n_bytes = size < 0 ? 0 : (size_t)size;
	}
	(void)spool_add(spool, &entry);
	return 0;
}

int spool_recover(struct spool *spool, struct error *err)
{
	int fd = openat(spool->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *file;
	int r = 0;

	if (!directory) {
		error_errno(err, "list the spool");
		fd_close(&fd);
		return err->code;
	}
	while (r == 0 && (file = readdir(directory)))
		r = take_file(spool, file->d_name, err);
	(void)closedir(directory);
	return r;
}

static int record_outcome(struct audit *audit, const struct spool_entry *entry,
			  const json_t *answer, struct error *err)
{
	struct error why = { (int)json_get_int(answer, "code", 0), "" };
	struct audit_outcome outcome = {
		.id = entry->audit_id,
		.call_id = entry->call_id,
		.outcome = json_get_text(answer, "outcome", "failed"),
		.err = &why,
		.result_sha256 = json_get_text(answer, "sha256", NULL),
		.elapsed_ns = (uint64_t)(json_get_number(answer, "elapsed_ms", 0) * NS_PER_MS),
	};

	text_format(why.text, sizeof(why.text), "%s", json_get_text(answer, "error", ""));
	return audit_outcome(audit, &outcome, err);
}

/* It was killed between the spool and the log, or the host went down with the log's last lines. */
static int record_intent(struct audit *audit, const struct spool_entry *entry, struct error *err)
{
	struct caller caller = { .uid = entry->uid };
	struct audit_call call = {
		.id = entry->audit_id,
		.call_id = entry->call_id,
		.caller = &caller,
		.tool_name = entry->tool,
		.decision = "found in the spool: the process that kept it ended before it was "
			    "recorded",
	};

	text_format(caller.who, sizeof(caller.who), "%s", entry->who);
	text_format(caller.on_behalf, sizeof(caller.on_behalf), "%s", entry->on_behalf);
	return audit_intent(audit, &call, err);
}

static int settle_started(struct spool *spool, struct audit *audit, const struct spool_entry *entry,
			  struct error *err)
{
	CLEANUP(json)
	json_t *header = json_pack("{s:s, s:s, s:i, s:s, s:s}", "type", "answer", "call_id",
				   entry->call_id, "code", interrupted.code, "error",
				   interrupted.text, "outcome", "interrupted");
	struct frame answer = { .header = header };
	struct spool_entry was = *entry;
	int r = 0;

	if (!audit_is_open(audit, entry->audit_id))
		r = record_intent(audit, entry, err);
	if (r == 0)
		r = spool_finish(spool, was.call_id, &answer, err);
	return r < 0 ? r : record_outcome(audit, &was, header, err);
}

static int settle_finished(const struct spool *spool, struct audit *audit,
			   const struct spool_entry *entry, struct error *err)
{
	CLEANUP(frame) struct frame answer = { 0 };
	struct error damaged = { 0 };

	if (!audit_is_open(audit, entry->audit_id))
		return 0;
	if (spool_load(spool, entry->call_id, &answer, &damaged) < 0)
		answer.header =
			json_pack("{s:i, s:s}", "code", damaged.code, "error", damaged.text);
	return record_outcome(audit, entry, answer.header, err);
}

int spool_settle(struct spool *spool, struct audit *audit, struct error *err)
{
	for (size_t i = 0; i < spool->n_entries; i++) {
		const struct spool_entry *entry = &spool->entries[i];
		int r = entry->state == SPOOL_FINISHED ? settle_finished(spool, audit, entry, err)
						       : settle_started(spool, audit, entry, err);

		if (r < 0)
			return error_wrap(err, "settle '%s'", entry->call_id);
	}
	return 0;
}
