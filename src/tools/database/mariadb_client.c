/* Its headers mention what base/banned.h bans: first. */
#include <mysql.h>

#include "tools/database/mariadb_client.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "tools/database/service_account.h"

#define TEXT_MAX_BYTES 2000
#define MAX_PAIRS 2000

static const char *failure_kind(unsigned code)
{
	static const struct {
		unsigned code;
		const char *kind;
	} kinds[] = {
		{ ER_ACCESS_DENIED_ERROR, "authentication" },
		{ ER_ACCESS_DENIED_NO_PASSWORD_ERROR, "authentication" },
		{ ER_CON_COUNT_ERROR, "too_many_clients" },
		{ ER_TOO_MANY_USER_CONNECTIONS, "too_many_clients" },
		{ ER_HOST_IS_BLOCKED, "blocked" },
		{ CR_CONNECTION_ERROR, "refused" },
		{ CR_SERVER_GONE_ERROR, "timeout" },
		{ CR_SERVER_LOST, "timeout" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].code == code)
			return kinds[i].kind;
	return "other";
}

static void make_read_only(MYSQL *connection)
{
	static const char *const statements[] = {
		"SET SESSION TRANSACTION READ ONLY",
		/* One of the two is known to either server; the other fails harmlessly. */
		"SET SESSION max_statement_time = 3",
		"SET SESSION max_execution_time = 3000",
		"SET SESSION lock_wait_timeout = 1",
	};

	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		(void)mysql_query(connection, statements[i]);
}

MYSQL *mariadb_open(const struct database_socket *server, const char **kind_out, struct error *err)
{
	unsigned timeout_s = 3;
	char name[ACCOUNT_NAME_BYTES];
	MYSQL *connection;

	*kind_out = "permission";
	if (service_account_become(&server->owner, err) < 0)
		return NULL;
	connection = mysql_init(NULL);
	if (!connection)
		abort();
	(void)mysql_options(connection, MYSQL_OPT_CONNECT_TIMEOUT, &timeout_s);
	(void)mysql_options(connection, MYSQL_OPT_READ_TIMEOUT, &timeout_s);
	(void)mysql_options(connection, MYSQL_OPT_WRITE_TIMEOUT, &timeout_s);
	if (mysql_real_connect(connection, NULL, service_account_role(&server->owner, name), NULL,
			       NULL, 0, server->path, 0)) {
		make_read_only(connection);
		return connection;
	}
	*kind_out = failure_kind(mysql_errno(connection));
	error_set(err, -ECONNREFUSED, "%s", mysql_error(connection));
	mysql_close(connection);
	return NULL;
}

void mariadb_cleanup(MYSQL **connection)
{
	if (*connection)
		mysql_close(*connection);
}

static MYSQL_RES *query(MYSQL *connection, const char *statement, struct error *err)
{
	MYSQL_RES *rows = NULL;

	if (mysql_query(connection, statement) == 0)
		rows = mysql_store_result(connection);
	if (!rows)
		error_set(err, -EIO, "%s", mysql_error(connection));
	return rows;
}

static json_t *text_value(const char *text, size_t len)
{
	const char *at = text;
	int64_t integer;

	if (!text)
		return json_null();
	if (len < 19 && scan_i64(&at, &integer) && *at == '\0')
		return json_integer(integer);
	return json_text(text, len < TEXT_MAX_BYTES ? len : TEXT_MAX_BYTES);
}

static bool is_number(enum enum_field_types type)
{
	return type == MYSQL_TYPE_TINY || type == MYSQL_TYPE_SHORT || type == MYSQL_TYPE_LONG ||
	       type == MYSQL_TYPE_INT24 || type == MYSQL_TYPE_LONGLONG;
}

static json_t *row_json(MYSQL_RES *rows, MYSQL_ROW row)
{
	const unsigned long *lens = mysql_fetch_lengths(rows);
	const MYSQL_FIELD *fields = mysql_fetch_fields(rows);
	json_t *object = json_object();

	for (unsigned i = 0; i < mysql_num_fields(rows); i++) {
		char key[128];

		text_format(key, sizeof(key), "%s", fields[i].name);
		for (char *at = key; *at; at++)
			*at = (char)tolower((unsigned char)*at);
		json_put(object, key,
			 is_number(fields[i].type) || !row[i]
				 ? text_value(row[i], lens[i])
				 : json_text(row[i],
					     lens[i] < TEXT_MAX_BYTES ? lens[i] : TEXT_MAX_BYTES));
	}
	return object;
}

json_t *mariadb_ask(MYSQL *connection, const char *statement, struct error *err)
{
	MYSQL_RES *rows = query(connection, statement, err);
	json_t *list;
	MYSQL_ROW row;

	if (!rows)
		return NULL;
	list = json_array();
	while (json_array_size(list) < MARIADB_MAX_ROWS && (row = mysql_fetch_row(rows)) != NULL)
		json_push(list, row_json(rows, row));
	mysql_free_result(rows);
	return list;
}

json_t *mariadb_ask_pairs(MYSQL *connection, const char *statement, struct error *err)
{
	MYSQL_RES *rows = query(connection, statement, err);
	json_t *object;
	MYSQL_ROW row;

	if (!rows)
		return NULL;
	object = json_object();
	while (json_object_size(object) < MAX_PAIRS && mysql_num_fields(rows) >= 2 &&
	       (row = mysql_fetch_row(rows)) != NULL)
		if (row[0])
			json_put(object, row[0], text_value(row[1], mysql_fetch_lengths(rows)[1]));
	mysql_free_result(rows);
	return object;
}
