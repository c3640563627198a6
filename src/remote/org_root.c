/* constable org root create: the key that says who may approve, and the first approver. */
#include <errno.h>
#include <string.h>

#include "cli/fleet.h"
#include "identity/key.h"
#include "remote/commands.h"
#include "remote/root.h"
#include "remote/signer.h"

struct first {
	const char *file;
	int is_alone;
	struct server server;
	struct root root;
	EVP_PKEY *signer;
	char name[APPROVER_NAME_BYTES];
	char public_text[KEY_TEXT_BYTES];
};

static int check_org(struct first *first, char org_out[CERTIFICATE_ID_BYTES], struct error *err)
{
	CLEANUP(json) json_t *org = NULL;
	int r = server_get(&first->server, "/api/v1/org", &org, err);

	if (r < 0)
		return r;
	if (json_get_text(org, "root_key", NULL))
		return error_set(err, -EEXIST,
				 "the org has its root key: %s. It stays, as hosts have pinned it; "
				 "'constable approver' changes who may approve",
				 json_get_text(org, "root_key", ""));
	text_format(org_out, CERTIFICATE_ID_BYTES, "%s", json_get_text(org, "id", ""));
	return 0;
}

static int set_root(struct first *first, struct error *err)
{
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request request = {
		.method = "PATCH",
		.path = "/api/v1/org",
		.body = json_pack("{s:s}", "root_key", first->public_text),
	};

	return server_send(&first->server, &request, &answer, err);
}

static int create(struct first *first, struct error *err)
{
	char org[CERTIFICATE_ID_BYTES] = "";
	int r = check_org(first, org, err);

	if (r == 0 && !(first->signer = signer_key(err)))
		r = err->code;
	if (r == 0)
		r = signer_tell(&first->server, first->signer, first->name, err);
	if (r == 0)
		r = root_make(&first->root, org, first->file, err);
	if (r < 0)
		return r;
	(void)key_text(first->root.key, first->public_text);
	first->root.list.author_may_approve = first->is_alone;
	r = approvers_add(&first->root.list, first->name, first->signer, err);
	if (r == 0)
		r = set_root(first, err);
	return r < 0 ? r : root_publish(&first->root, &first->server, err);
}

static void report(struct page *page, const struct first *first)
{
	page_flow_format(page, STYLE_PLAIN, 0,
			 "%s may approve %s. The root key lies in %s: it is needed only to "
			 "change who may approve, so keep it and a copy away from servers.",
			 first->name,
			 first->is_alone ? "what anybody asks for" : "what others ask for",
			 first->root.path);
	page_end(page);
	page_flow_format(page, STYLE_PLAIN, 0,
			 "Hosts that enrol from now on pin its public half. For those that are "
			 "enrolled already, as root there: constable approver pin %s",
			 first->public_text);
	page_end(page);
}

int remote_org_root(struct cli *cli, int argc, char **argv)
{
	struct first first = { 0 };
	const struct option_row rows[] = { { "--alone", OPTION_SET, &first.is_alone },
					   { "--root-key", OPTION_TEXT, &first.file },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	int r;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1 || strcmp(words.at[0], "create") != 0)
		return command_misused(&command_org);
	r = server_open(&first.server, cli, &err);
	if (r == 0)
		r = create(&first, &err);
	if (r == 0)
		report(&cli->out, &first);
	server_close(&first.server);
	root_cleanup(&first.root);
	key_cleanup(&first.signer);
	return r < 0 ? command_failed(&err) : EXIT_DONE;
}
