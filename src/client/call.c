/* A tool on an agent: handed to the server, waited for. */
#include <errno.h>
#include <string.h>

#include "client/client_internal.h"
#include "client/errand.h"

/* One wait. */
struct waiting {
	struct errand errand;
	const struct constable_call *call; /* or NULL */
	json_t *record;
	struct error err;
	bool is_done;
};

static void handle_done(struct errand *errand, const json_t *record, const struct error *err)
{
	struct waiting *waiting = container_of(errand, struct waiting, errand);

	waiting->is_done = true;
	waiting->record = json_incref((json_t *)(uintptr_t)record);
	if (err)
		waiting->err = *err;
}

static void handle_waits(struct errand *errand, const json_t *record)
{
	const struct waiting *waiting = container_of(errand, struct waiting, errand);

	if (waiting->call && waiting->call->waits)
		waiting->call->waits(record, waiting->call->data);
}

int constable_call_start(struct constable_client *client, const struct constable_call *call,
			 char id_out[CONSTABLE_ID_BYTES], struct constable_error *err)
{
	json_t *arguments =
		call->arguments ? json_incref((json_t *)(uintptr_t)call->arguments) : json_object();
	CLEANUP(json)
	json_t *body = json_pack("{s:s*, s:s*, s:o}", "agent", call->agent, "tool", call->tool,
				 "arguments", arguments);
	CLEANUP(json) json_t *answer = NULL;
	const char *id;
	int r;

	if (call->timeout_ms)
		json_put(body, "timeout_ms", json_integer(call->timeout_ms));
	if (call->approval_ms)
		json_put(body, "approval_ms", json_integer(call->approval_ms));
	r = constable_operate(client, "create_calls", NULL, body, &answer, err);
	if (r < 0)
		return r;
	id = json_get_text(json_array_get(json_object_get(answer, "calls"), 0), "id", "");
	if (!*id)
		return client_refuse(err, -EBADMSG, "the server took the call but named none");
	text_copy(id_out, CONSTABLE_ID_BYTES, id);
	return 0;
}

int constable_call_wait(struct constable_client *client, const char *id,
			const struct constable_call *call, json_t **record_out,
			struct constable_error *err)
{
	struct waiting waiting = {
		.call = call,
		.errand = {
			.fetcher = client->fetcher,
			.timeout_ns = call ? call->timeout_ms * NS_PER_MS : 0,
			.approval_ns = call ? call->approval_ms * NS_PER_MS : 0,
			.done = handle_done,
			.waits = handle_waits,
		},
	};
	CLEANUP(text) char *escaped = fetch_escape(id);

	errand_await(&waiting.errand, escaped);
	while (!waiting.is_done)
		(void)fetcher_wait(client->fetcher, -1, NS_PER_SEC);
	if (waiting.record)
		*record_out = waiting.record;
	if (!waiting.err.code)
		return 0;
	*err = (struct constable_error) { .status = waiting.record ? 200 : 0 };
	text_copy(err->name, sizeof(err->name), json_get_text(waiting.record, "state", ""));
	return client_fail(err, &waiting.err);
}

int constable_call(struct constable_client *client, const struct constable_call *call,
		   json_t **record_out, struct constable_error *err)
{
	char id[CONSTABLE_ID_BYTES];
	int r = constable_call_start(client, call, id, err);

	return r < 0 ? r : constable_call_wait(client, id, call, record_out, err);
}

static const json_t *find_by_host(const json_t *agents, const char *host, unsigned *n_out)
{
	const json_t *found = NULL, *agent;
	size_t i;

	*n_out = 0;
	json_array_foreach(agents, i, agent)
	{
		if (strcmp(json_get_text(agent, "hostname", ""), host) == 0) {
			found = agent;
			++*n_out;
		}
	}
	return found;
}

int constable_find_agent(struct constable_client *client, const char *name, json_t **agent_out,
			 struct constable_error *err)
{
	CLEANUP(json) json_t *parameters = json_pack("{s:s}", "agent_id", name);
	CLEANUP(json) json_t *answer = NULL;
	CLEANUP(json) json_t *agents = NULL;
	const json_t *found;
	unsigned n;
	int r = constable_operate(client, "get_agent", parameters, NULL, &answer, err);

	if (r == 0) {
		*agent_out = TAKE(answer);
		return 0;
	}
	if (r != -ENOENT && r != -EINVAL)
		return r;
	r = constable_list(client, "list_agents", NULL, &agents, err);
	if (r < 0)
		return r;
	found = find_by_host(agents, name, &n);
	if (!found || n > 1)
		return client_refuse(
			err, found ? -EINVAL : -ENOENT,
			found ? "%u agents are on hosts named '%s'; say which by its id"
			      : "%u agents are on a host named '%s'",
			n, name);
	*agent_out = json_incref((json_t *)(uintptr_t)found);
	return 0;
}
