#include "cli/ask/case_library.h"

#include <limits.h>
#include <string.h>

#include "cli/ask/evidence.h"
#include "cli/ask/kept.h"
#include "net/url.h"

#define SCHEME "case://"
#define REPORT "report"
#define EVIDENCE "evidence/"
#define QUESTION_BYTES 200

/* A case by its name, or NULL; 'err' is set where it is there and cannot be read. */
static json_t *read_case(const struct case_library *cases, const char *name, struct error *err)
{
	char path[PATH_MAX];

	return kept_path(cases->cli, name, path, sizeof(path)) ? kept_read(path, err) : NULL;
}

static json_t *describe(const struct case_library *cases, const char *name)
{
	struct error ignored = { 0 };
	CLEANUP(json) json_t *bundle = read_case(cases, name, &ignored);
	char uri[300], about[QUESTION_BYTES + 100];

	text_format(uri, sizeof(uri), SCHEME "%s/" REPORT, name);
	text_format(about, sizeof(about), "The report of an investigation (%s): %.*s",
		    json_get_text(json_object_get(bundle, "report"), "verdict", "unreadable"),
		    QUESTION_BYTES, json_get_text(bundle, "question", ""));
	return json_pack("{s:s, s:s, s:o, s:s}", "uri", uri, "name", name, "description",
			 json_text(about, strlen(about)), "mimeType", "application/json");
}

/* What was kept stays as it is, so each is read once. */
static json_t *list(void *data)
{
	struct case_library *cases = data;
	json_t *names = kept_list(cases->cli), *known = json_object(), *all;
	const json_t *name;
	size_t i;

	if (json_equal(names, cases->names)) {
		json_decref(names);
		json_decref(known);
		return NULL;
	}
	all = json_array();
	json_array_foreach(names, i, name)
	{
		const char *text = json_string_value(name);
		json_t *item = json_object_get(cases->known, text);

		json_put(known, text, item ? json_incref(item) : describe(cases, text));
		json_push(all, json_incref(json_object_get(known, text)));
	}
	json_decref(cases->names);
	json_decref(cases->known);
	cases->names = names;
	cases->known = known;
	return all;
}

/* The text of what is meant, heap text; NULL where the case has no such thing. */
static char *find_text(const json_t *bundle, const char *what)
{
	const json_t *found = json_object_get(bundle, REPORT);
	const char *bytes = NULL;

	if (strcmp(what, REPORT) != 0) {
		found = strncmp(what, EVIDENCE, strlen(EVIDENCE)) == 0
				? evidence_find(bundle, what + strlen(EVIDENCE))
				: NULL;
		bytes = json_get_text(found, "bytes", NULL);
	}
	/* What could not be had says why. */
	return bytes ? strdup(bytes) : found ? json_canonical(found) : NULL;
}

static json_t *read_resource(void *data, const char *uri, struct error *err)
{
	const struct case_library *cases = data;
	CLEANUP(text) char *name = NULL;
	CLEANUP(text) char *text = NULL;
	CLEANUP(json) json_t *bundle = NULL;
	const char *slash;

	if (strncmp(uri, SCHEME, strlen(SCHEME)) != 0)
		return NULL;
	slash = strchr(uri + strlen(SCHEME), '/');
	if (!slash)
		return NULL;
	name = url_decode(
		(struct str) { uri + strlen(SCHEME), (size_t)(slash - uri) - strlen(SCHEME) });
	bundle = name ? read_case(cases, name, err) : NULL;
	text = find_text(bundle, slash + 1);
	if (!text)
		return NULL;
	return json_pack("{s:s, s:s, s:o}", "uri", uri, "mimeType", "application/json", "text",
			 json_text(text, strlen(text)));
}

void case_library_init(struct case_library *cases, const struct cli *cli)
{
	*cases = (struct case_library) { .cli = cli };
	cases->templates = json_pack(
		"[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s, s:s}]", "uriTemplate",
		SCHEME "{name}/" REPORT, "name", "report", "description",
		"What an investigation that is kept has found.", "mimeType", "application/json",
		"uriTemplate", SCHEME "{name}/" EVIDENCE "{id}", "name", "evidence", "description",
		"The exact result that a report cites as its evidence ID.", "mimeType",
		"application/json");
	cases->library = (struct mcp_library) {
		.list = list,
		.read = read_resource,
		.templates = cases->templates,
		.data = cases,
	};
}

void case_library_cleanup(struct case_library *cases)
{
	json_decref(cases->names);
	json_decref(cases->known);
	json_decref(cases->templates);
}
