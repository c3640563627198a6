/*
 * Lets the server investigate, and tells what happens as it does.
 *
 *	cc investigate.c $(pkg-config --cflags --libs constable-client) -o investigate
 *	CONSTABLE_SERVER=https://server:8000 CONSTABLE_API_KEY=... ./investigate HOST QUESTION
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <constable-client.h>

static int print_event(const json_t *event, void *data)
{
	json_t **last = data;
	const char *type = json_string_value(json_object_get(event, "type"));

	printf("%s\n", type ? type : "?");
	json_decref(*last);
	*last = json_deep_copy(event);
	return 0;
}

int main(int argc, char **argv)
{
	struct constable_options options = { .server = getenv("CONSTABLE_SERVER"),
					     .key = getenv("CONSTABLE_API_KEY"),
					     .ca_file = getenv("CONSTABLE_SERVER_CA") };
	struct constable_error err = { 0 };
	struct constable_client *client = constable_client_new(&options, &err);
	json_t *wish = NULL, *begun = NULL, *last = NULL;
	int r = client ? 0 : err.code;

	if (argc != 3) {
		fprintf(stderr, "usage: investigate HOST QUESTION\n");
		constable_client_free(client);
		return 2;
	}
	wish = json_pack("{s:s, s:s}", "host", argv[1], "prompt", argv[2]);
	if (r == 0)
		r = constable_operate(client, "create_investigation", NULL, wish, &begun, &err);
	if (r == 0)
		r = constable_follow(client, json_string_value(json_object_get(begun, "id")),
				     print_event, &last, &err);
	if (r < 0)
		fprintf(stderr, "%s\n", err.text);
	else
		json_dumpf(json_object_get(last, "data"), stdout, JSON_INDENT(2));
	json_decref(wish);
	json_decref(begun);
	json_decref(last);
	constable_client_free(client);
	return r < 0;
}
