#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "identity/anchor.h"
#include "identity/key.h"
#include "mcp_client/oauth/oauth.h"
#include "server/api/realtime.h"
#include "server/enrol/link_enrol.h"
#include "server/enrol/nonces.h"
#include "server/hub/company.h"
#include "server/inquiry/foreign.h"
#include "server/inquiry/inquiry.h"
#include "server/mcp/mcp_server.h"
#include "server/respond.h"
#include "server/server.h"
#include "tools/catalogue.h"

#define CLOSE_NS (20 * NS_PER_SEC)
#define DRAIN_EVERY_NS (10 * NS_PER_MS)
#define DRAIN_LOOKS 500
#define DRAIN_BUSY_LOOKS (DRAIN_LOOKS + (unsigned)(OAUTH_STEP_NS / DRAIN_EVERY_NS))
#define UPKEEP_S 3600
#define N_PRIORITIES 2 /* 0 is the store's, 1 what libevent gives all else */
#define DISPATCH_NS (5 * NS_PER_MS)
#define DISPATCH_CALLBACKS 64
#define GUESSES_PER_MINUTE 10
#define MAX_CONNECTIONS 20000
#define MAX_CONNECTIONS_PER_ADDRESS 20000 /* a whole site may come through one proxy */

static void handle_store(enum store_state state, const struct error *err, void *data)
{
	struct server *server = data;

	switch (state) {
	case STORE_READY:
		server_load_orgs(server);
		return;
	case STORE_STARTING:
		log_warn("the store is starting%s%s", err ? ": " : "", err ? err->text : "");
		return;
	case STORE_FAILED:
		log_error("the store: %s", err->text);
		server->status = 1;
		(void)event_base_loopexit(server->base, NULL);
	}
}

static void handle_notice(const char *notice, void *data)
{
	struct server *server = data;

	if (strcmp(notice, ORGS_NOTICE) == 0)
		server_orgs_look(server);
	else if (strcmp(notice, MCP_SERVERS_NOTICE) == 0)
		inquiries_reread_foreign(server->api.inquiries, NULL);
	else
		hub_hear(server->api.hub, notice);
}

static json_t *sign_anchor(const char *org, const char *agent, uint64_t seq, const char *head,
			   void *data)
{
	const struct api *api = data;
	struct server *server = container_of(api, struct server, api);
	struct anchor anchor = { .seq = seq };
	struct error err = { 0 };

	text_format(anchor.org, sizeof(anchor.org), "%s", org);
	text_format(anchor.agent, sizeof(anchor.agent), "%s", agent);
	text_format(anchor.head, sizeof(anchor.head), "%s", head);
	(void)clock_format(clock_wall_ns(), anchor.time);
	return anchor_sign(&anchor, server->anchor_key, &err);
}

static struct event *add_timer(struct server *server, uint64_t every_ns, event_callback_fn handle)
{
	const struct timeval every = {
		.tv_sec = (time_t)(every_ns / NS_PER_SEC),
		.tv_usec = (suseconds_t)(every_ns % NS_PER_SEC / 1000),
	};
	struct event *timer = event_new(server->base, -1, EV_PERSIST, handle, server);

	if (!timer || event_add(timer, &every) < 0)
		abort();
	return timer;
}

/*
 * What is on its way to the store still has somebody who waits for its answer, and a refresh token
 * that was shown is not good for a second time: what comes of that is waited for and stored.
 */
static void handle_drain(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct server *server = data;
	bool is_busy = mcp_servers_are_busy(server->api.mcp_servers);
	unsigned most = is_busy ? DRAIN_BUSY_LOOKS : DRAIN_LOOKS;

	if ((!is_busy && store_n_pending(server->api.store) == 0) ||
	    server->n_drain_looks++ >= most)
		(void)event_base_loopexit(server->base, NULL);
}

static void finish_closing(struct server *server)
{
	if (--server->n_closing == 0)
		server->drain = add_timer(server, DRAIN_EVERY_NS, handle_drain);
}

static void handle_listener_closed(struct http_server *listener UNUSED, void *data)
{
	finish_closing(data);
}

static void handle_hub_closed(struct hub *hub UNUSED, void *data)
{
	finish_closing(data);
}

