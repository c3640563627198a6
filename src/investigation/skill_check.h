/* What a skill says, held against what there is: for who writes one, before a model reads it. */
#pragma once

#include "investigation/skill.h"

/*
 * That each of its files is mentioned and each that is mentioned is there, that what lies below
 * scripts/ can be run, and that its "allowed-tools" and each call in code, `tool {...}`, would pass
 * by 'catalogue', [{"name", "schema"}]. An error is a sentence that names the skill.
 */
int skill_check(const struct skill *skill, const json_t *catalogue, struct error *err) MUST_CHECK;
