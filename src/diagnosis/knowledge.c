#include "diagnosis/knowledge.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "diagnosis/cause.h"
#include "diagnosis/wish.h"

#define VITALS "engine/vitals.yaml"
#define FUNCTIONS "engine/functions.jq"
#define MAX_FILES 1024

static int read_text(int folder_fd, const char *name, struct buf *text, struct error *err)
{
	CLEANUP(fd) int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0)
		return error_errno(err, "open %s", name);
	buf_init(text, YAML_MAX_BYTES);
	r = buf_read_fd(text, fd);
	if (r < 0)
		return error_set(err, r, "read %s: %s", name, strerrordesc_np(-r));
	if (text->dropped)
		return error_set(err, -E2BIG, "%s: larger than %zu bytes", name, YAML_MAX_BYTES);
	return 0;
}

static int read_yaml(int folder_fd, const char *name, struct yaml *yaml, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r = read_text(folder_fd, name, &text, err);

	return r < 0 ? r : yaml_parse(yaml, name, (struct str) { buf_text(&text), text.len }, err);
}

static int load_cause(struct knowledge *knowledge, int folder_fd, const char *name,
		      struct error *err)
{
	CLEANUP(yaml) struct yaml file = { 0 };
	struct cause *cause = &knowledge->causes[knowledge->n_causes];
	int r = read_yaml(folder_fd, name, &file, err);
	size_t len = strlen(name) - strlen(".yaml");

	if (r < 0)
		return r;
	r = cause_parse(cause, &file, err);
	if (r < 0) {
		cause_finish(cause);
		return r;
	}
	knowledge->n_causes++;
	if (strlen(cause->id) != len || strncmp(cause->id, name, len) != 0)
		return yaml_error(&cause->file, err, "/id", "the file of '%s' must be '%s.yaml'",
				  cause->id, cause->id);
	cause->first = knowledge->n_findings;
	knowledge->n_findings += cause->n_findings;
	if (knowledge->n_findings > KNOWLEDGE_MAX_FINDINGS)
		return error_set(err, -E2BIG, "more than %d findings", KNOWLEDGE_MAX_FINDINGS);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_yaml(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && end != name && strcmp(end, ".yaml") == 0;
}

/* Names of the causes' files, sorted; a heap array of heap texts. */
static int list_files(int folder_fd, char **names, size_t *n_out, struct error *err)
{
	int copy = fcntl(folder_fd, F_DUPFD_CLOEXEC, 0);
	DIR *folder = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;
	size_t n = 0;

	if (!folder) {
		if (copy >= 0)
			close(copy);
		return error_errno(err, "list the knowledge");
	}
	while ((entry = readdir(folder)) && n < MAX_FILES) {
		if (!is_yaml(entry->d_name))
			continue;
		names[n] = strdup(entry->d_name);
		if (!names[n++])
			abort();
	}
	closedir(folder);
	qsort(names, n, sizeof(*names), compare_names);
	*n_out = n;
	return 0;
}

static int load_causes(struct knowledge *knowledge, int folder_fd, struct error *err)
{
	char *names[MAX_FILES] = { 0 };
	size_t n = 0;
	int r = list_files(folder_fd, names, &n, err);

	if (r == 0 && (n == 0 || n > KNOWLEDGE_MAX_CAUSES))
		r = error_set(err, -EINVAL, "%zu causes, expected 1 to %d", n,
			      KNOWLEDGE_MAX_CAUSES);
	if (r == 0)
		knowledge->causes = calloc(n, sizeof(*knowledge->causes));
	if (r == 0 && !knowledge->causes)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = load_cause(knowledge, folder_fd, names[i], err);
		free(names[i]);
	}
	return r;
}

/* What a cause explains must exist, and nothing explains itself. */
static int check_explains(const struct knowledge *knowledge, struct error *err)
{
	for (size_t c = 0; c < knowledge->n_causes; c++) {
		const struct cause *cause = &knowledge->causes[c];
		const json_t *item;
		size_t i;

		json_array_foreach(cause->explains, i, item)
		{
			const char *id = json_string_value(item);
			char pointer[64];

			(void)snprintf(pointer, sizeof(pointer), "/explains/%zu", i);
			if (!knowledge_find(knowledge, id) || strcmp(id, cause->id) == 0)
				return yaml_error(&cause->file, err, pointer,
						  "no other cause is named '%s'", id);
		}
	}
	return 0;
}

static int load_vitals(struct knowledge *knowledge, int folder_fd, struct error *err)
{
	struct yaml *file = &knowledge->vitals_file;
	int r = read_yaml(folder_fd, VITALS, file, err);

	if (r < 0)
		return r;
	if (!json_is_array(json_object_get(file->root, "calls")))
		return yaml_error(file, err, "", "the list 'calls' is missing");
	knowledge->costs = json_object_get(file->root, "costs");
	r = wishes_parse(file, &knowledge->wishes, &knowledge->n_wishes, err);
	return r < 0 ? r
		     : inquiries_parse(file, "/calls", json_object_get(file->root, "calls"),
				       &knowledge->vitals, &knowledge->n_vitals, err);
}

static int load_functions(struct knowledge *knowledge, int folder_fd, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r = read_text(folder_fd, FUNCTIONS, &text, err);

	if (r < 0)
		return r;
	knowledge->functions = strdup(buf_text(&text));
	if (!knowledge->functions)
		abort();
	return 0;
}

static int load(struct knowledge *knowledge, const char *folder, struct error *err)
{
	CLEANUP(fd) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return error_errno(err, "open the knowledge in '%s'", folder);
	r = load_vitals(knowledge, fd, err);
	if (r == 0)
		r = load_functions(knowledge, fd, err);
	if (r == 0)
		r = load_causes(knowledge, fd, err);
	if (r == 0)
		r = check_explains(knowledge, err);
	return r < 0 ? error_wrap(err, "%s", folder) : 0;
}

struct knowledge *knowledge_load(const char *folder, struct error *err)
{
	CLEANUP(knowledge) struct knowledge *knowledge = calloc(1, sizeof(*knowledge));

	if (!knowledge)
		abort();
	if (load(knowledge, folder, err) < 0)
		return NULL;
	return TAKE(knowledge);
}

void knowledge_free(struct knowledge *knowledge)
{
	if (!knowledge)
		return;
	for (size_t i = 0; i < knowledge->n_causes; i++)
		cause_finish(&knowledge->causes[i]);
	free(knowledge->causes);
	free(knowledge->vitals);
	free(knowledge->wishes);
	free(knowledge->functions);
	yaml_finish(&knowledge->vitals_file);
	free(knowledge);
}

void knowledge_cleanup(struct knowledge **knowledge)
{
	knowledge_free(*knowledge);
}

const struct cause *knowledge_find(const struct knowledge *knowledge, const char *id)
{
	assert(id);
	for (size_t i = 0; i < knowledge->n_causes; i++)
		if (strcmp(knowledge->causes[i].id, id) == 0)
			return &knowledge->causes[i];
	return NULL;
}

double knowledge_cost(const struct knowledge *knowledge, const char *tool)
{
	double cost = json_get_number(knowledge->costs, tool, 1);

	return cost < 0.1 ? 0.1 : cost;
}
