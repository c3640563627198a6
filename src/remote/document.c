#include "remote/document.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "remote/server.h"

#define FILE_MAX_BYTES (64 * KIB)

int document_read_json(const char *path, size_t max_bytes, json_t **json_out, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(fd) int opened = -1;
	int fd = STDIN_FILENO, r;

	if (strcmp(path, "-") != 0)
		fd = opened = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(err, "%s", path);
	buf_init(&text, max_bytes);
	r = buf_read_fd(&text, fd);
	if (r < 0 || text.dropped)
		return r < 0 ? error_set(err, r, "%s: %s", path, strerrordesc_np(-r))
			     : error_set(err, -E2BIG, "%s: is longer than %zu KiB", path,
					 max_bytes / KIB);
	*json_out = json_parse(buf_text(&text), text.len, max_bytes, err);
	return *json_out ? 0 : error_wrap(err, "%s", path);
}

int document_read_file(const char *path, json_t **object_out, struct error *err)
{
	int r = document_read_json(path, FILE_MAX_BYTES, object_out, err);

	if (r < 0 || json_is_object(*object_out))
		return r;
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

int document_save(struct server *server, const char *collection, json_t *document,
		  json_t **answer_out, struct error *err)
{
	char path[DOCUMENT_PATH_BYTES];
	struct fetch_request change = { .method = "PUT", .path = path };
	struct fetch_request make = { .method = "POST", .path = collection };
	int r;

	(void)document_path(collection, json_get_text(document, "name", ""), path);
	change.body = json_incref(document);
	r = server_send(server, &change, answer_out, err);
	if (r != -ENOENT)
		return r;
	json_decref(TAKE(*answer_out)); /* what the refusal said */
	make.body = json_incref(document);
	return server_send(server, &make, answer_out, err);
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
