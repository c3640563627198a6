/* The tools of constable-job-net: those that need libpq, TLS or the network. */
#include "tools/catalogue.h"

const struct tool *const tools_of_this_job[] = {
	NULL,
};
