/*
 * constable-agent: every connection to the outside, and no power over the host.
 *
 * Starts in this order: read the configuration and its identity, bind the local API,
 * raise its walls, connect, enter the loop.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/link_internal.h"
#include "base/memory.h"
#include "agent/status.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "call/sandbox/confine.h"
#include "cli/server_name.h"
#include "cli/settings.h"

#define END_S 5
#define PROGRESS_QUEUED_MAX_BYTES MIB

static const char usage[] =
	"usage: constable-agent [run] [--KEY VALUE]...\n"
	"Keeps this host's link to its server. The keys are those of 'constable config'.\n";

static int respond(const char *call_id, json_t *result, void *data)
{
	struct agent *agent = data;
	json_t *id = json_string(call_id);
	int r = link_send_result(&agent->link, jsonrpc_format_result(id, result));

	json_decref(id);
	return r;
}

static void handle_warden_up(void *data)
{
	struct agent *agent = data;

	log_info("the warden answers");
	agent_tell_approvers(agent);
	calls_warden_up(&agent->calls);
	heartbeat_tell_contact(agent);
	programs_warden_up(&agent->programs);
	agent_mcp_warden_up(&agent->mcp);
	registry_warden_up(agent->registry);
}

static void handle_warden_down(void *data)
{
	struct agent *agent = data;

	calls_warden_down(&agent->calls);
}

/* What a slow link cannot take is dropped and counted: the result has it all. */
static void handle_progress(const json_t *header, void *data)
{
	struct agent *agent = data;
	struct link *link = &agent->link;
	json_t *params;

	if (!json_object_get(header, "call_id")) {
		agent_mcp_take_progress(&agent->mcp, header);
		return;
	}
	params = json_pack("{s:s, s:I, s:s, s:s}", "progressToken",
			   json_get_text(header, "call_id", ""), "progress",
			   json_get_int(header, "seq", 0), "message",
			   json_get_text(header, "text", ""), "constable/stream",
			   json_get_text(header, "stream", "note"));

	if (!link->ws || websocket_queued_bytes(link->ws) > PROGRESS_QUEUED_MAX_BYTES) {
		json_decref(params);
		link->n_dropped_progress++;
		return;
	}
	(void)link_send(link, jsonrpc_format_notification("notifications/progress", params));
}

static void handle_tick(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct agent *agent = data;

	agent->n_ticks++;
	if (agent->notify.watchdog_ns)
		notify_tell(&agent->notify, "WATCHDOG=1");
	link_tick(&agent->link);
	telemetry_tick(&agent->telemetry);
	if (agent_mcp_could_rest(&agent->mcp))
		agent_was_busy(agent);
	if (warden_is_up(agent->warden)) {
		calls_retry(&agent->calls);
		programs_tick(&agent->programs);
	}
}

static void handle_quiet(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct agent *agent = data;

	agent_mcp_rest(&agent->mcp);
	memory_give_back();
}

static void handle_term(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	static const struct timeval end = { .tv_sec = END_S };
	struct agent *agent = data;

	notify_tell(&agent->notify, "STOPPING=1");
	link_end(&agent->link);
	(void)event_base_loopexit(agent->base, link_is_closed(&agent->link) ? NULL : &end);
}

