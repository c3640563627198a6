/* The tables of routes whose handlers lie in this folder; server/routes.c lists them all. */
#pragma once

#include "server/api/route.h"
#include "server/store/batch.h"

extern const struct route routes_documented[];
extern const struct route routes_files[];
extern const struct route routes_investigate[];
extern const struct route routes_person[];
extern const struct route routes_investigations[];
extern const struct route routes_mcp_calls[];
extern const struct route routes_mcp_questions[];
extern const struct route routes_skills[];
extern const struct route routes_usage[];

/*
 * serve_mcp_author.c: whether who asks is who asked for an investigation ("key_id/name"), and so is
 * not to decide what it does; unless the org lets authors. A second key makes nobody a second
 * person, so it is told by the id of his API key, by its name, by the names that approvers have for
 * what he signs with, and by the API keys that told the same. Of a person whose access token named
 * him there is nothing but the name: only who is an approver by his signing key is another.
 *
 * 'known' has the rows of inquiry_author_steps().
 */
#define INQUIRY_AUTHOR_STEPS 2
struct exchange;
void inquiry_author_steps(const struct exchange *exchange, struct store_value values[2],
			  struct store_step steps[INQUIRY_AUTHOR_STEPS]);
bool inquiry_is_author(const struct exchange *exchange, const char *author,
		       const struct store_rows known[INQUIRY_AUTHOR_STEPS]);
