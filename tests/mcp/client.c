/*
 * The client of MCP servers (src/mcp_client) in the hands of tests.
 *
 * usage: mcp_client [--version V] [--bytes N] [--token T] [--grant URL --client ID --secret S] URL:
 * takes orders from standard input, a JSON object a line: {"method", "params"?, "schema"?,
 * "timeout_ms"?, "cancel"?: true (at the first progress), "beside"?: true (two of them at once;
 * what came of the one that ended first is "beside" the other's)}, where the method "list" reads
 * all tools, and "end" ends the session. Prints what came of each, one after the other: {"result"}
 * or {"error", "errno", "code", "may_have_run", "data"}.
 */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client_play.h"

static int usage(void)
{
	(void)fputs(
		"usage: mcp_client [--version V] [--bytes N] [--token T] [--grant URL --client ID "
		"--secret S] URL\n",
		stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "version", required_argument, NULL, 'v' },
						 { "bytes", required_argument, NULL, 'b' },
						 { "token", required_argument, NULL, 't' },
						 { "grant", required_argument, NULL, 'g' },
						 { "client", required_argument, NULL, 'c' },
						 { "secret", required_argument, NULL, 's' },
						 { 0 } };
	struct client_play play = { 0 };
	char line[256 * 1024];
	int option;

	(void)signal(SIGPIPE, SIG_IGN);
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'v')
			play.version = optarg;
		else if (option == 'b')
			play.max_bytes = strtoul(optarg, NULL, 10);
		else if (option == 't')
			play.token = optarg;
		else if (option == 'g')
			play.grant.url = optarg;
		else if (option == 'c')
			play.grant.id = optarg;
		else if (option == 's')
			play.grant.secret = optarg;
		else
			return usage();
	}
	if (optind + 1 != argc)
		return usage();
	play.url = argv[optind];
	client_play_open(&play);
	while (fgets(line, sizeof(line), stdin)) {
		struct error why = { 0 };
		CLEANUP(json) json_t *order = json_parse(line, strlen(line), sizeof(line), &why);
		CLEANUP(json) json_t *said = NULL;

		if (!order)
			errx(2, "%s", why.text);
		said = client_play_order(&play, order);
		if (json_dumpf(said, stdout, JSON_COMPACT) < 0)
			abort();
		(void)putchar('\n');
		(void)fflush(stdout);
	}
	client_play_close(&play);
	return 0;
}
