/* What an approver's name may be, for the list and for what he signs. */
#pragma once

#include "identity/approvers.h"

bool approver_is_name(const char *text);
