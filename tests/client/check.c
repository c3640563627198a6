/*
 * What libconstable-client does at a live server, as one JSON object on standard output.
 * usage: check AGENT INVESTIGATION
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <constable-client.h>

/* A name of the caller's own that the library has inside, too. */
int fetch(void);
int fetch(void)
{
	return 7;
}

static json_t *failure(int r, const struct constable_error *err)
{
	return json_pack("{s:i, s:i, s:i, s:s, s:s}", "returned", r, "code", err->code, "status",
			 (int)err->status, "name", err->name, "text", err->text);
}

/* Every operation with words for its parameters that name nothing. */
static json_t *try_operation(struct constable_client *client, const char *id)
{
	static const char *const names[] = {
		"agent_id",      "call_id",        "key_id",          "token_id",
		"org",           "grant_id",       "user_code",       "customer",
		"file",          "name",           "service",         "destination_id",
		"token",         "secret",         "delivery_id",     "investigation_id",
		"thread_id",     "integration_id", "incident_id",     "skill",
		"mcp_server_id", "mcp_call_id",    "mcp_question_id", "artifact_id",
		"host_id",       "program_key_id"
	};
	struct constable_error err = { 0 };
	json_t *answer = NULL, *parameters = json_object(), *body = json_object(), *told;
	int r = -EINVAL;

	/* Adds what it says that it wants. */
	for (int i = 0; i < 4 && r == -EINVAL && !err.status; i++) {
		memset(&err, 0, sizeof(err));
		json_decref(answer);
		answer = NULL;
		r = constable_operate(client, id, parameters, body, &answer, &err);
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
			char wanted[64];

			snprintf(wanted, sizeof(wanted), "parameter '%s'", names[k]);
			if (r == -EINVAL && !err.status && strstr(err.text, wanted))
				json_object_set_new(parameters, names[k], json_string("none"));
		}
	}
	told = failure(r, &err);
	json_decref(answer);
	json_decref(parameters);
	json_decref(body);
	return told;
}

static json_t *try_all(struct constable_client *client)
{
	json_t *all = json_object();

	for (const char *const *at = constable_operations(); *at; at++)
		json_object_set_new(all, *at, try_operation(client, *at));
	return all;
}

static int count(const json_t *event, void *data)
{
	json_array_append_new(data, json_deep_copy(json_object_get(event, "type")));
	return 0;
}

static int stop_at_once(const json_t *event, void *data)
{
	(void)event;
	++*(int *)data;
	return 5;
}

static json_t *try_call(struct constable_client *client, const char *agent, const char *tool)
{
	struct constable_call call = { .agent = agent, .tool = tool, .timeout_ms = 20000 };
	struct constable_error err = { 0 };
	json_t *record = NULL, *told;
	int r = constable_call(client, &call, &record, &err);

	told = failure(r, &err);
	json_object_set_new(told, "record", record ? record : json_null());
	return told;
}

static json_t *try_durable(struct constable_client *client, struct constable_client *other,
			   const char *agent)
{
	struct constable_call call = { .agent = agent, .tool = "get_load" };
	struct constable_error err = { 0 };
	char id[CONSTABLE_ID_BYTES] = "";
	json_t *record = NULL, *told;
	int r = constable_call_start(client, &call, id, &err);

	if (r == 0)
		r = constable_call_wait(other, id, NULL, &record, &err);
	told = failure(r, &err);
	json_object_set_new(told, "id", json_string(id));
	json_object_set_new(told, "record", record ? record : json_null());
	return told;
}

static json_t *try_key(const struct constable_options *options, const char *key, const char *server)
{
	struct constable_options changed = *options;
	struct constable_error err = { 0 };
	struct constable_client *client;
	json_t *answer = NULL, *told;
	int r;

	changed.key = key;
	changed.server = server ? server : options->server;
	client = constable_client_new(&changed, &err);
	r = client ? constable_operate(client, "list_agents", NULL, NULL, &answer, &err) : err.code;
	told = failure(r, &err);
	json_decref(answer);
	constable_client_free(client);
	return told;
}

static json_t *try_pages(struct constable_client *client)
{
	json_t *parameters = json_pack("{s:i}", "limit", 1), *pages = NULL, *whole = NULL, *told;
	struct constable_error err = { 0 };
	int r = constable_list(client, "list_audit", parameters, &pages, &err);

	if (r == 0)
		r = constable_list(client, "list_audit", NULL, &whole, &err);
	told = failure(r, &err);
	json_object_set_new(told, "n", json_integer((json_int_t)json_array_size(pages)));
	json_object_set_new(told, "whole", json_integer((json_int_t)json_array_size(whole)));
	json_decref(pages);
	json_decref(whole);
	json_decref(parameters);
	return told;
}

static json_t *try_stream(struct constable_client *client, const char *investigation)
{
	struct constable_error err = { 0 };
	json_t *types = json_array(), *told;
	int n = 0, r = constable_follow(client, investigation, count, types, &err);

	told = failure(r, &err);
	json_object_set_new(told, "types", types);
	json_object_set_new(
		told, "stopped",
		json_integer(constable_follow(client, investigation, stop_at_once, &n, &err)));
	json_object_set_new(told, "seen", json_integer(n));
	json_object_set_new(told, "missing",
			    json_integer(constable_follow(client, "none", stop_at_once, &n, &err)));
	return told;
}

int main(int argc, char **argv)
{
	struct constable_options options = { .server = getenv("CONSTABLE_SERVER"),
					     .key = getenv("CONSTABLE_API_KEY"),
					     .ca_file = getenv("CONSTABLE_SERVER_CA") };
	struct constable_options pinned = { .server = options.server,
					    .key = options.key,
					    .pin = getenv("CONSTABLE_PIN") };
	struct constable_error err = { 0 };
	struct constable_client *client = constable_client_new(&options, &err);
	struct constable_client *other = constable_client_new(&pinned, &err);
	json_t *agent = NULL, *nobody = NULL, *all;
	const char *id;

	if (argc != 3 || !client || !other ||
	    constable_find_agent(client, argv[1], &agent, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	id = json_string_value(json_object_get(agent, "id"));
	all = json_object();
	json_object_set_new(all, "call", try_call(client, id, "get_load"));
	json_object_set_new(all, "no_tool", try_call(client, id, "no_such_tool"));
	json_object_set_new(all, "durable", try_durable(client, other, id));
	json_object_set_new(all, "wrong_key", try_key(&options, "wrong", NULL));
	json_object_set_new(all, "no_server", try_key(&options, "x", "https://localhost:1"));
	json_object_set_new(all, "in_the_clear", try_key(&options, "x", "http://example.org"));
	json_object_set_new(all, "pages", try_pages(client));
	json_object_set_new(all, "stream", try_stream(client, argv[2]));
	json_object_set_new(all, "nobody",
			    failure(constable_find_agent(client, "nobody", &nobody, &err), &err));
	json_object_set_new(all, "operations", try_all(client));
	json_object_set_new(all, "own_name", json_integer(fetch()));
	json_dumpf(all, stdout, JSON_COMPACT);
	json_decref(all);
	json_decref(agent);
	constable_client_free(client);
	constable_client_free(other);
	return 0;
}
