/* The tools of constable-job-net: those that need libpq, TLS or the network. */
#include "tools/catalogue.h"

extern const struct tool tool_get_mariadb_health;
extern const struct tool tool_get_postgresql_health;
extern const struct tool tool_get_redis_health;
extern const struct tool tool_list_certificates;
extern const struct tool tool_test_connection;
extern const struct tool tool_test_dns;

const struct tool *const tools_of_this_job[] = {
	&tool_get_mariadb_health,
	&tool_get_postgresql_health,
	&tool_get_redis_health,
	&tool_list_certificates,
	&tool_test_connection,
	&tool_test_dns,
	NULL,
};
