#include "call/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

static const char folder[] = "/var/lib/constable/cases";

static int check(const char *text, const struct caller *caller)
{
	struct error err = { 0 };
	CLEANUP(policy) struct policy *policy = policy_parse("policy", text, strlen(text), &err);

	CHECK(policy);
	return cases_check(policy, caller, folder, &err);
}

TEST(another_user_is_refused_whatever_the_policy_says)
{
	const struct caller other = { .uid = geteuid() + 1 };
	const struct caller root = { .uid = 0 }, own = { .uid = geteuid() };

	CHECK_INT(check("allow reads\n", &other), -EACCES);
	CHECK_INT(check("allow reads\n", &root), 0);
	CHECK_INT(check("allow reads\n", &own), 0);
}

TEST(a_client_reads_what_his_roots_hold)
{
	const struct caller grafana = { .uid = geteuid() + 1, .client = "key grafana" };
	const struct caller link = { .uid = geteuid() + 1, .on_behalf = "default/ana" };

	CHECK_INT(check("allow reads\n", &grafana), 0);
	CHECK_INT(check("roots /var/log to key grafana\n", &grafana), -EACCES);
	CHECK_INT(check("roots /var/lib/constable/case to key grafana\n", &grafana), -EACCES);
	CHECK_INT(check("roots /srv /var/lib/ to key grafana\n", &grafana), 0);
	CHECK_INT(check("roots /var/lib/constable/cases to key grafana\n", &grafana), 0);
	CHECK_INT(check("roots /var/log\n", &link), -EACCES);
	CHECK_INT(check("roots /var/log to key grafana\n", &link), 0);
}

static void write_case(const char *path, const char *text, mode_t mode)
{
	CLEANUP(fd) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	CHECK(fd >= 0);
	CHECK_INT(fd_write_all(fd, text, strlen(text)), 0);
}

static int load(const char *where, const char *name, struct buf *out)
{
	CLEANUP(json) json_t *args = json_pack("{s:s*}", "name", name);
	struct error err = { 0 };

	buf_finish(out);
	buf_init(out, CASES_MAX_BYTES);
	return cases_load(where, args, out, &err);
}

TEST(only_a_case_that_is_ours_alone_is_loaded)
{
	char above[] = "/tmp/constable-cases-XXXXXX", path[100];
	CLEANUP(buf) struct buf out = { 0 };
	CLEANUP(text) char *where = NULL;

	CHECK(mkdtemp(above));
	text_format(path, sizeof(path), "%s/warden", above);
	CHECK_INT(mkdir(path, 0700), 0);
	where = cases_find(path);
	CHECK_INT(load(where, NULL, &out), 0);
	CHECK_INT((int)out.len, 0);
	CHECK_INT(load(where, "a", &out), -ENOENT);
	CHECK_INT(mkdir(where, 0700), 0);
	CHECK_INT(chdir(where), 0);
	write_case("a.case.json", "{}", 0600);
	write_case("b.case.json", "[1]", 0600);
	write_case("open.case.json", "{}", 0644);
	write_case(".hidden.case.json", "{}", 0600);
	write_case("note", "{}", 0600);
	CHECK_INT(symlink("a.case.json", "link.case.json"), 0);
	CHECK_INT(load(where, NULL, &out), 0);
	CHECK(strstr(buf_text(&out), "\n3 b\n2 a\n"));
	CHECK(!strstr(buf_text(&out), "hidden") && !strstr(buf_text(&out), "note"));
	CHECK_INT(load(where, "b", &out), 0);
	CHECK_TEXT(buf_text(&out), "[1]");
	CHECK_INT(load(where, "open", &out), -EPERM);
	CHECK_INT(load(where, "link", &out), -ELOOP);
	CHECK_INT(load(where, ".hidden", &out), -ENOENT);
	CHECK_INT(load(where, "../cases/a", &out), -ENOENT);
	CHECK_INT(load(where, "", &out), -ENOENT);
	CHECK_INT(chdir("/tmp"), 0);
	for (const char *const *name =
		     (const char *const[]) { "a.case.json", "b.case.json", "open.case.json",
					     ".hidden.case.json", "note", "link.case.json", NULL };
	     *name; name++) {
		text_format(path, sizeof(path), "%s/%s", where, *name);
		CHECK_INT(unlink(path), 0);
	}
	CHECK_INT(rmdir(where), 0);
	text_format(path, sizeof(path), "%s/warden", above);
	CHECK_INT(rmdir(path), 0);
	CHECK_INT(rmdir(above), 0);
}

TEST(of_many_the_newest_are_listed)
{
	enum {
		N = 2 * CASES_MAX_LISTED + 100
	};
	char folder_of[] = "/tmp/constable-cases-XXXXXX", name[32];
	CLEANUP(buf) struct buf out = { 0 };
	const char *at;
	struct str line;
	int n = N;

	CHECK(mkdtemp(folder_of));
	CHECK_INT(chdir(folder_of), 0);
	for (int i = 1; i <= N; i++) {
		text_format(name, sizeof(name), "%04d.case.json", i);
		write_case(name, "{}", 0600);
	}
	CHECK_INT(load(folder_of, NULL, &out), 0);
	at = buf_text(&out);
	for (; scan_line(&at, &line); n--) {
		text_format(name, sizeof(name), "2 %04d", n);
		CHECK_INT((int)line.len, 6);
		CHECK(memcmp(line.data, name, 6) == 0);
	}
	CHECK_INT(N - n, CASES_MAX_LISTED);
	for (int i = 1; i <= N; i++) {
		text_format(name, sizeof(name), "%04d.case.json", i);
		CHECK_INT(unlink(name), 0);
	}
	CHECK_INT(chdir("/tmp"), 0);
	CHECK_INT(rmdir(folder_of), 0);
}
