#include "server/log_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/test.h"

struct scene {
	char folder[64], path[128];
	struct log_file *log;
};

static void begin(struct scene *scene, uint64_t max_bytes)
{
	struct error err = { 0 };

	text_format(scene->folder, sizeof(scene->folder), "/tmp/constable-log.XXXXXX");
	CHECK(mkdtemp(scene->folder) != NULL);
	text_format(scene->path, sizeof(scene->path), "%s/log", scene->folder);
	scene->log = log_file_open(scene->path, max_bytes, &err);
	CHECK(scene->log != NULL);
}

static void end(struct scene *scene)
{
	char name[160];

	log_file_close(scene->log);
	for (int i = 0; i <= LOG_FILE_KEPT + 1; i++) {
		text_format(name, sizeof(name), i ? "%s.%d" : "%s", scene->path, i);
		(void)unlink(name);
	}
	CHECK_INT(rmdir(scene->folder), 0);
}

TEST(a_line_is_one_json_object_whatever_it_says)
{
	struct scene scene;
	json_t *line;

	begin(&scene, 0);
	log_file_write(1, "a \"quote\"\nand a line \xff", scene.log);
	line = json_load_file(scene.path, 0, NULL);
	CHECK(line != NULL);
	CHECK_TEXT(json_get_text(line, "level", ""), "warn");
	json_decref(line);
	end(&scene);
}

TEST(a_full_file_makes_way_and_five_are_kept)
{
	struct scene scene;
	struct stat stat_out;
	char name[160];

	begin(&scene, 200);
	for (int i = 0; i < 40; i++)
		log_file_write(2, "a line that is some sixty bytes long, with its time", scene.log);
	CHECK(stat(scene.path, &stat_out) == 0 && stat_out.st_size <= 200);
	text_format(name, sizeof(name), "%s.5", scene.path);
	CHECK(stat(name, &stat_out) == 0);
	text_format(name, sizeof(name), "%s.6", scene.path);
	CHECK(stat(name, &stat_out) < 0);
	end(&scene);
}
