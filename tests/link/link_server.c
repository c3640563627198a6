/*
 * A server that is nothing but links and the queue: the real hub on the real store, with
 * TLS and an org's CA, for tests of both ends of the link. A plain HTTP port on loopback
 * takes orders: /submit /wait /cancel /approve /revoke /state /tools /counters /events.
 *
 *	link_server FOLDER PORT CONTROL_PORT N_AGENTS [METRICS_S [LISTEN_PORT]]
 *
 * Agents are told PORT; where a proxy stands there, the server itself listens on LISTEN_PORT.
 * FOLDER/agents/aN/agent/ are the state folders of its agents, enrolled. Those of an
 * N from 90 on have certificates that are due for renewal.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "identity/anchor.h"
#include "identity/ca.h"
#include "identity/csr.h"
#include "identity/file.h"
#include "identity/key.h"
#include "link_server.h"
#include "net/listen.h"
#include "net/tls.h"

#define DUE_DAYS 21
#define PATH_BYTES 1024
#define ORG "acme"

static void die(const struct error *err)
{
	(void)fprintf(stderr, "link_server: %s\n", err->text);
	exit(1);
}

static void make_folder(const char *path)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		abort();
}

static void save(const char *folder, const char *name, const char *text)
{
	char path[PATH_BYTES];
	struct error err = { 0 };

	text_format(path, sizeof(path), "%s/%s", folder, name);
	if (file_save_public(path, text, strlen(text), &err) < 0)
		die(&err);
}

static void enrol(const struct server *server, const char *folder, unsigned number)
{
	struct certificate_agent names = { .org = ORG };
	uint64_t now_ns = clock_wall_ns();
	CLEANUP(text) char *ca = certificate_format(server->server_ca.certificate);
	char base[PATH_BYTES], path[PATH_BYTES], text[PATH_BYTES];
	struct error err = { 0 };

	text_format(names.agent, sizeof(names.agent), "a%u", number);
	text_format(base, sizeof(base), "%.900s/agents/a%u", folder, number);
	make_folder(base);
	text_format(base, sizeof(base), "%.900s/agents/a%u/agent", folder, number);
	make_folder(base);
	text_format(path, sizeof(path), "%.900s/agent.crt", base);
	if (access(path, F_OK) == 0)
		return;
	text_format(path, sizeof(path), "%.900s/agent.key", base);
	CLEANUP(key) EVP_PKEY *key = key_load_or_make(path, KEY_EC_P256, &err);

	if (number >= 90)
		now_ns -= DUE_DAYS * 86400 * NS_PER_SEC;
	CLEANUP(certificate)
	X509 *certificate = ca_issue_agent(&server->org_ca, key, &names, now_ns, &err);

	if (!certificate)
		die(&err);
	save(base, "ca.crt", ca);
	text_format(text, sizeof(text),
		    "{\"agent_id\":\"a%u\",\"server\":\"https://localhost:%u\",\"websocket_url\":"
		    "\"wss://localhost:%u/api/v1/agents/a%u/ws\"}",
		    number, server->port, server->port, number);
	save(base, "agent.json", text);
	CLEANUP(text) char *pem = certificate_format(certificate);

	save(base, "agent.crt", pem);
}

static void handle_renewal(struct hub_question *question, void *data)
{
	struct server *server = data;
	const char *csr = json_get_text(question->params, "csr", "");
	struct certificate_agent names = { 0 };
	struct error err = { 0 };
	CLEANUP(key) EVP_PKEY *key = csr_parse(csr, strlen(csr), &err);
	CLEANUP(certificate) X509 *certificate = NULL;
	CLEANUP(text) char *pem = NULL;

	text_format(names.org, sizeof(names.org), "%s", question->org);
	text_format(names.agent, sizeof(names.agent), "%s", question->agent);
	if (key)
		certificate = ca_issue_agent(&server->org_ca, key, &names, clock_wall_ns(), &err);
	if (!certificate) {
		hub_refuse(question, err.code, err.text);
		return;
	}
	pem = certificate_format(certificate);
	server->n_renewed++;
	hub_answer(question, json_pack("{s:s}", "certificate", pem));
}

static json_t *sign_anchor(const char *org, const char *agent, uint64_t seq, const char *head,
			   void *data)
{
	struct server *server = data;
	struct anchor anchor = { .seq = seq };
	struct error err = { 0 };

	text_format(anchor.org, sizeof(anchor.org), "%s", org);
	text_format(anchor.agent, sizeof(anchor.agent), "%s", agent);
	text_format(anchor.head, sizeof(anchor.head), "%s", head);
	(void)clock_format(clock_wall_ns(), anchor.time);
	return anchor_sign(&anchor, server->anchor_key, &err);
}

/* Whoever comes with a certificate of the org. */
static void handle_link(struct http_request *request, void *data)
{
	struct server *server = data;
	const struct certificate_org org = { ORG, server->org_ca.certificate };
	struct certificate_agent names;
	struct error err = { 0 };

	if (!request->peer->certificate ||
	    certificate_identify(request->peer->certificate, &org, 1, clock_wall_ns(), &names,
				 &err) != CERTIFICATE_VALID) {
		http_reply_error(request, 401, NULL, "a certificate of the org is needed");
		return;
	}
	if (!http_request_is_websocket(request)) {
		http_reply_error(request, 404, NULL, "only links are here");
		return;
	}
	hub_accept(server->hub, request, names.org, names.agent);
}

