/* constable provision: enrols this host. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/fleet.h"
#include "cli/server_name.h"
#include "identity/file.h"
#include "remote/commands.h"
#include "remote/device.h"
#include "remote/enrolment.h"
#include "remote/named_settings.h"
#include "remote/pin.h"
#include "remote/secret_option.h"
#include "remote/state_folder.h"

#define AGENT_USER "constable"
#define FOLDER_BYTES 4096
#define HOSTNAME_BYTES 256
#define RESULT_MAX_BYTES (256 * KIB)

/* The agent's folder, made where it is missing, and owned by the user that the agent runs as. */
static int make_folder(const char *state, const char *folder, struct error *err)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(AGENT_USER) : NULL;

	if (!user && mkdir(folder, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "make '%s'", folder);
	if (user && state_folder_let_pass(state, err) < 0)
		return err->code;
	return user ? state_folder_give(folder, user->pw_uid, user->pw_gid, err) : 0;
}

/* Its files must be its own: nothing here needs more than its owner may do. */
static int become_owner(const char *folder, struct error *err)
{
	struct stat is;

	if (stat(folder, &is) < 0)
		return error_errno(err, "look at '%s'", folder);
	if (is.st_uid == geteuid())
		return 0;
	if (geteuid() != 0)
		return error_set(err, -EACCES, "'%s' belongs to another user: run this as root",
				 folder);
	if (setgroups(0, NULL) < 0 || setresgid(is.st_gid, is.st_gid, is.st_gid) < 0 ||
	    setresuid(is.st_uid, is.st_uid, is.st_uid) < 0)
		return error_errno(err, "become the agent's user");
	return 0;
}

static void report_next(struct page *page)
{
	const char *name = getenv("CONSTABLE_NAME");
	char folder[SERVER_NAME_PATH_BYTES];

	if (!server_name_folder(folder))
		return;
	page_flow_format(page, STYLE_PLAIN, 0,
			 "Its policy and settings lie in %s. Start it with: systemctl enable --now "
			 "constable-warden@%s constable-agent@%s",
			 folder, name, name);
	page_end(page);
}

static void report(struct page *page, const json_t *result, const char *folder)
{
	page_flow_format(page, STYLE_PLAIN, 0,
			 "Enrolled as %s; key and certificate lie in %s. The agent connects to %s.",
			 json_get_text(result, "agent_id", ""), folder,
			 json_get_text(result, "websocket_url", ""));
	page_end(page);
	report_next(page);
}

/* A code for an admin instead of a token: what it brings is one. */
static int ask_for_token(struct cli *cli, const struct enrolment *enrolment, struct buf *token,
			 struct error *err)
{
	const struct fetch_config config = { .url = enrolment->url,
					     .pin = enrolment->pin,
					     .ca_file = enrolment->ca_file,
					     .proxy = enrolment->proxy,
					     .no_proxy = enrolment->no_proxy };
	CLEANUP(fetcher) struct fetcher *fetcher = fetcher_new(&config, err);
	const struct device_request request = {
		.scope = "agent",
		.name = enrolment->hostname,
		.portal = config_get(cli->config, "portal_url")->text
	};

	return fetcher ? device_ask(fetcher, &request, &cli->err, token, err) : err->code;
}

/* As the owner of the folder, to its end; what the server answered goes into 'out'. */
static int enrol_as_owner(const struct enrolment *enrolment, int out)
{
	CLEANUP(json) json_t *result = NULL;
	CLEANUP(text) char *text = NULL;
	struct error err = { 0 };

	if (become_owner(enrolment->folder, &err) < 0 ||
	    enrolment_run(enrolment, &result, &err) < 0)
		return command_failed(&err);
	text = json_canonical(result);
	if (fd_write_all(out, text, strlen(text)) < 0) {
		error_set(&err, -EPIPE, "the enrolment's result cannot be handed on");
		return command_failed(&err);
	}
	return EXIT_DONE;
}

/*
 * In a process of its own: what speaks to the server needs no root, and what pins the org's
 * root here afterwards does. An exit status.
 */
