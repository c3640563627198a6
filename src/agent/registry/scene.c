#include "agent/registry/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "call/hash.h"

struct scene scene;

/* --- the warden ----------------------------------------------------------------------------- */

bool warden_is_up(const struct warden *of)
{
	return of->is_up;
}

int warden_ask(struct warden *of, json_t *header, const char *body, warden_done *done, void *data)
{
	CHECK(!of->done);
	text_copy(of->args, sizeof(of->args), body);
	text_copy(of->nonce, sizeof(of->nonce), json_get_text(header, "nonce", ""));
	text_copy(of->tool, sizeof(of->tool), json_get_text(header, "tool", ""));
	of->done = done;
	of->data = data;
	json_decref(header);
	return 0;
}

void warden_forget(struct warden *of, const void *data)
{
	if (of->data == data)
		of->done = NULL;
}

int warden_code(const struct frame *answer, const char **sentence_out)
{
	*sentence_out = json_get_text(answer->header, "error", "");
	return (int)json_get_int(answer->header, "code", 0);
}

static json_t *read_json(const char *text)
{
	struct error err = { 0 };
	json_t *json = json_parse(text, strlen(text), MIB, &err);

	CHECK_OK(err.code, err);
	return json;
}

/* To the call of that tool. */
void scene_answer(const char *tool, const char *header, const char *body)
{
	CLEANUP(frame) struct frame frame = { .header = read_json(header), .body = strdup(body) };
	warden_done *done = scene.warden.done;

	CHECK_TEXT(scene.warden.tool, tool);
	CHECK(done && frame.body);
	frame.n_body = strlen(body);
	scene.warden.done = NULL;
	scene.warden.tool[0] = '\0';
	done(&frame, NULL, scene.warden.data);
}

const char *scene_sha256(const char *archive)
{
	static char text[HASH_TEXT_BYTES];

	return hash_text(archive, strlen(archive), text);
}

static void list(int id, const char *archive, const char *how)
{
	char body[512];

	text_format(body, sizeof(body),
		    "{\"programs\":[{\"id\":%d,\"name\":\"drop\",\"sha256\":\"%s\",\"ttl_s\":60,"
		    "%s}]}",
		    id, scene_sha256(archive), how);
	scene_answer("list_programs", "{}", body);
}

/* What is attached to the kernel: by this id, that archive; or "" for nothing. */
void scene_list(int id, const char *archive)
{
	if (*archive)
		list(id, archive,
		     "\"loaded\":\"2026-01-01T00:00:00Z\",\"state\":\"ACTIVE\","
		     "\"ttl_remaining_s\":5");
	else
		scene_answer("list_programs", "{}", "{\"programs\":[]}");
}

void scene_list_canary(int id, const char *archive)
{
	list(id, archive,
	     "\"loaded\":\"2026-01-01T00:00:00Z\",\"state\":\"CANARY\","
	     "\"ttl_remaining_s\":5");
}

/* It was attached and is no longer, or it never was. */
void scene_list_ended(int id, const char *archive, bool was_attached)
{
	list(id, archive,
	     was_attached ? "\"loaded\":\"2026-01-01T00:00:00Z\",\"state\":\"EXPIRED\""
			  : "\"state\":\"REFUSED\"");
}

void scene_list_lost(int id, const char *archive)
{
	list(id, archive, "\"loaded\":\"2026-01-01T00:00:00Z\",\"state\":\"FAILED\",\"lost\":true");
}

void scene_applied(int id, const char *name)
{
	char body[256];

	text_format(body, sizeof(body), "{\"id\":%d,\"name\":\"%s\",\"ttl_s\":60}", id, name);
	scene_answer("apply_program", "{}", body);
}

/* --- the courier ---------------------------------------------------------------------------- */

struct courier *courier_new(struct event_base *base UNUSED, const struct courier_config *of UNUSED,
			    struct error *err UNUSED)
{
	return (struct courier *)&scene.asked;
}

void courier_free(struct courier *courier UNUSED)
{
}

void courier_cancel(struct courier_call *call UNUSED)
{
}

