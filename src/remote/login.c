/*
 * constable login: keeps the server and a key for this user. Without a key it asks
 * for one by the device flow (RFC 8628): a code that an admin confirms.
 */
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "cli/fleet.h"
#include "identity/file.h"
#include "identity/key.h"
#include "remote/commands.h"
#include "remote/device.h"
#include "remote/secret_option.h"
#include "remote/server.h"
#include "remote/signer.h"

#define NAME_BYTES 128

struct login {
	const char *url, *pin, *ca_file, *name, *role, *portal;
};

static struct fetcher *open_fetcher(const struct cli *cli, const struct login *login,
				    const char *key, struct error *err)
{
	struct fetch_config config = {
		.url = login->url, .pin = login->pin, .ca_file = login->ca_file, .key = key
	};

	server_set_way(&config, cli->config);
	return fetcher_new(&config, err);
}

static int ask_for_key(struct cli *cli, const struct login *login, struct buf *key,
		       struct error *err)
{
	CLEANUP(fetcher) struct fetcher *fetcher = open_fetcher(cli, login, NULL, err);
	const struct device_request request = { .scope = login->role,
						.name = login->name,
						.portal = login->portal };

	return fetcher ? device_ask(fetcher, &request, &cli->err, key, err) : err->code;
}

/* A key for approvals, which is worth something once the org's root lists it. */
static void tell_signing_key(struct cli *cli)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(key) EVP_PKEY *key = NULL;
	char name[APPROVER_NAME_BYTES], text[KEY_TEXT_BYTES];
	struct error err = { 0 };

	if (server_open(&server, cli, &err) == 0)
		key = signer_key(&err);
	if (key && signer_tell(&server, key, name, &err) == 0)
		page_flow_format(&cli->out, STYLE_FAINT, 0,
				 "Approvals by %s are signed with the key %s; who keeps the org's "
				 "root key lets it count: constable approver add %s",
				 name, key_text(key, text), name);
	else
		page_flow_format(&cli->err, STYLE_FAINT, 0, "This login signs no approvals: %s.",
				 err.text);
	page_end(key ? &cli->out : &cli->err);
}

static int keep(struct cli *cli, const struct login *login, const struct buf *key,
		struct error *err)
{
	CLEANUP(fetcher) struct fetcher *fetcher = open_fetcher(cli, login, buf_text(key), err);
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
	tell_signing_key(cli);
	return 0;
}

/* "ana@laptop": what the admin who confirms the code sees, and who signs is called. */
static void name_person(char name[NAME_BYTES])
{
	const struct passwd *user = getpwuid(geteuid());
	char host[65] = "";

	(void)gethostname(host, sizeof(host) - 1);
	text_format(name, NAME_BYTES, "%.60s@%s", user ? user->pw_name : "somebody", host);
}

int remote_login(struct cli *cli, int argc, char **argv)
{
	CLEANUP(secret_buf) struct buf key = { 0 };
	struct secret_option secret = { .variable = "CONSTABLE_API_KEY" };
	struct login login = { .url = config_get(cli->config, "server")->text,
			       .role = "responder",
			       .portal = config_get(cli->config, "portal_url")->text };
	char name[NAME_BYTES] = "";
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
	name_person(name);
	login.name = name;
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