static int enrol_apart(const struct enrolment *enrolment, json_t **result_out)
{
	CLEANUP(fd) int out = memfd_create("enrolment", MFD_CLOEXEC);
	CLEANUP(buf) struct buf text = { 0 };
	struct error err = { 0 };
	int status = 0;
	pid_t pid = out < 0 ? -1 : fork();

	if (pid < 0) {
		error_errno(&err, "start the enrolment");
		return command_failed(&err);
	}
	if (pid == 0)
		_exit(enrol_as_owner(enrolment, out));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_DONE)
		return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
	buf_init(&text, RESULT_MAX_BYTES);
	if (lseek(out, 0, SEEK_SET) == 0 && buf_read_fd(&text, out) == 0)
		*result_out = json_parse(buf_text(&text), text.len, RESULT_MAX_BYTES, &err);
	return *result_out ? EXIT_DONE : EXIT_FAILED;
}

/* Enrolled it is in any case: without a pin, nobody approves changes of this host. */
static void pin(struct cli *cli, const json_t *result)
{
	struct error err = { 0 };

	if (!json_get_text(result, "root_key", NULL))
		return;
	if (pin_host(cli->state, result, PIN_ONCE, &err) == 0)
		return;
	page_flow_format(&cli->err, STYLE_WARN, 0,
			 "The org's approvals do not count on this host yet: %s.", err.text);
	page_end(&cli->err);
}

static int enrol(struct cli *cli, const struct enrolment *enrolment, int is_forced)
{
	CLEANUP(json) json_t *result = NULL;
	struct error err = { 0 };
	int status;

	if (enrolment_exists(enrolment->folder) && !is_forced) {
		page_flow_format(&cli->out, STYLE_PLAIN, 0,
				 "This host is enrolled already (%s); --force enrols it anew.",
				 enrolment->folder);
		page_end(&cli->out);
		return EXIT_DONE;
	}
	if (!*enrolment->token) {
		error_set(&err, -EINVAL,
			  "a token is needed: --token-file FILE, PROVISIONING_TOKEN, or "
			  "--provisioning-token ('constable token create' makes one), or --device "
			  "for a code that an admin confirms");
		return command_failed(&err);
	}
	status = enrol_apart(enrolment, &result);
	if (status != EXIT_DONE)
		return status;
	report(&cli->out, result, enrolment->folder);
	pin(cli, result);
	return EXIT_DONE;
}

/* The documented variables of other agents, in the order in which they count. */
static const char *find_variable(const char *const *names)
{
	for (; *names; names++) {
		const char *value = getenv(*names);

		if (value && *value)
			return value;
	}
	return NULL;
}

/* "wss://HOST/agent/ws", as the documented variable has it, is https://HOST to us. */
static int take_link_url(const char *url, char out[FOLDER_BYTES], struct error *err)
{
	static const char ending[] = "/agent/ws";
	const char *at = url;
	size_t len;

	if (!scan_text(&at, "wss://"))
		return error_set(err, -EINVAL, "RCABOT_SERVER_URL must begin with wss://");
	len = strlen(at);
	if (len > strlen(ending) && strcmp(at + len - strlen(ending), ending) == 0)
		len -= strlen(ending);
	text_format(out, FOLDER_BYTES, "https://%.*s", (int)len, at);
	return 0;
}

/* What nobody said in words or settings, as those agents were told it. */
static int take_documented(struct enrolment *enrolment, struct buf *token, char url[FOLDER_BYTES],
			   struct error *err)
{
	static const char *const servers[] = { "CAUSA_SERVER_URL", "RCABOT_SERVER_URL", NULL };
	static const char *const customers[] = { "CAUSA_CUSTOMER_ID", "RCABOT_CUSTOMER_ID", NULL };
	static const char *const keys[] = { "CAUSA_API_KEY", "RCABOT_API_KEY", NULL };
	static const char *const tokens[] = { "NANNYAI_STATIC_TOKEN", NULL };
	const char *server = find_variable(servers), *secret;

