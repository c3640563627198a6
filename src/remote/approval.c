/*
 * constable approval list|show|sign|deny: what waits for a yes at the server's hosts.
 *
 * What is signed is made here, of what was shown here: the server's words about it are
 * compared, and what it does with the signature the host checks.
 */
#include <errno.h>
#include <string.h>

#include "cli/fleet.h"
#include "identity/approval.h"
#include "identity/key.h"
#include "remote/commands.h"
#include "remote/listing.h"
#include "remote/signer.h"

#define PATH_BYTES 256
#define ARGS_SHOWN_BYTES (4 * MIB)
#define LIFETIME_S 600 /* from now; the host counts from when it asked */

struct waiting {
	struct server server;
	json_t *answer; /* owns 'call' */
	const json_t *call;
	struct approval approval; /* all but approver and lifetime */
};

static void waiting_cleanup(struct waiting *waiting)
{
	server_close(&waiting->server);
	json_decref(waiting->answer);
}

static int run_list(struct cli *cli, int argc, char **argv)
{
	static const struct table_column columns[] = {
		{ "ID", "call_id" },
		{ "HOST", "hostname" },
		{ "TOOL", "tool" },
		{ "RISK", "risk" },
		{ "ASKED BY", "caller" },
		{ "UNTIL", "deadline" },
		{ 0 },
	};
	static const struct listing waiting = {
		.path = "/api/v1/approvals",
		.name = "approvals",
		.columns = columns,
		.empty = "No call waits for an approval.",
	};

	return listing_run(&command_approval, &waiting, cli, argc, argv);
}

/* The host's own question, and the exact bytes: what the server says beside it must fit. */
static int read_question(struct waiting *waiting, const char *id, struct error *err)
{
	const json_t *asked = json_object_get(json_object_get(waiting->call, "meta"), "approval");
	const char *args = json_get_text(waiting->call, "arguments", "");
	struct approval *approval = &waiting->approval;

	text_format(approval->org, sizeof(approval->org), "%s",
		    json_get_text(waiting->answer, "org", ""));
	text_format(approval->host, sizeof(approval->host), "%s",
		    json_get_text(waiting->call, "agent", ""));
	text_format(approval->tool, sizeof(approval->tool), "%s",
		    json_get_text(waiting->call, "tool", ""));
	text_format(approval->call_id, sizeof(approval->call_id), "%s", id);
	text_format(approval->nonce, sizeof(approval->nonce), "%s",
		    json_get_text(asked, "nonce", ""));
	(void)token_hash(args, strlen(args), approval->args_sha256);
	if (strcmp(json_get_text(asked, "org", ""), approval->org) == 0 &&
	    strcmp(json_get_text(asked, "host", ""), approval->host) == 0 &&
	    strcmp(json_get_text(asked, "tool", ""), approval->tool) == 0 &&
	    strcmp(json_get_text(asked, "call_id", ""), id) == 0 &&
	    strcmp(json_get_text(asked, "args_sha256", ""), approval->args_sha256) == 0)
		return 0;
	return error_set(err, -EBADMSG,
			 "what the server shows of '%s' is not what the host asked about: nothing "
			 "was signed",
			 id);
}

static int find(struct waiting *waiting, struct cli *cli, const char *id, struct error *err)
{
	CLEANUP(text) char *escaped = fetch_escape(id);
	char path[PATH_BYTES];
	int r = server_open(&waiting->server, cli, err);

	text_format(path, sizeof(path), "/api/v1/approvals/%s", escaped);
	if (r == 0)
		r = server_get(&waiting->server, path, &waiting->answer, err);
	if (r < 0)
		return r;
	waiting->call = json_array_get(json_object_get(waiting->answer, "approvals"), 0);
	return read_question(waiting, id, err);
}

static void show_line(struct page *page, const char *name, const char *text)
{
	page_add(page, STYLE_STRONG, "%-10s", name);
	page_flow(page, STYLE_PLAIN, 10, text);
	page_end(page);
}

