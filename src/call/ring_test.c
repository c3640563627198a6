#include "call/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

#define N_RECORDS 8

struct scene {
	char directory[64];
	int dir_fd;
	struct ring ring;
	struct error err;
};

static void scene_open(struct scene *scene, const unsigned char *tag)
{
	CHECK_OK(ring_open(&scene->ring, scene->dir_fd, "ring", N_RECORDS, tag, &scene->err),
		 scene->err);
}

static void scene_make(struct scene *scene)
{
	text_format(scene->directory, sizeof(scene->directory), "/tmp/ring.XXXXXX");
	CHECK(mkdtemp(scene->directory));
	scene->dir_fd = open(scene->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scene_open(scene, NULL);
}

static void scene_cleanup(struct scene *scene)
{
	ring_close(&scene->ring);
	(void)unlinkat(scene->dir_fd, "ring", 0);
	fd_close(&scene->dir_fd);
	(void)rmdir(scene->directory);
}

static void add(struct scene *scene, const char *text, uint64_t value)
{
	CHECK_OK(ring_add(&scene->ring, text, value, RING_SYNCED, &scene->err), scene->err);
}

static bool has(struct scene *scene, const char *text)
{
	int r = ring_has(&scene->ring, text, &scene->err);

	CHECK_OK(r, scene->err);
	return r;
}

TEST(what_it_was_told_is_remembered_when_it_is_opened_again)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK(!has(&scene, "a"));
	add(&scene, "a", 7);
	ring_close(&scene.ring);
	scene_open(&scene, NULL);
	CHECK(has(&scene, "a"));
	CHECK(!has(&scene, "b"));
	CHECK_INT(scene.ring.next, 2);
}

TEST(the_oldest_is_forgotten_first)
{
	CLEANUP(scene) struct scene scene = { 0 };
	char text[8];

	scene_make(&scene);
	for (int i = 0; i < N_RECORDS; i++) {
		text_format(text, sizeof(text), "%d", i);
		CHECK_INT(ring_oldest_value(&scene.ring), 0);
		add(&scene, text, (uint64_t)i + 100);
	}
	CHECK_INT(ring_oldest_value(&scene.ring), 100);
	ring_close(&scene.ring);
	scene_open(&scene, NULL);
	add(&scene, "new", 200);
	CHECK(!has(&scene, "0"));
	CHECK(has(&scene, "1"));
	CHECK(has(&scene, "new"));
	CHECK_INT(ring_oldest_value(&scene.ring), 101);
}

TEST(a_torn_record_is_none_and_costs_only_itself)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	add(&scene, "a", 1);
	add(&scene, "b", 2);
	CHECK_INT(pwrite(scene.ring.fd, "torn", 4, RING_TAG_BYTES + RING_RECORD_BYTES + 20), 4);
	ring_close(&scene.ring);
	scene_open(&scene, NULL);
	CHECK(has(&scene, "a"));
	CHECK(!has(&scene, "b"));
	add(&scene, "c", 3);
	CHECK(has(&scene, "a"));
	CHECK(has(&scene, "c"));
}

TEST(a_ring_of_another_tag_is_begun_anew)
{
	static const unsigned char tag[RING_TAG_BYTES] = "another boot ..";
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	add(&scene, "a", 1);
	ring_close(&scene.ring);
	scene_open(&scene, tag);
	CHECK(!has(&scene, "a"));
	add(&scene, "b", 1);
	ring_close(&scene.ring);
	scene_open(&scene, tag);
	CHECK(has(&scene, "b"));
}
