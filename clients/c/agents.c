/*
 * Lists the agents of a fleet and asks each connected one for its load.
 *
 *	cc agents.c $(pkg-config --cflags --libs constable-client) -o agents
 *	CONSTABLE_SERVER=https://server:8000 CONSTABLE_API_KEY=... ./agents
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <constable-client.h>

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* The call outlives a restart of server and agent: its id is durable. */
static int ask_load(struct constable_client *client, const json_t *agent)
{
	struct constable_call call = { .agent = text_of(agent, "id"),
				       .tool = "get_load",
				       .timeout_ms = 20000 };
	struct constable_error err = { 0 };
	char id[CONSTABLE_ID_BYTES];
	json_t *record = NULL;
	int r = constable_call_start(client, &call, id, &err);

	if (r == 0)
		r = constable_call_wait(client, id, &call, &record, &err);
	if (r == 0)
		printf("%s\n", text_of(record, "result")); /* the tool's JSON, as it gave it */
	else
		printf("%s\n", err.text);
	json_decref(record);
	return r;
}

int main(void)
{
	struct constable_options options = { .server = getenv("CONSTABLE_SERVER"),
					     .key = getenv("CONSTABLE_API_KEY"),
					     .ca_file = getenv("CONSTABLE_SERVER_CA") };
	struct constable_error err = { 0 };
	struct constable_client *client = constable_client_new(&options, &err);
	json_t *agents = NULL, *agent;
	int status = 0;
	size_t i;

	if (!client || constable_list(client, "list_agents", NULL, &agents, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		constable_client_free(client);
		return 1;
	}
	json_array_foreach(agents, i, agent)
	{
		printf("%s %s ", text_of(agent, "hostname"), text_of(agent, "state"));
		if (strcmp(text_of(agent, "state"), "connected") != 0)
			printf("\n");
		else if (ask_load(client, agent) < 0)
			status = 1;
	}
	json_decref(agents);
	constable_client_free(client);
	return status;
}
