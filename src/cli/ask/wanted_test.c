/* A yes that was given before: to one call. */
#include "cli/ask/wanted.h"

#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/test.h"
#include "call/hash.h"
#include "cli/ask/signed.h"

static const char args[] = "{\"name\":\"api\",\"pid\":4711}";

/* Of another host only. */
bool signed_may(const struct cli *cli UNUSED, const char *call UNUSED)
{
	return false;
}

bool signed_give(const struct cli *cli UNUSED, const char *call UNUSED, const char *tool UNUSED,
		 const char *args_sha256 UNUSED)
{
	return false;
}

struct scene {
	struct gate_remote gate;
	int warden; /* what it hears */
	struct person person;
	json_t *consent;
	struct wanted wanted;
};

static void open_scene(struct scene *scene)
{
	int ends[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	*scene = (struct scene) {
		.gate = { .fd = ends[0] },
		.warden = ends[1],
		.person = { .fd = ends[0] }, /* somebody is there */
		.consent = json_pack("{s:s, s:o}", "tool", "signal_process", "args",
				     json_loads(args, 0, NULL)),
	};
	scene->wanted = (struct wanted) {
		.gate = &scene->gate,
		.person = &scene->person,
		.consent = scene->consent,
	};
}

static void close_scene(struct scene *scene)
{
	wanted_finish(&scene->wanted);
	person_finish(&scene->person);
	json_decref(scene->consent);
	fd_close(&scene->gate.fd);
	fd_close(&scene->warden);
}

/* The call goes to the gate, which wants it approved. */
static void want(struct scene *scene, json_int_t id, const char *nonce)
{
	char sha256[HASH_TEXT_BYTES];
	CLEANUP(json)
	json_t *asked = json_pack("{s:s, s:s, s:I, s:s}", "type", "call", "tool", "signal_process",
				  "id", id, "why", "it is the remedy");
	CLEANUP(json)
	json_t *answered = json_pack("{s:s, s:I, s:i, s:{s:s, s:s}}", "type", "answer", "id", id,
				     "code", -13, "approval", "nonce", nonce, "args_sha256",
				     hash_text(args, strlen(args), sha256));
	struct frame call = { asked, (char *)(uintptr_t)args, strlen(args) };
	struct frame answer = { answered, NULL, 0 };
	struct error err = { 0 };

	wanted_note(&scene->wanted, &call);
	CHECK_INT(wanted_hear(&scene->wanted, &answer, &err), 1);
}

TEST(one_yes_is_for_one_call)
{
	struct scene scene;
	CLEANUP(frame) struct frame first = { 0 };
	struct error err = { 0 };
	char byte;

	open_scene(&scene);
	want(&scene, 1, "n1");
	CHECK_OK(frame_read(scene.warden, &first, &err), err);
	CHECK_TEXT(json_get_text(first.header, "type", ""), "approve");
	CHECK_TEXT(json_get_text(first.header, "nonce", ""), "n1");
	CHECK(!wanted_waits(&scene.wanted, 1) && !person_is_busy(&scene.person));
	want(&scene, 2, "n2");
	CHECK(wanted_waits(&scene.wanted, 2) && person_is_busy(&scene.person));
	CHECK(recv(scene.warden, &byte, 1, MSG_DONTWAIT) < 0);
	close_scene(&scene);
}

TEST(other_bytes_have_no_yes)
{
	struct scene scene;

	open_scene(&scene);
	json_put(json_object_get(scene.consent, "args"), "pid", json_integer(4712));
	want(&scene, 1, "n1");
	CHECK(wanted_waits(&scene.wanted, 1) && person_is_busy(&scene.person));
	close_scene(&scene);
}
