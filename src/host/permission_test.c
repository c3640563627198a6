#include "host/permission.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"

/* A small machine in a temporary directory, and one of its accounts. */
struct scene {
	char root[64];
	struct host host;
	struct account account;
	struct permission permission;
};

static const char *const folders[] = { ".host", "etc", "srv", "srv/www", "link" };

static const struct {
	const char *path, *text;
} files[] = {
	{ "etc/passwd", "root:x:0:0::/:/bin/sh\nwww:x:33:33::/:/bin/sh\n" },
	{ "etc/group", "root:x:0:\nadm:x:4:syslog,www\n" },
	{ "srv/www/index.html", "hello" },
	{ ".host/stat.json", "{\"/srv\": {\"mode\": \"0750\", \"gid\": 4}, \"/srv/www\": "
			     "{\"mode\": \"0700\", \"uid\": 33},"
			     " \"/srv/www/index.html\": {\"mode\": \"0600\"}}" },
};

static void begin(struct scene *scene)
{
	struct error err = { 0 };
	char path[256];

	text_format(scene->root, sizeof(scene->root), "/tmp/permission-XXXXXX");
	CHECK(mkdtemp(scene->root));
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		text_format(path, sizeof(path), "%s/%s", scene->root, folders[i]);
		CHECK_INT(mkdir(path, 0755), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		FILE *file;

		text_format(path, sizeof(path), "%s/%s", scene->root, files[i].path);
		file = fopen(path, "we");
		CHECK(file && fputs(files[i].text, file) >= 0);
		CHECK_INT(fclose(file), 0);
	}
	text_format(path, sizeof(path), "%s/link/loop", scene->root);
	CHECK_INT(symlink("loop", path), 0);
	text_format(path, sizeof(path), "%s/link/www", scene->root);
	CHECK_INT(symlink("/srv/www/", path), 0);
	CHECK_OK(host_init(&scene->host, scene->root, &err), err);
	CHECK(account_find_name(&scene->host, "www", &scene->account));
}

static void end(struct scene *scene)
{
	char path[256];

	host_finish(&scene->host);
	text_format(path, sizeof(path), "%s/link/loop", scene->root);
	(void)unlink(path);
	text_format(path, sizeof(path), "%s/link/www", scene->root);
	(void)unlink(path);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		text_format(path, sizeof(path), "%s/%s", scene->root, files[i].path);
		(void)unlink(path);
	}
	for (size_t i = ARRAY_LEN(folders); i-- > 0;) {
		text_format(path, sizeof(path), "%s/%s", scene->root, folders[i]);
		(void)rmdir(path);
	}
	CHECK_INT(rmdir(scene->root), 0);
}

TEST(the_component_that_denies_is_named)
{
	struct scene scene;
	char why[512];

	begin(&scene);
	permission_check(&scene.host, &scene.account, "/srv/www/index.html", R_OK,
			 &scene.permission);
	CHECK_INT(scene.permission.code, -EACCES);
	CHECK_TEXT(scene.permission.component, "/srv/www/index.html");
	permission_describe(&scene.host, &scene.permission, why, sizeof(why));
	CHECK(strstr(why, "-rw-------") && strstr(why, "root"));
	end(&scene);
}

TEST(a_supplementary_group_opens_a_folder_and_its_lack_closes_it)
{
	struct scene scene;

	begin(&scene);
	permission_check(&scene.host, &scene.account, "/srv/www", R_OK | X_OK, &scene.permission);
	CHECK_INT(scene.permission.code, 0);
	scene.account.n_groups = 0;
	permission_check(&scene.host, &scene.account, "/srv/www", R_OK | X_OK, &scene.permission);
	CHECK_INT(scene.permission.code, -EACCES);
	CHECK_TEXT(scene.permission.component, "/srv");
	end(&scene);
}

TEST(root_is_granted_what_exists)
{
	const struct account root = { .name = "root" };
	struct scene scene;

	begin(&scene);
	permission_check(&scene.host, &root, "/srv/www/index.html", R_OK, &scene.permission);
	CHECK_INT(scene.permission.code, 0);
	permission_check(&scene.host, &root, "/srv/www/none.html", R_OK, &scene.permission);
	CHECK_INT(scene.permission.code, -ENOENT);
	CHECK_TEXT(scene.permission.component, "/srv/www/none.html");
	end(&scene);
}

TEST(symlinks_are_followed_inside_the_machine_and_loops_end)
{
	struct scene scene;

	begin(&scene);
	permission_check(&scene.host, &scene.account, "/link/www/index.html", R_OK,
			 &scene.permission);
	CHECK_TEXT(scene.permission.component, "/srv/www/index.html");
	permission_check(&scene.host, &scene.account, "/link/loop", R_OK, &scene.permission);
	CHECK_INT(scene.permission.code, -ELOOP);
	end(&scene);
}
