#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_pass.h"
#include "call/frame.h"
#include "kernel/program/load/load.h"

#define PASS_TIMEOUT_MS 10000
/* Who comes back may find the maps of another version, whose names go along then. */
#define RETURN_BYTES ((size_t)2 * KIB)

void load_result_close(struct load_result *result)
{
	for (size_t i = 0; i < result->n_links; i++)
		fd_close(&result->links[i].fd);
	for (size_t i = 0; i < result->n_programs; i++)
		fd_close(&result->programs[i]);
	for (size_t i = 0; i < result->n_maps; i++)
		fd_close(&result->maps[i]);
	*result = (struct load_result) { .n_links = 0 };
}

void load_result_cleanup(struct load_result *result)
{
	load_result_close(result);
}

/* The loader has met foreign bytes: what it says is checked as theirs are. */
static json_t *read_answer(int fd, char **log_out, struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	CLEANUP(json) json_t *body = NULL;
	int64_t code;

	if (frame_read(fd, &frame, err) < 0) {
		error_set(err, -EBADMSG,
			  "the process that met this artifact died of it or did not answer");
		return NULL;
	}
	body = json_parse(frame.body, frame.n_body, FRAME_BODY_MAX_BYTES, err);
	code = json_get_int(frame.header, "code", -EBADMSG);
	if (code == 0)
		return TAKE(body);
	if (log_out && json_get_text(body, "log", NULL))
		*log_out = strdup(json_get_text(body, "log", ""));
	error_set(err, code < 0 && code > -4096 ? (int)code : -EBADMSG, "%s",
		  json_get_text(frame.header, "error", "the loader gives no reason"));
	return NULL;
}

static json_t *pack_request(const struct load_request *request)
{
	json_t *header =
		json_pack("{s:s, s:s, s:O, s:b}", "name", request->name, "version",
			  request->version, "limits", request->limits, "returns", request->returns);
	json_t *names = json_array();

	for (size_t i = 0; i < request->n_old_maps; i++)
		json_push(names, json_string(request->old_maps[i].name));
	json_put(header, "old_maps", names);
	if (request->targets)
		json_put(header, "targets", json_incref((json_t *)request->targets));
	if (request->params)
		json_put(header, "params", json_incref((json_t *)request->params));
	if (request->lists)
		json_put(header, "lists", json_incref((json_t *)request->lists));
	return header;
}

static int check_size(const struct load_request *request, const json_t *header, struct error *err)
{
	size_t most = FRAME_HEADER_MAX_BYTES - (request->returns ? 0 : RETURN_BYTES);

	if (json_dumpb(header, NULL, 0, JSON_COMPACT) > most)
		return error_set(err, -E2BIG,
				 "the targets, parameters and lists of '%s' take more than "
				 "%zu bytes together",
				 request->name, most);
	return 0;
}

int load_fits(const struct load_request *request, struct error *err)
{
	CLEANUP(json) json_t *header = pack_request(request);

	return check_size(request, header, err);
}

json_t *load_ask(int fd, const struct load_request *request, char **log_out, struct error *err)
{
	CLEANUP(json) json_t *header = pack_request(request);
	int r;

	if (check_size(request, header, err) < 0)
		return NULL;
	r = frame_write(fd, header, request->artifact, request->n_artifact, err);
	for (size_t i = 0; i < request->n_old_maps && r == 0; i++)
		r = fd_pass(fd, 0, request->old_maps[i].fd);
	if (r == 0)
		return read_answer(fd, log_out, err);
	if (!err->code)
		error_set(err, r, "hand over the maps of the version before");
	return NULL;
}

static int send_old(int fd, const struct load_old *old, size_t n_old, uint64_t lease_ns,
		    struct error *err)
{
	CLEANUP(json) json_t *header = json_object();
	json_t *list = json_array();
	int r;

	for (size_t i = 0; i < n_old; i++)
		json_push(list,
			  json_pack("{s:s, s:s}", "type", old[i].type, "target", old[i].target));
	json_put(header, "old", list);
	json_put(header, "lease_ns", json_integer((json_int_t)lease_ns));
	r = frame_write(fd, header, NULL, 0, err);
	for (size_t i = 0; i < n_old && r == 0; i++) {
		r = fd_pass(fd, 0, old[i].link);
		if (r == 0)
			r = fd_pass(fd, 0, old[i].program);
	}
	return r < 0 ? error_set(err, r, "hand over what is to be replaced") : 0;
}

static int take(int fd, int *fd_out, struct error *err)
{
	int64_t value;

	if (fd_pass_receive(fd, PASS_TIMEOUT_MS, &value, fd_out) < 0 || *fd_out < 0)
		return error_set(err, -EPIPE, "the loader handed over no descriptor");
	return 0;
}

static int take_links(int fd, const json_t *links, size_t n_old, struct load_result *result,
		      struct error *err)
{
	const json_t *item;
	size_t i;

	if (json_array_size(links) > LOAD_MAX_LINKS)
		return error_set(err, -EBADMSG, "the loader has too many links");
	json_array_foreach(links, i, item)
	{
		struct load_link *link = &result->links[i];
		int64_t program = json_get_int(item, "program", -1);
		int64_t old = json_get_int(item, "old", -1);

		if (program < 0 || program >= MANIFEST_MAX_PROGRAMS || old < -1 ||
		    old >= (int64_t)n_old)
			return error_set(err, -EBADMSG, "the loader has an unknown link");
		*link = (struct load_link) { -1, (int)program, (int)old };
		if (take(fd, &link->fd, err) < 0)
			return err->code;
		result->n_links++;
	}
	return 0;
}

static int take_many(int fd, int64_t n, int *fds, size_t max, size_t *n_out, struct error *err)
{
	if (n < 0 || (size_t)n > max)
		return error_set(err, -EBADMSG, "the loader has too many descriptors");
	for (; *n_out < (size_t)n; ++*n_out)
		if (take(fd, &fds[*n_out], err) < 0)
			return err->code;
	return 0;
}

int load_attach(int fd, const struct load_old *old, size_t n_old, uint64_t lease_ns,
		struct load_result *result_out, struct error *err)
{
	CLEANUP(load_result) struct load_result result = { .n_links = 0 };
	CLEANUP(json) json_t *body = NULL;

	if (send_old(fd, old, n_old, lease_ns, err) < 0)
		return err->code;
	body = read_answer(fd, NULL, err);
	if (!body || take_links(fd, json_object_get(body, "links"), n_old, &result, err) < 0 ||
	    take_many(fd, json_get_int(body, "n_programs", 0), result.programs,
		      MANIFEST_MAX_PROGRAMS, &result.n_programs, err) < 0 ||
	    take_many(fd, json_get_int(body, "n_maps", 0), result.maps, LOAD_MAX_MAPS,
		      &result.n_maps, err) < 0)
		return err->code;
	*result_out = result;
	result = (struct load_result) { .n_links = 0 };
	return 0;
}
