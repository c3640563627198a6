/* Guardian and steward on a host that sleeps, and whose time of day is set. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/sleepy_clock.h"
#include "base/test.h"
#include "identity/test_folder.h"
#include "kernel/program/life/steward_internal.h"

#define LIFE_S INT64_C(600)
#define YEAR_S INT64_C(31557600)
#define AT_ONCE_MS 1000 /* nothing outlives its time by more */
#define NOTED_MS 10000  /* two synced writings, on any disk */
#define STAYS_MS 200

/* A guardian that holds one end of a pipe for a program, whose end is seen at the other; and a
 * steward whose journal has that program. */
struct scene {
	struct test_folder folder;
	struct steward_config config;
	int listener, pipe[2], socket[2];
	pthread_t guardian, steward;
	bool has_steward;
};

static void *run_guardian(void *data)
{
	struct scene *scene = data;
	struct error err = { 0 };

	CHECK_OK(guardian_serve(scene->listener, &err), err);
	return NULL;
}

static void *run_steward(void *data)
{
	struct scene *scene = data;
	struct error err = { 0 };

	CHECK_OK(steward_serve(scene->socket[1], &scene->config, &err), err);
	return NULL;
}

static void write_journal(const struct scene *scene, uint64_t end_ns)
{
	json_t *program =
		json_pack("{s:s, s:s, s:i, s:b, s:i, s:I}", "name", "drop", "version", "1", "seq",
			  1, "keeps", 1, "ttl_s", (int)LIFE_S, "lease_ns", (json_int_t)end_ns);
	struct error err = { 0 };
	struct journal journal;

	CHECK_OK(journal_open(&journal, scene->folder.path, &err), err);
	CHECK(journal_is_of_earlier_boot(&journal));
	CHECK_OK(journal_add(&journal, program, &err), err);
	CHECK_OK(journal_reach(&journal, program, PROGRAM_ACTIVE, NULL, &err), err);
	journal_close(&journal);
}

static void hold(const struct scene *scene, uint64_t end_ns)
{
	static const enum guardian_kind kinds[] = { GUARDIAN_PROGRAM, GUARDIAN_LINK };
	struct guardian_record record = { .id = 1, .expires_ns = end_ns, .keeps = 1 };
	struct guardian guardian;
	struct error err = { 0 };
	char path[64];

	text_format(path, sizeof(path), "%s/guardian", scene->folder.path);
	CHECK_OK(guardian_connect(&guardian, path, &err), err);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		record.kind = kinds[i];
		CHECK_OK(guardian_hold(&guardian, &record, scene->pipe[1], &err), err);
	}
	guardian_close(&guardian);
}

static void listen_for_guardian(struct scene *scene)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	text_format(address.sun_path, sizeof(address.sun_path), "%s/guardian", scene->folder.path);
	scene->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(bind(scene->listener, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	      listen(scene->listener, 4) == 0);
}

static void scene_make(struct scene *scene)
{
	uint64_t end_ns = guardian_now_ns() + (uint64_t)LIFE_S * NS_PER_SEC;

	test_folder_make(&scene->folder);
	scene->config = (struct steward_config) { .folder = scene->folder.path };
	CHECK(pipe2(scene->pipe, O_CLOEXEC) == 0 &&
	      socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, scene->socket) == 0);
	write_journal(scene, end_ns);
	listen_for_guardian(scene);
	CHECK_INT(pthread_create(&scene->guardian, NULL, run_guardian, scene), 0);
	hold(scene, end_ns);
	fd_close(&scene->pipe[1]);
}

static void start_steward(struct scene *scene)
{
	CHECK_INT(pthread_create(&scene->steward, NULL, run_steward, scene), 0);
	scene->has_steward = true;
}

static void scene_cleanup(struct scene *scene)
{
	fd_close(&scene->socket[0]);
	if (scene->has_steward)
		(void)pthread_join(scene->steward, NULL);
	else
		fd_close(&scene->socket[1]);
	(void)pthread_join(scene->guardian, NULL);
	fd_close(&scene->pipe[0]);
	fd_close(&scene->listener);
	test_folder_cleanup(&scene->folder);
}

/* In time that passes here. */
static bool ends_within(const struct scene *scene, int ms)
{
	struct pollfd end = { scene->pipe[0], 0, 0 };

	return poll(&end, 1, ms) == 1 && end.revents & POLLHUP;
}

static bool says_expired(struct scene *scene)
{
	CLEANUP(buf) struct buf text = { 0 };
	FILE *file = fopen(test_folder_file(&scene->folder, "journal.json"), "re");
	char part[4096];

	CHECK(file);
	buf_init(&text, 64 * KIB);
	for (size_t n; (n = fread(part, 1, sizeof(part), file)) > 0;)
		buf_add(&text, part, n);
	(void)fclose(file);
	return strstr(buf_text(&text), "\"state\":\"EXPIRED\"");
}

static void check_ended(struct scene *scene)
{
	static const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	uint64_t until_ns = clock_monotonic_ns() + NOTED_MS * NS_PER_MS;

	CHECK(ends_within(scene, AT_ONCE_MS));
	while (!says_expired(scene)) {
		CHECK(clock_monotonic_ns() < until_ns);
		(void)nanosleep(&pause, NULL);
	}
}

TEST(a_guardian_that_is_alone_ends_what_the_host_slept_through)
{
	CLEANUP(scene) struct scene scene = { .listener = -1 };

	scene_make(&scene);
	sleepy_clock_sleep((LIFE_S - 60) * NS_PER_SEC);
	CHECK(!ends_within(&scene, STAYS_MS));
	sleepy_clock_set(YEAR_S * (int64_t)NS_PER_SEC);
	CHECK(!ends_within(&scene, STAYS_MS));
	sleepy_clock_sleep(60 * NS_PER_SEC);
	CHECK(ends_within(&scene, AT_ONCE_MS));
}

TEST(a_host_that_slept_through_the_end_ends_it_as_it_wakes)
{
	CLEANUP(scene) struct scene scene = { .listener = -1 };

	scene_make(&scene);
	start_steward(&scene);
	sleepy_clock_sleep((LIFE_S - 60) * NS_PER_SEC);
	CHECK(!ends_within(&scene, STAYS_MS));
	CHECK(!says_expired(&scene));
	sleepy_clock_sleep(60 * NS_PER_SEC);
	check_ended(&scene);
}

TEST(whoever_sets_the_time_of_day_changes_no_life)
{
	CLEANUP(scene) struct scene scene = { .listener = -1 };

	scene_make(&scene);
	start_steward(&scene);
	sleepy_clock_set(YEAR_S * (int64_t)NS_PER_SEC);
	CHECK(!ends_within(&scene, STAYS_MS)); /* no shorter */
	sleepy_clock_set(-2 * YEAR_S * (int64_t)NS_PER_SEC);
	CHECK(!ends_within(&scene, STAYS_MS));
	CHECK(!says_expired(&scene));
	sleepy_clock_sleep(LIFE_S * NS_PER_SEC);
	check_ended(&scene); /* and no longer */
}
