/* test_connection: whether a TCP port answers, and what certificate it shows. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/sandbox/profile.h"
#include "tools/catalogue.h"
#include "tools/certificate/certificate.h"
#include "tools/network/connect.h"
#include "tools/network/tls_probe.h"

#define MAX_ADDRESSES 6

struct attempt_context {
	struct task *task;
	const json_t *args;
	uint64_t timeout_ns;
	json_t *attempts, *result;
	const char *host;
};

static void free_addresses(struct addrinfo **list)
{
	if (*list)
		freeaddrinfo(*list);
}

/* As the programs of this host resolve it, but with less patience. */
static int resolve(const char *host, int64_t port, struct addrinfo **list_out)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	char service[8];

	(void)snprintf(service, sizeof(service), "%d", (int)port);
	(void)setenv("RES_OPTIONS", "timeout:1 attempts:2", 1);
	return getaddrinfo(host, service, &hints, list_out);
}

static json_t *attempt_json(const struct addrinfo *address, const struct connect_attempt *attempt)
{
	char text[NI_MAXHOST] = "";

	(void)getnameinfo(address->ai_addr, address->ai_addrlen, text, sizeof(text), NULL, 0,
			  NI_NUMERICHOST);
	return json_pack("{s:s, s:s, s:o, s:o}", "address", text, "verdict",
			 connect_verdict_name(attempt->verdict), "latency_ms",
			 json_figure((double)attempt->latency_ns / (double)NS_PER_MS), "error",
			 attempt->code ? json_string(strerrordesc_np(attempt->code)) : json_null());
}

static void look_at_tls(const struct attempt_context *context, int fd)
{
	json_t *tls = json_object();
	const char *name = json_get_text(context->args, "server_name", context->host);

	tls_probe(fd, name, clock_monotonic_ns() + context->timeout_ns,
		  host_now_ns(context->task->host), tls);
	json_put(context->result, "tls", tls);
}

/* The first address that answers counts, as for a client. */
static bool try_address(const struct attempt_context *context, const struct addrinfo *address)
{
	struct connect_attempt attempt;
	CLEANUP(fd) int fd = -1;

	connect_try(address->ai_addr, address->ai_addrlen, context->timeout_ns, &attempt);
	fd = attempt.fd;
	json_push(context->attempts, attempt_json(address, &attempt));
	json_put(context->result, "verdict", json_string(connect_verdict_name(attempt.verdict)));
	json_put(context->result, "latency_ms",
		 json_figure((double)attempt.latency_ns / (double)NS_PER_MS));
	json_put(context->result, "error",
		 attempt.code ? json_string(strerrordesc_np(attempt.code)) : json_null());
	if (fd >= 0 && json_get_bool(context->args, "tls", false))
		look_at_tls(context, fd);
	return fd >= 0;
}

static bool try_addresses(const struct attempt_context *context, const struct addrinfo *list)
{
	size_t n = 0;

	for (const struct addrinfo *at = list; at; at = at->ai_next) {
		if (n++ == MAX_ADDRESSES || clock_monotonic_ns() > context->task->deadline_ns) {
			json_put(context->result, "truncated", json_true());
			break;
		}
		if (try_address(context, at))
			return true;
	}
	return false;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err UNUSED)
{
	__attribute__((cleanup(free_addresses))) struct addrinfo *list = NULL;
	struct attempt_context context = {
		.task = task,
		.args = args,
		.timeout_ns = (uint64_t)json_get_int(args, "timeout_ms", 2000) * NS_PER_MS,
		.attempts = json_array(),
		.result = result,
		.host = json_get_text(args, "host", ""),
	};
	uint64_t start_ns = clock_monotonic_ns();
	int64_t port = json_get_int(args, "port", 0);
	/* A server that hangs up during the handshake is a finding, not the end of this job. */
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	int failure = resolve(context.host, port, &list);
	const json_t *tls;
	bool is_ok;

	(void)sigaction(SIGPIPE, &ignore, NULL);
	json_put(result, "host", json_string(context.host));
	json_put(result, "port", json_integer(port));
	json_put(result, "resolve_ms",
		 json_figure((double)(clock_monotonic_ns() - start_ns) / (double)NS_PER_MS));
	json_put(result, "attempts", context.attempts);
	if (failure) {
		json_put(result, "verdict", json_string("unresolved"));
		json_put(result, "error", json_string(gai_strerror(failure)));
		json_put(result, "latency_ms", json_null());
	}
	is_ok = !failure && try_addresses(&context, list);
	tls = json_object_get(result, "tls");
	json_put(result, "connected", json_boolean(is_ok));
	json_put(result, "ok", json_boolean(is_ok && (!tls || json_get_bool(tls, "ok", false))));
	return 0;
}

const struct tool tool_test_connection = {
	.info = {
		.name = "test_connection",
		.summary = "Whether a TCP port can be reached from this host, and with tls, whether its "
			   "certificate is valid and when it ends.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,"
			  "\"required\":[\"host\",\"port\"],\"properties\":{"
			  "\"host\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":253,"
			  "\"description\":\"name or address\"},"
			  "\"port\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":65535},"
			  "\"tls\":{\"type\":\"boolean\",\"default\":false,"
			  "\"description\":\"make a TLS handshake\"},"
			  "\"server_name\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":253,"
			  "\"description\":\"the name its certificate must have, if not host\"},"
			  "\"timeout_ms\":{\"type\":\"integer\",\"minimum\":50,\"maximum\":10000,"
			  "\"default\":2000,\"description\":\"for each address\"}}}",
		.result = "host: string, port: integer, resolve_ms: number, ok: boolean, "
			"connected: boolean, verdict?: string, latency_ms?: number|null, "
			"error?: string|null, attempts: [{address: string, verdict: string, "
			"latency_ms: number, error: string|null}], tls?: {handshake: boolean, "
			"ok: boolean, protocol?: string, cipher?: string, error: string|null, "
			"certificate?: {" CERTIFICATE_RESULT "}|null}",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_TARGETS,
		.target = TARGET_ANY_TCP,
	},
	.run = run,
};
