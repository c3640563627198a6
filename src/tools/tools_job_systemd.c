/* The tools of constable-job-systemd: those that ask systemd over the bus or read its journal. */
#include "tools/catalogue.h"

extern const struct tool tool_get_service;
extern const struct tool tool_list_scheduled_jobs;
extern const struct tool tool_list_services;
extern const struct tool tool_read_journal;

const struct tool *const tools_of_this_job[] = {
	&tool_get_service, &tool_list_scheduled_jobs, &tool_list_services, &tool_read_journal, NULL,
};
