/* The tools of constable-job-archive: those that read compressed files. */
#include "tools/catalogue.h"

extern const struct tool tool_analyze_log_file;
extern const struct tool tool_search_logs;

const struct tool *const tools_of_this_job[] = {
	&tool_analyze_log_file,
	&tool_search_logs,
	NULL,
};