static struct http_server *listen_for_agents(struct server *server)
{
	static const char *const hosts[] = { "localhost", "127.0.0.1", "::1", NULL };
	struct error err = { 0 };
	CLEANUP(tls_identity) struct tls_identity identity = { .key = key_make(KEY_EC_P256) };
	CLEANUP(text) char *pem = certificate_format(server->org_ca.certificate);
	X509_STORE *trusted = tls_trust_parse(pem, &err);
	struct http_server_config config = { .handle_request = handle_link,
					     .data = server,
					     .max_connections = 20000,
					     .max_connections_per_address = 20000 };
	struct http_server *listener;
	int fd;

	identity.certificate =
		ca_issue_server(&server->server_ca, identity.key, hosts, clock_wall_ns(), &err);
	if (!identity.certificate || !trusted)
		die(&err);
	config.tls = tls_server_new(&identity, trusted, &err);
	X509_STORE_free(trusted);
	fd = listen_open("127.0.0.1", server->listen_port, &err);
	if (!config.tls || fd < 0)
		die(&err);
	listener = http_server_new(server->base, fd, &config);
	SSL_CTX_free(config.tls);
	return listener;
}

static struct http_server *listen_for_orders(struct server *server, uint16_t port)
{
	struct error err = { 0 };
	struct http_server_config config = { .handle_request = order_handle,
					     .data = server,
					     .max_body_bytes = 2 * MIB };
	int fd = listen_open("127.0.0.1", port, &err);

	if (fd < 0)
		die(&err);
	return http_server_new(server->base, fd, &config);
}

static void handle_inserted(const struct store_result *result UNUSED, const struct error *err,
			    void *data UNUSED)
{
	if (err)
		die(err);
}

static void insert(struct server *server, const char *sql, const struct store_value *values,
		   unsigned n)
{
	struct store_step step = { .sql = sql, .params = values, .n_params = n };
	struct store_batch batch = {
		.org = ORG, .steps = &step, .n_steps = 1, .deadline_ns = 60 * NS_PER_SEC
	};

	store_submit(server->store, &batch, handle_inserted, NULL);
}

