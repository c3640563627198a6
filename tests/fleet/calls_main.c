/*
 * fleet_calls: calls tools through the API as fast as the server takes them.
 *
 *	fleet_calls 127.0.0.1 PORT CA_FILE N_CONNECTIONS SECONDS WAIT_MS <KEY_AND_TARGETS
 *
 * Standard input: the API key, then an agent's id or a label (name=value) a line. Each
 * connection sends its next POST /api/v1/calls when the last one is answered, to one target
 * after the other; a label's is a call of each agent that has it. With WAIT_MS an answer comes
 * with the outcomes, without when the calls are in the queue on disk. Prints one JSON object.
 */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/base.h"
#include "base/clock.h"
#include "base/lines.h"
#include "net/http.h"
#include "net/tls.h"

#define ID_BYTES 80
#define BODY_MAX_BYTES MIB

struct caller {
	struct load *load;
	struct bufferevent *stream;
	struct http_parser *parser;
	uint64_t asked_ns;
};

struct load {
	struct event_base *base;
	SSL_CTX *tls;
	struct sockaddr_in address;
	const char *wait_ms;
	char key[ID_BYTES];
	char (*targets)[ID_BYTES];
	unsigned n_targets, n_open;
	uint64_t start_ns, end_ns, last_ns;
	uint64_t n_asked, n_calls, n_failed;
	uint32_t *took_us;
	size_t n_took;
};

static void die(const char *why)
{
	(void)fprintf(stderr, "fleet_calls: %s\n", why);
	exit(1);
}

static void ask(struct caller *caller)
{
	struct load *load = caller->load;
	const char *target = load->targets[load->n_asked % load->n_targets];
	char body[512];

	caller->asked_ns = clock_monotonic_ns();
	if (caller->asked_ns >= load->end_ns) {
		if (--load->n_open == 0)
			(void)event_base_loopbreak(load->base);
		return;
	}
	load->n_asked++;
	text_format(body, sizeof(body),
		    "{\"%s\":\"%s\",\"tool\":\"get_load_average\",\"arguments\":{},"
		    "\"timeout_ms\":60000,\"wait_ms\":%s}",
		    strchr(target, '=') ? "label" : "agent", target, load->wait_ms);
	http_parser_free(caller->parser);
	caller->parser = http_response_parser_new(HTTP_HEAD_MAX_BYTES, "POST");
	(void)evbuffer_add_printf(bufferevent_get_output(caller->stream),
				  "POST /api/v1/calls HTTP/1.1\r\nHost: localhost\r\n"
				  "Authorization: Bearer %s\r\nContent-Type: application/json\r\n"
				  "Content-Length: %zu\r\n\r\n%s",
				  load->key, strlen(body), body);
}

static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		n++;
	}
	return n;
}

static void note(struct caller *caller)
{
	const struct http_message *answer = http_parser_message(caller->parser);
	struct load *load = caller->load;
	unsigned n_calls, n_good;
	const char *wanted = strcmp(load->wait_ms, "0") == 0 ? "\"queued\"" : "\"done\"";

	load->last_ns = clock_monotonic_ns();
	if (load->n_took % 65536 == 0) {
		load->took_us = realloc(load->took_us, (load->n_took + 65536) * sizeof(uint32_t));
		if (!load->took_us)
			abort();
	}
	load->took_us[load->n_took++] = (uint32_t)((load->last_ns - caller->asked_ns) / 1000);
	n_calls = count(answer->body.data, "\"agent\":");
	n_good = count(answer->body.data, wanted);
	load->n_calls += n_calls;
	if (answer->status == 202 && n_calls && n_good == n_calls)
		return;
	if (load->n_failed++ == 0)
		(void)fprintf(stderr, "fleet_calls: %u %.2000s\n", answer->status,
			      answer->body.data);
}

