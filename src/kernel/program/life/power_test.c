/*
 * The journal, and what is kept beside it, after the power was cut at any call to the kernel. What
 * was in the kernel is gone then, and so nothing counts but what was done.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/lossy_disk.h"
#include "base/test.h"
#include "call/frame.h"
#include "identity/file.h"
#include "identity/test_folder.h"
#include "kernel/program/life/kept_internal.h"
#include "kernel/program/life/steward_internal.h"

#define MAX_STATES 64

/* What was told to be on disk for good after so many calls. */
struct state {
	size_t n_calls;
	char *text;
};

struct scene {
	struct test_folder place;
	char folder[64];
	struct steward_config config;
	struct steward steward;
	struct state states[MAX_STATES];
	size_t n_states;
};

static struct journal *journal_of(struct scene *scene)
{
	return &scene->steward.journal;
}

static void remember(struct scene *scene)
{
	CHECK(scene->n_states < MAX_STATES);
	scene->states[scene->n_states++] =
		(struct state) { lossy_disk_n_calls(),
				 json_canonical(journal_of(scene)->document) };
}

static void scene_make(struct scene *scene)
{
	struct error err = { 0 };

	test_folder_make(&scene->place);
	text_format(scene->folder, sizeof(scene->folder), "%s/programs", scene->place.path);
	scene->config.folder = scene->folder;
	scene->steward.config = &scene->config;
	lossy_disk_watch(scene->folder);
	CHECK_OK(journal_open(journal_of(scene), scene->folder, &err), err);
	remember(scene);
	scene->states[0].n_calls = 0; /* with none of it there is an empty one */
	CHECK(journal_is_of_earlier_boot(journal_of(scene)));
}

static void empty(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		(void)unlinkat(dirfd(directory), entry->d_name, 0); /* not . and .. */
	if (directory)
		(void)closedir(directory);
}

static void scene_cleanup(struct scene *scene)
{
	journal_close(journal_of(scene));
	for (size_t i = 0; i < scene->n_states; i++)
		free(scene->states[i].text);
	empty(scene->folder);
	(void)rmdir(scene->folder);
	test_folder_cleanup(&scene->place);
}

/* --- what a steward does ----------------------------------------------------------------- */

static json_t *make_args(int64_t id)
{
	CLEANUP(text) char *artifact = malloc(4097);

	CHECK(artifact);
	memset(artifact, 'A' + (int)id, 4096); /* Base64 of itself, as it were */
	artifact[4096] = '\0';
	return json_pack("{s:I, s:s}", "ttl_s", (json_int_t)(600 + id), "artifact", artifact);
}

/* The archive whose Base64 that is: three bytes of each four letters. */
static void keep(struct scene *scene, int64_t id)
{
	CLEANUP(json) json_t *args = make_args(id);
	CLEANUP(json) json_t *program = json_pack("{s:I}", "id", (json_int_t)id);
	struct error err = { 0 };
	char archive[3072];

	for (size_t i = 0; i < sizeof(archive); i += 3) {
		unsigned bits = (unsigned)id * 0x41041; /* the letter's number, four times */

		archive[i] = (char)(bits >> 16);
		archive[i + 1] = (char)(bits >> 8);
		archive[i + 2] = (char)bits;
	}
	CHECK_OK(kept_save(&scene->steward, program, args,
			   (struct str) { archive, sizeof(archive) }, &err),
		 err);
}

static void reach(struct scene *scene, json_t *program, enum program_state state)
{
	struct error err = { 0 };

	CHECK_OK(journal_intend(journal_of(scene), program, state, &err), err);
	CHECK_OK(journal_reach(journal_of(scene), program, state, NULL, &err), err);
	remember(scene);
}

static json_t *come(struct scene *scene, int64_t seq, json_t *before)
{
	json_t *program = json_pack("{s:s, s:s, s:I}", "name", "drop", "version", "1", "seq",
				    (json_int_t)seq);
	struct error err = { 0 };
	int64_t id;

	CHECK_OK(journal_add(journal_of(scene), program, &err), err);
	if (!before && seq == 1)
		remember(scene); /* the first of all is for good, see journal.c */
	id = json_get_int(program, "id", 0);
	keep(scene, id);
	journal_set(program, PROGRAM_LOADED, NULL);
	if (before) {
		json_put(program, "replaces", json_integer(json_get_int(before, "id", 0)));
		journal_set(before, PROGRAM_REMOVED, "replaced");
	}
	reach(scene, program, PROGRAM_CANARY);
	journal_note_seq(journal_of(scene), program);
	reach(scene, program, PROGRAM_ACTIVE);
	return program;
}

/* One comes, another takes its place and is rolled back; a third comes and ends. */
static void play(struct scene *scene)
{
	json_t *first = come(scene, 1, NULL);
	json_t *second = come(scene, 2, first);
	struct error err = { 0 };

	journal_add_rollback(journal_of(scene),
			     json_pack("{s:i, s:s}", "id", 2, "status", "in_progress"));
	journal_add_quarantined(journal_of(scene), json_pack("{s:s}", "sha256", "bad"));
	CHECK_OK(journal_intend(journal_of(scene), second, PROGRAM_ROLLED_BACK, &err), err);
	json_put(json_array_get(journal_rollbacks(journal_of(scene)), 0), "status",
		 json_string("completed"));
	CHECK_OK(journal_reach(journal_of(scene), second, PROGRAM_ROLLED_BACK, "why", &err), err);
	remember(scene);
	kept_forget(&scene->steward, 1);
	kept_forget(&scene->steward, 2);
	reach(scene, come(scene, 3, NULL), PROGRAM_EXPIRED);
	kept_forget(&scene->steward, 3);
	CHECK_OK(journal_save(journal_of(scene), &err), err);
	remember(scene);
}

