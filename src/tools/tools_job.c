/* The tools of constable-job: libc, jansson and PCRE2 are all they need. */
#include "tools/catalogue.h"

extern const struct tool tool_get_load;
extern const struct tool tool_get_network;
extern const struct tool tool_list_sockets;
extern const struct tool tool_read_kernel_log;

const struct tool *const tools_of_this_job[] = {
	&tool_get_load,
	&tool_get_network,
	&tool_list_sockets,
	&tool_read_kernel_log,
	NULL,
};
