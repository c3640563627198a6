/* A list of the API that comes in pages: {NAME: [...], "next": cursor}. */
#pragma once

#include "net/fetch.h"

#define PAGES_MAX_ITEMS 20000

struct pages {
	const char *path;   /* may have a query */
	const char *name;   /* of the list in the answer */
	const char *cursor; /* the parameter that takes "next": "after", "before" */
};

/*
 * Every item, at most PAGES_MAX_ITEMS and one page: a new reference to an array. 'body_out' is
 * the last answer (a new reference, or NULL), for who wants to know more of a failure.
 */
int pages_read(struct fetcher *fetcher, const struct pages *pages, json_t **list_out,
	       json_t **body_out, struct error *err) MUST_CHECK;