	if (!*enrolment->url && server) {
		if (take_link_url(server, url, err) < 0)
			return err->code;
		enrolment->url = url;
	}
	if (token->len)
		return 0;
	secret = find_variable(tokens);
	if (!secret) {
		secret = find_variable(keys);
		if (secret && !enrolment->customer_id)
			enrolment->customer_id = find_variable(customers);
	}
	if (secret)
		buf_add_text(token, secret);
	return 0;
}

/* The name that the agent will tell, see agent_main.c. */
static const char *find_hostname(const struct config *config, char name[HOSTNAME_BYTES])
{
	const char *given = config_get(config, "hostname")->text;

	if (*given)
		return given;
	if (gethostname(name, HOSTNAME_BYTES - 1) < 0 || !*name)
		text_format(name, HOSTNAME_BYTES, "localhost");
	return name;
}

/* The server must be there before a token is spent. */
static int try_first(struct cli *cli, const char *url, const char *pin)
{
	char *args[] = { "test-connection",    "--orchestrator-url", (char *)url,
			 pin ? "--pin" : NULL, (char *)pin,          NULL };

	return remote_test_connection(cli, pin ? 5 : 3, args);
}

int remote_provision(struct cli *cli, int argc, char **argv)
{
	CLEANUP(secret_buf) struct buf token = { 0 };
	struct secret_option secret = { .variable = "PROVISIONING_TOKEN" };
	struct enrolment enrolment = { .url = config_get(cli->config, "server")->text,
				       .proxy = config_get(cli->config, "proxy")->text,
				       .no_proxy = config_get(cli->config, "no_proxy")->text,
				       .version = CONSTABLE_VERSION };
	const char *ca_file = config_get(cli->config, "server_ca")->text;
	int is_forced = 0, tries_first = 0, asks = 0;
	const struct option_row rows[] = {
		{ "--orchestrator-url", OPTION_TEXT, &enrolment.url },
		{ "--server-url", OPTION_TEXT, &enrolment.url },
		{ "--provisioning-token", OPTION_TEXT, &secret.argument },
		{ "--token-file", OPTION_TEXT, &secret.file },
		{ "--customer-id", OPTION_TEXT, &enrolment.customer_id },
		{ "--pin", OPTION_TEXT, &enrolment.pin },
		{ "--ca-fingerprint", OPTION_TEXT, &enrolment.pin },
		{ "--org-root", OPTION_TEXT, &enrolment.root_key },
		{ "--force", OPTION_SET, &is_forced },
		{ "--device", OPTION_SET, &asks },
		{ "--test-connection", OPTION_SET, &tries_first },
		{ 0 },
	};
	char folder[FOLDER_BYTES], url[FOLDER_BYTES], hostname[HOSTNAME_BYTES] = "";
	struct words words;
	struct error err = { 0 };

	enrolment.hostname = find_hostname(cli->config, hostname);
	if (option_read(rows, argc, argv, &words, &err) < 0 ||
	    secret_read(&secret, &token, &err) < 0 ||
	    take_documented(&enrolment, &token, url, &err) < 0)
		return command_failed(&err);
	if (words.n || !*enrolment.url)
		return command_misused(strcmp(argv[0], command_install.name) == 0
					       ? &command_install
					       : &command_provision);
	if (tries_first && try_first(cli, enrolment.url, enrolment.pin) != EXIT_DONE)
		return EXIT_UNREACHABLE;
	text_format(folder, sizeof(folder), "%s/agent", cli->state);
	enrolment.folder = folder;
	enrolment.ca_file = *ca_file ? ca_file : NULL;
	if (asks && !token.len && ask_for_token(cli, &enrolment, &token, &err) < 0)
		return command_failed(&err);
	enrolment.token = buf_text(&token);
	if (make_folder(cli->state, folder, &err) < 0 || named_settings_make(&err) < 0)
		return command_failed(&err);
	return enrol(cli, &enrolment, is_forced);
}