/* --- what must be so afterwards --------------------------------------------------------- */

static void check_journal(const struct scene *scene, size_t n_calls, unsigned way,
			  const struct journal *journal)
{
	CLEANUP(text) char *found = json_canonical(journal->document);
	size_t told = 0;

	while (told + 1 < scene->n_states && scene->states[told + 1].n_calls <= n_calls)
		told++;
	if (strcmp(found, scene->states[told].text) != 0 &&
	    (told + 1 == scene->n_states || strcmp(found, scene->states[told + 1].text) != 0))
		FAIL("call %zu, way %u: neither %s nor what was next, but %s", n_calls, way,
		     scene->states[told].text, found);
}

/* Nothing is left of what is not in the kernel any more. */
static void check_gone(const struct steward *steward, const char *folder)
{
	DIR *directory = opendir(folder);
	const struct dirent *entry;
	const json_t *program;
	size_t i;

	CHECK(directory);
	while ((entry = readdir(directory)))
		CHECK(!strstr(entry->d_name, "kept-"));
	(void)closedir(directory);
	json_array_foreach(journal_programs(&steward->journal), i, program)
	{
		CHECK(program_state_has_ended(journal_state(program)));
	}
}

static void check_cut(const struct scene *scene, size_t n_calls, unsigned way, const char *folder)
{
	struct steward_config config = { .folder = folder };
	struct steward again = { .config = &config, .guardian.fd = -1 };
	struct error err = { 0 };
	char path[4096];

	text_format(path, sizeof(path), "%s/intents.json", folder);
	(void)unlink(path); /* as it were: it is of another boot */
	text_format(again.socket, sizeof(again.socket), "%s/guardian", folder);
	if (journal_open(&again.journal, folder, &err) < 0)
		FAIL("call %zu, way %u: %s", n_calls, way, err.text);
	check_journal(scene, n_calls, way, &again.journal);
	again.journal.is_of_earlier_boot = true;
	CHECK_OK(steward_reconcile(&again, &err), err);
	check_gone(&again, folder);
	journal_close(&again.journal);
}

TEST(after_any_cut_of_the_power_it_is_what_was_told_or_what_was_next)
{
	CLEANUP(scene) struct scene scene = { .n_states = 0 };
	CLEANUP(test_folder) struct test_folder folder;
	unsigned n_cuts = 0;
	size_t n_calls;

	test_folder_make(&folder);
	scene_make(&scene);
	play(&scene);
	n_calls = lossy_disk_n_calls();
	for (size_t n = 0; n <= n_calls; n += test_stride()) {
		for (unsigned way = 0; lossy_disk_cut(n, way, folder.path); way++) {
			check_cut(&scene, n, way, folder.path);
			empty(folder.path);
			n_cuts++;
		}
	}
	print_message("# %u cuts at %zu calls, %zu states\n", n_cuts, n_calls, scene.n_states);
	CHECK(n_cuts * test_stride() > 1000 && scene.n_states > 9);
}

/* So that of no program anything can be in the kernel, and what was intended is nothing. */
TEST(what_survives_the_cut_says_that_the_host_was_started_again)
{
	CLEANUP(scene) struct scene scene = { .n_states = 0 };
	struct journal again;
	struct error err = { 0 };

	scene_make(&scene);
	(void)come(&scene, 7, NULL);
	json_put(journal_of(&scene)->document, "boot_id", json_string("of another time"));
	CHECK_OK(journal_save(journal_of(&scene), &err), err);
	journal_close(journal_of(&scene));
	CHECK_OK(journal_open(&again, scene.folder, &err), err);
	CHECK(journal_is_of_earlier_boot(&again));
	CHECK_INT(journal_highest_seq(&again, "drop"), 7);
	journal_close(&again);
}

/* Of which apply_program takes no more. */
TEST(the_largest_call_is_kept_and_a_larger_one_refused)
{
	CLEANUP(scene) struct scene scene = { .n_states = 0 };
	CLEANUP(json) json_t *args = make_args(1);
	CLEANUP(json) json_t *program = json_pack("{s:i, s:s}", "id", 1, "name", "drop");
	CLEANUP(json) json_t *found = NULL;
	CLEANUP(text) char *bytes = calloc(1, FILE_MAX_BYTES + 1);
	CLEANUP(text) char *artifact = NULL;
	struct error err = { 0 };

	CHECK(bytes);
	scene_make(&scene);
	memset(bytes, '"', 16384); /* each is two in JSON */
	json_put(args, "release", json_text(bytes, 16384));
	memset(bytes, 'x', FILE_MAX_BYTES);
	json_put(args, "lists", json_text(bytes, FRAME_HEADER_MAX_BYTES));
	artifact = base64_text(bytes, 750000);
	json_put(args, "artifact", json_string(artifact));
	CHECK_OK(kept_save(&scene.steward, program, args, (struct str) { bytes, 750000 }, &err),
		 err);
	found = kept_load(&scene.steward, 1, &err);
	CHECK(found && json_equal(found, args));
	CHECK_INT(kept_save(&scene.steward, program, args,
			    (struct str) { bytes, FILE_MAX_BYTES + 1 }, &err),
		  -E2BIG);
	CHECK(strstr(err.text, "too large to be kept for a rollback"));
}
