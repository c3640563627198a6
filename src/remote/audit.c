/*
 * constable audit list: who did, allowed and granted what: in the server's log, or with --here
 * in this host's own, which only who may read the warden's folder sees.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/listing.h"

#define PATH_BYTES 4096
#define TAIL_BYTES ((off_t)(4 * MIB))
#define LINE_MAX_BYTES (128 * KIB)

static const struct table_column of_server[] = { { "TIME", "time" },     { "ACTOR", "actor" },
						 { "ACTION", "action" }, { "TARGET", "target" },
						 { "AUTHOR", "author" }, { "APPROVER", "approver" },
						 { "GRANT", "grant" },   { 0 } };

static const struct table_column of_host[] = { { "TIME", "time" },
					       { "WHO", "author" },
					       { "TOOL", "tool" },
					       { "DECISION", "decision" },
					       { "APPROVER", "approver" },
					       { "GRANT", "grant" },
					       { 0 } };

/* What a record says in its details beside itself, so that a table has columns of it. */
static void flatten(json_t *record)
{
	static const char *const names[] = { "author", "approver", "grant" };
	CLEANUP(json) json_t *details = json_loads(json_get_text(record, "details", "{}"), 0, NULL);

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (json_object_get(details, names[i]))
			json_object_set(record, names[i], json_object_get(details, names[i]));
	if (strncmp(json_get_text(record, "action", ""), "grant.", 6) == 0)
		json_object_set(record, "grant", json_object_get(record, "target"));
}

static int read_server(struct cli *cli, json_t **list_out, struct error *err)
{
	CLEANUP(server) struct server server = { 0 };
	json_t *record;
	size_t i;
	int r = server_open(&server, cli, err);

	if (r == 0)
		r = server_list(&server, "/api/v1/audit?limit=1000", "records", list_out, err);
	json_array_foreach(*list_out, i, record) flatten(record);
	return r;
}

/* A line of the host's log as a record, if it is about a call that was asked for. */
static void add_line(json_t *list, const char *line, size_t len)
{
	struct error ignored = { 0 };
	CLEANUP(json) json_t *record = json_parse(line, len, LINE_MAX_BYTES, &ignored);

	if (strcmp(json_get_text(record, "kind", ""), "intent") != 0)
		return;
	json_put(record, "author",
		 json_string(json_get_text(record, "on_behalf", json_get_text(record, "who", ""))));
	json_push(list, json_incref(record));
}

/* The end of its newest file. */
static int read_here(const struct cli *cli, json_t **list_out, struct error *err)
{
	CLEANUP(fd) int fd = -1;
	CLEANUP(buf) struct buf text = { 0 };
	char path[PATH_BYTES];
	const char *at, *end, *newline;
	off_t size;

	text_format(path, sizeof(path), "%s/warden/audit.jsonl", cli->state);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
	if (size < 0)
		return error_errno(err, "read '%s'", path);
	buf_init(&text, (size_t)TAIL_BYTES + 1);
	if (lseek(fd, size > TAIL_BYTES ? size - TAIL_BYTES : 0, SEEK_SET) < 0 ||
	    buf_read_fd(&text, fd) < 0)
		return error_errno(err, "read '%s'", path);
	*list_out = json_array();
	at = buf_text(&text);
	end = at + text.len;
	if (size > TAIL_BYTES) /* the rest of a line */
		at = (newline = memchr(at, '\n', text.len)) ? newline + 1 : end;
	for (; at < end && (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1)
		add_line(*list_out, at, (size_t)(newline - at));
	return 0;
}

int remote_audit(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *list = NULL;
	int wants_json = 0, is_here = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json },
					   { "--here", OPTION_SET, &is_here },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	int r;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1 || strcmp(words.at[0], "list") != 0)
		return command_misused(&command_audit);
	r = is_here ? read_here(cli, &list, &err) : read_server(cli, &list, &err);
	if (r < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(list);
	else
		table_print(&cli->out, list, is_here ? of_host : of_server,
			    "The log has no record.");
	return EXIT_DONE;
}
