/*
 * The spool: calls that must not be started twice, and answers that must not be
 * lost, whatever is killed and whenever.
 *
 * A durable call has an id of its caller's making. Before its job may start,
 * spool_start() makes spool/ID.started; when the job has ended, spool_finish()
 * appends the answer and renames the file to ID.result, which is the moment the
 * call is answered. There the answer stays until spool_forget(), which leaves a
 * tombstone: the last SPOOL_TOMBSTONES forgotten ids are known as such. An id
 * that is known in any of these ways never starts again.
 *
 * A file is one line of JSON (who, what, when) and, behind it, the answer as a
 * frame (call/frame.h). The room of the largest answer is allocated before the
 * start, so that a disk which fills up meanwhile loses no result; on a disk that
 * is full already that room comes from SPOOL_RESERVES files made earlier.
 *
 * At most SPOOL_MAX_ENTRIES calls and SPOOL_MAX_BYTES; beyond, -EBUSY and nothing
 * starts. What was started survives this process; above TOOL_READS also the
 * host's going down (fsync), while a read may then be started once more.
 * The audit log's lock on the folder above keeps other wardens out.
 */
#pragma once

#include "call/frame.h"
#include "call/hash.h"
#include "call/tool.h"

#define SPOOL_MAX_ENTRIES 256
#define SPOOL_MAX_BYTES (64 * MIB)
#define SPOOL_ANSWER_MAX_BYTES (2 * MIB + 64 * KIB)
#define SPOOL_TOMBSTONES 8192
#define SPOOL_RESERVES 4
#define SPOOL_ID_BYTES 65 /* with its NUL */

struct audit;
struct spool;

enum spool_state {
	SPOOL_UNKNOWN,
	SPOOL_STARTED,
	SPOOL_FINISHED,
	SPOOL_FORGOTTEN,
};

/* What is known of a call beside its answer. */
struct spool_entry {
	char call_id[SPOOL_ID_BYTES];
	char tool[64];
	char who[64];
	char on_behalf[128]; /* "" for nobody */
	char args_sha256[HASH_TEXT_BYTES];
	uint64_t audit_id; /* of its intent in the audit log */
	uid_t uid;         /* of the caller */
	enum tool_risk risk;
	enum spool_state state; /* SPOOL_STARTED or SPOOL_FINISHED */
	size_t n_bytes;         /* that count against SPOOL_MAX_BYTES */
};

enum spool_opening {
	SPOOL_MAKE,
	SPOOL_IF_THERE, /* NULL without an error where there is none */
};

/* 'directory' is the state folder; the spool lies in "spool" below it. */
struct spool *spool_open(const char *directory, enum spool_opening opening, struct error *err);
void spool_close(struct spool *spool);

/* An id is 1 to 64 of A-Z a-z 0-9 '_' '-'. */
bool spool_is_id(const char *text);

/* SPOOL_STARTED and SPOOL_FINISHED fill 'entry_out' (borrowed until the spool changes). */
int spool_find(const struct spool *spool, const char *call_id, enum spool_state *state_out,
	       const struct spool_entry **entry_out, struct error *err) MUST_CHECK;

/* Whether that user may see and forget it: whose call it was, root, and whom we run as. */
bool spool_is_of(const struct spool_entry *entry, uid_t uid);

/* Every entry in turn, from NULL on: NULL after the last. */
const struct spool_entry *spool_next(const struct spool *spool, const struct spool_entry *entry);

/* The id must be unknown. -EBUSY, -ENOSPC, ...: then nothing may start. */
int spool_start(struct spool *spool, const struct spool_entry *entry, struct error *err) MUST_CHECK;

/* It did not start after all: as if spool_start() had never been called. */
void spool_abandon(struct spool *spool, const char *call_id);

/*
 * Keeps the answer. On failure the call stays as started: its outcome is then
 * settled when the spool is opened again.
 */
int spool_finish(struct spool *spool, const char *call_id, const struct frame *answer,
		 struct error *err) MUST_CHECK;

/* The answer of a finished call. */
int spool_load(const struct spool *spool, const char *call_id, struct frame *answer_out,
	       struct error *err) MUST_CHECK;

/* Only a finished call can be forgotten: -EBUSY before, -ENOENT if it is not there. */
int spool_forget(struct spool *spool, const char *call_id, struct error *err) MUST_CHECK;

/*
 * Ends what an earlier process left behind: a call that was started and has no
 * answer gets one of code -EINTR, and each has the same outcome in the audit log,
 * which must be open, with none of its calls closed yet (audit_open_unfinished()).
 */
int spool_settle(struct spool *spool, struct audit *audit, struct error *err) MUST_CHECK;
