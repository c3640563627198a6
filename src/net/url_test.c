#include "net/url.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static int parse(const char *text, struct url *url)
{
	struct error err = { 0 };

	return url_parse(text, strlen(text), url, &err);
}

TEST(a_url_comes_apart)
{
	CLEANUP(url) struct url url = { 0 };

	CHECK_INT(parse("WSS://Server.Example:8443/api/v1/agents/a/ws?x=1#f", &url), 0);
	CHECK_INT(url.scheme, URL_WSS);
	CHECK(url_is_secure(&url));
	CHECK_INT(url.host_kind, URL_NAME);
	CHECK_TEXT(url.host, "server.example");
	CHECK_INT(url.port, 8443);
	CHECK_TEXT(url.target, "/api/v1/agents/a/ws?x=1");
	CHECK(!url.user && !url.password);
}

TEST(user_and_password_are_decoded)
{
	CLEANUP(url) struct url url = { 0 };

	CHECK_INT(parse("http://me:p%40ss:word@proxy:3128", &url), 0);
	CHECK_TEXT(url.user, "me");
	CHECK_TEXT(url.password, "p@ss:word");
	CHECK_TEXT(url.host, "proxy");
	CHECK_TEXT(url.target, "/");
}

TEST(addresses_are_recognised)
{
	CLEANUP(url) struct url four = { 0 };
	CLEANUP(url) struct url six = { 0 };
	char host[64];

	CHECK_INT(parse("http://127.0.0.1?q", &four), 0);
	CHECK_INT(four.host_kind, URL_IPV4);
	CHECK_INT(four.port, 80);
	CHECK_TEXT(four.target, "/?q");
	CHECK_INT(parse("wss://[::1]:1/", &six), 0);
	CHECK_INT(six.host_kind, URL_IPV6);
	CHECK_TEXT(six.host, "::1");
	url_format_host(&six, host, sizeof(host));
	CHECK_TEXT(host, "[::1]:1");
	url_format_host(&four, host, sizeof(host));
	CHECK_TEXT(host, "127.0.0.1");
}

TEST(what_is_no_url_is_refused)
{
	static const char *const bad[] = {
		"",
		"http://",
		"ftp://a/",
		"a.example",
		"http:///x",
		"http://:80/",
		"http://a:/",
		"http://a:0/",
		"http://a:65536/",
		"http://a:x/",
		"http://[::1",
		"http://[::1]x/",
		"http://[g::]/",
		"http://a b/",
		"http://a\\b/",
		"http://a\t/",
		"http://\xc3\xa4",
		"http://127.1/",
		"http://0x7f.1/",
		"http://1/",
		"http://a..b",
		"http://.a",
		"http://a@b@c/",
		"http://%41/",
		"http://u:%4@h/",
		"http://-a/",
		"http://256.1.1.1",
		"http://a:000000000000000000080000/",
	};
	struct url url;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (parse(bad[i], &url) != -EINVAL)
			FAIL("taken: %s", bad[i]);
}

TEST(a_path_is_decoded_once)
{
	struct error err = { 0 };
	CLEANUP(text) char *path = url_decode_path((struct str) { "/a%20b/%2541", 12 }, &err);

	CHECK_TEXT(path, "/a b/%41");
}

TEST(a_path_that_could_mean_another_is_refused)
{
	static const char *const bad[] = { "",          "a",     "/%00",  "/..",    "/a/../b",
					   "/%2e%2e/a", "/.",    "/a/.",  "/a%2fb", "/a%5cb",
					   "/a\\b",     "/%",    "/%4",   "/%zz",   "/%0d",
					   "/%7f",      "/.%2e", "/a%2Fb" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = { 0 };
		CLEANUP(text)
		char *path = url_decode_path((struct str) { bad[i], strlen(bad[i]) }, &err);

		if (path)
			FAIL("taken: %s", bad[i]);
		CHECK_INT(err.code, -EBADMSG);
	}
}

TEST(a_bad_escape_decodes_to_nothing)
{
	CHECK(!url_decode((struct str) { "%0", 2 }));
	CHECK(!url_decode((struct str) { "%00", 3 }));
	CHECK(!url_decode((struct str) { "a%", 2 }));
}
