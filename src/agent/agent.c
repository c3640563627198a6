#include "agent/agent.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/log.h"
#include "net/jsonrpc.h"

#define QUIET_S 5
#define AGENT_MAX_REVOKED 512

struct question {
	struct agent *agent;
	void (*done)(struct agent *agent);
};

void agent_was_busy(struct agent *agent)
{
	static const struct timeval quiet = { .tv_sec = QUIET_S };

	if (agent->trim)
		(void)event_add(agent->trim, &quiet);
}

static void handle_status(const struct frame *answer, const struct error *err, void *data)
{
	struct question *question = data;
	struct agent *agent = question->agent;
	struct error why = { 0 };
	CLEANUP(json) json_t *status = NULL;

	if (!err)
		status = json_parse(answer->body, answer->n_body, FRAME_BODY_MAX_BYTES, &why);
	if (status) {
		agent->audit_seq = json_get_int(status, "audit_seq", 0);
		text_format(agent->audit_head, sizeof(agent->audit_head), "%s",
			    json_get_text(status, "audit_head", ""));
		text_format(agent->warden_boot_id, sizeof(agent->warden_boot_id), "%s",
			    json_get_text(status, "boot_id", ""));
		programs_are_known(&agent->programs, json_get_bool(status, "has_programs", false));
	}
	question->done(agent);
	free(question);
}

void agent_ask_warden(struct agent *agent, void (*done)(struct agent *agent))
{
	struct question *question = malloc(sizeof(*question));

	if (!question)
		abort();
	*question = (struct question) { agent, done };
	agent->n_asked_then = agent->calls.n_asked;
	if (warden_ask(agent->warden, json_pack("{s:s}", "type", "status"), NULL, handle_status,
		       question) == 0)
		return;
	free(question);
	done(agent);
}

static void handle_approvers(const struct frame *answer, const struct error *err UNUSED,
			     void *data UNUSED)
{
	const char *sentence = "";
	int code = answer ? warden_code(answer, &sentence) : 0;

	/* Without a pinned root there is nobody yet whose list could count. */
	if (code < 0 && code != -ENOKEY)
		log_warn("the warden does not take the list of approvers: %s", sentence);
}

static void handle_revoked(const struct frame *answer, const struct error *err UNUSED,
			   void *data UNUSED)
{
	const char *sentence = "";
	int code = answer ? warden_code(answer, &sentence) : 0;

	if (code < 0 && code != -ENOKEY)
		log_warn("the warden does not take a grant's revocation: %s", sentence);
}

void agent_tell_approvers(struct agent *agent)
{
	CLEANUP(text) char *revoked = NULL;

	if (agent->approvers)
		(void)warden_ask(agent->warden, json_pack("{s:s}", "type", "approvers"),
				 agent->approvers, handle_approvers, NULL);
	if (!json_array_size(agent->revoked))
		return;
	revoked = json_canonical(agent->revoked);
	(void)warden_ask(agent->warden, json_pack("{s:s}", "type", "revoke"), revoked,
			 handle_revoked, NULL);
}

void agent_take_approvers(struct agent *agent, const json_t *members)
{
	const json_t *sealed = json_object_get(members, "approvers");
	json_t *revoked = json_object_get(members, "revoked");

	if (json_is_object(sealed)) {
		free(agent->approvers);
		agent->approvers = json_canonical(sealed);
	}
	if (json_is_array(revoked) && json_array_size(revoked) <= AGENT_MAX_REVOKED) {
		json_decref(agent->revoked);
		agent->revoked = json_incref(revoked);
	}
	agent_tell_approvers(agent);
}
