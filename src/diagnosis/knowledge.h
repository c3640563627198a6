/*
 * The knowledge base: what can be wrong with a host, as data.
 *
 * A folder with one YAML file per cause (ID.yaml), and beside them in engine/
 * vitals.yaml (what is always asked first, and what a tool costs) and
 * functions.jq (words that predicates may use). docs/knowledge.md describes the
 * format. Loading checks everything that can be checked without evidence; an
 * error names file, line and key. Causes are sorted by id, so that the order of
 * a directory never shows.
 */
#pragma once

#include "base/yaml.h"

#define KNOWLEDGE_MAX_CAUSES 512
#define KNOWLEDGE_MAX_FINDINGS 4096

/* A call that may be asked; texts in 'args' may be "{name}" or "{name|default}". */
struct inquiry {
	const char *tool;
	const json_t *args;
};

/* Something that one tool's result may show. Weights are natural log-odds. */
struct finding {
	const char *id;
	const char *tool;
	const char *where;  /* jq: paths into the result that show it */
	const char *says;   /* jq string template, on the value at such a path */
	const char *values; /* jq: an object with values for templates, or NULL */
	const char *group;  /* only the strongest of a group counts; NULL: alone */
	double weight;      /* if it holds */
	double against;     /* subtracted if the tool was read and it does not */
};

/* One of the findings that may satisfy a clause; all clauses must be satisfied. */
struct need {
	size_t clause;
	size_t finding; /* number among the cause's own */
};

struct cause {
	const char *id;
	const char *area;
	const char *statement; /* template */
	double prior;
	const json_t *words;    /* of a question that raise the prior */
	const json_t *explains; /* ids of causes that are consequences when both hold */
	bool is_background;     /* yields to others, unless the question is about it */
	const char *elsewhere;  /* template: the other end, where the fault lies; or NULL */
	const json_t *remedies;
	const struct finding *findings;
	size_t n_findings;
	size_t first;              /* number of findings[0] among all findings */
	const struct need *needed; /* what must hold to name it, by clause */
	size_t n_needed;
	size_t n_clauses;
	const struct inquiry *inquiries;
	size_t n_inquiries;

	/* private */
	struct yaml file;
};

struct knowledge {
	struct cause *causes;
	size_t n_causes;
	size_t n_findings;
	struct inquiry *vitals;
	size_t n_vitals;
	struct wish *wishes; /* see wish.h */
	size_t n_wishes;
	const json_t *costs; /* tool -> cost of a call; 1 where not named */
	char *functions;     /* text of functions.jq */

	/* private */
	struct yaml vitals_file;
};

/* NULL with 'err' if a file is missing or wrong. */
struct knowledge *knowledge_load(const char *folder, struct error *err);
void knowledge_free(struct knowledge *knowledge);
void knowledge_cleanup(struct knowledge **knowledge);

const struct cause *knowledge_find(const struct knowledge *knowledge, const char *id);
double knowledge_cost(const struct knowledge *knowledge, const char *tool);
