/* The files that people write: agent.yaml, server.yaml, the policy. */
#include <string.h>

#include "base/buf.h"
#include "cli/settings.h"
#include "manual/pages.h"
#include "manual/roff.h"
#include "server/settings.h"

static const struct str nothing = { "", 0 };

struct file_page {
	const char *name, *summary, *path, *description;
	const struct config_key *keys;
	const char *const *see;
};

static void add_list(struct roff *roff, const char *word, const char *const *list)
{
	CLEANUP(buf) struct buf text = { 0 };

	if (!list[0])
		return;
	buf_init(&text, 1 * KIB);
	buf_add_format(&text, "%s", word);
	for (size_t i = 0; i < CONFIG_MAX_ALIASES && list[i]; i++)
		buf_add_format(&text, "%s %s", i ? "," : "", list[i]);
	buf_add_text(&text, ".");
	roff_text(roff, buf_text(&text));
}

static void add_key(struct roff *roff, const struct config_key *key)
{
	const char *type = config_type_name(key);
	CLEANUP(buf) struct buf text = { 0 };
	char flag[CONFIG_FLAG_BYTES];

	config_flag_name(key, flag);
	roff_term(roff, key->name, (struct str) { type, strlen(type) });
	roff_text(roff, key->help);
	buf_init(&text, 1 * KIB);
	if (*key->otherwise)
		buf_add_format(&text, "Default: %s. ", key->otherwise);
	buf_add_format(&text, "Variable: %s. Option: %s.", key->variable, flag);
	roff_text(roff, buf_text(&text));
	add_list(roff, "The same by other names:", key->aliases);
}

static int print_file(const struct pages *pages, const struct file_page *page)
{
	struct roff roff = { .out = pages_open(pages, page->name, 5) };

	if (!roff.out)
		return 1;
	roff_begin(&roff, &(struct roff_title) { page->name, 5, page->summary, pages->date,
						 pages->version });
	roff_section(&roff, "SYNOPSIS");
	roff_synopsis(&roff, page->path, nothing);
	roff_section(&roff, "DESCRIPTION");
	roff_help(&roff, page->description);
	if (page->keys)
		roff_section(&roff, "KEYS");
	for (const struct config_key *key = page->keys; key && key->name; key++)
		add_key(&roff, key);
	roff_see(&roff, page->see);
	return pages_close(roff.out, page->name);
}

#define ORDER                                                                                     \
	"It is YAML: a key and its value a line. Over the file stand the variables of the\n"      \
	"environment, over those the options of the command line. An unknown key or a bad\n"      \
	"value is an error that names file, line and key. A file that others than root and the\n" \
	"user could have written is refused.\n\n"                                                 \
	"A duration is written 90s, 15m, 2h or 30d.\n"

static const char policy[] =
	"A rule a line; the last rule that matches decides. What begins with '#' is a comment.\n"
	"As long as the file has no rule, these hold:\n\n"
	"  allow reads\n"
	"  allow traces to root\n"
	"  allow traces to link\n"
	"  ask   changes\n\n"
	"With a rule of its own, what none of its rules matches is denied. Names are resolved\n"
	"once, when the warden starts; after a change: systemctl restart constable-warden.\n\n"
	"Its lines are these:\n\n"
	"  allow|ask|deny RISK|TOOL [to root|link|user NAME|group NAME|CLIENT|anyone]\n"
	"  roots PATH... [to CLIENT]\n"
	"  readonly COMMAND [ARGUMENT...]\n"
	"  scripts SHA256...\n"
	"  namespaces NAME...\n"
	"  log-groups NAME...\n"
	"  without landlock\n"
	"  without process-iterator\n\n"
	"RISK is 'reads' (leaves the host as it was), 'traces' (a program in the kernel for a\n"
	"while) or 'changes'; TOOL is a name of 'constable tools', in which '*' stands for any\n"
	"characters. 'ask' means: only with an approval. 'link' is whoever asks through the\n"
	"server; rules for users and groups do not speak of it. A rule never lowers a tool's own\n"
	"risk. Kept investigations hold results of any tool: to 'link' and to a CLIENT only a\n"
	"rule that names read_case itself allows that tool.\n\n"
	"CLIENT is who asks through the agent's local API, by what he was recognised there:\n\n"
	"  certificate NAME      the common name of his certificate, else its first other name\n"
	"  key NAME              a line of api_keys_file; see constable-agent.yaml(5)\n"
	"  oauth SUBJECT         whom an access token speaks for\n"
	"  oauth-client ID       the program that it was given to\n"
	"  token                 the file api_token in the agent's folder\n"
	"  registry              for which the agent applies and removes signed programs\n\n"
	"'*' in a NAME stands for any characters. Rules for users and groups do not speak of\n"
	"clients, but for 'token', which is the agent's user's own.\n\n"
	"'roots' are what tools that read as root may read, / unless given; a client with lines\n"
	"of its own may read below those only. 'readonly' names a command that\n"
	"execute_shell_command runs at once, without the power to write. 'scripts' are those of\n"
	"skills that count as reads; any other counts as a change.\n"
	"'namespaces' and 'log-groups' are the only ones of which logs are read, whoever asks.\n"
	"'without landlock' accepts a kernel that lacks that wall; 'without process-iterator'\n"
	"puts no program into the kernel to list processes.\n\n"
	"An example:\n\n"
	"  allow reads\n"
	"  deny  get_command_history to link\n"
	"  ask   changes to group operators\n"
	"  deny  * to key grafana\n"
	"  allow get_* to key grafana\n"
	"  roots /var/log /etc /srv\n"
	"  roots /var/log to certificate *.support.example\n"
	"  readonly systemctl status nginx\n";

int pages_files(const struct pages *pages)
{
	static const char *const see_agent[] = { "constable(1)", "constable-config(1)",
						 "constable-agent(8)", "constable-policy(5)",
						 NULL };
	static const char *const see_server[] = { "constable-server(8)", "constable-agent.yaml(5)",
						  NULL };
	static const char *const see_policy[] = { "constable-warden(8)", "constable-approval(1)",
						  "constable-grant(1)", NULL };
	const struct file_page files[] = {
		{ "constable-agent.yaml", "settings of the agent and the command line",
		  "/etc/constable/agent.yaml",
		  ORDER "\nCONSTABLE_CONFIG names another file. 'constable config' prints every "
			"key, its value and\nwhere that comes from.\n",
		  settings_keys, see_agent },
		{ "constable-server.yaml", "settings of the server", "/etc/constable/server.yaml",
		  ORDER "\nCONSTABLE_SERVER_CONFIG names another file. 'constable-server config' "
			"prints every key,\nits value and where that comes from.\n",
		  server_settings, see_server },
		{ "constable-policy", "who may call what on this host", "/etc/constable/policy",
		  policy, NULL, see_policy },
	};
	int status = 0;

	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		status |= print_file(pages, &files[i]);
	return status;
}
