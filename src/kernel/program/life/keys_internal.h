/* Whose programs: keys that count beside those of programs.json. */
#pragma once

#include "kernel/program/life/steward_internal.h"

int keys_open(struct steward *steward, struct error *err) MUST_CHECK;
void keys_close(struct steward *steward);
/* Looks at Vault if it is time; the next time (CLOCK_BOOTTIME). */
uint64_t keys_tend(struct steward *steward);
bool keys_are_in_vault(const struct steward *steward, const struct limits *limits);
/* Looks now, unless it did a moment ago: a program came that no other key has signed. */
void keys_look(struct steward *steward, const struct limits *limits);

/* Before the first look: what an earlier steward read counts, so that what it let in can return. */
void keys_recall(struct steward *steward, const struct limits *limits);

enum keys_scope {
	KEYS_OF_HOST, /* of the environment */
	KEYS_ALL,     /* and of Vault */
};

/* Adds what counts beside those of programs.json. That none of Vault counts is no failure: why is
 * in 'absent_out'. */
int keys_add(const struct steward *steward, enum keys_scope scope, struct trust *trust,
	     struct error *absent_out, struct error *err) MUST_CHECK;
/* For list: [{"id", "from"}] of all but Vault's, which vault_describe() tells. */
json_t *keys_list(const struct steward *steward);
