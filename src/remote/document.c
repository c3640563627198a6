#include "remote/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "remote/server.h"

#define FILE_MAX_BYTES (64 * KIB)

int document_read_file(const char *path, json_t **object_out, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(fd) int opened = -1;
	int fd = STDIN_FILENO, r;

	if (strcmp(path, "-") != 0)
		fd = opened = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "%s", path);
	buf_init(&text, FILE_MAX_BYTES);
	r = buf_read_fd(&text, fd);
	if (r < 0 || text.dropped)
		return error_set(err, r < 0 ? r : -E2BIG, "%s: %s", path,
				 r < 0 ? strerrordesc_np(-r) : "is longer than 64 KiB");
	*object_out = json_parse(buf_text(&text), text.len, FILE_MAX_BYTES, err);
	if (!*object_out)
		return error_wrap(err, "%s", path);
	if (json_is_object(*object_out))
		return 0;
	json_decref(TAKE(*object_out));
	return error_set(err, -EINVAL, "%s: is no JSON object", path);
}

void document_strip(json_t *document)
{
	static const char *const members[] = { "created", "changed", "changed_by" };

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		(void)json_object_del(document, members[i]);
}

const char *document_path(const char *collection, const char *name, char path[DOCUMENT_PATH_BYTES])
{
	CLEANUP(text) char *escaped = fetch_escape(name);

	text_format(path, DOCUMENT_PATH_BYTES, "%s/%s", collection, escaped);
	return path;
}

int document_remove(struct cli *cli, const char *collection, const char *name)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	char path[DOCUMENT_PATH_BYTES];
	struct fetch_request request = { .method = "DELETE", .path = path };
	struct error err = { 0 };

	(void)document_path(collection, name, path);
	if (server_open(&server, cli, &err) < 0 ||
	    server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_NAME, "%s", name);
	page_add(&cli->out, STYLE_PLAIN, " is removed.");
	page_end(&cli->out);
	return EXIT_DONE;
}
