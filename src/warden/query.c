#include "warden/query.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "call/anchors.h"
#include "call/approval.h"
#include "tools/catalogue.h"
#include "warden/programs.h"

#define APPROVERS_FILE_BYTES (128 * KIB)
#define REVOCATIONS_BYTES (512 * KIB)
#define CONTACT_MAX_S 600

/* '*body_out' is a new reference, or stays NULL for an answer without a body. */
typedef int query(struct connection *connection, const struct frame *frame, json_t **body_out,
		  struct error *err);

static void list_tools(struct connection *connection, json_int_t id)
{
	CLEANUP(buf) struct buf text = { 0 };
	const struct error none = { 0 };

	buf_init(&text, CATALOGUE_MAX_BYTES);
	catalogue_write(connection->warden->gate.catalogue, &text);
	connection_answer_text(connection, id, &none, buf_text(&text));
}

static json_t *count_spool(const struct spool *spool)
{
	json_int_t n_started = 0, n_finished = 0, n_bytes = 0;

	for (const struct spool_entry *at = spool_next(spool, NULL); at;
	     at = spool_next(spool, at)) {
		n_started += at->state == SPOOL_STARTED;
		n_finished += at->state == SPOOL_FINISHED;
		n_bytes += (json_int_t)at->n_bytes;
	}
	return json_pack("{s:I, s:I, s:I}", "started", n_started, "finished", n_finished, "bytes",
			 n_bytes);
}

static int describe(struct connection *connection, const struct frame *frame UNUSED,
		    json_t **body_out, struct error *err UNUSED)
{
	const struct warden *warden = connection->warden;
	char head[AUDIT_HASH_TEXT_BYTES];
	uint64_t seq;
	json_t *status;

	audit_head(warden->gate.audit, &seq, head);
	status = json_pack("{s:i, s:i, s:f, s:I, s:s, s:b, s:s, s:s}", "pid", (int)getpid(), "uid",
			   (int)geteuid(), "uptime_s",
			   (double)(clock_monotonic_ns() - warden->started_ns) / NS_PER_SEC,
			   "audit_seq", (json_int_t)seq, "audit_head", head, "audit_on_reserve",
			   audit_is_on_reserve(warden->gate.audit), "state_dir", warden->state_dir,
			   "boot_id", warden->boot_id);
	json_put(status, "has_programs", json_boolean(programs_were_here(warden->state_dir)));
	if (warden->gate.spool)
		json_put(status, "spool", count_spool(warden->gate.spool));
	*body_out = status;
	return 0;
}

static int verify(struct connection *connection, const struct frame *frame UNUSED,
		  json_t **body_out, struct error *err)
{
	const struct warden *warden = connection->warden;
	CLEANUP(json) json_t *report = json_object();
	int r = audit_sync(warden->gate.audit, err);

	if (r == 0)
		r = audit_verify(warden->state_dir, report, err);
	if (r == 0)
		*body_out = TAKE(report);
	return r;
}

static int list_approvals(struct connection *connection, const struct frame *frame UNUSED,
			  json_t **body_out, struct error *err UNUSED)
{
	*body_out = approvals_list(connection->warden->gate.approvals);
	return 0;
}

static int approve(struct connection *connection, const struct frame *frame,
		   json_t **body_out UNUSED, struct error *err)
{
	return approvals_grant(connection->warden->gate.approvals, &connection->caller,
			       json_get_text(frame->header, "nonce", ""), err);
}

static int list_spool(struct connection *connection, const struct frame *frame UNUSED,
		      json_t **body_out, struct error *err UNUSED)
{
	const struct spool *spool = connection->warden->gate.spool;
	json_t *list = json_array();

	for (const struct spool_entry *at = spool ? spool_next(spool, NULL) : NULL; at;
	     at = spool_next(spool, at)) {
		if (!spool_is_of(at, connection->caller.uid))
			continue;
		json_push(list, json_pack("{s:s, s:s, s:s, s:I}", "call_id", at->call_id, "tool",
					  at->tool, "state",
					  at->state == SPOOL_STARTED ? "started" : "finished",
					  "bytes", (json_int_t)at->n_bytes));
	}
	*body_out = list;
	return 0;
}

static int forget(struct connection *connection, const struct frame *frame,
		  json_t **body_out UNUSED, struct error *err)
{
	struct spool *spool = connection->warden->gate.spool;
	const char *call_id = json_get_text(frame->header, "call_id", "");
	const struct spool_entry *entry = NULL;
	enum spool_state state = SPOOL_UNKNOWN;

	if (!spool)
		return error_set(err, -ENOTSUP, "this warden keeps no calls");
	if (spool_find(spool, call_id, &state, &entry, err) < 0)
		return err->code;
	if (state == SPOOL_FORGOTTEN)
		return 0; /* said twice is said once */
	if (!entry || !spool_is_of(entry, connection->caller.uid))
		return error_set(err, -ENOENT, "no call '%s' is kept", call_id);
	return spool_forget(spool, call_id, err);
}

static int check_consent(const struct connection *connection, struct error *err)
{
	const struct warden *warden = connection->warden;

	if (!warden->gate.consent)
		return error_set(err, -ENOTSUP,
				 "this warden ends with its client: nobody approves "
				 "from elsewhere");
	if (!policy_may_speak(warden->gate.policy, &connection->caller))
		return error_set(err, -EPERM, "%s does not speak for the link",
				 connection->caller.who);
	return 0;
}

