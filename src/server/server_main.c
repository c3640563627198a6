/* constable-server: see usage. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "base/log.h"
#include "identity/file.h"
#include "net/http.h"
#include "server/api/openapi.h"
#include "server/backup.h"
#include "server/log_file.h"
#include "server/server.h"

#define REQUEST_BYTES (64 * KIB)
#define BACKUP_WAIT_S 3600

static const char usage[] =
	"usage: constable-server run [--KEY VALUE]...\n"
	"       constable-server backup FILE [--KEY VALUE]...    of a server that runs\n"
	"       constable-server restore FILE [--KEY VALUE]...   into an empty state folder\n"
	"       constable-server openapi\n"
	"       constable-server routes [--json]\n"
	"       constable-server config [--KEY VALUE]...\n"
	"The control plane of Constable. Keys stand in /etc/constable/server.yaml, as variables\n"
	"CONSTABLE_SERVER_KEY, or as flags; 'constable-server config' explains them.\n";

struct command {
	struct config config;
	const char *name, *file; /* the second word */
	bool as_json;
};

static int take_word(struct command *command, const char *word, struct error *err)
{
	if (strcmp(word, "--json") == 0)
		command->as_json = true;
	else if (word[0] != '-' && !command->name)
		command->name = word;
	else if (word[0] != '-' && !command->file)
		command->file = word;
	else
		return error_set(err, -EINVAL, "'%s' is not understood; try --help", word);
	return 0;
}

static int parse(struct command *command, char **argv, struct error *err)
{
	int r = server_settings_fill(&command->config, err);

	for (int i = 1; r >= 0 && argv[i];) {
		r = config_take_flag(&command->config, argv, &i, err);
		if (r == 0)
			r = take_word(command, argv[i++], err);
	}
	return r < 0 ? r : 0;
}

static int run(struct command *command, struct error *err)
{
	const char *path = config_get(&command->config, "log_file")->text;
	enum log_level level = (enum log_level)config_get_choice(&command->config, "log_level");
	struct log_file *log = log_file_open(path, 0, err);
	int r;

	if (!log)
		return err->code;
	log_set("constable-server", level);
	log_set_writer(log_file_write, log);
	r = server_run(&command->config, err);
	if (r < 0)
		log_error("%s", err->text);
	log_set_writer(NULL, NULL);
	log_file_close(log);
	return r;
}

static int print_routes(const struct command *command)
{
	struct router *router = router_new(server_routes);
	json_t *list = openapi_list(router);
	size_t i;
	json_t *row;

	if (command->as_json) {
		(void)json_dumpf(list, stdout, JSON_INDENT(1));
		(void)puts("");
	} else {
		json_array_foreach(list, i, row)(void)
			printf("%-7s %-64s %-10s %s\n", json_get_text(row, "method", ""),
			       json_get_text(row, "pattern", ""), json_get_text(row, "role", ""),
			       json_get_text(row, "summary", ""));
	}
	json_decref(list);
	router_free(router);
	return 0;
}

/* As GET /api/v1/openapi.json of a server at its usual place. */
static int print_openapi(void)
{
	struct router *router = router_new(server_routes);
	json_t *document = openapi_make(router, CONSTABLE_VERSION, "https://localhost:8000");

	(void)json_dumpf(document, stdout, JSON_INDENT(1) | JSON_SORT_KEYS);
	(void)puts("");
	json_decref(document);
	router_free(router);
	return 0;
}

static int print_config(const struct command *command)
{
	const struct config *config = &command->config;

	for (size_t i = 0; config->keys[i].name; i++)
		(void)printf("%s: %s\n  # %s. From %s. %s\n", config->keys[i].name,
			     config->values[i].text, config_type_name(&config->keys[i]),
			     config->values[i].source, config->keys[i].help);
	return 0;
}

static int dial_control(const char *state, struct error *err)
{
	const struct timeval wait = { .tv_sec = BACKUP_WAIT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	text_format(address.sun_path, sizeof(address.sun_path), "%s/control.sock", state);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return error_set(err, -ENOTCONN, "no server runs with the state folder '%s'",
				 state);
	return fd_take(&fd);
}

/* What the server answers to a request that has the path as body. */
static int ask_for_backup(const struct command *command, struct buf *answer, struct error *err)
{
	CLEANUP(fd) int fd = dial_control(config_get(&command->config, "state_dir")->text, err);
	CLEANUP(buf) struct buf text = { 0 };

	if (fd < 0)
		return fd;
	buf_init(&text, REQUEST_BYTES);
	buf_add_format(&text,
		       "POST /backup HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		       "Content-Length: %zu\r\n\r\n%s",
		       strlen(command->file), command->file);
	if (fd_write_all(fd, text.data, text.len) < 0)
		return error_errno(err, "ask the server");
	if (buf_read_fd(answer, fd) < 0 || answer->len < 12)
		return error_set(err, -EIO, "the server did not answer");
	return 0;
}

/* The server's store writes the database, and we the keys that it answers. */
static int backup(const struct command *command, struct error *err)
{
	CLEANUP(secret_buf) struct buf answer = { 0 };
	CLEANUP(json) json_t *keys = NULL;
	const char *body;
	int r;

	buf_init(&answer, BACKUP_MAX_BYTES);
	r = ask_for_backup(command, &answer, err);
	if (r < 0)
		return r;
	body = strstr(buf_text(&answer), "\r\n\r\n");
	body = body ? body + 4 : "";
	if (strncmp(buf_text(&answer), "HTTP/1.1 200", 12) != 0)
		return error_set(err, -EIO, "the server could not: %.300s", body);
	keys = json_parse(body, strlen(body), BACKUP_MAX_BYTES, err);
	r = keys ? backup_save_keys(keys, command->file, err) : err->code;
	if (r == 0 && json_object_get(keys, "note"))
		(void)fprintf(stderr, "constable-server: the keys are in %s.keys; %s\n",
			      command->file, json_get_text(keys, "note", ""));
	return r;
}

static int run_command(struct command *command, struct error *err)
{
	const char *name = command->name ? command->name : "";

	if (strcmp(name, "run") == 0)
		return run(command, err);
	if (strcmp(name, "openapi") == 0)
		return print_openapi();
	if (strcmp(name, "routes") == 0)
		return print_routes(command);
	if (strcmp(name, "config") == 0)
		return print_config(command);
	if (strcmp(name, "backup") != 0 && strcmp(name, "restore") != 0)
		return error_set(err, -EINVAL,
				 "say run, backup, restore, openapi, routes or config");
	if (!command->file || command->file[0] != '/')
		return error_set(err, -EINVAL, "%s wants the absolute path of a file", name);
	if (strcmp(name, "backup") == 0)
		return backup(command, err);
	return backup_restore(config_get(&command->config, "state_dir")->text, command->file, err);
}

int main(int argc, char **argv)
{
	struct command command = { 0 };
	struct error err = { 0 };
	int r;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		(void)fputs(usage, stdout);
		return 0;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	r = parse(&command, argv, &err);
	if (r == 0)
		r = run_command(&command, &err);
	config_finish(&command.config);
	if (r < 0)
		(void)fprintf(stderr, "constable-server: %s\n", err.text);
	return r == -EINVAL ? 2 : r < 0;
}
