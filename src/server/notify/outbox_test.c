#include "server/notify/outbox_scene.h"

#include <errno.h>
#include <string.h>

TEST(a_delivery_is_sent_once_and_recorded)
{
	struct play play;

	play_open(&play);
	play_add_webhook(&play, "hook");
	CHECK_INT(play_tell(&play, "hook", "inc", "opened"), 0);
	WAIT(&play, n_calls == 1);
	CHECK_TEXT(calls[0].url, "https://hook.example/x");
	CHECK(strstr(calls[0].body, "\"event\":\"opened\""));
	CHECK_TEXT(play_states(&play), "opened/message sending 1 ");
	play_answer(0, 204, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 1);
	CHECK_TEXT(play_states(&play), "opened/message delivered 1 ");
	play_pass(&play, 3600 * NS_PER_SEC);
	(void)play_states(&play);
	CHECK_INT(n_calls, 1);
	play_close(&play);
}

TEST(what_cannot_be_is_refused_before_it_is_stored)
{
	struct play play;
	char incident[200];

	play_open(&play);
	CHECK_INT(play_tell(&play, "none", "inc", "opened"), -ENOENT);
	play_add_webhook(&play, "hook");
	(void)memset(incident, 'x', sizeof(incident));
	incident[199] = '\0';
	CHECK_INT(play_tell(&play, "hook", incident, "opened"), -EINVAL);
	CHECK_INT(play_tell(&play, "hook", "", "opened"), -EINVAL);
	CHECK_TEXT(play_states(&play), "");
	play_close(&play);
}

TEST(failures_are_tried_again_later_each_time)
{
	struct play play;

	play_open(&play);
	play_add_webhook(&play, "hook");
	CHECK_INT(play_tell(&play, "hook", "inc", "opened"), 0);
	WAIT(&play, n_calls == 1);
	play_answer(0, 500, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->retries == 1);
	play_pass(&play, 500 * NS_PER_MS);
	CHECK_TEXT(play_states(&play), "opened/message waiting 1 ");
	play_pass(&play, 2 * NS_PER_SEC);
	WAIT(&play, n_calls == 2);
	play_cut(1, -ECONNREFUSED);
	WAIT(&play, outbox_counters(play.outbox)->retries == 2);
	play_pass(&play, 1900 * NS_PER_MS);
	CHECK_TEXT(play_states(&play), "opened/message waiting 2 ");
	play_pass(&play, 3 * NS_PER_SEC);
	WAIT(&play, n_calls == 3);
	play_answer(2, 200, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 1);
	CHECK_TEXT(play_states(&play), "opened/message delivered 3 ");
	/* The same delivery in each try, so that the receiver knows it again. */
	CHECK(strstr(calls[2].body, "\"delivery\":\"dlv_"));
	play_close(&play);
}

TEST(a_destination_that_asks_for_time_gets_it_for_all)
{
	struct play play;

	play_open(&play);
	play_add_webhook(&play, "hook");
	CHECK_INT(play_tell(&play, "hook", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	play_answer(0, 429, "", "120");
	WAIT(&play, outbox_counters(play.outbox)->retries == 1);
	CHECK_INT(play_tell(&play, "hook", "one", "resolved"), 0);
	play_pass(&play, MINUTE_NS);
	CHECK_TEXT(play_states(&play), "opened/message waiting 1 resolved/message waiting 0 ");
	play_pass(&play, 61 * NS_PER_SEC);
	WAIT(&play, n_calls == 2);
	CHECK(strstr(calls[1].body, "\"event\":\"opened\""));
	play_answer(1, 200, "", NULL);
	WAIT(&play, n_calls == 3);
	CHECK(strstr(calls[2].body, "\"event\":\"resolved\""));
	play_answer(2, 200, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 2);
	play_close(&play);
}

TEST(one_at_a_time_for_an_incident_and_in_order)
{
	struct play play;

	play_open(&play);
	play_add_webhook(&play, "hook");
	CHECK_INT(play_tell(&play, "hook", "one", "opened"), 0);
	CHECK_INT(play_tell(&play, "hook", "one", "resolved"), 0);
	CHECK_INT(play_tell(&play, "hook", "two", "joined"), 0);
	WAIT(&play, n_calls == 2);
	CHECK_TEXT(play_states(&play), "opened/message sending 1 resolved/message waiting 0 "
				       "joined/message sending 1 ");
	play_answer(0, 400, "", NULL);
	WAIT(&play, n_calls == 3);
	CHECK(strstr(calls[2].body, "\"event\":\"resolved\""));
	play_answer(2, 200, "", NULL);
	play_answer(1, 200, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 2);
	CHECK_INT(outbox_counters(play.outbox)->refused, 1);
	CHECK_TEXT(play_states(&play), "opened/message failed 1 resolved/message delivered 1 "
				       "joined/message delivered 1 ");
	play_close(&play);
}

TEST(after_a_day_it_is_given_up)
{
	struct play play;

	play_open(&play);
	play_add_webhook(&play, "hook");
	CHECK_INT(play_tell(&play, "hook", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	now_ns += OUTBOX_PATIENCE_NS;
	play_answer(0, 503, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->given_up == 1);
	CHECK_TEXT(play_states(&play), "opened/message failed 1 ");
	play_close(&play);
}

TEST(what_was_under_way_when_a_server_ended_goes_on)
{
	struct play play;

	play_open(&play);
	play_add_webhook(&play, "hook");
	CHECK_INT(play_tell(&play, "hook", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	outbox_free(play.outbox);
	CHECK_TEXT(play_states(&play), "opened/message sending 1 ");
	play.outbox = play_make_outbox(&play, "first");
	WAIT(&play, n_calls == 2);
	play_answer(1, 200, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 1);
	CHECK_TEXT(play_states(&play), "opened/message delivered 2 ");
	play_close(&play);
}

TEST(another_server_takes_over_only_when_the_lease_has_ended)
{
	struct play play;
	struct outbox *other;

	play_open(&play);
	play_add_webhook(&play, "hook");
	CHECK_INT(play_tell(&play, "hook", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	other = play_make_outbox(&play, "second");
	CHECK_TEXT(play_states(&play), "opened/message sending 1 ");
	now_ns += OUTBOX_LEASE_NS + 1;
	outbox_look(other);
	WAIT(&play, n_calls == 2);
	play_answer(1, 200, "", NULL);
	WAIT(&play, outbox_counters(other)->delivered == 1);
	/* The first one wakes up: what it has to say is not its any more. */
	play_answer(0, 500, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->open == 0);
	CHECK_TEXT(play_states(&play), "opened/message delivered 2 ");
	outbox_free(other);
	play_close(&play);
}
