#include "cli/eval/trial.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/ask/investigator.h"
#include "cli/ask/kept.h"
#include "investigation/joint.h"
#include "investigation/score.h"

#define SUFFIX ".case.json"
#define MAX_CASES 2000
#define SINCE_S 900

static int is_case(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name), n = strlen(SUFFIX);

	return entry->d_name[0] != '.' && len > n && strcmp(entry->d_name + len - n, SUFFIX) == 0;
}

json_t *trial_list(const char *folder, struct error *err)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, is_case, alphasort);
	json_t *paths;

	if (n < 0) {
		error_errno(err, "read the cases of '%s'", folder);
		return NULL;
	}
	paths = json_array();
	for (int i = 0; i < n; i++) {
		char path[PATH_MAX];

		text_format(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (json_array_size(paths) < MAX_CASES)
			json_push(paths, json_text(path, strlen(path)));
		free(entries[i]);
	}
	free(entries);
	return paths;
}

/* The finished case of one host, with the addresses that others know it by. */
static json_t *ask_host(const struct cli *cli, const json_t *record, const char *question,
			const struct trial_terms *terms, struct error *err)
{
	CLEANUP(investigation)
	struct investigation investigation = {
		.question = question,
		.since_s = (uint64_t)json_get_int(record, "since_s", SINCE_S),
		.timeout_ns = terms->timeout_ns,
		.engine = terms->engine,
		.record = record,
		.catalogue = terms->catalogue,
	};
	const json_t *addresses = json_object_get(record, "addresses");

	if (investigate(cli, &investigation, err) < 0)
		return NULL;
	if (!investigation.bundle) {
		error_set(err, -E2BIG, "what it asked does not fit a case");
		return NULL;
	}
	if (addresses)
		json_put(investigation.bundle, "addresses", json_incref((json_t *)addresses));
	return json_incref(investigation.bundle);
}

static json_t *ask_hosts(const struct cli *cli, const json_t *document,
			 const struct trial_terms *terms, struct error *err)
{
	const char *question = json_get_text(document, "question", "");
	const json_t *hosts = json_object_get(document, "hosts");
	CLEANUP(json) json_t *finished = json_array();
	const json_t *record;
	size_t i;

	if (!hosts)
		return ask_host(cli, document, question, terms, err);
	json_array_foreach(hosts, i, record)
	{
		json_t *one = ask_host(cli, record, question, terms, err);

		if (!one)
			return NULL;
		json_push(finished, one);
	}
	return joint_case(finished, err);
}

static const char *name_of(const char *path, char name[NAME_MAX])
{
	const char *slash = strrchr(path, '/');

	text_format(name, NAME_MAX, "%s", slash ? slash + 1 : path);
	if (strlen(name) > strlen(SUFFIX))
		name[strlen(name) - strlen(SUFFIX)] = '\0';
	return name;
}

json_t *trial_run(const struct cli *cli, const char *path, const struct trial_terms *terms,
		  struct error *err)
{
	CLEANUP(json) json_t *document = kept_read(path, err);
	const json_t *expect = json_object_get(document, "expect");
	CLEANUP(json) json_t *finished = NULL;
	char name[NAME_MAX];
	json_t *score;

	if (!document)
		return NULL;
	if (score_check(expect, err) == 0)
		finished = ask_hosts(cli, document, terms, err);
	if (!finished) {
		error_wrap(err, "%s", path);
		return NULL;
	}
	score = score_report(expect, json_object_get(finished, "report"),
			     json_object_get(finished, "evidence"));
	json_put(score, "case", json_string(name_of(path, name)));
	json_put(score, "expected", json_incref((json_t *)expect));
	return score;
}