static void make_rows(struct server *server, unsigned n_agents)
{
	const struct store_value org[] = { store_text(ORG) };

	insert(server,
	       "INSERT INTO orgs (id, name, customer_id, created, quota_agents, quota_calls)"
	       " VALUES ($1, $1, $1, 0, 100, 100) ON CONFLICT (id) DO NOTHING",
	       org, 1);
	for (unsigned i = 0; i < 100; i++) {
		struct store_value values[2] = { store_text(ORG) };
		char name[16];

		if (i >= n_agents && i < 90)
			continue;
		text_format(name, sizeof(name), "a%u", i);
		values[1] = store_text(name);
		insert(server,
		       "INSERT INTO agents (org, id, name, hostname, state, created, enrolled_by)"
		       " VALUES ($1, $2, $2, '', 'disconnected', 0, 'test')"
		       " ON CONFLICT (org, id) DO NOTHING",
		       values, 2);
	}
}

static void open_cas(struct server *server, const char *folder)
{
	const struct ca_place place = { CERTIFICATE_FOR_SERVER, folder, "server", "Test servers" };
	const struct ca_place org = { CERTIFICATE_FOR_CLIENT, folder, "org-acme", "Test agents" };
	char path[PATH_BYTES];
	struct error err = { 0 };

	text_format(path, sizeof(path), "%s/anchor.key", folder);
	server->anchor_key = key_load_or_make(path, KEY_ED25519, &err);
	if (!server->anchor_key || ca_open(&server->server_ca, &place, clock_wall_ns(), &err) < 0 ||
	    ca_open(&server->org_ca, &org, clock_wall_ns(), &err) < 0)
		die(&err);
}

static void handle_ended(struct hub *hub UNUSED, void *data)
{
	struct server *server = data;

	(void)event_base_loopexit(server->base, NULL);
}

static void handle_term(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct server *server = data;

	hub_shutdown(server->hub, handle_ended, server);
}

static void run(struct server *server, uint16_t control, unsigned metrics_s)
{
	struct event *term = evsignal_new(server->base, SIGTERM, handle_term, server);
	struct hub_config config = {
		.base = server->base,
		.store = server->store,
		.metrics_s = metrics_s,
		.handle_renewal = handle_renewal,
		.sign_anchor = sign_anchor,
		.data = server,
	};
	struct http_server *links, *orders;

	(void)event_add(term, NULL);
	server->hub = hub_new(&config);
	links = listen_for_agents(server);
	orders = listen_for_orders(server, control);
	(void)event_base_dispatch(server->base);
	http_server_free(orders);
	http_server_free(links);
	hub_free(server->hub);
	event_free(term);
}

int main(int argc, char **argv)
{
	struct server server = { 0 };
	char path[PATH_BYTES], build[PATH_BYTES];
	struct store_config config = { .database = path, .executables = build };
	struct error err = { 0 };
	unsigned n_agents;

	if (argc < 5)
		return 2;
	log_set("link_server", LOG_LEVEL_INFO);
	(void)signal(SIGPIPE, SIG_IGN);
	server.port = (uint16_t)strtoul(argv[2], NULL, 10);
	server.listen_port = argc > 6 ? (uint16_t)strtoul(argv[6], NULL, 10) : server.port;
	n_agents = (unsigned)strtoul(argv[4], NULL, 10);
	open_cas(&server, argv[1]);
	text_format(path, sizeof(path), "%.900s/agents", argv[1]);
	make_folder(path);
	for (unsigned i = 0; i < n_agents; i++)
		enrol(&server, argv[1], i);
	enrol(&server, argv[1], 90);
	text_format(path, sizeof(path), "%.900s/test.db", argv[1]);
	text_format(build, sizeof(build), "%s", getenv("BUILD") ? getenv("BUILD") : "build");
	server.base = event_base_new();
	server.store = store_new(server.base, &config, &err);
	if (!server.store)
		die(&err);
	make_rows(&server, n_agents);
	run(&server, (uint16_t)strtoul(argv[3], NULL, 10),
	    argc > 5 ? (unsigned)strtoul(argv[5], NULL, 10) : 0);
	store_free(server.store);
	ca_finish(&server.server_ca);
	ca_finish(&server.org_ca);
	EVP_PKEY_free(server.anchor_key);
	event_base_free(server.base);
	return 0;
}