static void handle_read(struct bufferevent *stream, void *data)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	struct caller *caller = data;
	const struct http_message *answer = http_parser_message(caller->parser);
	struct error err = { 0 };

	while (evbuffer_get_length(input) && answer->state != HTTP_DONE) {
		struct evbuffer_iovec chunk = { 0 };
		ssize_t n;

		(void)evbuffer_peek(input, -1, NULL, &chunk, 1);
		n = http_parser_feed(caller->parser, chunk.iov_base, chunk.iov_len, &err);
		if (n < 0)
			die(err.text);
		(void)evbuffer_drain(input, (size_t)n);
		if (answer->state == HTTP_HEAD_DONE)
			http_parser_limit_body(caller->parser, BODY_MAX_BYTES);
	}
	if (answer->state != HTTP_DONE)
		return;
	note(caller);
	ask(caller);
}

static void handle_event(struct bufferevent *stream UNUSED, short what, void *data)
{
	const int on = 1;

	if (!(what & BEV_EVENT_CONNECTED))
		die("a connection ended");
	(void)setsockopt(bufferevent_getfd(stream), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	ask(data);
}

static void connect_one(struct load *load, struct caller *caller)
{
	*caller = (struct caller) { .load = load };
	caller->stream =
		bufferevent_openssl_socket_new(load->base, -1, SSL_new(load->tls),
					       BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	if (!caller->stream)
		abort();
	bufferevent_setcb(caller->stream, handle_read, NULL, handle_event, caller);
	(void)bufferevent_enable(caller->stream, EV_READ | EV_WRITE);
	if (bufferevent_socket_connect(caller->stream, (struct sockaddr *)&load->address,
				       sizeof(load->address)) < 0)
		die("it cannot connect");
	load->n_open++;
}

static int compare(const void *one, const void *other)
{
	uint32_t a = *(const uint32_t *)one, b = *(const uint32_t *)other;

	return a < b ? -1 : a > b;
}

static double percentile_ms(const struct load *load, unsigned percent)
{
	return load->n_took ? load->took_us[load->n_took * percent / 100] / 1000.0 : 0;
}

static void print(struct load *load)
{
	double seconds = (double)(load->last_ns - load->start_ns) / (double)NS_PER_SEC;

	qsort(load->took_us, load->n_took, sizeof(*load->took_us), compare);
	(void)printf("{\"calls\":%llu,\"requests\":%zu,\"failed\":%llu,\"seconds\":%.3f,"
		     "\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n",
		     (unsigned long long)load->n_calls, load->n_took,
		     (unsigned long long)load->n_failed, seconds, (double)load->n_calls / seconds,
		     percentile_ms(load, 50), percentile_ms(load, 99));
}

static void read_input(struct load *load)
{
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	lines_init(&lines, 0, 16 * MIB);
	if (!lines_next(&lines, &line))
		die("no key");
	text_format(load->key, sizeof(load->key), "%s", line.data);
	while (lines_next(&lines, &line)) {
		load->targets = realloc(load->targets, (load->n_targets + 1) * ID_BYTES);
		if (!load->targets)
			abort();
		text_format(load->targets[load->n_targets++], ID_BYTES, "%s", line.data);
	}
	if (!load->n_targets)
		die("no targets");
}

static SSL_CTX *trust_server(const char *path)
{
	struct error err = { 0 };
	SSL_CTX *tls = tls_client_new(NULL, NULL, &err);

	if (!tls)
		die(err.text);
	if (SSL_CTX_load_verify_file(tls, path) != 1)
		die("the CA cannot be read");
	return tls;
}

int main(int argc, char **argv)
{
	struct load load = { .base = event_base_new() };
	struct caller *callers;
	unsigned n;

	if (argc != 7)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	load.address.sin_family = AF_INET;
	load.address.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	if (inet_pton(AF_INET, argv[1], &load.address.sin_addr) != 1)
		die("no address");
	load.tls = trust_server(argv[3]);
	n = (unsigned)strtoul(argv[4], NULL, 10);
	load.wait_ms = argv[6];
	read_input(&load);
	callers = calloc(n, sizeof(*callers));
	if (!callers)
		abort();
	load.start_ns = clock_monotonic_ns();
	load.end_ns = load.start_ns + strtoul(argv[5], NULL, 10) * NS_PER_SEC;
	for (unsigned i = 0; i < n; i++)
		connect_one(&load, &callers[i]);
	(void)event_base_dispatch(load.base);
	print(&load);
	return 0;
}
