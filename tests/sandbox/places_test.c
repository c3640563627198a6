/*
 * As many jobs as a launcher has places for.
 */
#include "base/test.h"
#include "scene.h"

#define LONG_MS 300000       /* each ends by itself, or is cancelled, long before */
#define WALLS_OF_ROOT 0x7ffe /* all but the user namespace */

static void cancel(struct scene *scene, uint64_t id)
{
	struct launch_record record = { .kind = LAUNCH_CANCEL, .id = id };
	struct launch_outcome outcome;
	struct error err = { 0 };

	CHECK_OK(launcher_send(&scene->launcher, &record, NULL, &err), err);
	outcome = scene_await(scene);
	CHECK_INT(outcome.end, LAUNCH_CANCELLED);
	CHECK_INT(outcome.id, id);
}

TEST(more_jobs_than_places_are_refused_and_the_others_end)
{
	struct scene scene;
	struct launch_record record = scene_record("hang", LONG_MS);

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	for (record.id = 1; record.id <= LAUNCHER_MAX_JOBS + 2; record.id++)
		scene_start(&scene, &record);
	for (unsigned i = 0; i < 2; i++)
		CHECK_INT(scene_await(&scene).end, LAUNCH_REFUSED);
	for (record.id = 1; record.id <= LAUNCHER_MAX_JOBS; record.id++)
		cancel(&scene, record.id);
	scene_tear_down(&scene);
}

/* However soon after its outcome: there is no other. */
TEST(the_last_place_is_free_as_soon_as_its_job_is_answered)
{
	struct scene scene;
	struct launch_record record = scene_record("hang", LONG_MS);

	scene_check_root();
	scene_set_up(&scene, (struct launcher_test) { 0 });
	for (record.id = 2; record.id <= LAUNCHER_MAX_JOBS; record.id++)
		scene_start(&scene, &record);
	for (int i = 0; i < 20; i++) {
		struct launch_outcome outcome = scene_run(&scene, "fail", LONG_MS);

		CHECK_INT(outcome.end, LAUNCH_EXITED);
		CHECK_INT(outcome.status, 3);
		CHECK_INT(outcome.walls, WALLS_OF_ROOT);
	}
	for (record.id = 2; record.id <= LAUNCHER_MAX_JOBS; record.id++)
		cancel(&scene, record.id);
	scene_tear_down(&scene);
}
