#include "net/nats.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "net/test_nats.h"

#define SEED "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y"
#define INFO "INFO {\"server_id\":\"x\",\"max_payload\":1048576}\r\n"

TEST(what_was_published_is_confirmed_by_what_the_server_answers_after_it)
{
	struct talk talk = { 0 };

	talk_open(&talk, INFO);
	talk_come_up(&talk);
	CHECK_INT(nats_publish(talk.client, "a.b", "one", 3), 0);
	CHECK_INT(nats_confirm(talk.client), 0);
	CHECK_INT(nats_confirm(talk.client), -EALREADY);
	LOOP_UNTIL(talk.base, talk_has_heard(&talk, "PUB a.b 3\r\none\r\nPING\r\n"));
	CHECK_INT(talk.n_confirmed, 0);
	talk_say(&talk, "PONG\r\n");
	LOOP_UNTIL(talk.base, talk.n_confirmed == 1);
	CHECK_INT(nats_confirm(talk.client), 0);
	talk_close(&talk);
}

TEST(an_answer_that_nobody_asked_for_confirms_nothing)
{
	struct talk talk = { 0 };

	talk_open(&talk, INFO);
	talk_come_up(&talk);
	talk_say(&talk, "PONG\r\n");
	talk_check_ends(&talk, -EPROTO, "nobody asked");
	CHECK_INT(talk.n_confirmed, 0);
	talk_close(&talk);
}

TEST(the_servers_limit_of_a_message_is_kept_and_may_change)
{
	struct talk talk = { 0 };

	talk_open(&talk, "INFO {\"max_payload\":8}\r\n");
	talk_come_up(&talk);
	CHECK_INT(nats_publish(talk.client, "a", "12345678", 8), 0);
	CHECK_INT(nats_publish(talk.client, "a", "123456789", 9), -E2BIG);
	talk_say(&talk, "INFO {\"max_payload\":9}\r\n-ERR 'Permissions Violation for Publish to "
			"\"a\"'\r\n");
	LOOP_UNTIL(talk.base, talk.n_refused == 1);
	CHECK_INT(talk.refused, NATS_REFUSED_MESSAGE);
	CHECK_INT(nats_publish(talk.client, "a", "123456789", 9), 0);
	talk_close(&talk);
}

TEST(what_may_not_be_heard_is_told_and_all_else_goes_on)
{
	struct talk talk = { .config.subjects = { "ours" } };

	talk_open(&talk, INFO);
	talk_come_up(&talk);
	CHECK(talk_has_heard(&talk, "SUB ours 1\r\n"));
	talk_say(&talk, "-ERR 'Permissions Violation for Subscription to \"ours\"'\r\n"
			"MSG ours 1 2\r\nhi\r\n");
	LOOP_UNTIL(talk.base, talk.n_messages == 1);
	CHECK_INT(talk.refused, NATS_REFUSED_SUBJECT);
	CHECK_INT(talk.n_down, 0);
	talk_close(&talk);
}

TEST(what_nobody_listens_to_is_not_heard_whoever_sends_it)
{
	struct talk talk = { 0 };

	talk_open(&talk, INFO);
	talk_come_up(&talk);
	CHECK(!talk_has_heard(&talk, "SUB"));
	talk_say(&talk, "MSG ours 1 2\r\nhi\r\nMSG theirs 2 2\r\nhi\r\nPING\r\n");
	LOOP_UNTIL(talk.base, talk_has_heard(&talk, "PONG\r\n"));
	CHECK_INT(talk.n_messages, 0);
	talk_close(&talk);
}

TEST(other_servers_that_one_tells_of_are_left_alone)
{
	struct talk talk = { 0 };
	char more[256];

	talk_open(&talk, INFO);
	talk_come_up(&talk);
	text_format(more, sizeof(more),
		    "INFO {\"max_payload\":100,\"ldm\":true,\"connect_urls\":[\"127.0.0.1:%u\","
		    "\"evil.example:4222\",7]}\r\nPING\r\n",
		    talk.port);
	talk_say(&talk, more);
	LOOP_UNTIL(talk.base, talk_has_heard(&talk, "PONG\r\n"));
	bufferevent_free(TAKE(talk.server));
	talk_check_ends(&talk, -EPIPE, "closed");
	CHECK_INT(talk.n_accepted, 1);
	talk_close(&talk);
}