static void handle_signal(evutil_socket_t fd, short what UNUSED, void *data)
{
	struct server *server = data;

	if (server->is_closing) {
		(void)event_base_loopexit(server->base, NULL);
		return;
	}
	log_info("ending: signal %d", (int)fd);
	notify_tell(&server->notify, "STOPPING=1");
	server->is_closing = true;
	inquiries_stop(server->api.inquiries);
	respond_stop(server->respond);
	server->n_closing = server->n_listeners + 1;
	for (unsigned i = 0; i < server->n_listeners; i++)
		http_server_shutdown(server->listeners[i], CLOSE_NS, handle_listener_closed,
				     server);
	hub_shutdown(server->api.hub, handle_hub_closed, server);
}

static void handle_watchdog(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct server *server = data;

	notify_tell(&server->notify, "WATCHDOG=1");
}

static void handle_upkeep(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	server_upkeep(data);
}

static void add_events(struct server *server)
{
	static const int numbers[] = { SIGTERM, SIGINT };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		server->signals[i] = evsignal_new(server->base, numbers[i], handle_signal, server);
		if (!server->signals[i] || event_add(server->signals[i], NULL) < 0)
			abort();
	}
	if (server->notify.watchdog_ns)
		server->watchdog = add_timer(server, server->notify.watchdog_ns, handle_watchdog);
	server->upkeep = add_timer(server, UPKEEP_S * NS_PER_SEC, handle_upkeep);
}

static int open_anchor_key(struct server *server, struct error *err)
{
	char path[SERVER_PATH_BYTES + 16];

	text_format(path, sizeof(path), "%s/anchor.key", server->place.ca);
	server->anchor_key = key_load_or_make(path, KEY_ED25519, err);
	if (!server->anchor_key)
		return err->code;
	(void)key_text(server->anchor_key, server->anchor_text);
	return 0;
}

static void fill_api(struct server *server)
{
	unsigned rate = (unsigned)config_get_count(server->config, "rate");
	struct hub_config hub = {
		.base = server->base,
		.store = server->api.store,
		.server = server->is_alone ? NULL : server->owner,
		.metrics_s = config_get_choice(server->config, "metrics") == 1 ? 30 : 0,
		.handle_renewal = link_enrol_renew,
		.handle_login = link_enrol_login,
		.handle_enrolment = link_enrol_renew,
		.sign_anchor = sign_anchor,
		.data = &server->api,
	};
	struct api *api = &server->api;

	server->api_config = (struct api_config) {
		.mode = (enum api_mode)config_get_choice(server->config, "check_answers"),
		.version = CONSTABLE_VERSION,
		.public_url = server->identity.url,
		.ca_pem = server->identity.ca_pem,
		.pin = server->identity.pin,
		.anchor_key = server->anchor_text,
		.install_folder = config_get(server->config, "install_dir")->text,
		.dist_folder = config_get(server->config, "dist_dir")->text,
		.strangers_per_minute = rate,
	};
	api->config = &server->api_config;
	api->base = server->base;
	api->hub = hub_new(&hub);
	api->realtime = realtime_new(server->base, api->hub);
	api->tools = catalogue;
	api->router = router_new(server_routes);
	api->strangers = rate_new(rate, rate);
	api->guesses = rate_new(rate ? GUESSES_PER_MINUTE : 0, GUESSES_PER_MINUTE);
	api->nonces = nonces_new();
	api->started_ns = clock_wall_ns();
	server->respond = respond_new();
}

static int open_store(struct server *server, struct error *err)
{
	const struct store_config config = {
		.database = server->place.database,
		.executables = server->place.executables,
		.changed = handle_store,
		.told = handle_notice,
		.data = server,
	};

	server->api.store = store_new(server->base, &config, err);
	return server->api.store ? 0 : err->code;
}

static void serve(struct server *server)
{
	const struct http_server_config config = {
		.tls = server->identity.tls,
		.handle_request = api_handle_request,
		.handle_head = api_handle_head,
		.data = &server->api,
		.max_connections = MAX_CONNECTIONS,
		.max_connections_per_address = MAX_CONNECTIONS_PER_ADDRESS,
	};

	for (unsigned i = 0; i < server->n_listeners; i++) {
		server->listeners[i] = http_server_new(server->base, server->sockets[i], &config);
		server->sockets[i] = -1;
	}
}

