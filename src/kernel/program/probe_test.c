#include "kernel/program/probe.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

TEST(a_probe_says_what_is_to_answer)
{
	static const struct {
		const char *text;
		enum probe_kind kind;
		const char *host, *server, *path;
		unsigned port;
		bool has_address;
	} cases[] = {
		{ "tcp:db.example.com:5432", PROBE_TCP, "db.example.com", "", "", 5432, false },
		{ "tcp:10.9.0.2:80", PROBE_TCP, "10.9.0.2", "", "", 80, true },
		{ "tcp:[2001:db8::1]:443", PROBE_TCP, "2001:db8::1", "", "", 443, true },
		{ "http://a.b/c?d=1", PROBE_HTTP, "a.b", "", "/c?d=1", 80, false },
		{ "https://a.b:8443", PROBE_HTTPS, "a.b", "", "", 8443, false },
		{ "https://[::1]/", PROBE_HTTPS, "::1", "", "/", 443, true },
		{ "dns:example.com", PROBE_DNS, "example.com", "", "", 0, false },
		{ "dns:example.com@192.0.2.53", PROBE_DNS, "example.com", "192.0.2.53", "", 0,
		  true },
		{ "dns:example.com@[2001:db8::53]", PROBE_DNS, "example.com", "2001:db8::53", "", 0,
		  true },
		{ "icmp:gateway", PROBE_ICMP, "gateway", "", "", 0, false },
	};
	struct probe probe;
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CHECK_OK(probe_parse(cases[i].text, &probe, &err), err);
		CHECK_TEXT(probe.text, cases[i].text);
		CHECK_INT(probe.kind, cases[i].kind);
		CHECK_TEXT(probe.host, cases[i].host);
		CHECK_TEXT(probe.server, cases[i].server);
		CHECK_TEXT(probe.path ? probe.text + probe.path : "", cases[i].path);
		CHECK_INT(probe.port, cases[i].port);
		CHECK(probe_has_address(&probe) == cases[i].has_address);
	}
}

/* A second spelling, a user or a number in another base would pass a host's patterns by. */
TEST(what_has_another_spelling_is_no_probe)
{
	static const char *const wrong[] = {
		"",
		"tcp:",
		"tcp:a",
		"tcp:a:",
		"tcp:a:0",
		"tcp:a:080",
		"tcp:a:65536",
		"tcp:a:80/",
		"tcp:A:80",
		"TCP:a:80",
		"tcp:a b:80",
		"tcp:a.:80",
		"tcp:a..b:80",
		"tcp:.a:80",
		"tcp:-a:80",
		"tcp:2130706433:80",
		"tcp:127.1:80",
		"tcp:0x7f.1:80",
		"tcp:1.2.3.256:80",
		"tcp:2001:db8::1:80",
		"tcp:[2001:db8::1:80",
		"tcp:[a]:80",
		"tcp:[]:80",
		"tcp:[fe80::1%eth0]:80",
		"http:/a",
		"http://a@b/",
		"http://user:word@b/",
		"http://a:80@b/",
		"http://a/ b",
		"http://a/#c",
		"http://a?b",
		"http://a\\b/",
		"http://a/\r\nx",
		"ftp://a/",
		"dns:",
		"dns:@192.0.2.1",
		"dns:a@",
		"dns:a@b",
		"dns:a@192.0.2.1:53",
		"dns:192.0.2.1",
		"icmp:",
		"icmp:a:1",
		"icmp:a/",
	};
	char longer[PROBE_TEXT_BYTES + 1];
	struct probe probe;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct error err = { 0 };

		if (probe_parse(wrong[i], &probe, &err) != -EINVAL)
			CHECK_TEXT(wrong[i], "refused");
		CHECK(strstr(err.text, "is no probe"));
	}
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer, "http://a/", 9);
	CHECK_INT(probe_parse(longer, &probe, &(struct error) { 0 }), -EINVAL);
	memset(longer + 4, 'a', 300);
	memcpy(longer, "tcp:", 4);
	memcpy(longer + 304, ":80", 4);
	CHECK_INT(probe_parse(longer, &probe, &(struct error) { 0 }), -EINVAL);
}
