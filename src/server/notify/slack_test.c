#include "server/notify/outbox_scene.h"

#include <errno.h>
#include <string.h>

static const char posted[] = "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"17.1\"}";

TEST(slack_has_one_message_that_is_updated_and_a_thread)
{
	struct play play;

	play_open(&play);
	play_add_slack(&play, "chat");
	CHECK_INT(play_tell(&play, "chat", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	CHECK_TEXT(calls[0].url, "https://slack.com/api/chat.postMessage");
	CHECK_TEXT(calls[0].secret, "Bearer xoxb-secret");
	play_answer(0, 200, posted, NULL);
	CHECK_INT(play_tell(&play, "chat", "one", "report"), 0);
	WAIT(&play, n_calls == 2);
	CHECK_TEXT(calls[1].url, "https://slack.com/api/chat.update");
	CHECK(strstr(calls[1].body, "\"ts\":\"17.1\""));
	play_answer(1, 200, posted, NULL);
	WAIT(&play, n_calls == 3);
	CHECK_TEXT(calls[2].url, "https://slack.com/api/chat.postMessage");
	CHECK(strstr(calls[2].body, "\"thread_ts\":\"17.1\""));
	play_answer(2, 200, "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"17.2\"}", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 3);
	CHECK_TEXT(play_states(&play), "opened/message delivered 1 report/message delivered 1 "
				       "report/reply delivered 1 ");
	play_close(&play);
}

TEST(slack_is_asked_before_a_message_is_posted_again)
{
	struct play play;

	play_open(&play);
	play_add_slack(&play, "chat");
	CHECK_INT(play_tell(&play, "chat", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	play_cut(0, -ECONNRESET);
	WAIT(&play, outbox_counters(play.outbox)->retries == 1);
	play_pass(&play, MINUTE_NS);
	WAIT(&play, n_calls == 2);
	CHECK_TEXT(calls[1].method, "GET");
	CHECK(strstr(calls[1].url, "/conversations.history?include_all_metadata=true"));
	play_answer(1, 200,
		    "{\"ok\":true,\"messages\":[{\"ts\":\"1.1\"},{\"ts\":\"17.1\",\"metadata\":{"
		    "\"event_type\":\"constable_delivery\",\"event_payload\":{\"incident\":\"one\"}"
		    "}}]}",
		    NULL);
	WAIT(&play, n_calls == 3);
	CHECK_TEXT(calls[2].url, "https://slack.com/api/chat.update");
	play_answer(2, 200, posted, NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 1);
	play_close(&play);
}

TEST(slack_without_that_right_gets_it_again)
{
	struct play play;

	play_open(&play);
	play_add_slack(&play, "chat");
	CHECK_INT(play_tell(&play, "chat", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	play_answer(0, 502, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->retries == 1);
	play_pass(&play, MINUTE_NS);
	WAIT(&play, n_calls == 2);
	play_answer(1, 200, "{\"ok\":false,\"error\":\"missing_scope\"}", NULL);
	WAIT(&play, n_calls == 3);
	CHECK_TEXT(calls[2].url, "https://slack.com/api/chat.postMessage");
	play_answer(2, 200, "{\"ok\":false,\"error\":\"ratelimited\"}", NULL);
	WAIT(&play, outbox_counters(play.outbox)->retries == 2);
	play_close(&play);
}

TEST(slack_that_says_no_is_not_asked_again)
{
	struct play play;

	play_open(&play);
	play_add_slack(&play, "chat");
	CHECK_INT(play_tell(&play, "chat", "one", "report"), 0);
	WAIT(&play, n_calls == 1);
	play_answer(0, 200, "{\"ok\":false,\"error\":\"channel_not_found\"}", NULL);
	WAIT(&play, outbox_counters(play.outbox)->skipped == 1);
	CHECK_INT(n_calls, 1);
	CHECK_TEXT(play_states(&play), "report/message failed 1 report/reply skipped 1 ");
	play_close(&play);
}
