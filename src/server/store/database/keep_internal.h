/* What the keeper does, see server/store/keeper.h; in constable-store. */
#pragma once

#include "base/base.h"

/* Until the server closes its end. 0, or a negative errno. */
int keep(int server) MUST_CHECK;
