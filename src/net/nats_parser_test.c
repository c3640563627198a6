#include "net/nats_parser.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static ssize_t parse(const char *text, struct nats_said *said)
{
	struct error err = { 0 };

	return nats_parse(text, strlen(text), said, &err);
}

TEST(a_server_says_what_it_is_and_sends_messages)
{
	struct nats_said said;

	CHECK_INT(parse("INFO {\"port\":1} \r\nPING\r\n", &said), 18);
	CHECK_INT(said.kind, NATS_INFO);
	CHECK(str_is(said.payload, "{\"port\":1}"));
	CHECK_INT(parse("MSG a.b 1 5\r\nh\r\nlo\r\n", &said), 20);
	CHECK_INT(said.kind, NATS_MESSAGE);
	CHECK(str_is(said.subject, "a.b") && str_is(said.payload, "h\r\nlo"));
	CHECK_INT(parse("msg\ta.b 1 reply.to 0\r\n\r\n", &said), 24);
	CHECK(said.kind == NATS_MESSAGE && !said.payload.len);
	CHECK_INT(parse("PING\r\n", &said), 6);
	CHECK_INT(said.kind, NATS_PING);
	CHECK_INT(parse("-ERR 'Authorization Violation'\r\n", &said), 32);
	CHECK(said.kind == NATS_REFUSED && str_is(said.payload, "Authorization Violation"));
}

TEST(what_is_not_all_there_is_waited_for)
{
	static const char whole[] = "MSG a 1 3\r\nabc\r\n";
	struct nats_said said;
	struct error err = { 0 };

	for (size_t len = 0; len < sizeof(whole) - 1; len++)
		CHECK_INT(nats_parse(whole, len, &said, &err), 0);
	CHECK_INT(nats_parse(whole, sizeof(whole) - 1, &said, &err), (int)sizeof(whole) - 1);
}

TEST(what_is_not_nats_ends_it)
{
	static const char *const wrong[] = {
		"HELLO\r\n",
		"MSG a 1\r\n",
		"MSG a 1 x\r\n",
		"MSG a 1 2 3 4\r\n",
		"MSG a 1 65537\r\n",
		"MSG a 1 1\r\nab\r\n",
		"PINGS\r\n",
		"\r\n",
		"MSG a 1 9999999999\r\n",
	};
	CLEANUP(text) char *line = strndup("", 0);
	struct nats_said said;
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		CHECK_INT(parse(wrong[i], &said), -EPROTO);
	free(line);
	line = malloc(NATS_LINE_MAX_BYTES + 2);
	CHECK(line);
	memset(line, 'a', NATS_LINE_MAX_BYTES + 1);
	line[NATS_LINE_MAX_BYTES + 1] = '\0';
	CHECK_INT(nats_parse(line, NATS_LINE_MAX_BYTES + 1, &said, &err), -EPROTO);
}

TEST(a_subject_is_words_and_dots)
{
	CHECK(nats_is_subject("agent.telemetry"));
	CHECK(nats_is_subject("orchestrator.rollback.agt-1"));
	CHECK(!nats_is_subject(""));
	CHECK(!nats_is_subject(".a"));
	CHECK(!nats_is_subject("a."));
	CHECK(!nats_is_subject("a..b"));
	CHECK(!nats_is_subject("a.*"));
	CHECK(!nats_is_subject("a.>"));
	CHECK(!nats_is_subject("a b"));
	CHECK(!nats_is_subject("a\r\nPUB b 0"));
}

static enum nats_refused what(const char *why)
{
	return nats_refused_what((struct str) { why, strlen(why) });
}

TEST(what_is_refused_of_one_subject_is_not_the_end)
{
	CHECK_INT(what("Permissions Violation for Publish to \"a\""), NATS_REFUSED_MESSAGE);
	CHECK_INT(what("Permissions Violation for Subscription to \"a\""), NATS_REFUSED_SUBJECT);
	CHECK_INT(what("maximum subscriptions exceeded"), NATS_REFUSED_SUBJECT);
	CHECK_INT(what("Authorization Violation"), NATS_REFUSED_ALL);
	CHECK_INT(what("Stale Connection"), NATS_REFUSED_ALL);
	CHECK_INT(what(""), NATS_REFUSED_ALL);
}
