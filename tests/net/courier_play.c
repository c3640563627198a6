/*
 * A user of the courier for tests/courier: takes one JSON object a line from standard input and
 * prints one a line for whatever happens. {"id", "url", ...} starts a request, {"id", "mail":
 * {...}} a mail; {"pause"|"resume"|"cancel": id}. It ends with its input.
 *
 * usage: courier_play EXECUTABLES [PROXY]
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "courier/mail.h"

#define MAX_CALLS 512
#define LINE_MAX_BYTES (8 * MIB)
#define TEXT_MAX_BYTES (4 * KIB)

struct play {
	struct event_base *base;
	struct courier *courier;
	struct courier_call *calls[MAX_CALLS];
};

struct played {
	struct play *play;
	int64_t id;
};

static struct play play;
static struct played played[MAX_CALLS];

static void print(json_t *event, const struct played *of)
{
	json_put(event, "id", json_integer(of->id));
	(void)json_dumpf(event, stdout, JSON_COMPACT);
	(void)puts("");
	(void)fflush(stdout);
	json_decref(event);
}

static void handle_head(const struct courier_head *head, void *data)
{
	json_t *headers = json_object();

	for (size_t i = 0; i < head->n_headers; i++)
		json_put(headers, head->headers[i].name,
			 json_text(head->headers[i].value, strlen(head->headers[i].value)));
	print(json_pack("{s:s, s:i, s:o}", "event", "head", "status", (int)head->status, "headers",
			headers),
	      data);
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	print(json_pack("{s:s, s:i, s:o}", "event", "body", "n", (int)len, "text",
			json_text(bytes, len < TEXT_MAX_BYTES ? len : TEXT_MAX_BYTES)),
	      data);
}

static void end(const struct error *err, json_t *receipts, const struct played *of)
{
	json_t *event =
		json_pack("{s:s, s:s, s:s}", "event", "end", "code",
			  err ? strerrorname_np(-err->code) : "", "error", err ? err->text : "");

	play.calls[of - played] = NULL;
	if (receipts)
		json_put(event, "receipts", receipts);
	print(event, of);
}

static void handle_end(const struct error *err, void *data)
{
	end(err, NULL, data);
}

static void handle_mail(const struct courier_receipt *receipts, size_t n, const struct error *err,
			void *data)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_push(list, json_pack("[i, s]", (int)receipts[i].status, receipts[i].text));
	end(err, list, data);
}

static size_t take_headers(const json_t *object, struct courier_header *headers, size_t room)
{
	const char *name;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)(uintptr_t)object, name, value) if (n < room) headers[n++] =
		(struct courier_header) { name, json_string_value(value) };
	return n;
}

static struct courier_policy take_policy(const json_t *line)
{
	return (struct courier_policy) {
		.schemes =
			json_get_bool(line, "http", false) ? COURIER_HTTP_TOO : COURIER_HTTPS_ONLY,
		.hosts = json_get_text(line, "hosts", NULL),
		.networks = json_get_text(line, "networks", NULL),
	};
}

static struct courier_limits take_limits(const json_t *line)
{
	return (struct courier_limits) {
		.connect_ns = (uint64_t)json_get_int(line, "connect_ms", 0) * NS_PER_MS,
		.first_byte_ns = (uint64_t)json_get_int(line, "first_byte_ms", 0) * NS_PER_MS,
		.idle_ns = (uint64_t)json_get_int(line, "idle_ms", 0) * NS_PER_MS,
		.total_ns = (uint64_t)json_get_int(line, "total_ms", 0) * NS_PER_MS,
		.max_bytes = (uint64_t)json_get_int(line, "max_bytes", 0),
	};
}

static struct courier_call *start_request(const json_t *line, struct played *of)
{
	static const struct courier_handlers handlers = { handle_head, handle_body, handle_end };
	struct courier_header headers[COURIER_MAX_HEADERS], secrets[COURIER_MAX_HEADERS];
	const json_t *body = json_object_get(line, "body");
	const struct courier_request request = {
		.method = json_get_text(line, "method", "GET"),
		.url = json_get_text(line, "url", NULL),
		.headers = headers,
		.n_headers = take_headers(json_object_get(line, "headers"), headers,
					  COURIER_MAX_HEADERS),
		.secrets = secrets,
		.n_secrets = take_headers(json_object_get(line, "secrets"), secrets,
					  COURIER_MAX_HEADERS),
		.body = json_string_value(body),
		.n_body = json_string_length(body),
		.wanted = json_get_text(line, "wanted", NULL),
		.ca_pem = json_get_text(line, "ca_pem", NULL),
		.policy = take_policy(line),
		.limits = take_limits(line),
	};

	return courier_request(play.courier, &request, &handlers, of);
}

static struct courier_call *start_mail(const json_t *line, struct played *of)
{
	static const char *const securities[] = { "starttls", "tls", "plain" };
	const char *recipients[COURIER_MAX_RECIPIENTS];
	const json_t *list = json_object_get(line, "recipients");
	struct courier_mail mail = {
		.host = json_get_text(line, "host", NULL),
		.port = (uint16_t)json_get_int(line, "port", 0),
		.user = json_get_text(line, "user", NULL),
		.password = json_get_text(line, "password", NULL),
		.hello = json_get_text(line, "hello", NULL),
		.from = json_get_text(line, "from", ""),
		.recipients = recipients,
		.message = json_get_text(line, "message", ""),
		.ca_pem = json_get_text(line, "ca_pem", NULL),
		.policy = take_policy(line),
		.limits = take_limits(line),
	};

	for (size_t i = 0; i < ARRAY_LEN(securities); i++)
		if (strcmp(json_get_text(line, "security", "starttls"), securities[i]) == 0)
			mail.security = (enum courier_security)i;
	while (mail.n_recipients < json_array_size(list)) {
		recipients[mail.n_recipients] =
			json_string_value(json_array_get(list, mail.n_recipients));
		mail.n_recipients++;
	}
	mail.n_message = strlen(mail.message);
	return courier_send_mail(play.courier, &mail, handle_mail, of);
}

static void take_line(const json_t *line)
{
	static const char *const words[] = { "pause", "resume", "cancel" };
	const json_t *mail = json_object_get(line, "mail");
	int64_t id = json_get_int(line, "id", -1);

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		int64_t at = json_get_int(line, words[i], -1);

		if (at < 0 || at >= MAX_CALLS || !play.calls[at])
			continue;
		if (i == 0)
			courier_pause(play.calls[at]);
		else if (i == 1)
			courier_resume(play.calls[at]);
		else
			courier_cancel(TAKE(play.calls[at]));
	}
	if (id < 0 || id >= MAX_CALLS)
		return;
	played[id] = (struct played) { &play, id };
	play.calls[id] = mail ? start_mail(mail, &played[id]) : start_request(line, &played[id]);
}

static void handle_readable(struct bufferevent *stream, void *data UNUSED)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	char *text;
	size_t len;

	while ((text = evbuffer_readln(input, &len, EVBUFFER_EOL_LF))) {
		struct error err = { 0 };
		json_t *line = json_parse(text, len, LINE_MAX_BYTES, &err);

		if (line)
			take_line(line);
		else
			(void)fprintf(stderr, "courier_play: %s\n", err.text);
		json_decref(line);
		free(text);
	}
}

static void handle_end_of_input(struct bufferevent *stream UNUSED, short what UNUSED,
				void *data UNUSED)
{
	(void)event_base_loopbreak(play.base);
}

int main(int argc, char **argv)
{
	struct courier_config config = { .idle_ns = 200 * NS_PER_MS };
	struct bufferevent *input;
	struct error err = { 0 };

	if (argc < 2)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	config.executables = argv[1];
	config.proxy = argc > 2 ? argv[2] : NULL;
	play.base = event_base_new();
	play.courier = courier_new(play.base, &config, &err);
	if (!play.courier) {
		(void)fprintf(stderr, "courier_play: %s\n", err.text);
		return 1;
	}
	(void)fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
	input = bufferevent_socket_new(play.base, STDIN_FILENO, 0);
	bufferevent_setcb(input, handle_readable, NULL, handle_end_of_input, NULL);
	(void)bufferevent_enable(input, EV_READ);
	(void)event_base_dispatch(play.base);
	bufferevent_free(input);
	courier_free(play.courier);
	event_base_free(play.base);
	return 0;
}
