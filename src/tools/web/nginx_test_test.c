#include "tools/web/nginx_test.h"

#include <string.h>

#include "base/test.h"
#include "tools/web/nginx_conf.h"
#include "tools/web/upstream.h"

TEST(what_only_the_walls_cause_is_no_error_of_the_configuration)
{
	CLEANUP(json)
	json_t *test = nginx_test_judge(
		"nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\n"
		"nginx: [emerg] open() \"/run/nginx.pid\" failed (30: Read-only file system)\n"
		"nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)\n"
		"nginx: configuration file /etc/nginx/nginx.conf test failed\n",
		1);

	CHECK(json_get_bool(test, "ok", false));
	CHECK_INT(json_array_size(json_object_get(test, "not_judged")), 2);
}

TEST(a_real_fault_has_its_file_and_line)
{
	CLEANUP(json)
	json_t *test = nginx_test_judge(
		"nginx: [emerg] unknown directive \"lisen\" in /etc/nginx/sites-enabled/a:7\n", 1);
	const json_t *error = json_array_get(json_object_get(test, "errors"), 0);

	CHECK(!json_get_bool(test, "ok", true));
	CHECK_TEXT(json_get_text(error, "file", ""), "/etc/nginx/sites-enabled/a");
	CHECK_INT(json_get_int(error, "line", 0), 7);
}

TEST(a_failure_without_known_words_is_not_taken_for_success)
{
	CLEANUP(json) json_t *test = nginx_test_judge("Segmentation fault\n", 139);

	CHECK(!json_get_bool(test, "ok", true));
}

TEST(a_file_that_an_include_may_not_read_is_an_error)
{
	CLEANUP(json)
	json_t *test = nginx_test_judge("nginx: [emerg] open() \"/etc/nginx/a.conf\" failed (13: "
					"Permission denied) in /etc/nginx/nginx.conf:3\n",
					1);

	CHECK(!json_get_bool(test, "ok", true));
}

TEST(a_missing_semicolon_is_found_where_its_block_ends)
{
	static const char text[] =
		"events { worker_connections 64 }\nhttp { server { root /x; } }\n";
	CLEANUP(nginx_conf) struct nginx_conf conf = { 0 };
	const json_t *error;

	nginx_conf_parse(&conf, "nginx.conf", text, strlen(text));
	error = json_array_get(conf.errors, 0);
	CHECK_INT(json_get_int(error, "line", 0), 1);
	CHECK(strstr(json_get_text(error, "text", ""), "lacks a \";\""));
	CHECK(nginx_conf_next(&conf, "root", -1) >= 0);
}

TEST(braces_of_variables_and_escapes_stay_in_their_word)
{
	static const char text[] = "location ~ \\.php$ { fastcgi_pass unix:/run/${pool}.sock; }";
	CLEANUP(nginx_conf) struct nginx_conf conf = { 0 };

	nginx_conf_parse(&conf, "nginx.conf", text, strlen(text));
	CHECK_INT(json_array_size(conf.errors), 0);
	CHECK_TEXT(conf.directives[0].words[2], "\\.php$");
	CHECK_TEXT(conf.directives[1].words[1], "unix:/run/${pool}.sock");
}

TEST(upstreams_are_taken_apart_and_variables_are_not_guessed)
{
	struct upstream upstream = upstream_parse("http://127.0.0.1:8080/x", 80);

	CHECK_INT(upstream.kind, UPSTREAM_TCP);
	CHECK_INT(upstream.port, 8080);
	upstream = upstream_parse("unix:/run/php.sock:/", 80);
	CHECK_INT(upstream.kind, UPSTREAM_UNIX);
	CHECK_TEXT(upstream.host, "/run/php.sock");
	CHECK_INT(upstream_parse("http://$backend", 80).kind, UPSTREAM_NONE);
}