TEST(a_key_signs_the_nonce_and_is_never_said)
{
	struct nats_credentials credentials;
	struct error err = { 0 };
	struct talk talk = { .config.credentials = &credentials };

	CHECK_OK(nats_credentials_parse(SEED, strlen(SEED), &credentials, &err), err);
	talk_open(&talk, "INFO {\"nonce\":\"AbC-_09nonce\"}\r\n");
	talk_come_up(&talk);
	CHECK(talk_has_heard(&talk,
			     "\"nkey\":\"UAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3"
			     "RLKK\""));
	CHECK(talk_has_heard(&talk,
			     "\"sig\":\"CjAGYLh0EJNNY9mPXYjXXFz_CNIMQAaTkrve2YxAcWzab6HQxKpSqsN"
			     "R_kA4vJQA8x4H3cqmBosS4fC2I59ABA\""));
	CHECK(!talk_has_heard(&talk, SEED));
	talk_close(&talk);
	nats_credentials_finish(&credentials);
}

TEST(a_nonce_that_is_none_is_not_signed)
{
	static const char *const infos[] = {
		"INFO {}\r\n",
		"INFO {\"nonce\":7}\r\n",
		"INFO {\"nonce\":\"a b\"}\r\n",
		"INFO {\"nonce\":\"a\\nb\"}\r\n",
	};
	struct nats_credentials credentials;
	struct error err = { 0 };

	CHECK_OK(nats_credentials_parse(SEED, strlen(SEED), &credentials, &err), err);
	for (size_t i = 0; i < ARRAY_LEN(infos); i++) {
		struct talk talk = { .config.credentials = &credentials };

		talk_open(&talk, infos[i]);
		talk_dial(&talk);
		talk_check_ends(&talk, -EACCES, "no signature");
		CHECK(!talk_has_heard(&talk, "CONNECT"));
		talk_close(&talk);
	}
	nats_credentials_finish(&credentials);
}

