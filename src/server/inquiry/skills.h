/*
 * Own skills of an org: how much of them there may be, so that every investigator can be told
 * all of them when it starts.
 */
#pragma once

#include "base/base.h"

#define ORG_SKILLS_MAX 32
#define ORG_SKILLS_MAX_BYTES (1 * MIB) /* of their documents, as canonical JSON */
