/*
 * A call of a tool of an MCP server of others, judged as a host judges its own: a tool that is
 * still what somebody allowed runs; any other only once a person other than who asked for the
 * investigation has approved exactly this call. What cannot be recorded does not happen.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "call/hash.h"
#include "call/redact.h"
#include "server/inquiry/elicit.h"
#include "server/inquiry/inquiries_internal.h"
#include "server/org/audit.h"

static const char *server_of(const struct ask *ask)
{
	return ask->foreign->server->server->name;
}

static struct inquiries *inquiries_of(const struct ask *ask)
{
	return ask->leg->run->inquiries;
}

/* --- the audit log ----------------------------------------------------------------------- */

struct audit_words {
	struct audit_record record;
	char actor[HUB_ID_BYTES + 8], target[MCP_SERVER_NAME_MAX_BYTES + OFFER_NAME_BYTES + 4];
	char *details;
};

/* "key/ID" of whoever asked for the investigation. */
static struct store_step audit_of(const struct ask *ask, const char *action, json_t *details,
				  struct audit_words *words)
{
	const struct run *run = ask->leg->run;

	json_put(details, "investigation", json_string(run->id));
	words->details = json_canonical(details);
	json_decref(details);
	text_format(words->actor, sizeof(words->actor), "key/%.*s", (int)strcspn(run->caller, "/"),
		    run->caller);
	text_format(words->target, sizeof(words->target), "%s/%.*s", server_of(ask),
		    OFFER_NAME_BYTES - 1, json_get_text(ask->foreign->entry, "name", ""));
	return audit_step(&words->record, &(struct audit_entry) { run->org, words->actor, action,
								  words->target, words->details });
}

static void handle_noted(const struct store_result *result UNUSED, const struct error *err UNUSED,
			 void *data UNUSED)
{
}

static void seal_audit(const struct ask *ask)
{
	const struct inquiry_config *config = &inquiries_of(ask)->config;

	if (config->audited)
		config->audited(ask->org, config->data);
}

static void note_outcome(const struct ask *ask, const struct evidence_row *row)
{
	struct audit_words words;
	const struct store_step step =
		audit_of(ask, "mcp.outcome",
			 json_pack("{s:s, s:i, s:s*, s:s*}", "call", ask->tool, "code", row->code,
				   "sha256", row->sha256, "error", row->error),
			 &words);

	(void)store_submit(inquiries_of(ask)->config.store,
			   &(struct store_batch) { .org = ask->org, .steps = &step, .n_steps = 1 },
			   handle_noted, NULL);
	free(words.details);
	seal_audit(ask);
}

/* --- the call ---------------------------------------------------------------------------- */

static void handle_called(const struct mcp_outcome *outcome, void *data)
{
	struct ask *ask = data;
	CLEANUP(text) char *bytes = NULL, *kept = NULL;
	CLEANUP(buf) struct buf why = { 0 };
	char sha256[HASH_TEXT_BYTES];
	struct evidence_row row = {
		.elapsed_ms = (double)(clock_monotonic_ns() - ask->sent_ns) / NS_PER_MS,
	};

	ask->request = NULL;
	if (outcome->result) {
		bytes = foreign_evidence(ask->foreign, outcome->result);
		row.bytes = bytes;
		row.sha256 = hash_text(bytes, strlen(bytes), sha256);
	} else {
		kept = foreign_error(ask->foreign, outcome);
		buf_init(&why, ERROR_TEXT_BYTES + 4 * KIB);
		buf_add_format(&why, "%s%s", kept,
			       outcome->may_have_run ? "; it may have run all the same" : "");
		row.code = outcome->err->code;
		row.error = buf_text(&why);
	}
	note_outcome(ask, &row);
	elicit_forget(ask);
	ask_settle(ask, &row);
}

static void handle_forgotten(void *data)
{
	elicit_forget(data);
}