TEST(a_server_that_is_none_is_left)
{
	static const struct {
		const char *says;
		int code;
		const char *reason;
	} rows[] = {
		{ "PING\r\n", -EPROTO, "does not say what it is" },
		{ "MSG a 1 0\r\n\r\n", -EPROTO, "does not say what it is" },
		{ "INFO []\r\n", -EPROTO, "no object" },
		{ "INFO {\"a\":1,\"a\":2}\r\n", -EINVAL, "INFO" },
		{ "INFO {\"tls_required\":true}\r\n", -EPROTO, "wants TLS" },
		{ "HTTP/1.1 400 Bad Request\r\n", -EPROTO, "not NATS" },
		{ "-ERR 'Authorization Timeout'\r\n", -EACCES, "Authorization Timeout" },
		{ "-ERR 'maximum connections exceeded'\r\n", -EREMOTEIO, "maximum connections" },
		{ "-ERR 'Permissions Violation for Publish to \"a\"'\r\n", -EREMOTEIO,
		  "Permissions" },
		{ INFO "-ERR 'Account Authentication Expired'\r\n", -EACCES, "Expired" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct talk talk = { 0 };

		talk_open(&talk, rows[i].says);
		talk_dial(&talk);
		LOOP_UNTIL(talk.base, talk.n_down == 1);
		if (!strstr(talk.why.text, rows[i].reason))
			FAIL("%s: %s", rows[i].says, talk.why.text);
		CHECK(rows[i].code == -EINVAL || talk.why.code == rows[i].code);
		CHECK_INT(talk.n_up, 0);
		talk_close(&talk);
	}
}

TEST(a_server_that_asks_and_never_reads_is_left)
{
	struct talk talk = { 0 };

	talk_open(&talk, INFO);
	talk_come_up(&talk);
	(void)bufferevent_disable(talk.server, EV_READ);
	while (!talk.n_down) {
		if (evbuffer_get_length(bufferevent_get_output(talk.server)) < 64 * KIB)
			for (unsigned i = 0; i < 8192; i++)
				talk_say(&talk, "PING\r\n");
		test_loop_once(talk.base);
	}
	talk_check_ends(&talk, -EPROTO, "hears no answer");
	talk_close(&talk);
}

TEST(what_waits_to_be_sent_has_a_bound)
{
	static const char payload[60 * KIB];
	struct talk talk = { 0 };
	unsigned n = 0;

	talk_open(&talk, INFO);
	talk_come_up(&talk);
	(void)bufferevent_disable(talk.server, EV_READ);
	while (nats_publish(talk.client, "a", payload, sizeof(payload)) == 0)
		n++;
	CHECK(n >= 4 && n <= NATS_QUEUED_MAX_BYTES / sizeof(payload));
	CHECK_INT(nats_publish(talk.client, "a", payload, sizeof(payload)), -ENOBUFS);
	CHECK_INT(nats_publish(talk.client, "a", payload, NATS_PAYLOAD_MAX_BYTES + 1), -E2BIG);
	talk_close(&talk);
}

/* A resolver that says this. */
static void make_resolver(char path[32], const char *addresses)
{
	char script[256];
	int fd;

	text_format(script, sizeof(script), "#!/bin/sh\nprintf '%s'\n", addresses);
	text_format(path, 32, "/tmp/constable-nats-XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0 && fchmod(fd, 0700) == 0);
	CHECK_INT(fd_write_all(fd, script, strlen(script)), 0);
	(void)close(fd);
}

TEST(a_name_is_this_host_only_where_its_addresses_are)
{
	struct talk there = { .config = { .host = "127.evil.example", .is_local = true } };
	struct talk here = { .config = { .host = "localhost", .is_local = true } };
	char path[32];

	make_resolver(path, "192.0.2.1\\n2001:db8::1\\n::ffff:192.0.2.1\\n");
	there.config.resolver = path;
	talk_open(&there, INFO);
	talk_dial(&there);
	talk_check_ends(&there, -EPERM, "is not this host");
	talk_close(&there);
	(void)unlink(path);

	make_resolver(path, "192.0.2.1\\n127.0.0.1\\n");
	here.config.resolver = path;
	talk_open(&here, INFO);
	talk_come_up(&here);
	talk_close(&here);
	(void)unlink(path);
}

TEST(an_address_of_another_host_is_refused_where_only_this_one_is_meant)
{
	struct talk talk = { .config = { .host = "192.0.2.1", .is_local = true } };
	struct error err = { 0 };

	talk_open(&talk, INFO);
	CHECK(!nats_connect(talk.base, &talk.config, &err));
	CHECK_INT(err.code, -EPERM);
	talk_close(&talk);
}

TEST(a_url_names_a_host_and_a_port)
{
	static const char *const wrong[] = {
		"",   "nats:",   "tls:/",      "http://a",   "nats",       "tls",
		"t@", "nats://", "nats://a/b", "nats://a?b", "tls://[::1", "nats://a:0"
	};
	struct error err = { 0 };
	struct url url;

	CHECK_OK(nats_parse_url("nats://localhost", &url, &err), err);
	CHECK(url.port == 4222 && !url_is_secure(&url));
	url_finish(&url);
	CHECK_OK(nats_parse_url("tls://ana:p%40ss@[::1]:5222/", &url, &err), err);
	CHECK(url.port == 5222 && url_is_secure(&url));
	CHECK_TEXT(url.password, "p@ss");
	CHECK_TEXT(url.host, "::1");
	url_finish(&url);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		CHECK_INT(nats_parse_url(wrong[i], &url, &err), -EINVAL);
}