static int give_nonce(struct connection *connection, const struct frame *frame, json_t **body_out,
		      struct error *err)
{
	struct consent_call call = {
		.call_id = json_get_text(frame->header, "call_id", ""),
		.tool = json_get_text(frame->header, "tool", ""),
		.args_sha256 = json_get_text(frame->header, "args_sha256", ""),
	};

	if (check_consent(connection, err) < 0)
		return err->code;
	if (!spool_is_id(call.call_id) || strlen(call.args_sha256) != HASH_TEXT_BYTES - 1 ||
	    strlen(call.tool) >= APPROVAL_TOOL_BYTES)
		return error_set(err, -EINVAL,
				 "a nonce is for a call_id, a tool and an args_sha256");
	*body_out = consent_request(connection->warden->gate.consent, &call, err);
	return *body_out ? 0 : err->code;
}

static int set_pin(struct connection *connection, const struct frame *frame,
		   json_t **body_out UNUSED, struct error *err)
{
	struct consent_pin pin = {
		.org = json_get_text(frame->header, "org", ""),
		.host = json_get_text(frame->header, "host", ""),
		.root = json_get_text(frame->header, "root", ""),
		.anchor_key = json_get_text(frame->header, "anchor_key", ""),
	};

	if (check_consent(connection, err) < 0)
		return err->code;
	if (connection->caller.uid != 0 && connection->caller.uid != geteuid())
		return error_set(err, -EPERM, "only root may say whose host this is");
	return consent_set_pin(connection->warden->gate.consent, &pin, err);
}

static int add_anchor(struct connection *connection, const struct frame *frame,
		      json_t **body_out UNUSED, struct error *err)
{
	const struct warden *warden = connection->warden;
	CLEANUP(json) json_t *sealed = NULL;
	char head[AUDIT_HASH_TEXT_BYTES];
	struct anchors_log log = { .directory = warden->state_dir, .head = head };

	if (!policy_may_speak(warden->gate.policy, &connection->caller))
		return error_set(err, -EPERM, "%s does not speak for the link",
				 connection->caller.who);
	sealed = json_parse(frame->body, frame->n_body, ANCHOR_LINE_MAX_BYTES, err);
	if (!sealed)
		return err->code;
	audit_head(warden->gate.audit, &log.seq, head);
	return anchors_add(&log, sealed, err);
}

static int serve_approvers(struct connection *connection, const struct frame *frame,
			   json_t **body_out, struct error *err)
{
	struct consent *consent = connection->warden->gate.consent;
	CLEANUP(json) json_t *sealed = NULL;

	if (check_consent(connection, err) < 0)
		return err->code;
	if (!frame->n_body) {
		*body_out = consent_describe(consent);
		return 0;
	}
	sealed = json_parse(frame->body, frame->n_body, APPROVERS_FILE_BYTES, err);
	return sealed ? consent_set_approvers(consent, sealed, err) : err->code;
}

/* One that cannot be taken keeps no other from being taken. */
static int take_revocations(struct connection *connection, const struct frame *frame,
			    json_t **body_out UNUSED, struct error *err)
{
	CLEANUP(json) json_t *list = NULL;
	const json_t *sealed;
	size_t i;
	int r = check_consent(connection, err);

	if (r < 0)
		return r;
	list = json_parse(frame->body, frame->n_body, REVOCATIONS_BYTES, err);
	if (!list)
		return err->code;
	json_array_foreach(list, i, sealed)
	{
		struct error why = { 0 };

		if (consent_revoke(connection->warden->gate.consent, sealed, &why) < 0 && r == 0)
			r = error_set(err, why.code, "%s", why.text);
	}
	return r;
}

/* From whoever has the link, and nobody else: what waits for it may cut the host off. */
static int take_contact(struct connection *connection, const struct frame *frame,
			json_t **body_out UNUSED, struct error *err)
{
	int64_t asked_ns = json_get_int(frame->header, "asked_ns", -1);
	int64_t age_ns = (int64_t)clock_boot_ns() - asked_ns;

	if (!policy_may_speak(connection->warden->gate.policy, &connection->caller))
		return error_set(err, -EPERM, "%s does not speak for the link",
				 connection->caller.who);
	if (asked_ns < 0 || age_ns < 0 || age_ns > (int64_t)(CONTACT_MAX_S * NS_PER_SEC))
		return error_set(err, -EINVAL, "'asked_ns' is within the last %d seconds",
				 CONTACT_MAX_S);
	runner_tell_contact(connection->warden->gate.runner, (uint64_t)asked_ns);
	return 0;
}

static const struct {
	const char *type;
	query *answer;
} queries[] = {
	{ "approvers", serve_approvers }, { "nonce", give_nonce },  { "pin", set_pin },
	{ "revoke", take_revocations },   { "anchor", add_anchor }, { "contact", take_contact },
	{ "status", describe },           { "verify", verify },     { "approve", approve },
	{ "approvals", list_approvals },  { "spool", list_spool },  { "forget", forget },
};

void query_serve(struct connection *connection, const char *type, const struct frame *frame)
{
	json_int_t id = json_get_int(frame->header, "id", 0);
	struct error err = { 0 };
	json_t *body = NULL;
	size_t i = 0;

	if (strcmp(type, "tools") == 0) {
		list_tools(connection, id);
		return;
	}
	while (i < ARRAY_LEN(queries) && strcmp(queries[i].type, type) != 0)
		i++;
	if (i < ARRAY_LEN(queries))
		(void)queries[i].answer(connection, frame, &body, &err); /* 'err' tells */
	else
		error_set(&err, -ENOSYS, "no request of type '%s'", type);
	connection_answer(connection, id, &err, body);
}
