/*
 * constable login: keeps the server and a key for this user. Without a key it asks
 * for one by the device flow (RFC 8628): a code that an admin confirms.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/fleet.h"
#include "identity/file.h"
#include "remote/commands.h"
#include "remote/secret_option.h"
#include "remote/server.h"

#define GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define MAX_WAIT_NS (900 * NS_PER_SEC)

struct login {
	const char *url, *pin, *ca_file, *name, *role;
};

static struct fetcher *open_fetcher(const struct login *login, const char *key, struct error *err)
{
	const struct fetch_config config = {
		.url = login->url, .pin = login->pin, .ca_file = login->ca_file, .key = key
	};

	return fetcher_new(&config, err);
}

static void show_code(struct page *page, const json_t *code)
{
	page_flow_format(page, STYLE_PLAIN, 0, "An admin confirms this login at %s with the code",
			 json_get_text(code, "verification_uri", ""));
	page_end(page);
	page_add(page, STYLE_STRONG, "  %s", json_get_text(code, "user_code", ""));
	page_end(page);
}

/* 0 once there is a key, 1 while the server says to wait. */
static int poll_once(struct fetcher *fetcher, const char *device_code, struct buf *key,
		     struct error *err)
{
	CLEANUP(json)
	json_t *body = json_pack("{s:s, s:s}", "grant_type", GRANT, "device_code", device_code);
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request request = { .method = "POST",
					 .path = "/api/v1/device/token",
					 .body = body };
	int r = fetch(fetcher, &request, &answer, err);
	const char *why = json_get_text(answer, "error", "");

	if (r == 0) {
		buf_add_text(key, json_get_text(answer, "access_token", ""));
		return key->len ? 0 : error_set(err, -EBADMSG, "the server gave no key");
	}
	if (strcmp(why, "authorization_pending") == 0 || strcmp(why, "slow_down") == 0)
		return 1;
	return r;
}

static int ask_for_key(struct cli *cli, const struct login *login, struct buf *key,
		       struct error *err)
{
	CLEANUP(fetcher) struct fetcher *fetcher = open_fetcher(login, NULL, err);
	CLEANUP(json)
	json_t *body = json_pack("{s:s, s:s, s:s}", "client_id", "constable login", "hostname",
				 login->name, "scope", login->role);
	CLEANUP(json) json_t *code = NULL;
	struct fetch_request request = { .method = "POST",
					 .path = "/api/v1/device/authorize",
					 .body = body };
	struct timespec pause = { 0 };
	uint64_t until_ns = clock_monotonic_ns() + MAX_WAIT_NS;
	int r = fetcher ? fetch(fetcher, &request, &code, err) : err->code;

	if (r < 0)
		return r;
	show_code(&cli->err, code);
	pause.tv_sec = (time_t)json_get_int(code, "interval", 5);
	do {
		(void)nanosleep(&pause, NULL);
		r = poll_once(fetcher, json_get_text(code, "device_code", ""), key, err);
	} while (r > 0 && clock_monotonic_ns() < until_ns);
	return r > 0 ? error_set(err, -ETIMEDOUT, "nobody confirmed the code in time") : r;
}

static int keep(struct cli *cli, const struct login *login, const struct buf *key,
		struct error *err)
{
	CLEANUP(fetcher) struct fetcher *fetcher = open_fetcher(login, buf_text(key), err);
	CLEANUP(credentials) struct credentials credentials = { 0 };
	CLEANUP(json) json_t *org = NULL;
	struct fetch_request request = { .method = "GET", .path = "/api/v1/org" };
	char path[CREDENTIALS_TEXT_BYTES];
	int r = fetcher ? fetch(fetcher, &request, &org, err) : err->code;

	if (r < 0)
		return r;
	text_format(credentials.server, CREDENTIALS_TEXT_BYTES, "%s", login->url);
	text_format(credentials.pin, CREDENTIALS_TEXT_BYTES, "%s", login->pin ? login->pin : "");
	text_format(credentials.ca_file, CREDENTIALS_TEXT_BYTES, "%s",
		    login->ca_file ? login->ca_file : "");
	text_format(credentials.key, CREDENTIALS_TEXT_BYTES, "%s", buf_text(key));
	r = credentials_save(&credentials, path, err);
	if (r < 0)
		return r;
	page_flow_format(&cli->out, STYLE_PLAIN, 0, "Logged in to %s, org '%s'; kept in %s.",
			 login->url, json_get_text(org, "name", ""), path);
	page_end(&cli->out);
	return 0;
}

int remote_login(struct cli *cli, int argc, char **argv)
{
	CLEANUP(secret_buf) struct buf key = { 0 };
	struct secret_option secret = { .variable = "CONSTABLE_API_KEY" };
	struct login login = { .url = config_get(cli->config, "server")->text,
			       .role = "responder" };
	char host[256] = "";
	const struct option_row rows[] = {
		{ "--server", OPTION_TEXT, &login.url },     { "--pin", OPTION_TEXT, &login.pin },
		{ "--key-file", OPTION_TEXT, &secret.file }, { "--name", OPTION_TEXT, &login.name },
		{ "--role", OPTION_TEXT, &login.role },      { 0 }
	};
	struct words words;
	struct error err = { 0 };
	int r;

	login.ca_file = config_get(cli->config, "server_ca")->text;
	if (!*login.ca_file)
		login.ca_file = NULL;
	(void)gethostname(host, sizeof(host) - 1);
	login.name = host;
	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n || !*login.url)
		return command_misused(&command_login);
	r = secret_read(&secret, &key, &err);
	if (r == 0 && !key.len)
		r = ask_for_key(cli, &login, &key, &err);
	if (r == 0)
		r = keep(cli, &login, &key, &err);
	return r < 0 ? command_failed(&err) : EXIT_DONE;
}
