/*
 * constable-warden: the root half. Gate, policy, audit; no network socket.
 *
 * Starts in this order: close what was inherited, read the policy, fork the
 * launcher (which must know the walls that may be missing), open the audit log
 * and the socket, raise its own walls, enter the loop.
 */
#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/notify.h"
#include "call/approval.h"
#include "call/redact.h"
#include "call/sandbox/confine.h"
#include "tools/catalogue.h"
#include "warden/connection.h"
#include "warden/listen.h"
#include "warden/programs.h"
#include "warden/tidy.h"

#define AUDIT_WAIT_NS (30 * NS_PER_SEC)

static const char usage[] =
	"usage: constable-warden [--socket PATH | --private FD] [--state DIR] [--policy FILE]\n"
	"                        [--executables DIR] [--host-root DIR] [--own-group]\n"
	"                        [--programs FILE]\n"
	"The root half of Constable: decides, records and runs every call.\n";

struct options {
	const char *socket;
	const char *state;
	const char *policy;
	const char *executables;
	const char *host_root;
	const char *programs; /* what those that somebody signed may do */
	enum launcher_group group;
	int private_fd;
};

static const struct option longs[] = {
	{ "socket", required_argument, NULL, 's' },
	{ "private", required_argument, NULL, 'f' },
	{ "state", required_argument, NULL, 'd' },
	{ "policy", required_argument, NULL, 'p' },
	{ "executables", required_argument, NULL, 'x' },
	{ "host-root", required_argument, NULL, 'r' },
	{ "own-group", no_argument, NULL, 'g' },
	{ "programs", required_argument, NULL, 'P' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int parse_options(int argc, char **argv, struct options *options)
{
	int c;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			options->socket = optarg;
			break;
		case 'f':
			options->private_fd = (int)strtol(optarg, NULL, 10);
			break;
		case 'd':
			options->state = optarg;
			break;
		case 'p':
			options->policy = optarg;
			break;
		case 'x':
			options->executables = optarg;
			break;
		case 'r':
			options->host_root = optarg;
			break;
		case 'P':
			options->programs = optarg;
			break;
		case 'g':
			options->group = LAUNCHER_OWN_GROUP;
			break;
		case 'h':
			(void)fputs(usage, stdout);
			exit(0);
		default:
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : -EINVAL;
}

static void handle_client(struct evconnlistener *listener UNUSED, evutil_socket_t fd,
			  struct sockaddr *address UNUSED, int len UNUSED, void *data)
{
	struct error err = { 0 };

	if (connection_start(data, fd, &err) < 0)
		log_warn("a client was refused: %s", err.text);
}

static void end(struct warden *warden)
{
	(void)event_base_loopexit(warden->base, NULL);
}

static void handle_signal(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	end(data);
}

/* Whoever watches over us starts us again, and a launcher with us. */
static void handle_launcher_gone(struct runner *runner)
{
	static const struct timeval until_told = { .tv_usec = 300 * 1000 };
	struct warden *warden = runner->data;

	log_error("the launcher ended");
	warden->has_failed = true;
	(void)event_base_loopexit(warden->base, &until_told);
}

static int listen_for_clients(struct warden *warden, const struct options *options,
			      struct evconnlistener **listener_out, struct error *err)
{
	int fd;

	if (options->private_fd >= 0) {
		warden->connection_gone = end;
		return connection_start(warden, options->private_fd, err);
	}
	fd = listen_at(options->socket, err);
	if (fd < 0)
		return fd;
	*listener_out = evconnlistener_new(warden->base, handle_client, warden,
					   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 64, fd);
	return *listener_out ? 0
			     : error_set(err, -ENOMEM, "cannot listen on '%s'", options->socket);
}

/*
 * One process at a time writes the log. Wardens that commands bring along take
 * turns: most of them live for the one call.
 */
static struct audit *wait_for_audit(const char *state, struct error *err)
{
	static const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	uint64_t until_ns = clock_monotonic_ns() + AUDIT_WAIT_NS;

	for (;;) {
		struct error why = { 0 };
		struct audit *audit = audit_open_unfinished(state, &why);

		if (audit || why.code != -EBUSY || clock_monotonic_ns() > until_ns) {
			if (!audit)
				*err = why;
			return audit;
		}
		(void)nanosleep(&pause, NULL);
	}
}

/*
 * A host whose disk is full can still be asked: where the log cannot even be
 * begun, it is kept in memory until the next start of the host, and said so.
 */
static struct audit *open_audit(struct warden *warden, struct error *err)
{
	static char fallback[64];
	struct error why = { 0 };
	struct audit *audit = wait_for_audit(warden->state_dir, &why);

	if (audit)
		return audit;
	if (why.code != -ENOSPC && why.code != -EDQUOT && why.code != -EROFS) {
		*err = why;
		return NULL;
	}
	(void)snprintf(fallback, sizeof(fallback), "/dev/shm/constable-%u", (unsigned)geteuid());
	log_warn("%s; the audit log is in '%s' until the host restarts", why.text, fallback);
	warden->state_dir = fallback;
	return wait_for_audit(fallback, err);
}

/*
 * A warden that ends with its client keeps no calls of its own, but settles those
 * that another left in the same folder.
 */
static int settle(struct warden *warden, enum spool_opening opening, struct error *err)
{
	struct gate *gate = &warden->gate;
	int r = 0;

	gate->spool = spool_open(warden->state_dir, opening, err);
	if (gate->spool)
		r = spool_settle(gate->spool, gate->audit, err);
	else if (err->code)
		r = err->code;
	if (opening == SPOOL_IF_THERE)
		spool_close(TAKE(gate->spool));
	else if (r == 0)
		gate->consent = consent_open(warden->state_dir, warden->boot_id, err);
	if (err->code)
		return err->code;
	return r < 0 ? r : audit_begin(gate->audit, err);
}

static void read_boot_id(char boot_id[BOOT_ID_BYTES])
{
	CLEANUP(fd) int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, boot_id, BOOT_ID_BYTES - 1);

	boot_id[n > 0 ? n : 0] = '\0';
}

static int open_gate(struct warden *warden, struct policy *policy, struct runner *runner,
		     struct error *err)
{
	warden->gate = (struct gate) { .catalogue = catalogue,
				       .policy = policy,
				       .runner = runner,
				       .state_dir = warden->state_dir };
	warden->gate.audit = open_audit(warden, err);
	if (!warden->gate.audit)
		return err->code;
	warden->gate.redactor = redactor_new();
	warden->gate.approvals = approvals_new();
	read_boot_id(warden->boot_id);
	tidy_init(warden);
	return 0;
}

/* From here on nothing a client sends can make this process start or reach anything. */
static int confine(struct error *err)
{
	uint32_t walls;

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(err, "close the warden's memory to others");
	return sandbox_confine_warden(&walls, err);
}

static void handle_watchdog(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	notify_tell(data, "WATCHDOG=1");
}

/* Where systemd wants to be told, the one timer that runs while the warden idles. */
static struct event *watch(struct warden *warden, struct notify *notify)
{
	struct timeval every = { .tv_sec = (time_t)(notify->watchdog_ns / NS_PER_SEC),
				 .tv_usec =
					 (suseconds_t)(notify->watchdog_ns % NS_PER_SEC / 1000) };
	struct event *timer = event_new(warden->base, -1, EV_PERSIST, handle_watchdog, notify);

	if (!timer || (notify->watchdog_ns && event_add(timer, &every) < 0))
		abort();
	return timer;
}

static void run_loop(struct warden *warden, struct notify *notify)
{
	struct event *watchdog = watch(warden, notify);
	struct event *term = evsignal_new(warden->base, SIGTERM, handle_signal, warden);
	struct event *interrupt = evsignal_new(warden->base, SIGINT, handle_signal, warden);

	if (!term || !interrupt || event_add(term, NULL) < 0 || event_add(interrupt, NULL) < 0)
		abort();
	notify_tell(notify, "READY=1");
	(void)event_base_dispatch(warden->base);
	notify_tell(notify, "STOPPING=1");
	event_free(watchdog);
	event_free(interrupt);
	event_free(term);
}

static int serve(struct launcher *launcher, const struct options *options, struct policy *policy,
		 struct error *err)
{
	struct warden warden = {
		.base = event_base_new(),
		.state_dir = options->state,
		.started_ns = clock_monotonic_ns(),
	};
	struct evconnlistener *listener = NULL;
	struct runner runner = { 0 };
	struct notify notify;
	int r;

	if (!warden.base)
		abort();
	notify_open(&notify);
	r = runner_init(&runner, warden.base, launcher, err);
	runner.gone = handle_launcher_gone;
	runner.data = &warden;
	if (r == 0)
		r = open_gate(&warden, policy, &runner, err);
	if (r == 0)
		r = settle(&warden, options->private_fd < 0 ? SPOOL_MAKE : SPOOL_IF_THERE, err);
	if (r == 0)
		r = listen_for_clients(&warden, options, &listener, err);
	if (r == 0)
		r = confine(err);
	if (r == 0)
		run_loop(&warden, &notify);
	if (listener)
		evconnlistener_free(listener);
	notify_close(&notify);
	runner_finish(&runner);
	tidy_finish(&warden);
	consent_close(warden.gate.consent);
	spool_close(warden.gate.spool);
	audit_close(warden.gate.audit);
	redactor_free(warden.gate.redactor);
	approvals_free(warden.gate.approvals);
	event_base_free(warden.base);
	if (r == 0 && warden.has_failed)
		return error_set(err, -EPIPE, "nothing can run without the launcher");
	return r;
}

/* A command's pipes and files are not ours to hold open. */
static void forget_caller(const struct options *options)
{
	unsigned keep = options->private_fd > 2 ? (unsigned)options->private_fd : 2;

	if (keep > 3)
		(void)close_range(3, keep - 1, 0);
	(void)close_range(keep + 1, ~0U, 0);
}

int main(int argc, char **argv)
{
	struct options options = {
		.socket = "/run/constable/warden.sock",
		.state = "/var/lib/constable/warden",
		.executables = "/usr/libexec/constable",
		.host_root = "/",
		.programs = "/etc/constable/programs.json",
		.private_fd = -1,
	};
	struct launcher_config config = { 0 };
	struct launcher launcher = { .fd = -1 };
	CLEANUP(policy) struct policy *policy = NULL;
	struct error err = { 0 };
	int r = -EINVAL;

	log_set("constable-warden", LOG_LEVEL_INFO);
	if (parse_options(argc, argv, &options) < 0) {
		(void)fputs(usage, stderr);
		return 2;
	}
	forget_caller(&options);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)umask(077);
	config.executables_dir = options.executables;
	config.host_root = options.host_root;
	config.group = options.group;
	policy = policy_load(options.policy, &err);
	if (policy) {
		config.walls_optional = policy_allows_without_landlock(policy) ? WALL_LANDLOCK : 0;
		config.without_process_iterator = policy_forbids_process_iterator(policy);
		config.roots = policy_root_sets(policy);
		config.namespaces = policy_namespaces(policy);
		r = programs_settings(options.state, options.programs, &config.programs, &err);
		config.programs.at_start = options.private_fd < 0;
	}
	if (r == 0)
		r = launcher_start(&launcher, &config, &err);
	if (r == 0)
		r = serve(&launcher, &options, policy, &err);
	if (!launcher_finish(&launcher))
		log_warn("the launcher has not ended in time: what it runs is left behind");
	if (r < 0)
		log_error("%s", err.text);
	return r < 0;
}
