/*
 * Which hosts a request means: those it names by id, name or label; else those whose names
 * stand in its words; else, in a thread that exists, none (it goes on with its own); else all,
 * if they are few.
 */
#pragma once

#include "server/api/exchange.h"
#include "server/inquiry/inquiry.h"

/* id, name, hostname, labels; the org is $1. What was seen last comes first. */
#define CHOICE_COLUMNS "id, name, hostname, labels"
#define CHOICE_MAX_AGENTS 20000

/*
 * Ids, a new reference; empty where the thread's own are meant; NULL with 'err': -ENOENT a name
 * that nobody has or no host at all, -EEXIST a name that several have, -E2BIG too many.
 */
json_t *choice_make(const json_t *body, const struct store_rows *agents, bool thread_exists,
		    struct error *err);
