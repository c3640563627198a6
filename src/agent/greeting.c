/* hello: said on a fresh connection, once the warden's spool is known. */
#include <errno.h>
#include <string.h>

#include "agent/link_internal.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"

/* "a=1,b=2" as {"a": "1", "b": "2"}; what has no '=' is a label without a value. */
static json_t *labels_of(const char *text)
{
	json_t *labels = json_object();

	while (*text) {
		size_t len = strcspn(text, ",");
		const char *equals = memchr(text, '=', len);
		size_t n_name = equals ? (size_t)(equals - text) : len;
		char name[128];

		text_format(name, sizeof(name), "%.*s", (int)(n_name < 127 ? n_name : 127), text);
		if (n_name)
			json_put(labels, name,
				 equals ? json_text(equals + 1, len - n_name - 1)
					: json_string(""));
		text += len + (text[len] == ',');
	}
	return labels;
}

static json_t *names_of(const char *text)
{
	json_t *names = json_array();

	while (*text) {
		size_t len = strcspn(text, ",");

		if (len)
			json_push(names, json_text(text, len));
		text += len + (text[len] == ',');
	}
	return names;
}

static json_t *make_hello(const struct agent *agent)
{
	json_t *hello = json_pack(
		"{s:s, s:s, s:s, s:o, s:o, s:[s,s,s], s:s, s:o}", "agent_id", agent->state.agent,
		"hostname", agent->hostname, "version", agent->version, "labels",
		labels_of(config_get(agent->config, "labels")->text), "namespaces",
		names_of(config_get(agent->config, "namespaces")->text), "capabilities", "tools",
		"system", "durable-calls", "boot_id", agent->boot_id, "calls",
		calls_list(&agent->calls));

	if (agent->audit_head[0])
		json_put(hello, "audit",
			 json_pack("{s:I, s:s}", "seq", agent->audit_seq, "head",
				   agent->audit_head));
	json_put(hello, "warden", json_string(warden_is_up(agent->warden) ? "up" : "down"));
	return hello;
}

/* The connection it was meant for may be gone by now. */
static void say_hello(void *data)
{
	struct link *link = data;
	json_t *id;
	char *text;

	if (!link->fresh || link->hello_id)
		return;
	link->hello_id = ++link->next_id;
	link->hello_ns = clock_boot_ns();
	id = json_integer(link->hello_id);
	text = jsonrpc_format_request(id, "hello", make_hello(link->agent));
	json_decref(id);
	if (websocket_send(link->fresh, text, strlen(text)) < 0)
		link_fail_fresh(link, BACKOFF_FAILED, "hello could not be sent");
	free(text);
	step_reached("agent-greeting");
}

static void handle_warden_asked(struct agent *agent)
{
	calls_compare(&agent->calls, say_hello, &agent->link);
}

void greeting_start(struct link *link)
{
	link->hello_id = 0;
	agent_ask_warden(link->agent, handle_warden_asked);
}

void greeting_take(struct link *link, const struct jsonrpc_message *message)
{
	int code = (int)json_get_int(message->error_data, "code", -EREMOTEIO);
	json_int_t metrics_s;

	link->hello_id = 0;
	if (message->kind == JSONRPC_ERROR) {
		link_fail_fresh(link, code == -EACCES ? BACKOFF_REFUSED : BACKOFF_FAILED,
				message->error);
		return;
	}
	link_promote(link);
	heartbeat_note_contact(link->agent, link->hello_ns);
	step_reached("agent-greeted");
	agent_take_approvers(link->agent, message->result);
	metrics_s = json_get_int(message->result, "metrics_s", 0);
	if (metrics_s > 0)
		metrics_start(&link->agent->metrics, (unsigned)metrics_s);
	else
		metrics_stop(&link->agent->metrics);
	if (clock_wall_ns() >= link->renew_at_ns)
		renewal_start(link);
	agent_was_busy(link->agent);
}
