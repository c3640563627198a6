#include "host/kernel_names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/test.h"
#include "host/code_maps.h"
#include "host/tracepoint.h"

/* A machine with one file. */
struct scene {
	char root[64], folder[256], path[320];
	struct host host;
};

static void make_folders(char *path)
{
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		CHECK(mkdir(path, 0700) == 0 || errno == EEXIST);
		*at = '/';
	}
}

static void begin(struct scene *scene, const char *path, const char *text)
{
	struct error err = { 0 };
	FILE *file;

	*scene = (struct scene) { .root = "/tmp/kernel-names-test.XXXXXX" };
	CHECK(mkdtemp(scene->root));
	text_format(scene->path, sizeof(scene->path), "%s/%s", scene->root, path);
	make_folders(scene->path);
	file = fopen(scene->path, "w");
	CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
	CHECK_OK(host_init(&scene->host, scene->root, &err), err);
}

static void end(struct scene *scene)
{
	CHECK_INT(unlink(scene->path), 0);
	for (char *at = strrchr(scene->path, '/'); strlen(scene->path) > strlen(scene->root);
	     at = strrchr(scene->path, '/')) {
		*at = '\0';
		CHECK_INT(rmdir(scene->path), 0);
	}
	host_cleanup(&scene->host);
}

TEST(an_address_has_the_name_of_the_function_around_it)
{
	struct scene scene;
	struct error err = { 0 };
	CLEANUP(json)
	json_t *asked =
		json_pack("{s:n, s:n, s:n, s:n, s:n}", "0xffffffff81000010", "0xffffffff81000100",
			  "0xffffffffc0000004", "0x1234", "no address");
	CLEANUP(json) json_t *answer = NULL;
	const json_t *names;

	/* Modules come last, and may lie before. */
	begin(&scene, "proc/kallsyms",
	      "ffffffff81000000 T begin_of_it\nffffffff81000100 t next_one\n"
	      "ffffffff81000008 D no_function\nffffffffc0000000 t of_module\t[module]\n"
	      "broken\n");
	answer = kernel_names_json(&scene.host, asked, &err);
	CHECK(answer);
	names = json_object_get(answer, "names");
	CHECK_INT(json_object_size(names), 3);
	CHECK_TEXT(json_get_text(names, "0xffffffff81000010", ""), "begin_of_it+0x10");
	CHECK_TEXT(json_get_text(names, "0xffffffff81000100", ""), "next_one+0x0");
	CHECK_TEXT(json_get_text(names, "0xffffffffc0000004", ""), "of_module+0x4");
	end(&scene);
}

TEST(a_kernel_that_hides_its_addresses_says_so)
{
	struct scene scene;
	struct error err = { 0 };
	CLEANUP(json) json_t *asked = json_pack("{s:n}", "0xffffffff81000010");

	begin(&scene, "proc/kallsyms", "0000000000000000 T begin_of_it\n");
	CHECK(!kernel_names_json(&scene.host, asked, &err));
	CHECK_TEXT(err.text, "the kernel hides its addresses");
	end(&scene);
}

TEST(what_a_process_maps_to_run_is_listed)
{
	struct scene scene;
	struct error err = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	const json_t *maps;

	begin(&scene, "proc/7/maps",
	      "55d0a000-55d0b000 r--p 00000000 fe:00 12     /usr/bin/x y\n"
	      "55d0b000-55d0d000 r-xp 00001000 fe:00 12     /usr/bin/x y\n"
	      "7fff0000-7fff1000 r-xp 00000000 00:00 0 \n"
	      "nonsense\n");
	answer = code_maps_json(&scene.host, 7, &err);
	CHECK(answer);
	maps = json_object_get(answer, "maps");
	CHECK_INT(json_array_size(maps), 2);
	CHECK_INT(json_get_int(json_array_get(maps, 0), "start", 0), 0x55d0b000);
	CHECK_INT(json_get_int(json_array_get(maps, 0), "offset", 0), 0x1000);
	CHECK_INT(json_get_int(json_array_get(maps, 0), "inode", 0), 12);
	CHECK_TEXT(json_get_text(json_array_get(maps, 0), "path", ""), "/usr/bin/x y");
	CHECK_TEXT(json_get_text(json_array_get(maps, 1), "path", "?"), "");
	CHECK(!code_maps_json(&scene.host, 8, &err));
	CHECK(strstr(err.text, "process 8"));
	end(&scene);
}

TEST(a_tracepoint_s_record_has_fields)
{
	struct scene scene;
	struct error err = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	const json_t *fields;

	begin(&scene, "sys/kernel/tracing/events/sched/exec/format",
	      "name: exec\nID: 315\nformat:\n"
	      "\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n"
	      "\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;\n"
	      "\tfield:char comm[16];\toffset:12;\tsize:16;\tsigned:0;\n"
	      "\tfield:pid_t pid;\toffset:28;\tsize:4;\tsigned:1;\n\nprint fmt: \"x\"\n");
	answer = tracepoint_json(&scene.host, "sched:exec", &err);
	CHECK(answer);
	CHECK_INT(json_get_int(answer, "id", 0), 315);
	fields = json_object_get(answer, "fields");
	CHECK_INT(json_array_size(fields), 4);
	CHECK_TEXT(json_get_text(json_array_get(fields, 1), "name", ""), "filename");
	CHECK(json_get_bool(json_array_get(fields, 1), "located", false));
	CHECK_TEXT(json_get_text(json_array_get(fields, 2), "name", ""), "comm");
	CHECK(json_get_bool(json_array_get(fields, 2), "array", false));
	CHECK_INT(json_get_int(json_array_get(fields, 3), "offset", 0), 28);
	CHECK(json_get_bool(json_array_get(fields, 3), "signed", false));
	CHECK(!tracepoint_json(&scene.host, "sched/../x:exec", &err));
	CHECK(strstr(err.text, "CATEGORY:NAME"));
	end(&scene);
}
