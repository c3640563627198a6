/*
 * Calls that change a host, as a model sees them: it has to say why it wants one, and a person
 * approves or refuses exactly that call outside the conversation. What a model says decides
 * nothing.
 */
#pragma once

#include "investigation/ledger.h"

#define CHANGE_WHY_BYTES 500

/* For the rules of a loop that may ask for them. */
extern const char change_rules[];

/* The tool as it is offered: with "why" among its arguments. A new reference. */
json_t *change_offer(const json_t *tool);

/* Whether an entry is a change_offer(). */
bool change_is_offer(const json_t *tool);

/* Takes "why" out of the arguments, which fit the offer: the exact arguments, a new reference. */
json_t *change_split(const json_t *args, const char **why_out);

/*
 * The number of an item that answers the same call, or 0. What was asked before is not asked
 * again: a host is no slower for a forgetful model, and who refused is asked once. But what was
 * read before a change may not hold after it.
 */
size_t change_find(const struct ledger *ledger, const struct evidence *wanted);
