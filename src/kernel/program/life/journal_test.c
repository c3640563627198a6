/* What became of programs, with the power cut at each writing. */
#include "kernel/program/life/journal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/faulty_kernel.h"
#include "base/test.h"
#include "identity/file.h"
#include "identity/test_folder.h"

static void journal_cleanup(struct journal *journal)
{
	journal_close(journal);
}

static json_t *add(struct journal *journal, const char *name, int seq)
{
	json_t *program = json_pack("{s:s, s:s, s:i}", "name", name, "version", "1", "seq", seq);
	struct error err = { 0 };

	CHECK_OK(journal_add(journal, program, &err), err);
	return program;
}

TEST(what_was_written_is_there_when_it_is_opened_again)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal, again;
	struct error err = { 0 };
	json_t *program;

	test_folder_make(&folder);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	CHECK(journal_is_of_earlier_boot(&journal));
	program = add(&journal, "drop", 7);
	CHECK_INT(journal_intent(program), PROGRAM_LOADED);
	CHECK_OK(journal_reach(&journal, program, PROGRAM_LOADED, NULL, &err), err);
	CHECK_INT(journal_intent(program), PROGRAM_N_STATES);
	CHECK_OK(journal_intend(&journal, program, PROGRAM_CANARY, &err), err);
	journal_close(&journal);
	CHECK_OK(journal_open(&again, folder.path, &err), err);
	CHECK(!journal_is_of_earlier_boot(&again));
	program = journal_find_live(&again, "drop", NULL);
	CHECK(program && journal_find(&again, 1) == program);
	CHECK_INT(journal_state(program), PROGRAM_LOADED);
	CHECK_INT(journal_intent(program), PROGRAM_CANARY);
	CHECK(!journal_find_live(&again, "drop", program));
	CHECK(!journal_find_live(&again, "other", NULL));
}

TEST(a_number_counts_once_the_program_worked)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal;
	struct error err = { 0 };
	json_t *program;

	test_folder_make(&folder);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	program = add(&journal, "drop", 7);
	CHECK_INT(journal_highest_seq(&journal, "drop"), 0);
	journal_note_seq(&journal, program);
	CHECK_INT(journal_highest_seq(&journal, "drop"), 7);
	journal_note_seq(&journal, add(&journal, "drop", 3));
	CHECK_INT(journal_highest_seq(&journal, "drop"), 7);
}

TEST(those_that_ended_are_remembered_up_to_a_number)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal;
	struct error err = { 0 };
	json_t *live;

	test_folder_make(&folder);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	live = add(&journal, "stays", 1);
	for (int i = 0; i < JOURNAL_MAX_ENDED + 10; i++)
		CHECK_OK(journal_reach(&journal, add(&journal, "goes", 1), PROGRAM_FAILED, "why",
				       &err),
			 err);
	CHECK_INT(json_array_size(journal_programs(&journal)), JOURNAL_MAX_ENDED + 1);
	CHECK(journal_find_live(&journal, "stays", NULL) == live);
	CHECK(!journal_find(&journal, 2));
}

TEST(the_oldest_is_still_there_for_whoever_ended_it)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal;
	struct error err = { 0 };
	json_t *oldest;

	test_folder_make(&folder);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	oldest = add(&journal, "stays", 1);
	for (int i = 0; i < JOURNAL_MAX_ENDED; i++)
		CHECK_OK(journal_reach(&journal, add(&journal, "goes", 1), PROGRAM_FAILED, "why",
				       &err),
			 err);
	CHECK_OK(journal_reach(&journal, oldest, PROGRAM_REMOVED, "why", &err), err);
	CHECK(journal_find(&journal, 1) == oldest);
	(void)add(&journal, "comes", 1);
	CHECK(!journal_find(&journal, 1));
	CHECK_INT(json_array_size(journal_programs(&journal)), JOURNAL_MAX_ENDED);
}

TEST(what_one_that_lives_took_the_place_of_is_not_forgotten)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal;
	struct error err = { 0 };
	json_t *before, *live;

	test_folder_make(&folder);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	before = add(&journal, "stays", 1);
	live = add(&journal, "stays", 2);
	json_put(live, "replaces", json_integer(1));
	CHECK_OK(journal_reach(&journal, before, PROGRAM_REMOVED, "why", &err), err);
	for (int i = 0; i < JOURNAL_MAX_ENDED + 10; i++)
		CHECK_OK(journal_reach(&journal, add(&journal, "goes", 1), PROGRAM_FAILED, "why",
				       &err),
			 err);
	CHECK(journal_find(&journal, 1) == before);
	CHECK(!journal_find(&journal, 3));
	CHECK_INT(json_array_size(journal_programs(&journal)), JOURNAL_MAX_ENDED + 1);
	CHECK_OK(journal_reach(&journal, live, PROGRAM_REMOVED, "why", &err), err);
	(void)add(&journal, "comes", 1);
	CHECK(!journal_find(&journal, 1));
}

