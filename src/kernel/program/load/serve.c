#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_pass.h"
#include "base/step.h"
#include "call/frame.h"
#include "kernel/program/load/object_internal.h"

#define PASS_TIMEOUT_MS 10000

static void object_cleanup(struct object *object)
{
	object_close(object);
}

static int silence(enum libbpf_print_level level UNUSED, const char *format UNUSED,
		   va_list args UNUSED)
{
	return 0;
}

static int read_artifact(struct object *object, const struct frame *request, struct error *err)
{
	const char *name = json_get_text(request->header, "name", "");
	const char *version = json_get_text(request->header, "version", "");
	CLEANUP(text)
	char *limits = json_canonical(json_object_get(request->header, "limits"));
	const struct tarball_file *file;

	if (limits_parse(limits, strlen(limits), &object->limits, err) < 0 ||
	    tarball_unpack(request->body, request->n_body, &object->files, err) < 0)
		return err->code;
	file = tarball_find(&object->files, "manifest.json");
	if (!file)
		return error_set(err, -ENOENT, "the artifact has no manifest.json");
	if (manifest_parse(file->data, file->len, &object->manifest, err) < 0)
		return err->code;
	if (strcmp(object->manifest.name, name) != 0 ||
	    strcmp(object->manifest.version, version) != 0)
		return error_set(err, -EINVAL, "the manifest is of '%s' %s, the release of '%s' %s",
				 object->manifest.name, object->manifest.version, name, version);
	return manifest_set_targets(&object->manifest, json_object_get(request->header, "targets"),
				    err);
}

static json_t *describe(const struct object *object)
{
	json_t *programs = json_array(), *maps = json_array();
	struct bpf_map *map;

	for (size_t i = 0; i < object->manifest.n_programs; i++) {
		const struct manifest_program *program = &object->manifest.programs[i];

		json_push(programs, json_pack("{s:s, s:s, s:s}", "name", program->name, "type",
					      program->type->name, "target", program->target));
	}
	bpf_object__for_each_map(map, object->bpf)
	{
		json_push(maps, json_string(bpf_map__name(map)));
	}
	for (size_t i = 0; i < 2 * object->n_lists; i++)
		json_push(maps, json_sprintf("%s.%zu", object->lists[i / 2].name, i % 2));
	return json_pack("{s:O, s:o, s:o, s:I, s:O}", "manifest", object->manifest.document,
			 "programs", programs, "maps", maps, "map_memory_bytes",
			 (json_int_t)object->map_memory_bytes, "live", object->live);
}

static int answer(int fd, const struct error *why, json_t *body, struct error *err)
{
	CLEANUP(json) json_t *header = json_pack("{s:i}", "code", why->code);
	CLEANUP(text) char *text = body ? json_canonical(body) : NULL;

	if (why->code)
		json_put(header, "error", json_text(why->text, strlen(why->text)));
	return frame_write(fd, header, text, text ? strlen(text) : 0, err);
}

/* The verifier's log goes along where it refused. */
static int tell_failure(int fd, const struct object *object, const struct error *why,
			struct error *err)
{
	CLEANUP(json) json_t *body = json_object();

	if (object->log && object->log[0])
		json_put(body, "log", json_text(object->log, strlen(object->log)));
	if (answer(fd, why, body, err) < 0)
		return err->code;
	*err = *why;
	return why->code;
}

static int take_old(int fd, const json_t *list, struct load_old *old, size_t *n_out,
		    struct error *err)
{
	const json_t *item;
	size_t i;
	int64_t value;

	json_array_foreach(list, i, item)
	{
		if (i == LOAD_MAX_LINKS)
			return error_set(err, -E2BIG, "too many old links");
		old[i].type = json_get_text(item, "type", "");
		old[i].target = json_get_text(item, "target", "");
		if (fd_pass_receive(fd, PASS_TIMEOUT_MS, &value, &old[i].link) < 0 ||
		    fd_pass_receive(fd, PASS_TIMEOUT_MS, &value, &old[i].program) < 0)
			return error_set(err, -EPIPE, "an old link did not come");
	}
	*n_out = i;
	return 0;
}

static int take_old_maps(int fd, const json_t *names, struct load_map *maps, size_t *n_out,
			 struct error *err)
{
	int64_t value;
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	{
		if (i == LOAD_MAX_MAPS || !json_is_string(name) ||
		    fd_pass_receive(fd, PASS_TIMEOUT_MS, &value, &maps[i].fd) < 0)
			return error_set(err, -EPIPE, "a map of the version before did not come");
		maps[i].name = json_string_value(name);
	}
	*n_out = i;
	return 0;
}