static void show(struct page *page, const struct waiting *waiting)
{
	const json_t *call = waiting->call;
	const char *args = json_get_text(call, "arguments", "");
	const json_t *asked = json_object_get(json_object_get(call, "meta"), "approval");
	const char *refused = json_get_text(asked, "grant_refused", NULL);
	CLEANUP(buf) struct buf shown = { 0 };
	char host[512];

	text_format(host, sizeof(host), "%s (%s of org %s)", json_get_text(call, "hostname", ""),
		    waiting->approval.host, waiting->approval.org);
	buf_init(&shown, ARGS_SHOWN_BYTES);
	escape_add(&shown, args, strlen(args), CHARSET_ASCII);
	show_line(page, "call", waiting->approval.call_id);
	show_line(page, "host", host);
	show_line(page, "tool", waiting->approval.tool);
	show_line(page, "risk", json_get_text(call, "risk", ""));
	show_line(page, "asked by", json_get_text(call, "caller", ""));
	show_line(page, "until", json_get_text(call, "deadline", ""));
	show_line(page, "arguments", buf_text(&shown));
	show_line(page, "sha256", waiting->approval.args_sha256);
	if (refused)
		show_line(page, "grant", refused);
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	CLEANUP(waiting) struct waiting waiting = { 0 };
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_approval);
	if (find(&waiting, cli, words.at[0], &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(waiting.call);
	else
		show(&cli->out, &waiting);
	return EXIT_DONE;
}

static int send(struct waiting *waiting, EVP_PKEY *key, struct error *err)
{
	struct approval *approval = &waiting->approval;
	int64_t waits_s = json_get_int(waiting->call, "waits_s", 0);
	CLEANUP(json) json_t *answer = NULL;
	char path[PATH_BYTES];
	struct fetch_request request = { .method = "POST", .path = path };
	json_t *sealed;

	approval->lifetime_s = (uint64_t)(waits_s > 0 ? waits_s : 0) + LIFETIME_S;
	if (approval->lifetime_s > APPROVAL_MAX_LIFETIME_S)
		approval->lifetime_s = APPROVAL_MAX_LIFETIME_S;
	sealed = approval_sign(approval, key, err);
	if (!sealed)
		return err->code;
	request.body = sealed;
	text_format(path, sizeof(path), "/api/v1/approvals/%s", approval->call_id);
	return server_send(&waiting->server, &request, &answer, err);
}

/* Of a list that lets authors approve: only then is it worth offering to who asked. */
static bool lets_authors(const json_t *list)
{
	const char *text = json_get_text(json_object_get(list, "document"), "statement", "{}");
	CLEANUP(json) json_t *statement = json_loads(text, 0, NULL);

	return json_get_bool(statement, "author_may_approve", false);
}

struct signing {
	const char *id;
	const char *sha256; /* that its arguments have to have; "": any */
	const char *tool;   /* that it has to be of; "": any */
	int is_sure, is_offer;
	int is_question; /* only whether whoever is here may */
};

/* 1: nobody here can, and it was no more than an offer. */
static int sign(struct cli *cli, const struct signing *signing, struct error *err)
{
	CLEANUP(waiting) struct waiting waiting = { 0 };
	CLEANUP(key) EVP_PKEY *key = NULL;
	CLEANUP(json) json_t *list = NULL;
	int r = find(&waiting, cli, signing->id, err);

	if (r < 0)
		return r;
	if (*signing->sha256 && strcmp(signing->sha256, waiting.approval.args_sha256) != 0)
		return error_set(err, -EBADMSG,
				 "the arguments of '%s' are others than those of --hash: nothing "
				 "was signed",
				 signing->id);
	if (*signing->tool && strcmp(signing->tool, waiting.approval.tool) != 0)
		return error_set(err, -EBADMSG,
				 "'%s' is of '%s' and not of '%s': nothing was signed", signing->id,
				 waiting.approval.tool, signing->tool);
	key = signer_key(err);
	if (!key)
		return err->code;
	r = signer_find_name(&waiting.server, key, waiting.approval.approver, &list, err);
	if (signing->is_offer && (r < 0 || !lets_authors(list)))
		return 1;
	if (r < 0 || signing->is_question)
		return r;
	if (!signing->is_sure || !*signing->sha256)
		show(&cli->err, &waiting);
	if (!signing->is_sure && !signer_asks_yes("Sign it, for this one run?"))
		return signing->is_offer ? 1
					 : error_set(err, -EACCES,
						     "not signed; without a terminal say --yes");
	r = send(&waiting, key, err);
	if (r < 0)
		return r;
	page_add(&cli->err, STYLE_GOOD, "Signed by %s; the host runs it now.",
		 waiting.approval.approver);
	page_end(&cli->err);
	return 0;
}

static int run_sign(struct cli *cli, int argc, char **argv)
{
	struct signing signing = { .sha256 = "", .tool = "" };
	const struct option_row rows[] = { { "--yes", OPTION_SET, &signing.is_sure },
					   { "--hash", OPTION_TEXT, &signing.sha256 },
					   { "--tool", OPTION_TEXT, &signing.tool },
					   { "--offer", OPTION_SET, &signing.is_offer },
					   { "--may", OPTION_SET, &signing.is_question },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	int r;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_approval);
	signing.id = words.at[0];
	r = sign(cli, &signing, &err);
	if (signing.is_question)
		return r == 0 ? EXIT_DONE : EXIT_NOT_PERMITTED;
	return r < 0 ? command_failed(&err) : EXIT_DONE;
}

static int run_deny(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	CLEANUP(text) char *escaped = NULL;
	const char *reason = "";
	const struct option_row rows[] = { { "--reason", OPTION_TEXT, &reason }, { 0 } };
	char path[PATH_BYTES];
	struct fetch_request request = { .method = "POST", .path = path };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_approval);
	escaped = fetch_escape(words.at[0]);
	text_format(path, sizeof(path), "/api/v1/approvals/%s/deny", escaped);
	if (server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	request.body = json_pack("{s:s}", "reason", reason);
	if (server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_PLAIN, "%s is denied.", words.at[0]);
	page_end(&cli->out);
	return EXIT_DONE;
}

int remote_approval(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = { { "list", run_list },
					     { "show", run_show },
					     { "sign", run_sign },
					     { "deny", run_deny },
					     { 0 } };

	return verb_run(&command_approval, verbs, cli, argc, argv);
}
