#include "call/audit.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "call/audit_internal.h"

static int open_directory(struct audit *audit, const char *directory, struct error *err)
{
	struct stat st;

	if (mkdir(directory, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "%s", directory);
	audit->dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (audit->dir_fd < 0 || fstat(audit->dir_fd, &st) < 0)
		return error_errno(err, "%s", directory);
	if (st.st_uid != geteuid() || (st.st_mode & 077))
		return error_set(err, -EPERM, "%s: must belong to uid %u and be closed to others",
				 directory, geteuid());
	/* On the folder, so that the lock needs no file of its own. */
	if (flock(audit->dir_fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return error_set(err, -EBUSY, "%s: another process writes the log here",
					 directory);
		return error_errno(err, "lock %s", directory);
	}
	return 0;
}

static json_t *hmac_json(const struct audit *audit, const void *bytes, size_t len)
{
	char text[HASH_TEXT_BYTES];

	audit_key_hmac(audit->key, bytes, len, text);
	return json_string(text);
}

static void put_text(json_t *members, const char *key, const char *text, size_t max)
{
	if (text)
		json_put(members, key, json_text(text, strnlen(text, max)));
}

static void put_args(json_t *members, const json_t *args)
{
	CLEANUP(text) char *text = args ? json_canonical(args) : NULL;
	size_t len = text ? strlen(text) : 0;

	if (!args)
		return;
	if (len <= AUDIT_ARGS_MAX_BYTES) {
		json_put(members, "args", json_deep_copy(args));
		return;
	}
	json_put(members, "args_cut", json_text(text, AUDIT_ARGS_MAX_BYTES));
	json_put(members, "args_bytes", json_integer((json_int_t)len));
}

static json_t *intent_members(const struct audit *audit, const struct audit_call *call)
{
	json_t *members =
		json_pack("{s:I, s:I, s:I, s:I}", "id", (json_int_t)call->id, "uid",
			  (json_int_t)call->caller->uid, "gid", (json_int_t)call->caller->gid,
			  "pid", (json_int_t)call->caller->pid);

	put_text(members, "call_id", call->call_id, 64);
	put_text(members, "who", call->caller->who, sizeof(call->caller->who));
	if (call->caller->on_behalf[0])
		put_text(members, "on_behalf", call->caller->on_behalf,
			 sizeof(call->caller->on_behalf));
	if (call->caller->client[0])
		put_text(members, "client", call->caller->client, sizeof(call->caller->client));
	if (call->caller->application[0])
		put_text(members, "application", call->caller->application,
			 sizeof(call->caller->application));
	put_text(members, "tool", call->tool_name, 128);
	if (call->tool)
		put_text(members, "risk", tool_risk_name(call->tool->risk), 16);
	put_text(members, "decision", call->decision, ERROR_TEXT_BYTES);
	put_text(members, "approver", call->approver, 128);
	put_text(members, "grant", call->grant, 64);
	put_args(members, call->redacted_args);
	if (call->arg_bytes)
		json_put(members, "args_hmac",
			 hmac_json(audit, call->arg_bytes, call->n_arg_bytes));
	return members;
}

static json_t *outcome_members(const struct audit_outcome *outcome)
{
	json_t *members = json_pack("{s:I}", "id", (json_int_t)outcome->id);

	put_text(members, "call_id", outcome->call_id, 64);
	put_text(members, "outcome", outcome->outcome, 32);
	json_put(members, "elapsed_ms", json_real((double)outcome->elapsed_ns / (double)NS_PER_MS));
	put_text(members, "result_sha256", outcome->result_sha256, HASH_TEXT_BYTES);
	if (outcome->err && outcome->err->code)
		json_put(members, "error",
			 json_pack("{s:i, s:o}", "code", outcome->err->code, "text",
				   json_text(outcome->err->text, strlen(outcome->err->text))));
	return members;
}

static int write_repair(struct audit *audit, const struct audit_tear *tear, struct error *err)
{
	if (!tear->n_bytes)
		return 0;
	return audit_write(audit, AUDIT_REPAIR,
			   json_pack("{s:I, s:s}", "torn_bytes", (json_int_t)tear->n_bytes,
				     "torn_sha256", tear->sha256),
			   err);
}

static int close_open_calls(struct audit *audit, struct error *err)
{
	static const struct error why = { -EINTR, "the process that ran it ended first" };

	while (audit->open.n) {
		struct audit_outcome outcome = {
			.id = audit->open.ids[0],
			.outcome = "interrupted",
			.err = &why,
		};
		int r = audit_outcome(audit, &outcome, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static int recover(struct audit *audit, const char *directory, struct error *err)
{
	struct audit_tear tear = { 0 };
	int r = open_directory(audit, directory, err);

	if (r == 0)
		r = secret_load(audit->dir_fd, AUDIT_KEY_FILE, audit->key, err);
	if (r == 0)
		r = audit_count_rotated(audit->dir_fd, &audit->n_rotated, err);
	if (r == 0)
		r = audit_recover(audit, &tear, err);
	if (r < 0)
		return r;
	audit_fill_reserve(audit);
	return write_repair(audit, &tear, err);
}

struct audit *audit_open_unfinished(const char *directory, struct error *err)
{
	struct audit *audit = calloc(1, sizeof(*audit));

	if (!audit)
		abort();
	audit->fd = -1;
	audit->dir_fd = -1;
	if (recover(audit, directory, err) < 0) {
		error_wrap(err, "open the audit log");
		audit_close(audit);
		return NULL;
	}
	return audit;
}

int audit_begin(struct audit *audit, struct error *err)
{
	int r = close_open_calls(audit, err);
	char key_id[AUDIT_KEY_ID_BYTES];

	audit_key_id(audit->key, key_id);
	if (r == 0)
		r = audit_write(audit, AUDIT_START,
				json_pack("{s:I, s:I, s:s}", "pid", (json_int_t)getpid(), "uid",
					  (json_int_t)geteuid(), "key_id", key_id),
				err);
	if (r == 0)
		r = audit_sync(audit, err);
	return r < 0 ? error_wrap(err, "open the audit log") : 0;
}

struct audit *audit_open(const char *directory, struct error *err)
{
	struct audit *audit = audit_open_unfinished(directory, err);

	if (audit && audit_begin(audit, err) < 0) {
		audit_close(audit);
		return NULL;
	}
	return audit;
}

bool audit_is_open(const struct audit *audit, uint64_t id)
{
	for (size_t i = 0; i < audit->open.n; i++)
		if (audit->open.ids[i] == id)
			return true;
	return false;
}

uint64_t audit_next_id(const struct audit *audit)
{
	return audit->seq + 1;
}

void audit_close(struct audit *audit)
{
	if (!audit)
		return;
	if (audit->fd >= 0 && audit->needs_sync)
		(void)fdatasync(audit->fd); /* nobody is left to be told */
	fd_close(&audit->fd);
	fd_close(&audit->dir_fd);
	OPENSSL_cleanse(audit->key, sizeof(audit->key));
	free(audit);
}

int audit_intent(struct audit *audit, const struct audit_call *call, struct error *err)
{
	bool may_change = call->tool && call->tool->risk == TOOL_CHANGES;
	int r;

	if (audit->open.n == AUDIT_MAX_OPEN)
		return error_set(err, -EBUSY, "%d calls are open already", AUDIT_MAX_OPEN);
	r = audit_rotate_if_long(audit, err);
	if (r < 0)
		return r;
	audit_fill_reserve(audit);
	if (may_change && audit->is_on_reserve)
		return error_set(
			err, -ENOSPC,
			"the disk of the audit log is full: only reads run until it is not");
	r = audit_write(audit, AUDIT_INTENT, intent_members(audit, call), err);
	if (r < 0)
		return r;
	(void)open_calls_add(&audit->open, call->id); /* there was room above */
	if (call->tool && call->tool->risk > TOOL_READS)
		return audit_sync(audit, err);
	return 0;
}

int audit_outcome(struct audit *audit, const struct audit_outcome *outcome, struct error *err)
{
	int r = audit_write(audit, AUDIT_OUTCOME, outcome_members(outcome), err);

	if (r == 0)
		(void)open_calls_remove(&audit->open, outcome->id); /* it may never have had one */
	return r;
}

bool audit_needs_sync(const struct audit *audit)
{
	return audit->needs_sync;
}

int audit_sync(struct audit *audit, struct error *err)
{
	if (audit->is_broken)
		return error_set(err, -EIO, "the audit log failed before; restart to go on");
	if (!audit->needs_sync)
		return 0;
	/* After a failed sync the kernel has forgotten which pages it lost. */
	if (fdatasync(audit->fd) < 0) {
		audit->is_broken = true;
		return error_errno(err, "sync the audit log");
	}
	audit->needs_sync = false;
	return 0;
}

bool audit_is_on_reserve(const struct audit *audit)
{
	return audit->is_on_reserve;
}

void audit_head(const struct audit *audit, uint64_t *seq_out, char hash_out[AUDIT_HASH_TEXT_BYTES])
{
	*seq_out = audit->seq;
	memcpy(hash_out, audit->head, AUDIT_HASH_TEXT_BYTES);
}