static json_t *blob(size_t len)
{
	CLEANUP(text) char *text = malloc(len);
	json_t *json;

	CHECK(text);
	memset(text, 'x', len);
	json = json_text(text, len);
	return json;
}

static json_t *add_ended(struct journal *journal, size_t len)
{
	json_t *program = add(journal, "goes", 1);
	struct error err = { 0 };

	json_put(program, "params", blob(len));
	CHECK_OK(journal_reach(journal, program, PROGRAM_FAILED, "why", &err), err);
	return program;
}

static void check_that_it_opens_again(struct journal *journal, const char *folder)
{
	struct error err = { 0 };

	journal_close(journal);
	CHECK_OK(journal_open(journal, folder, &err), err);
}

TEST(what_ended_makes_room_before_the_journal_is_too_large)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal;
	struct error err = { 0 };
	json_t *program;

	test_folder_make(&folder);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	(void)add(&journal, "stays", 1);
	for (int i = 0; i < JOURNAL_MAX_ENDED / 2; i++) {
		program = add_ended(&journal, 64 * KIB);
		CHECK(journal_find(&journal, 2 + (uint64_t)i) == program);
	}
	check_that_it_opens_again(&journal, folder.path);
	CHECK(json_array_size(journal_programs(&journal)) > 2);
	CHECK(json_array_size(journal_programs(&journal)) < JOURNAL_MAX_ENDED / 2);
	CHECK(journal_find_live(&journal, "stays", NULL));
}

TEST(what_ended_makes_room_for_what_could_not_be_written)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal;
	struct error err = { 0 };
	json_t *stays;

	test_folder_make(&folder);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	stays = add(&journal, "stays", 1);
	for (int i = 0; i < 10; i++)
		(void)add_ended(&journal, 64 * KIB);
	json_put(stays, "params", blob(512 * KIB));
	CHECK_INT(journal_save(&journal, &err), -E2BIG);
	(void)add(&journal, "comes", 1);
	CHECK_OK(journal_save(&journal, &err), err);
}

TEST(what_is_not_let_in_again_is_forgotten_after_what_was_rolled_back)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal;
	struct error err = { 0 };

	test_folder_make(&folder);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	for (int i = 0; i < JOURNAL_MAX_QUARANTINED; i++)
		journal_add_quarantined(&journal, json_pack("{s:o}", "why", blob(3 * KIB)));
	for (int i = 0; i < JOURNAL_MAX_ROLLBACKS; i++)
		journal_add_rollback(&journal, json_pack("{s:o}", "why", blob(8 * KIB)));
	CHECK_OK(journal_save(&journal, &err), err);
	check_that_it_opens_again(&journal, folder.path);
	CHECK_INT(json_array_size(journal_quarantine(&journal)), JOURNAL_MAX_QUARANTINED);
	CHECK(json_array_size(journal_rollbacks(&journal)) > 10);
	CHECK(json_array_size(journal_rollbacks(&journal)) < JOURNAL_MAX_ROLLBACKS);
}

TEST(what_would_not_be_read_again_is_not_written)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal;
	struct error err = { 0 };
	json_t *program;

	test_folder_make(&folder);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	program = add(&journal, "stays", 1);
	(void)add_ended(&journal, 64 * KIB);
	json_put(program, "params", blob(FILE_MAX_BYTES));
	CHECK_INT(journal_save(&journal, &err), -E2BIG);
	CHECK(journal.is_behind);
	(void)json_object_del(program, "params");
	CHECK_OK(journal_save(&journal, &err), err);
	CHECK(!journal.is_behind);
	journal_add_quarantined(&journal, json_pack("{s:s}", "sha256", "aa"));
	program = json_pack("{s:s, s:o}", "name", "huge", "params", blob(FILE_MAX_BYTES));
	CHECK_INT(journal_add(&journal, program, &err), -E2BIG);
	CHECK(!journal_find_live(&journal, "huge", NULL));
	(void)add(&journal, "comes", 1);
	CHECK(journal_find(&journal, 2)); /* nothing went for what was not let in */
	CHECK(journal_find_quarantined(&journal, "aa"));
	check_that_it_opens_again(&journal, folder.path);
	CHECK(journal_find_live(&journal, "stays", NULL));
}

TEST(a_reason_is_cut)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal;
	struct error err = { 0 };
	char why[4 * JOURNAL_WHY_MAX_BYTES];
	json_t *program;

	test_folder_make(&folder);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	memset(why, 'x', sizeof(why) - 1);
	why[sizeof(why) - 1] = '\0';
	program = add(&journal, "drop", 1);
	CHECK_OK(journal_reach(&journal, program, PROGRAM_FAILED, why, &err), err);
	CHECK_INT(strlen(json_get_text(program, "why", "")), JOURNAL_WHY_MAX_BYTES);
}

/* In a child, whose power is cut at that call; true if it was told that all is on disk. */
static bool reach_in_child(const char *folder, enum fault_kind kind, int at)
{
	int status;
	pid_t child = fork();

	if (child == 0) {
		struct error err = { 0 };
		struct journal journal;

		if (journal_open(&journal, folder, &err) < 0)
			_exit(3);
		fault = (struct faulty_kernel) { .kind = kind, .at = at };
		_exit(journal_reach(&journal, journal_find(&journal, 1), PROGRAM_ACTIVE, NULL,
				    &err) == 0);
	}
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 3);
	return WEXITSTATUS(status) == 1;
}

