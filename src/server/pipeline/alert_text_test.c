#include "server/pipeline/alert_text.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static json_t *make_alert(void)
{
	return json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s}}", "name", "NginxDown", "severity",
			 "critical", "labels", "instance", "web1.example.com:9113", "job", "nginx",
			 "annotations", "runbook", "none");
}

TEST(a_template_is_filled_from_labels_annotations_and_members)
{
	static const struct {
		const char *template, *text; /* NULL: the alert lacks something */
	} rows[] = {
		{ "{labels.instance}", "web1.example.com:9113" },
		{ "{labels.alertname}/{severity}", "NginxDown/critical" },
		{ "x-{annotations.runbook}-{name}", "x-none-NginxDown" },
		{ "plain", "plain" },
		{ "{{a}", "{a}" },
		{ "{labels.pod}", NULL },
		{ "a{labels.pod}", NULL },
		{ "{group}", NULL },
	};
	CLEANUP(json) json_t *alert = make_alert();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[ALERT_FILLED_BYTES] = "";
		struct error err = { 0 };

		CHECK_INT(alert_template_check(rows[i].template, &err), 0);
		CHECK(alert_template_fill(rows[i].template, alert, text) == (rows[i].text != NULL));
		if (rows[i].text)
			CHECK_TEXT(text, rows[i].text);
	}
}

TEST(what_is_no_template_is_refused)
{
	static const char *const texts[] = { "{labels}",  "{labels.}",  "{",          "{}",
					     "{labels.a", "{instance}", "{env.HOME}", "a{{{b}" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct error err = { 0 };

		CHECK_INT(alert_template_check(texts[i], &err), -EINVAL);
		CHECK(strstr(err.text, "labels.NAME"));
	}
}

TEST(half_of_a_long_text_is_the_name_of_nothing)
{
	char value[ALERT_FILLED_BYTES + 1], text[ALERT_FILLED_BYTES];
	CLEANUP(json) json_t *alert = NULL;

	memset(value, 'a', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	alert = json_pack("{s:{s:s}}", "labels", "host", value);
	CHECK(!alert_template_fill("{labels.host}", alert, text));
	value[ALERT_FILLED_BYTES - 1] = '\0';
	json_object_set_new(json_object_get(alert, "labels"), "host", json_string(value));
	CHECK(alert_template_fill("{labels.host}", alert, text));
	CHECK_INT(strlen(text), ALERT_FILLED_BYTES - 1);
}

TEST(the_host_is_found_in_what_an_instance_may_be)
{
	static const struct {
		const char *instance, *host;
	} rows[] = {
		{ "web1:9100", "web1" },
		{ "WEB1.Example.com", "web1.example.com" },
		{ "https://web1.example.com/health?x=1", "web1.example.com" },
		{ "http://me:secret@web1:80/", "web1" },
		{ "10.0.0.7:9100", "10.0.0.7" },
		{ "[2001:db8::1]:443", "2001:db8::1" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "", NULL },
		{ ":9100", NULL },
		{ "http://", NULL },
		{ "[", NULL },
		{ "a b", NULL },
		{ "$(id)", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char host[ALERT_FILLED_BYTES] = "";

		CHECK(alert_host(rows[i].instance, host) == (rows[i].host != NULL));
		if (rows[i].host)
			CHECK_TEXT(host, rows[i].host);
	}
}
