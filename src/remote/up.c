/*
 * constable up: server, warden and an enrolled agent on this machine, and the main
 * job through them.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/up_internal.h"

#define START_NS (30 * NS_PER_SEC)

/* Until 'is_so' holds, at most START_NS; a program that ended by itself ends the wait. */
static int wait_for(struct up *up, bool (*is_so)(struct up *up), const char *what,
		    struct error *err)
{
	static const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	uint64_t until_ns = clock_monotonic_ns() + START_NS;

	while (!is_so(up)) {
		int r = helpers_check(&up->helpers, err);

		if (r < 0)
			return r;
		if (clock_monotonic_ns() > until_ns)
			return error_set(err, -ETIMEDOUT, "%s in vain; the logs are in '%s'", what,
					 up->logs);
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

static bool server_is_ready(struct up *up)
{
	struct fetch_request request = { .method = "GET", .path = "/readyz" };
	const struct fetch_config config = { .url = up->url, .ca_file = up->ca };
	CLEANUP(json) json_t *answer = NULL;
	struct error ignored = { 0 };

	if (access(up->ca, R_OK) < 0)
		return false;
	if (!up->fetcher)
		up->fetcher = fetcher_new(&config, &ignored);
	return up->fetcher && fetch(up->fetcher, &request, &answer, &ignored) == 0;
}

static int read_key(struct up *up, struct error *err)
{
	char path[UP_PATH_BYTES];
	CLEANUP(fd) int fd = -1;
	ssize_t len;

	text_format(path, sizeof(path), "%s/admin.key", up->server);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	len = fd < 0 ? -1 : read(fd, up->key, sizeof(up->key) - 1);
	if (len <= 0)
		return error_set(
			err, -ENOENT,
			"'%s' cannot be read: this server was not set up by 'constable up'", path);
	up->key[len] = '\0';
	up->key[strcspn(up->key, "\r\n")] = '\0';
	return 0;
}

static int start_server(struct up *up, struct error *err)
{
	const char *const argv[] = { "constable-server",
				     "run",
				     "--port",
				     up->port,
				     "--public-url",
				     up->url,
				     "--state-dir",
				     up->server,
				     "--executables-dir",
				     up->cli->executables,
				     NULL };
	int r = helpers_start(&up->helpers, argv, &up->user, err);

	if (r == 0)
		r = wait_for(up, server_is_ready, "waited for the server", err);
	if (r == 0)
		r = read_key(up, err);
	if (r < 0)
		return r;
	fetcher_free(TAKE(up->fetcher));
	up->fetcher = fetcher_new(
		&(struct fetch_config) { .url = up->url, .ca_file = up->ca, .key = up->key }, err);
	return up->fetcher ? 0 : err->code;
}

static bool warden_listens(struct up *up)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	text_format(address.sun_path, sizeof(address.sun_path), "%s", up->socket);
	return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static int start_warden(struct up *up, struct error *err)
{
	const struct helper_user nobody_else = { 0 };
	const char *const argv[] = { "constable-warden",   "--socket",
				     up->socket,           "--state",
				     up->warden,           "--executables",
				     up->cli->executables, up->cli->policy ? "--policy" : NULL,
				     up->cli->policy,      NULL };
	int r;

	if (strlen(up->socket) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return error_set(err, -ENAMETOOLONG,
				 "the state folder's path is too long for a "
				 "socket in it; set CONSTABLE_STATE_DIR");
	r = helpers_start(&up->helpers, argv, &nobody_else, err);
	return r < 0 ? r : wait_for(up, warden_listens, "waited for the warden", err);
}

/* With something to read it is a step on the way: what it prints is nobody's result. */
static void become_command(const struct up *up, const char *path, char *const *words, int input)
{
	bool is_step = lseek(input, 0, SEEK_END) > 0;
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (setenv("CONSTABLE_SERVER", up->url, 1) < 0 ||
	    setenv("CONSTABLE_SERVER_CA", up->ca, 1) < 0 ||
	    setenv("CONSTABLE_API_KEY", up->key, 1) < 0 || lseek(input, 0, SEEK_SET) < 0 ||
	    dup2(input, STDIN_FILENO) < 0 || (is_step && dup2(nowhere, STDOUT_FILENO) < 0))
		_exit(126);
	(void)execv(path, words);
	_exit(127);
}

int up_run_command(struct up *up, char *const *words, const char *secret, struct error *err)
{
	char path[UP_PATH_BYTES];
	CLEANUP(fd) int input = memfd_create("input", MFD_CLOEXEC);
	int status = 0;
	pid_t pid;

	if (input < 0 || fd_write_all(input, secret, strlen(secret)) < 0)
		return error_errno(err, "hand '%s' its input", words[0]);
	text_format(path, sizeof(path), "%s/%s", up->cli->executables, "constable");
	if (access(path, X_OK) < 0) /* installed: it lies with what people start */
		text_format(path, sizeof(path), "%s/../../bin/constable", up->cli->executables);
	pid = fork();
	if (pid < 0)
		return error_errno(err, "start '%s'", words[0]);
	if (pid == 0)
		become_command(up, path, words, input);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

static int make_token(struct up *up, char token[UP_KEY_BYTES], struct error *err)
{
	CLEANUP(json) json_t *body = json_pack("{s:s}", "kind", "provisioning");
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request request = { .method = "POST", .path = "/api/v1/tokens", .body = body };
	int r = fetch(up->fetcher, &request, &answer, err);

	text_format(token, UP_KEY_BYTES, "%s", json_get_text(answer, "token", ""));
	return r;
}

/* Who the agent in our folder is; false where it is not enrolled, or at another server. */
static bool read_agent(struct up *up)
{
	char path[UP_PATH_BYTES];
	CLEANUP(json) json_t *agent = NULL;

	text_format(path, sizeof(path), "%s/agent/agent.json", up->cli->state);
	agent = json_load_file(path, 0, NULL);
	text_format(up->agent, sizeof(up->agent), "%s", json_get_text(agent, "agent_id", ""));
	return *up->agent && strcmp(json_get_text(agent, "server", ""), up->url) == 0;
}

static bool agent_is_known(struct up *up)
{
	CLEANUP(json) json_t *answer = NULL;
	char path[UP_PATH_BYTES];
	struct fetch_request request = { .method = "GET", .path = path };
	struct error ignored = { 0 };

	text_format(path, sizeof(path), "/api/v1/agents/%s", up->agent);
	return fetch(up->fetcher, &request, &answer, &ignored) == 0 &&
	       strcmp(json_get_text(answer, "state", ""), "revoked") != 0;
}

static int enrol(struct up *up, struct error *err)
{
	char token[UP_KEY_BYTES];
	char *const words[] = { (char *)"constable",
				(char *)"provision",
				(char *)"--orchestrator-url",
				up->url,
				(char *)"--token-file",
				(char *)"-",
				(char *)"--force",
				NULL };
	int r;

	if (read_agent(up) && agent_is_known(up))
		return 0;
	r = make_token(up, token, err);
	if (r == 0)
		r = up_run_command(up, words, token, err);
	explicit_bzero(token, sizeof(token));
	if (r > 0 || (r == 0 && !read_agent(up)))
		return error_set(err, -EREMOTEIO, "this host could not be enrolled");
	return r;
}

static bool agent_is_connected(struct up *up)
{
	CLEANUP(json) json_t *answer = NULL;
	char path[UP_PATH_BYTES];
	struct fetch_request request = { .method = "GET", .path = path };
	struct error ignored = { 0 };

	text_format(path, sizeof(path), "/api/v1/agents/%s", up->agent);
	return fetch(up->fetcher, &request, &answer, &ignored) == 0 &&
	       strcmp(json_get_text(answer, "state", ""), "connected") == 0;
}

static int start_agent(struct up *up, struct error *err)
{
	const char *const argv[] = { "constable-agent",
				     "run",
				     "--state-dir",
				     up->cli->state,
				     "--socket",
				     up->socket,
				     "--executables-dir",
				     up->cli->executables,
				     NULL };
	int r = up_make_root(up, err);

	if (r == 0)
		r = enrol(up, err);
	if (r == 0)
		up_pin(up);
	if (r == 0)
		r = helpers_start(&up->helpers, argv, &up->user, err);
	return r < 0 ? r : wait_for(up, agent_is_connected, "waited for the agent's link", err);
}

static int investigate(struct up *up, const struct words *question, struct error *err)
{
	char *words[OPTION_MAX_WORDS + 8] = { (char *)"constable", (char *)"--host", up->agent,
					      (char *)"ask" };
	size_t n = 4;

	if (up->wants_json)
		words[n++] = (char *)"--json";
	words[n++] = (char *)"--";
	for (size_t i = 0; i < question->n; i++)
		words[n++] = (char *)question->at[i];
	if (!question->n)
		words[n++] = (char *)"What is wrong with this host?";
	return up_run_command(up, words, "", err);
}

static void say_where(struct up *up)
{
	struct page *page = &up->cli->err;

	page_add(page, STYLE_STRONG, "Constable is up at %s", up->url);
	page_end(page);
	page_flow_format(page, STYLE_FAINT, 2,
			 "  key: %s/admin.key   CA: %s   logs: %s   Ctrl-C stops it all",
			 up->server, up->ca, up->logs);
	page_end(page);
	page_flow_format(page, STYLE_FAINT, 2,
			 "  from another terminal: CONSTABLE_SERVER_CA=%s constable login --server "
			 "%s --key-file %s/admin.key",
			 up->ca, up->url, up->server);
	page_end(page);
}

/* Until a signal, or until one of them ends by itself. */
static int stay(struct up *up, const sigset_t *signals, struct error *err)
{
	static const struct timespec second = { .tv_sec = 1 };
	int r = 0;

	say_where(up);
	while (r == 0 && sigtimedwait(signals, NULL, &second) < 0)
		r = helpers_check(&up->helpers, err);
	return r;
}

static int start_all(struct up *up, struct error *err)
{
	int r;

	/* All of them are here: no proxy leads to this machine. */
	if (setenv("CONSTABLE_NO_PROXY", "*", 1) < 0 || setenv("no_proxy", "*", 1) < 0)
		return error_errno(err, "keep proxies out of it");
	r = up_make_places(up, err);
	text_format(up->url, sizeof(up->url), "https://localhost:%s", up->port);
	if (r == 0)
		r = start_server(up, err);
	if (r == 0)
		r = start_warden(up, err);
	return r < 0 ? r : start_agent(up, err);
}

int remote_up(struct cli *cli, int argc, char **argv)
{
	struct up up = { .cli = cli, .port = "8000" };
	const struct option_row rows[] = { { "--port", OPTION_TEXT, &up.port },
					   { "--once", OPTION_SET, &up.is_once },
					   { "--json", OPTION_SET, &up.wants_json },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	sigset_t signals;
	int r, status = EXIT_DONE;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGINT);
	(void)sigaddset(&signals, SIGTERM);
	r = start_all(&up, &err);
	if (r == 0)
		r = status = investigate(&up, &words, &err);
	(void)sigprocmask(SIG_BLOCK, &signals, NULL);
	if (r >= 0 && !up.is_once)
		r = stay(&up, &signals, &err);
	helpers_stop(&up.helpers);
	fetcher_free(up.fetcher);
	explicit_bzero(up.key, sizeof(up.key));
	return r < 0 ? command_failed(&err) : status;
}