static void cut_at_every_call(enum fault_kind kind)
{
	for (int at = 1; at < 8; at++) {
		CLEANUP(test_folder) struct test_folder folder;
		CLEANUP(journal) struct journal journal;
		struct error err = { 0 };
		enum program_state state;
		bool is_told;

		test_folder_make(&folder);
		CHECK_OK(journal_open(&journal, folder.path, &err), err);
		CHECK_OK(journal_intend(&journal, add(&journal, "drop", 1), PROGRAM_ACTIVE, &err),
			 err);
		journal_close(&journal);
		is_told = reach_in_child(folder.path, kind, at);
		CHECK_OK(journal_open(&journal, folder.path, &err), err);
		state = journal_state(journal_find(&journal, 1));
		CHECK(state == PROGRAM_ACTIVE ||
		      (!is_told && state == PROGRAM_VERIFIED &&
		       journal_intent(journal_find(&journal, 1)) == PROGRAM_ACTIVE));
	}
}

TEST(with_the_power_cut_at_any_call_it_holds_the_intent_or_the_deed)
{
	cut_at_every_call(FAULT_KILL);
	cut_at_every_call(FAULT_KILL_AFTER);
	cut_at_every_call(FAULT_HALF);
	cut_at_every_call(FAULT_ERROR);
}

static void write_intents(struct test_folder *folder, const char *text)
{
	struct error err = { 0 };

	CHECK_OK(file_save_private(test_folder_file(folder, "intents.json"), text, strlen(text),
				   &err),
		 err);
}

/* As a cut of the power may leave it, of this boot or of the one before. */
TEST(an_intent_counts_in_its_own_boot_alone)
{
	static const char *const left[] = {
		"",
		"{\"boot_id\":",
		"{\"boot_id\":\"another\",\"highest\":{},\"n_writings\":99,"
		"\"programs\":[]}",
	};

	for (size_t i = 0; i < ARRAY_LEN(left); i++) {
		CLEANUP(test_folder) struct test_folder folder;
		CLEANUP(journal) struct journal journal;
		struct error err = { 0 };
		json_t *program;

		test_folder_make(&folder);
		CHECK_OK(journal_open(&journal, folder.path, &err), err);
		program = add(&journal, "drop", 1);
		CHECK_OK(journal_reach(&journal, program, PROGRAM_LOADED, NULL, &err), err);
		CHECK_OK(journal_intend(&journal, program, PROGRAM_CANARY, &err), err);
		check_that_it_opens_again(&journal, folder.path);
		CHECK_INT(journal_intent(journal_find(&journal, 1)), PROGRAM_CANARY);
		journal_close(&journal);
		write_intents(&folder, left[i]);
		CHECK_OK(journal_open(&journal, folder.path, &err), err);
		CHECK_INT(journal_state(journal_find(&journal, 1)), PROGRAM_LOADED);
		CHECK_INT(journal_intent(journal_find(&journal, 1)), PROGRAM_N_STATES);
	}
}

TEST(an_intent_that_is_older_than_what_was_done_is_passed_over)
{
	CLEANUP(test_folder) struct test_folder folder;
	CLEANUP(journal) struct journal journal;
	CLEANUP(buf) struct buf older = { 0 };
	struct error err = { 0 };
	json_t *program;

	test_folder_make(&folder);
	buf_init(&older, FILE_MAX_BYTES);
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	program = add(&journal, "drop", 1);
	CHECK_OK(journal_intend(&journal, program, PROGRAM_ACTIVE, &err), err);
	CHECK_OK(file_load_private(test_folder_file(&folder, "intents.json"), &older, &err), err);
	CHECK_OK(journal_reach(&journal, program, PROGRAM_ACTIVE, NULL, &err), err);
	CHECK(access(test_folder_file(&folder, "intents.json"), F_OK) < 0);
	journal_close(&journal);
	/* Killed before it was removed. */
	write_intents(&folder, buf_text(&older));
	CHECK_OK(journal_open(&journal, folder.path, &err), err);
	CHECK_INT(journal_state(journal_find(&journal, 1)), PROGRAM_ACTIVE);
}

TEST(a_file_that_is_no_journal_is_refused_and_stays)
{
	static const char *const wrong[] = { "", "[]", "{\"programs\":1}", "{\"programs\":[]" };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(test_folder) struct test_folder folder;
		CLEANUP(journal) struct journal journal;
		struct error err = { 0 };

		test_folder_make(&folder);
		CHECK_OK(file_save_private(test_folder_file(&folder, "journal.json"), wrong[i],
					   strlen(wrong[i]), &err),
			 err);
		CHECK_INT(journal_open(&journal, folder.path, &err), -EBADMSG);
		CHECK(strstr(err.text, "journal.json"));
	}
}