static void read_line(const char *path, char *text, size_t size)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, size - 1);

	text[len > 0 ? len : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static void describe_host(struct agent *agent)
{
	const char *given = config_get(agent->config, "hostname")->text;

	if (*given)
		text_format(agent->hostname, sizeof(agent->hostname), "%s", given);
	else if (gethostname(agent->hostname, sizeof(agent->hostname) - 1) < 0)
		agent->hostname[0] = '\0';
	read_line("/proc/sys/kernel/random/boot_id", agent->boot_id, sizeof(agent->boot_id));
}

/* Where enrolment put it: below the state folder of the host, or of the user. */
static void find_folder(const struct config *config, char folder[STATE_PATH_BYTES])
{
	const char *given = config_get(config, "state_dir")->text;
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");

	if (*given)
		text_format(folder, STATE_PATH_BYTES, "%s/agent", given);
	else if (access("/var/lib/constable/agent", X_OK) == 0 || geteuid() == 0 || (!xdg && !home))
		text_format(folder, STATE_PATH_BYTES, "/var/lib/constable/agent");
	else if (xdg && *xdg)
		text_format(folder, STATE_PATH_BYTES, "%s/constable/agent", xdg);
	else
		text_format(folder, STATE_PATH_BYTES, "%s/.local/state/constable/agent", home);
}

/* Siblings lie where this program lies, unless the configuration says otherwise. */
static const char *find_executables(const struct config *config, char folder[STATE_PATH_BYTES])
{
	const char *given = config_get(config, "executables_dir")->text;
	ssize_t len = readlink("/proc/self/exe", folder, STATE_PATH_BYTES - 1);
	char *slash;

	if (*given)
		return given;
	folder[len < 0 ? 0 : len] = '\0';
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	return folder;
}

/* From here on it can do nothing but speak, and keep its own files. */
static int raise_walls(const struct agent *agent, struct error *err)
{
	char resolver[STATE_PATH_BYTES];
	const char *const programs[] = { resolver, NULL };
	const char *const folders[] = { agent->state.folder, NULL };
	const struct sandbox_home home = { .folders = folders, .programs = programs };
	uint32_t walls;

	text_format(resolver, sizeof(resolver), "%s/constable-resolver", agent->executables);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(err, "close the agent's memory to others");
	return sandbox_confine_agent(&home, &walls, err);
}

static struct event *event_start(struct agent *agent, int signal, event_callback_fn handle)
{
	struct event *event = signal ? evsignal_new(agent->base, signal, handle, agent)
				     : event_new(agent->base, -1, EV_PERSIST, handle, agent);

	if (!event)
		abort();
	if (signal && event_add(event, NULL) < 0)
		abort();
	return event;
}

static void handle_watchdog(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	notify_tell(&((struct agent *)data)->notify, "WATCHDOG=1");
}

/* The heartbeat says it too: where that is often enough, it is the one timer while idle. */
static struct event *watch(struct agent *agent)
{
	struct event *timer = event_start(agent, 0, handle_watchdog);
	uint64_t every_ns = agent->notify.watchdog_ns;
	struct timeval every = { .tv_sec = (time_t)(every_ns / NS_PER_SEC),
				 .tv_usec = (suseconds_t)(every_ns % NS_PER_SEC / 1000) };

	if (every_ns && every_ns < AGENT_HEARTBEAT_S * NS_PER_SEC && event_add(timer, &every) < 0)
		abort();
	return timer;
}

static void run_loop(struct agent *agent)
{
	static const struct timeval every = { .tv_sec = AGENT_HEARTBEAT_S };
	struct event *term = event_start(agent, SIGTERM, handle_term);
	struct event *interrupt = event_start(agent, SIGINT, handle_term);
	struct event *watchdog = watch(agent);

	agent->tick = event_start(agent, 0, handle_tick);
	agent->trim = event_new(agent->base, -1, 0, handle_quiet, agent);
	if (!agent->trim || event_add(agent->tick, &every) < 0)
		abort();
	link_start(&agent->link);
	registry_start(agent->registry);
	notify_tell(&agent->notify, "READY=1");
	agent_was_busy(agent);
	(void)event_base_dispatch(agent->base);
	event_free(term);
	event_free(interrupt);
	event_free(watchdog);
	event_free(agent->tick);
	event_free(agent->trim);
	agent->trim = NULL;
}

static void start_warden(struct agent *agent)
{
	agent->warden =
		warden_new(agent->base, &(struct warden_config) {
						.socket = config_get(agent->config, "socket")->text,
						.handle_up = handle_warden_up,
						.handle_down = handle_warden_down,
						.handle_progress = handle_progress,
						.data = agent,
					});
	calls_init(&agent->calls, &(struct calls_config) {
					  .warden = agent->warden,
					  .respond = respond,
					  .data = agent,
				  });
	metrics_init(&agent->metrics, agent);
	telemetry_init(&agent->telemetry, agent);
	programs_init(&agent->programs, agent);
	agent_mcp_init(&agent->mcp, agent);
}

static int serve(struct agent *agent, struct error *err)
{
	int r = link_init(&agent->link, agent, err);

	if (r == 0)
		r = api_start(&agent->api, agent, err);
	if (r == 0)
		r = bus_prepare(&agent->bus, agent, err);
	if (r == 0)
		r = registry_open(agent, &agent->registry, err);
	if (r == 0)
		r = raise_walls(agent, err);
	if (r == 0) {
		start_warden(agent);
		bus_start(&agent->bus);
		run_loop(agent);
		agent_mcp_finish(&agent->mcp);
		metrics_finish(&agent->metrics);
		programs_finish(&agent->programs);
		calls_finish(&agent->calls);
	}
	bus_finish(&agent->bus);
	link_finish(&agent->link);
	registry_close(agent->registry);
	warden_free(agent->warden);
	api_stop(&agent->api);
	free(agent->approvers);
	json_decref(agent->revoked);
	return r;
}

/* An image of another host, or a folder that was mixed up, does not speak as this one. */
static int check_id(const struct agent *agent, struct error *err)
{
	const struct config_value *wanted = config_get(agent->config, "agent_id");

	if (!*wanted->text || strcmp(wanted->text, agent->state.agent) == 0)
		return 0;
	return error_set(err, -EINVAL,
			 "this host is enrolled as '%s', and %s says '%s'; correct that, or run "
			 "'constable provision --force'",
			 agent->state.agent, wanted->source, wanted->text);
}

static int run(const struct config *config, struct error *err)
{
	char folder[STATE_PATH_BYTES], executables[STATE_PATH_BYTES];
	struct agent agent = {
		.config = config,
		.version = CONSTABLE_VERSION,
		.started_ns = clock_monotonic_ns(),
	};
	int r;

	agent.executables = find_executables(config, executables);
	find_folder(config, folder);
	r = state_load(&agent.state, folder, err);
	if (r == 0)
		r = check_id(&agent, err);
	if (r < 0) {
		state_finish(&agent.state);
		return r;
	}
	describe_host(&agent);
	notify_open(&agent.notify);
	agent.base = event_base_new();
	if (!agent.base)
		abort();
	r = serve(&agent, err);
	event_base_free(agent.base);
	notify_close(&agent.notify);
	state_finish(&agent.state);
	return r;
}

static int read_settings(struct config *config, int argc, char **argv, struct error *err)
{
	int at = 1, r = server_name_take(&argc, argv, err);

	if (r == 0)
		r = settings_fill(config, err);
	if (r < 0)
		return r;
	if (argc > 1 && strcmp(argv[1], "run") == 0)
		at++;
	while (at < argc) {
		r = config_take_flag(config, argv, &at, err);
		if (r < 0)
			return r;
		if (r == 0)
			return error_set(err, -EINVAL, "no flag '%s'", argv[at]);
	}
	return server_name_settle(config, err);
}

int main(int argc, char **argv)
{
	CLEANUP(config) struct config config = { 0 };
	struct error err = { 0 };

	if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		(void)fputs(usage, stdout);
		return 0;
	}
	log_set("constable-agent", LOG_LEVEL_INFO);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)umask(077);
	fd_raise_limit();
	/* One thread needs one arena; and no configuration file of OpenSSL is ours to follow. */
	(void)mallopt(M_ARENA_MAX, 1);
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
				NULL) != 1)
		abort();
	if (read_settings(&config, argc, argv, &err) < 0) {
		log_error("%s", err.text);
		return 2;
	}
	if (run(&config, &err) < 0) {
		log_error("%s", err.text);
		return err.code == -ENOENT ? 4 : 1;
	}
	return 0;
}