/* Everything up to the verifier's run. */
static int load(int fd, struct object *object, const struct frame *request, struct error *err)
{
	struct load_map maps[LOAD_MAX_MAPS];
	size_t n = 0;

	if (take_old_maps(fd, json_object_get(request->header, "old_maps"), maps, &n, err) < 0 ||
	    read_artifact(object, request, err) < 0 ||
	    object_open(object, json_object_get(request->header, "params"), err) < 0 ||
	    object_keep_maps(object, maps, n, json_get_bool(request->header, "returns", false),
			     err) < 0 ||
	    object_make_lists(object, err) < 0 || object_judge(object, err) < 0 ||
	    object_fill_lists(object, json_object_get(request->header, "lists"), err) < 0)
		return err->code;
	object->live = object_find_live(object, err);
	return err->code;
}

static void undo(const struct load_result *result, const struct load_old *old)
{
	for (size_t i = result->n_links; i-- > 0;)
		if (result->links[i].old >= 0)
			(void)bpf_link_update(result->links[i].fd,
					      old[result->links[i].old].program, NULL);
}

static int attach_all(struct object *object, const struct load_old *old, size_t n_old,
		      struct load_result *result, struct error *err)
{
	struct bpf_map *map = NULL;

	for (size_t i = 0; i < object->manifest.n_programs; i++) {
		if (object_attach(object, i, old, n_old, result, err) < 0) {
			undo(result, old);
			return err->code;
		}
		result->programs[result->n_programs++] = bpf_program__fd(object->programs[i]);
		step_reached("loader-linked");
	}
	while ((map = bpf_object__next_map(object->bpf, map)))
		result->maps[result->n_maps++] = bpf_map__fd(map);
	for (size_t i = 0; i < 2 * object->n_lists; i++)
		result->maps[result->n_maps++] = object->lists[i / 2].copies[i % 2];
	return 0;
}

static int pass_all(int fd, const struct load_result *result)
{
	int r = 0;

	for (size_t i = 0; i < result->n_links && r == 0; i++)
		r = fd_pass(fd, 0, result->links[i].fd);
	for (size_t i = 0; i < result->n_programs && r == 0; i++)
		r = fd_pass(fd, 0, result->programs[i]);
	for (size_t i = 0; i < result->n_maps && r == 0; i++)
		r = fd_pass(fd, 0, result->maps[i]);
	return r;
}

static json_t *list_links(const struct load_result *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < result->n_links; i++)
		json_push(list, json_pack("{s:i, s:i}", "program", result->links[i].program, "old",
					  result->links[i].old));
	return json_pack("{s:o, s:i, s:i}", "links", list, "n_programs", (int)result->n_programs,
			 "n_maps", (int)result->n_maps);
}

/* What was updated goes back if nobody takes it: then the old program is still the right one. */
static int serve_attach(int fd, struct object *object, struct error *err)
{
	CLEANUP(frame) struct frame request = { 0 };
	CLEANUP(json) json_t *body = NULL;
	struct load_old old[LOAD_MAX_LINKS];
	struct load_result result = { .n_links = 0 };
	struct error why = { 0 };
	size_t n_old = 0;

	if (frame_read(fd, &request, err) < 0)
		return err->code;
	if (take_old(fd, json_object_get(request.header, "old"), old, &n_old, &why) == 0 &&
	    object_set_lease(object, (uint64_t)json_get_int(request.header, "lease_ns", 0), &why) ==
		    0)
		(void)attach_all(object, old, n_old, &result, &why);
	if (why.code)
		return tell_failure(fd, object, &why, err);
	step_reached("loader-attached");
	body = list_links(&result);
	if (answer(fd, &why, body, err) == 0 && pass_all(fd, &result) == 0)
		return 0;
	undo(&result, old);
	return error_set(err, -EPIPE, "nobody took what was attached");
}

int load_serve(int fd, struct error *err)
{
	CLEANUP(object) struct object object = { .bpf = NULL };
	CLEANUP(frame) struct frame request = { 0 };
	CLEANUP(json) json_t *body = NULL;
	struct error why = { 0 };

	(void)libbpf_set_print(silence);
	if (frame_read(fd, &request, err) < 0)
		return err->code;
	if (load(fd, &object, &request, &why) < 0)
		return tell_failure(fd, &object, &why, err);
	step_reached("loader-judged");
	body = describe(&object);
	if (answer(fd, &why, body, err) < 0)
		return err->code;
	return serve_attach(fd, &object, err);
}