static int open_vault(struct server *server, struct error *err)
{
	char path[SERVER_PATH_BYTES + 16];

	text_format(path, sizeof(path), "%s/vault.key", server->place.ca);
	server->vault = vault_open(path, err);
	if (server->vault && !server->is_alone)
		orgs_share(server->api.orgs, server->vault);
	return server->vault ? 0 : err->code;
}

static int open_all(struct server *server, struct error *err)
{
	uint16_t port = 0;
	int r = server_place_open(&server->place, server->config, err);

	if (r < 0)
		return r;
	server->api.orgs = orgs_new(server->place.ca);
	r = server_traces_configure(server, err);
	if (r == 0)
		r = server_listen(server, &port, err);
	if (r == 0)
		r = server_identity_open(server, port, err);
	if (r == 0)
		r = open_anchor_key(server, err);
	if (r == 0)
		r = server_replicas_configure(server, err);
	if (r == 0)
		r = open_store(server, err);
	if (r < 0)
		return r;
	fill_api(server);
	r = open_vault(server, err);
	if (r == 0)
		r = server_deliveries_open(server, err);
	if (r == 0)
		r = server_inquiries_open(server, err);
	if (r == 0)
		r = server_gateway_open(server, err);
	if (r < 0)
		return r;
	server_traces_open(server);
	server_incidents_open(server);
	serve(server);
	server_tenure_open(server);
	add_events(server);
	log_info("listening on port %u, pin %s", port, server->identity.pin);
	r = control_open(server, err);
	return r < 0 ? r : server_confine(server, err);
}

/* Last: a second signal while the store ends must not take the place of our own end. */
static void close_events(struct server *server)
{
	struct event *const events[] = { server->signals[0], server->signals[1], server->watchdog,
					 server->upkeep, server->drain };

	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (events[i])
			event_free(events[i]);
}

static void close_all(struct server *server)
{
	struct api *api = &server->api;

	server_tenure_close(server);
	server_replicas_close(server);
	server_incidents_close(server);
	server_gateway_close(server);
	realtime_free(api->realtime);
	inquiries_free(api->inquiries);
	server_traces_close(server);
	server_deliveries_close(server);
	vault_free(server->vault);
	model_endpoints_finish(&server->models);
	if (api->hub)
		hub_free(api->hub);
	for (unsigned i = 0; i < server->n_listeners; i++) {
		if (server->listeners[i])
			http_server_free(server->listeners[i]);
		fd_close(&server->sockets[i]);
	}
	if (server->control)
		http_server_free(server->control);
	if (api->store)
		store_free(api->store);
	respond_free(server->respond);
	orgs_free(api->orgs);
	router_free(api->router);
	rate_free(api->strangers);
	rate_free(api->guesses);
	nonces_free(api->nonces);
	EVP_PKEY_free(server->anchor_key);
	server_identity_close(&server->identity);
	server_place_close(&server->place);
	close_events(server);
	notify_close(&server->notify);
	event_base_free(server->base);
}

/*
 * What the store says and is told goes first: of a thousand handshakes each is a millisecond, and
 * while a round of the loop makes them the store would have nothing to do.
 */
static struct event_base *new_base(void)
{
	const struct timeval interval = { .tv_usec = DISPATCH_NS / 1000 };
	struct event_config *config = event_config_new();
	struct event_base *base;

	if (!config ||
	    event_config_set_max_dispatch_interval(config, &interval, DISPATCH_CALLBACKS, 1) < 0)
		abort();
	base = event_base_new_with_config(config);
	event_config_free(config);
	if (!base || event_base_priority_init(base, N_PRIORITIES) < 0)
		abort();
	return base;
}

int server_run(struct config *config, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		abort();
	server->config = config;
	server->place.lock = -1;
	notify_open(&server->notify);
	server->base = new_base();
	(void)signal(SIGPIPE, SIG_IGN);
	fd_raise_limit();
	r = open_all(server, err);
	if (r == 0) {
		(void)event_base_dispatch(server->base);
		if (server->status)
			r = error_set(err, -EIO, "the server could not go on");
	}
	close_all(server);
	free(server);
	return r;
}
