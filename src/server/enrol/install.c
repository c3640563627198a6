/*
 * What hosts fetch to become agents: scripts and manifests made from templates, and the
 * files that these fetch in turn.
 *
 * Templates are files of the configured folder: install.sh, install.yaml, setup.sh. In them
 * @SERVER_URL@ @SERVER_PIN@ @TOKEN@ @CUSTOMER_ID@ @CA_PEM_BASE64@ stand for ours; none of the
 * values can hold a character that a shell or YAML takes for its own. The name in the
 * path is an install token (ins_...), which enrols, or a customer id, which does not.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/fd.h"
#include "identity/token.h"
#include "server/enrol/newcomer.h"
#include "server/enrol/routes.h"

#define TEMPLATE_MAX_BYTES (256 * KIB)
#define SCRIPT_MAX_BYTES (512 * KIB)
#define DIST_MAX_BYTES (64 * MIB)
#define PATH_BYTES 4352

/* Letters, digits and ._+-, not first a dot: no way out of the folder. */
static bool is_file_name(const char *name)
{
	if (!isalnum((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("._+-", *name))
			return false;
	return true;
}

static int read_file(const char *folder, const char *name, struct buf *out, struct error *err)
{
	char path[PATH_BYTES];
	CLEANUP(fd) int fd = -1;
	struct stat stat;

	if (!*folder || !is_file_name(name))
		return error_set(err, -ENOENT, "there is no such file");
	text_format(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode))
		return error_set(err, -ENOENT, "there is no such file");
	if ((uint64_t)stat.st_size > out->max || buf_read_fd(out, fd) < 0 || out->dropped)
		return error_set(err, -E2BIG, "the file is too large to be served");
	return 0;
}

struct filling {
	const char *name, *value;
};

static const struct filling *find_filling(const struct filling *fillings, const char *at)
{
	for (; fillings->name; fillings++)
		if (strncmp(at, fillings->name, strlen(fillings->name)) == 0)
			return fillings;
	return NULL;
}

static void fill(const char *text, const struct filling *fillings, struct buf *out)
{
	while (*text) {
		size_t len = strcspn(text, "@");
		const struct filling *filling;

		buf_add(out, text, len);
		text += len;
		filling = *text ? find_filling(fillings, text) : NULL;
		if (filling) {
			buf_add_text(out, filling->value);
			text += strlen(filling->name);
		} else if (*text) {
			buf_add(out, text++, 1);
		}
	}
}

static void serve(struct exchange *exchange, const char *name, const char *token,
		  const char *customer)
{
	const struct api_config *config = exchange->api->config;
	CLEANUP(buf) struct buf text = { 0 }, script = { 0 };
	CLEANUP(text) char *ca = base64_text(config->ca_pem, strlen(config->ca_pem));
	const struct filling fillings[] = {
		{ "@SERVER_URL@", config->public_url },
		{ "@SERVER_PIN@", config->pin },
		{ "@TOKEN@", token },
		{ "@CUSTOMER_ID@", customer },
		{ "@CA_PEM_BASE64@", ca },
		{ 0 },
	};
	struct error err = { 0 };

	buf_init(&text, TEMPLATE_MAX_BYTES);
	buf_init(&script, SCRIPT_MAX_BYTES);
	if (read_file(config->install_folder, name, &text, &err) < 0) {
		exchange_refuse(exchange, 404, NULL, "this server has no %s to give", name);
		return;
	}
	fill(buf_text(&text), fillings, &script);
	http_reply_header(exchange->http, "Cache-Control", "no-store");
	exchange_answer_text(exchange, 200,
			     strstr(name, ".yaml") ? "application/yaml" : "text/x-shellscript",
			     buf_text(&script));
}

static const char *template_of(const struct exchange *exchange)
{
	return strstr(exchange->entry->route->pattern, ".yaml") ? "install.yaml" : "install.sh";
}

static void handle_token(struct exchange *exchange, const struct store_result *result)
{
	const struct voucher_rule rule = { .api = exchange->api,
					   .address = exchange->http->peer->address };
	struct voucher voucher = { 0 };
	struct error err = { 0 };

	if (voucher_read(&rule, result->steps, &voucher, &err) < 0) {
		exchange_refuse(exchange, 404, NULL, "%s", err.text);
		return;
	}
	voucher_finish(&voucher);
	serve(exchange, template_of(exchange), exchange->params[0], voucher.org->customer_id);
}

static void get_install(struct exchange *exchange)
{
	const char *name = exchange->params[0];
	const struct org *org = orgs_find_customer(exchange->api->orgs, name);
	struct voucher_query *query;

	if (org) {
		serve(exchange, template_of(exchange), "", org->customer_id);
	} else if (!token_is(TOKEN_INSTALL, name, strlen(name))) {
		exchange_refuse(exchange, 404, NULL, "no install token and no customer id");
	} else {
		query = exchange_alloc(exchange, sizeof(*query));
		voucher_ask_token(query, name);
		exchange_submit_all(exchange, &query->step, 1, handle_token);
	}
}

static void get_setup(struct exchange *exchange)
{
	serve(exchange, "setup.sh", "", "");
}

static void get_dist(struct exchange *exchange)
{
	CLEANUP(buf) struct buf bytes = { 0 };
	struct error err = { 0 };

	buf_init(&bytes, DIST_MAX_BYTES);
	if (read_file(exchange->api->config->dist_folder, exchange->params[0], &bytes, &err) < 0)
		exchange_fail(exchange, &err);
	else
		exchange_answer_bytes(exchange, "application/octet-stream",
				      (struct str) { buf_text(&bytes), bytes.len });
}

const struct route routes_install[] = {
	{ .method = "GET",
	  .operation = "get_install_script",
	  .pattern = "/dashboard/install/{customer}.sh",
	  .summary = "The script that makes a host an agent.",
	  .flags = ROUTE_LIMITED,
	  .type = "text/x-shellscript",
	  .handle = get_install },
	{ .method = "GET",
	  .operation = "get_install_manifest",
	  .pattern = "/dashboard/install/{customer}.yaml",
	  .summary = "The manifest that makes a cluster an agent.",
	  .flags = ROUTE_LIMITED,
	  .type = "application/yaml",
	  .handle = get_install },
	{ .method = "GET",
	  .operation = "get_setup_script",
	  .pattern = "/setup.sh",
	  .summary = "The documented script, which takes its token as an option.",
	  .flags = ROUTE_LIMITED,
	  .type = "text/x-shellscript",
	  .handle = get_setup },
	{ .method = "GET",
	  .operation = "get_dist_file",
	  .pattern = "/dist/{file}",
	  .summary = "What the scripts fetch.",
	  .type = "application/octet-stream",
	  .handle = get_dist },
	{ 0 },
};