static void send_call(struct ask *ask)
{
	struct foreign *foreign = ask->foreign->server;
	const json_t *entry = ask->foreign->entry;
	json_t *args = json_loads(ask->args, 0, NULL);
	const struct mcp_order order = {
		.method = "tools/call",
		.params = json_pack("{s:O, s:o}", "name", json_object_get(entry, "name"),
				    "arguments", args),
		.schema = json_object_get(entry, "schema"),
		.total_ns = foreign->server->call_ns,
		.done = handle_called,
		.ask = elicit_take,
		.forgotten = handle_forgotten,
		.data = ask,
	};

	ask->sent_ns = clock_monotonic_ns();
	ask->request = mcp_client_request(foreign->client, &order);
}

static const char *revoked(const struct ask *ask)
{
	if (ask->foreign->server->gone)
		return ask->foreign->server->gone;
	return ask->foreign->use == MCP_DENY ? "this tool of the MCP server is denied" : NULL;
}

static void handle_intent(const struct store_result *result UNUSED, const struct error *err,
			  void *data)
{
	static const char changed[] = "what this MCP server may do here has just been changed, so "
				      "nothing was asked of it; it can be asked again";
	struct ask *ask = data;

	ask->ticket = 0;
	if (err && err->code == -ENOENT) {
		run_reread_foreign(ask->leg->run);
		ask_settle(ask, &(struct evidence_row) { .code = -EACCES, .error = changed });
		return;
	}
	if (err) {
		ask_settle(ask, &(struct evidence_row) { .code = err->code, .error = err->text });
		return;
	}
	seal_audit(ask);
	if (revoked(ask)) {
		struct evidence_row row = { .code = -ECANCELED, .error = revoked(ask) };

		note_outcome(ask, &row);
		ask_settle(ask, &row);
		return;
	}
	send_call(ask);
}

/* Of what it was judged by. */
static const char unchanged_sql[] =
	"SELECT CAST(1 AS BIGINT) FROM mcp_servers WHERE org = $1 AND id = $2 AND enabled = 1 AND "
	"changed = $3";

/* The intent, in a batch that holds only while the run is ours, and its server as it was judged. */
static void go(struct ask *ask, const char *approval)
{
	struct run *run = ask->leg->run;
	const struct mcp_server *server = ask->foreign->server->server;
	const struct store_value judged[] = { store_text(run->org), store_text(server->id),
					      store_int(server->changed) };
	char sha256[HASH_TEXT_BYTES];
	struct audit_words words;
	const struct store_step steps[] = {
		run->guard,
		{ unchanged_sql, judged, ARRAY_LEN(judged), STORE_SOME },
		audit_of(ask, "mcp.call",
			 json_pack("{s:s, s:s, s:s*}", "call", ask->tool, "args_sha256",
				   hash_text(ask->args, strlen(ask->args), sha256), "approval",
				   approval),
			 &words),
	};

	ask->ticket =
		store_submit(run->inquiries->config.store,
			     &(struct store_batch) {
				     .org = ask->org, .steps = steps, .n_steps = ARRAY_LEN(steps) },
			     handle_intent, ask);
	free(words.details);
}

/* --- a person ---------------------------------------------------------------------------- */

static void handle_late(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct ask *ask = data;

	ask_end_approval(ask, "expired", "");
	ask_settle(ask, &(struct evidence_row) { .code = -ETIMEDOUT,
						 .error = "nobody approved it in time" });
}

void ask_tell_waits(const struct ask *ask, bool waits)
{
	CLEANUP(json)
	json_t *header =
		json_pack("{s:s, s:I, s:b}", "type", "waits", "id", ask->id, "waits", waits);

	leg_send(ask->leg, header, (struct str) { "", 0 });
}

static void wait_for_person(struct ask *ask)
{
	struct leg *leg = ask->leg;
	uint64_t wait_ns = ask_approval_ns(ask);
	const struct timeval wait = { .tv_sec = (time_t)(wait_ns / NS_PER_SEC) };

	leg->run->n_changes++;
	tell_foreign_approval(ask, clock_wall_ns() + wait_ns);
	ask->has_waited = true;
	ask->waits_since_ns = clock_monotonic_ns();
	run_wait_person(leg->run);
	ask_tell_waits(ask, true);
	ask->late = event_new(inquiries_of(ask)->config.base, -1, 0, handle_late, ask);
	if (!ask->late || event_add(ask->late, &wait) < 0)
		abort();
}

