#include "net/test_call.h"

#include <openssl/x509_vfy.h>
#include <signal.h>
#include <string.h>

#include "net/listen.h"

static void handle_message(struct websocket *ws, const char *text, size_t len, void *data)
{
	struct test_call *call = data;

	text_format(call->heard, sizeof(call->heard), "%s", text);
	if (ws == call->theirs)
		CHECK_INT(websocket_send(ws, text, len), 0);
}

static void handle_closed(struct websocket *ws, unsigned code UNUSED, const char *reason UNUSED,
			  void *data)
{
	struct test_call *call = data;

	call->n_closed++;
	if (ws == call->theirs)
		call->theirs = NULL;
	else
		call->ours = NULL;
}

static struct websocket_config ends(struct test_call *call)
{
	return (struct websocket_config) {
		.handle_message = handle_message,
		.handle_closed = handle_closed,
		.data = call,
	};
}

static void handle_gone(struct http_request *request UNUSED)
{
}

static void handle_request(struct http_request *request, void *data)
{
	struct test_call *call = data;
	struct websocket_config config = ends(call);
	const char *authorization = http_request_field(request, "authorization");

	if (request->peer->certificate)
		X509_NAME_get_text_by_NID(X509_get_subject_name(request->peer->certificate),
					  NID_commonName, call->peer_name, sizeof(call->peer_name));
	call->expired = request->peer->expired;
	text_format(call->authorization, sizeof(call->authorization), "%s",
		    authorization ? authorization : "");
	if (strcmp(request->path, "/no") == 0) {
		http_reply_header(request, "Retry-After", "7");
		http_reply_error(request, 503, NULL, "later");
	} else if (strcmp(request->path, "/forbidden") == 0) {
		http_reply_error(request, 403, NULL, "no");
	} else if (strcmp(request->path, "/plain") == 0) {
		http_reply(request, 200, "text/plain", "hello", 5);
	} else if (strcmp(request->path, "/never") == 0) {
		request->gone = handle_gone;
	} else {
		call->theirs = http_accept_websocket(request, &config);
	}
}

static void handle_done(struct dial *dial UNUSED, struct dial_outcome *outcome, void *data)
{
	struct test_call *call = data;

	call->n_done++;
	call->outcome = *outcome;
	call->ours = outcome->ws;
}

void test_call_open(struct test_call *call, const char *address, enum test_security security)
{
	struct error err = { 0 };
	struct http_server_config config = { .handle_request = handle_request, .data = call };
	int fd = listen_open(address, 0, &err);

	CHECK_OK(fd, err);
	call->port = listen_port(fd);
	call->base = event_base_new();
	if (security == TEST_TLS) {
		test_pki_make(&call->pki);
		call->server_tls = tls_server_new(&call->pki.server, call->pki.trusted, &err);
		call->client_tls = tls_client_new(&call->pki.client, call->pki.trusted, &err);
		CHECK(call->server_tls && call->client_tls);
	}
	config.tls = call->server_tls;
	call->server = http_server_new(call->base, fd, &config);
	call->config.tls = call->client_tls;
	call->config.websocket = ends(call);
	call->config.handle_done = handle_done;
	call->config.data = call;
	(void)signal(SIGPIPE, SIG_IGN);
}

void test_call_close(struct test_call *call)
{
	websocket_free(call->ours);
	http_server_free(call->server);
	SSL_CTX_free(call->server_tls);
	SSL_CTX_free(call->client_tls);
	if (call->pki.ca_pem)
		test_pki_finish(&call->pki);
	event_base_free(call->base);
}

void test_call_dial(struct test_call *call, const char *host, const char *path)
{
	struct error err = { 0 };

	text_format(call->url, sizeof(call->url), "%s://%s:%u%s", call->client_tls ? "wss" : "ws",
		    host, call->port, path);
	call->config.url = call->url;
	if (!dial_start(call->base, &call->config, &err))
		FAIL("%s", err.text);
	CHECK_INT(call->n_done, 0);
	LOOP_UNTIL(call->base, call->n_done == 1);
}

void test_call_check_failed(struct test_call *call, int code)
{
	CHECK(!call->ours);
	if (call->outcome.err.code != code)
		FAIL("%d: %s", call->outcome.err.code, call->outcome.err.text);
	CHECK(call->outcome.err.text[0]);
}

void test_call_check_echo(struct test_call *call)
{
	if (!call->ours)
		FAIL("%s", call->outcome.err.text);
	CHECK_INT(websocket_send(call->ours, "over there", 10), 0);
	LOOP_UNTIL(call->base, call->theirs && strcmp(call->heard, "over there") == 0);
	call->heard[0] = '\0';
	LOOP_UNTIL(call->base, strcmp(call->heard, "over there") == 0);
}
