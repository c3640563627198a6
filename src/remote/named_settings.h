/* The policy and settings of a further server of this host, see cli/server_name.h. */
#pragma once

#include "base/error.h"

/*
 * They begin as copies of the first server's, where they are missing, but for what says where
 * the first one's things lie. Does nothing without a name, for another user than root, and on
 * a host without /etc/constable.
 */
int named_settings_make(struct error *err) MUST_CHECK;
