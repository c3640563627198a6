/* The programs that services start: agent, warden, server. */
#include <string.h>

#include "manual/pages.h"
#include "manual/roff.h"

struct row {
	const char *term, *text; /* the table ends with a NULL term */
};

struct program_page {
	const char *name, *summary, *synopsis, *description;
	const struct row *options, *files;
	const char *const *see;
};

static const struct row agent_options[] = {
	{ "--KEY VALUE", "Any key of constable-agent.yaml(5), with '-' for '_'." },
	{ "--name NAME", "The agent of one more server, which 'constable provision --name' made." },
	{ 0 },
};

static const struct row agent_files[] = {
	{ "/etc/constable/agent.yaml", "Its settings." },
	{ "/var/lib/constable/agent",
	  "Its key, its certificate, and results that the server has not acknowledged yet." },
	{ "/run/constable/warden.sock", "Where it asks the warden." },
	{ 0 },
};

static const struct row warden_options[] = {
	{ "--socket PATH", "Where it listens; /run/constable/warden.sock unless given." },
	{ "--private FD", "Serve the one client on this descriptor, and end with it." },
	{ "--state DIR", "Audit log and spool; /var/lib/constable/warden unless given." },
	{ "--policy FILE", "Who may call what; see constable-policy(5)." },
	{ "--executables DIR", "Where the programs of the jobs lie; else beside it." },
	{ "--host-root DIR", "The root of the host that tools read; / unless given." },
	{ "--own-group", "Keep its jobs' control groups below its own, as a unit with Delegate=." },
	{ "--programs FILE", "Who may sign programs for the kernel, and what those may." },
	{ "--help", "Say how it is called." },
	{ 0 },
};

static const struct row warden_files[] = {
	{ "/etc/constable/policy", "The policy." },
	{ "/etc/constable/programs.json",
	  "Keys and limits of signed programs, if any are wanted." },
	{ "/var/lib/constable/warden", "The audit log, and calls of a server until they ended." },
	{ "/run/constable/warden.sock", "Where agent and commands ask; for the group constable." },
	{ 0 },
};

static const struct row server_options[] = {
	{ "run", "Serve, in the foreground." },
	{ "backup FILE", "Write the database of a server that runs to FILE, its keys beside it." },
	{ "restore FILE", "Put such a backup into an empty state folder." },
	{ "openapi", "Print the OpenAPI document of its HTTP API." },
	{ "routes [--json]", "List its routes with the role that each needs." },
	{ "config", "Print every key, its value and where that comes from." },
	{ "--KEY VALUE", "Any key of constable-server.yaml(5), with '-' for '_'." },
	{ "--help", "Say how it is called." },
	{ 0 },
};

static const struct row server_files[] = {
	{ "/etc/constable/server.yaml", "Its settings." },
	{ "/var/lib/constable/server", "Database, certificate authorities, keys." },
	{ "/var/lib/constable/server/control.sock", "Where 'backup' asks." },
	{ 0 },
};

static const char *const see_agent[] = { "constable-agent(1)",      "constable-provision(1)",
					 "constable-agent.yaml(5)", "constable-warden(8)",
					 "constable-server(8)",     NULL };
static const char *const see_warden[] = { "constable(1)", "constable-audit(1)",
					  "constable-policy(5)", "constable-agent(8)", NULL };
static const char *const see_server[] = { "constable(1)", "constable-server(1)",
					  "constable-server.yaml(5)", "constable-agent(8)", NULL };

static const struct program_page programs[] = {
	{ "constable-agent", "keep a host's link to its server", "[run] [--KEY VALUE ...]",
	  "It dials out to the server that 'constable provision' enrolled this host with, and\n"
	  "takes the server's calls to the warden, which decides. It also serves the local API on\n"
	  "loopback. It runs as the user constable, has no power over the host, and ends with\n"
	  "status 4 where the host is not enrolled.\n",
	  agent_options, agent_files, see_agent },
	{ "constable-warden", "decide, record and run every call on a host",
	  "[--socket PATH | --private FD] [--state DIR] [--policy FILE] [--executables DIR] "
	  "[--host-root DIR] [--own-group] [--programs FILE]",
	  "The root half of Constable: the gate, the policy and the audit log. It has no network\n"
	  "socket. Each call runs as a child behind walls, with only the powers that its tool\n"
	  "needs; what cannot be recorded does not happen. Where no warden runs, a command brings\n"
	  "its own, also as a plain user.\n",
	  warden_options, warden_files, see_warden },
	{ "constable-server", "the control plane over Constable's agents",
	  "run | backup FILE | restore FILE | openapi | routes [--json] | config [--KEY VALUE ...]",
	  "It enrols agents, keeps their calls until each has one outcome, takes alerts, has them\n"
	  "investigated and tells people. The first start makes the certificate authorities, the\n"
	  "org 'default' and its admin's key, which is written into the state folder.\n",
	  server_options, server_files, see_server },
};

static void add_rows(struct roff *roff, const char *title, const struct row *rows)
{
	roff_section(roff, title);
	for (; rows->term; rows++) {
		size_t len = strcspn(rows->term, " ");
		char term[64];

		str_copy((struct str) { rows->term, len }, term, sizeof(term));
		roff_term(roff, term,
			  (struct str) { rows->term + len + (rows->term[len] == ' '),
					 strlen(rows->term + len) - (rows->term[len] == ' ') });
		roff_text(roff, rows->text);
	}
}

static int print_program(const struct pages *pages, const struct program_page *page)
{
	struct roff roff = { .out = pages_open(pages, page->name, 8) };

	if (!roff.out)
		return 1;
	roff_begin(&roff, &(struct roff_title) { page->name, 8, page->summary, pages->date,
						 pages->version });
	roff_section(&roff, "SYNOPSIS");
	roff_synopsis(&roff, page->name, (struct str) { page->synopsis, strlen(page->synopsis) });
	roff_section(&roff, "DESCRIPTION");
	roff_help(&roff, page->description);
	add_rows(&roff, "OPTIONS", page->options);
	add_rows(&roff, "FILES", page->files);
	roff_see(&roff, page->see);
	return pages_close(roff.out, page->name);
}

int pages_programs(const struct pages *pages)
{
	int status = 0;

	for (size_t i = 0; i < ARRAY_LEN(programs); i++)
		status |= print_program(pages, &programs[i]);
	return status;
}