static struct ask *find(const struct run *run, const char *appeal)
{
	for (unsigned i = 0; i < run->n_legs; i++)
		for (struct ask *ask = run->legs[i].asks; ask; ask = ask->next)
			if (ask->foreign && ask->late && strcmp(ask->call, appeal) == 0)
				return ask;
	return NULL;
}

void ask_decide(struct run *run, const char *appeal, const char *verdict)
{
	struct ask *ask = find(run, appeal);
	bool is_approved = strcmp(verdict, "approved") == 0;

	if (!ask)
		return;
	event_free(TAKE(ask->late));
	ask_hear_person(ask, is_approved ? "done" : "denied");
	ask_tell_waits(ask, false);
	ask->has_waited = false; /* that is over: an end of the call is none of the approval */
	if (is_approved)
		go(ask, appeal);
	else
		ask_settle(ask, &(struct evidence_row) { .code = -EACCES,
							 .error = "a person refused it" });
}

/* --- judgement --------------------------------------------------------------------------- */

static bool has_secret(const struct ask *ask)
{
	CLEANUP(json) json_t *args = json_loads(ask->args, 0, NULL);

	return redact_json(inquiries_redactor(inquiries_of(ask)), args) > 0;
}

/* Why it is not even to be asked for, or NULL. */
static const char *fault_of(const struct ask *ask)
{
	const struct foreign *foreign = ask->foreign->server;
	const struct run *run = ask->leg->run;
	bool waits = ask->foreign->use != MCP_ALLOW || foreign->is_stale;

	if (revoked(ask))
		return revoked(ask);
	if (foreign->n_calls >= foreign->server->calls)
		return "this MCP server was called as often as one investigation may";
	if (has_secret(ask))
		return "its arguments hold what looks like a secret, which is told to nobody";
	if (waits && (!ask->why || !*ask->why))
		return "a person has to approve it: say why it is wanted";
	if (waits && run->n_changes >= RUN_MAX_CHANGES)
		return "an investigation may ask for so many approvals and no more";
	return NULL;
}

bool ask_foreign(struct ask *ask)
{
	struct leg *leg = ask->leg;
	struct foreign_tool *tool = foreign_find(leg->run, ask->tool);
	const char *over_budget = run_calls_fault(leg->run), *fault;

	if (!tool)
		return false;
	ask->foreign = tool;
	ask->risk = "foreign";
	fault = over_budget ? over_budget : fault_of(ask);
	if (fault) {
		ask_refuse(ask, over_budget ? -EDQUOT : -EACCES, fault);
		return true;
	}
	record_asked(leg, &(struct evidence_row) { .number = ask->number,
						   .call = "",
						   .tool = ask->tool,
						   .args = ask->args });
	tool->server->n_calls++;
	leg->run->n_calls++;
	inquiries_of(ask)->counters.calls++;
	if (tool->use == MCP_ALLOW && !tool->server->is_stale)
		go(ask, NULL);
	else
		wait_for_person(ask);
	return true;
}

void ask_revoke_foreign(struct ask *ask, const char *sentence)
{
	char error[ERROR_TEXT_BYTES];
	struct evidence_row row = { .code = -ECANCELED, .error = error };

	text_format(error, sizeof(error), "%s%s", sentence,
		    ask->request ? "; it may have run all the same" : "");
	if (ask->late) {
		event_free(TAKE(ask->late));
		ask_end_approval(ask, "cancelled", sentence);
	}
	if (ask->request) {
		mcp_request_cancel(TAKE(ask->request));
		note_outcome(ask, &row);
	}
	ask_settle(ask, &row);
}

/* Nobody waits for it any more: what was begun is on record. */
void ask_forget_foreign(struct ask *ask)
{
	bool is_intended = ask->ticket; /* go(), which is recorded all the same */

	if (!ask->foreign)
		return;
	if (ask->late)
		event_free(ask->late);
	elicit_forget(ask);
	if (!ask->request && !is_intended)
		return;
	if (ask->request)
		mcp_request_cancel(ask->request);
	note_outcome(ask, &(struct evidence_row) {
				  .code = -ECANCELED,
				  .error = is_intended ? "nobody waited for it any more, before "
							 "it was made"
						       : "nobody waited for it any more",
			  });
}
