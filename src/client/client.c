#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client_internal.h"

void ending_cleanup(struct ending *ending)
{
	json_decref(TAKE(ending->body));
}

int client_fail(struct constable_error *err, const struct error *why)
{
	err->code = why->code;
	text_copy(err->text, sizeof(err->text), why->text);
	return err->code;
}

int client_refuse(struct constable_error *err, int code, const char *format, ...)
{
	va_list args;

	*err = (struct constable_error) { .code = code };
	va_start(args, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

struct constable_client *constable_client_new(const struct constable_options *options,
					      struct constable_error *err)
{
	const struct fetch_config config = {
		.url = options->server ? options->server : "",
		.key = options->key,
		.ca_file = options->ca_file,
		.pin = options->pin,
		.proxy = options->proxy,
		.no_proxy = options->no_proxy,
	};
	struct constable_client *client;
	struct error why = { 0 };
	struct fetcher *fetcher = fetcher_new(&config, &why);

	if (!fetcher) {
		*err = (struct constable_error) { 0 };
		(void)client_fail(err, &why);
		return NULL;
	}
	client = calloc(1, sizeof(*client));
	if (!client)
		abort();
	client->fetcher = fetcher;
	return client;
}

void constable_client_free(struct constable_client *client)
{
	if (!client)
		return;
	fetcher_free(client->fetcher);
	free(client);
}

static void handle_done(const struct fetch_request *request UNUSED, unsigned status, json_t *body,
			const struct error *err, void *data)
{
	struct ending *ending = data;

	ending->is_done = true;
	ending->status = status;
	ending->body = json_incref(body);
	if (err)
		ending->err = *err;
}

int client_fetch(struct constable_client *client, const struct fetch_request *request,
		 struct ending *ending, struct constable_error *err)
{
	struct fetch_request one = *request;
	struct error why = { 0 };

	one.done = handle_done;
	one.data = ending;
	if (fetcher_start(client->fetcher, &one, &why) < 0)
		return client_fail(err, &why);
	while (!ending->is_done)
		(void)fetcher_wait(client->fetcher, -1, NS_PER_SEC);
	if (!ending->err.code)
		return 0;
	*err = (struct constable_error) { .status = ending->status };
	text_copy(err->name, sizeof(err->name), json_get_text(ending->body, "code", ""));
	return client_fail(err, &ending->err);
}

int constable_request(struct constable_client *client, const struct constable_request *request,
		      json_t **answer_out, struct constable_error *err)
{
	const struct fetch_request fetched = {
		.method = request->method,
		.path = request->path,
		.body = request->body,
		.deadline_ns = request->timeout_ms * NS_PER_MS,
	};
	CLEANUP(ending) struct ending ending = { 0 };
	int r = client_fetch(client, &fetched, &ending, err);

	*answer_out = TAKE(ending.body);
	return r;
}