struct courier_call *courier_request(struct courier *courier UNUSED,
				     const struct courier_request *request,
				     const struct courier_handlers *of, void *data UNUSED)
{
	CHECK(!scene.asked[0]);
	text_copy(scene.asked, sizeof(scene.asked), request->url + strlen("http://r"));
	scene.handlers = of;
	return (struct courier_call *)&scene.asked;
}

void scene_send(const char *path, unsigned status, const char *body)
{
	CHECK_TEXT(scene.asked, path);
	scene.asked[0] = '\0';
	scene.handlers->head(&(struct courier_head) { .status = status }, scene.registry);
	scene.handlers->body(body, strlen(body), scene.registry);
	scene.handlers->end(NULL, scene.registry);
}

void scene_fail(const char *path, int code)
{
	struct error err = { 0 };

	CHECK_TEXT(scene.asked, path);
	scene.asked[0] = '\0';
	error_set(&err, code, "it failed");
	scene.handlers->end(&err, scene.registry);
}

/* --- the registry --------------------------------------------------------------------------- */

void scene_add_entry(struct buf *text, const char *name, const char *archive)
{
	buf_add_format(text,
		       "{\"name\":\"%s\",\"id\":\"%s\",\"version\":\"1\",\"checksum\":\"%s\","
		       "\"metadata\":{\"release\":\"{\\\"name\\\":\\\"%s\\\"}\",\"signature\":"
		       "\"AA==\"}%s}",
		       name, name, scene_sha256(archive), name, scene.given);
}

/* What it says from now on of "drop", whose archive is here; "" for nothing. */
void scene_want(const char *archive, const char *revoked)
{
	CLEANUP(buf) struct buf text = { 0 }, bytes = { 0 };
	CLEANUP(json) json_t *said = NULL;
	struct error err = { 0 };

	buf_init(&text, 4 * KIB);
	buf_init(&bytes, KIB);
	buf_add_text(&bytes, archive);
	buf_add_text(&text, "{\"artifacts\":[");
	if (*archive) {
		CHECK_OK(registry_save_archive(scene.registry, scene_sha256(archive), &bytes, &err),
			 err);
		scene_add_entry(&text, "drop", archive);
	}
	buf_add_text(&text, "],\"revoked\":[");
	if (*revoked)
		buf_add_format(&text, "\"%s\"", scene_sha256(revoked));
	buf_add_text(&text, "]}");
	said = wish_parse(buf_text(&text), text.len, &err);
	CHECK_OK(err.code, err);
	registry_take(scene.registry, said);
	registry_settle(scene.registry);
}

void scene_apply(const char *archive, int id)
{
	scene_want(archive, "");
	scene_list(0, "");
	scene_applied(id, "drop");
	scene_list(id, archive);
}

void scene_begin(void)
{
	static const struct config_key keys[] = {
		{ .name = "registry_url", .otherwise = "http://r" },
		{ .name = "poll_interval", .otherwise = "30s" },
		{ .name = "registry_ca", .otherwise = "" },
		{ .name = "registry_token_file", .otherwise = "" },
		{ .name = "proxy", .otherwise = "" },
		{ .name = "no_proxy", .otherwise = "" },
		{ 0 },
	};
	struct error err = { 0 };

	test_folder_make(&scene.folder);
	config_init(&scene.config, keys);
	scene.warden = (struct warden) { .is_up = true };
	scene.asked[0] = '\0';
	scene.given = "";
	scene.agent.base = event_base_new();
	scene.agent.config = &scene.config;
	scene.agent.warden = &scene.warden;
	text_copy(scene.agent.hostname, sizeof(scene.agent.hostname), "h");
	text_copy(scene.agent.state.folder, sizeof(scene.agent.state.folder), scene.folder.path);
	CHECK_OK(registry_open(&scene.agent, &scene.registry, &err), err);
}

void scene_end(void)
{
	struct test_folder inner;

	registry_close(scene.registry);
	event_base_free(scene.agent.base);
	config_finish(&scene.config);
	text_format(inner.path, sizeof(inner.path), "%.21s/registry", scene.folder.path);
	test_folder_cleanup(&inner);
	test_folder_cleanup(&scene.folder);
}
