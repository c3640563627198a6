/* The constant questions to a PostgreSQL server, as a table. */
#pragma once

#include <stddef.h>

enum postgresql_shape {
	POSTGRESQL_ROW,  /* one object */
	POSTGRESQL_ROWS, /* an array of objects */
};

struct postgresql_query {
	const char *member; /* of the result */
	const char *text;
	enum postgresql_shape shape;
	int from_version, below_version; /* as PQserverVersion(); 0: no limit */
};

extern const struct postgresql_query postgresql_server_queries[];   /* end with a NULL member */
extern const struct postgresql_query postgresql_database_queries[]; /* asked in each database */

/* Databases worth asking in, largest first; members name and bytes. */
extern const char postgresql_databases_query[];
/* What active sessions wait for at this moment. */
extern const char postgresql_waits_query[];
/* Only where the extension is there: the statements that took most time. */
extern const char postgresql_has_statements_query[];
extern const char postgresql_statements_query[];
