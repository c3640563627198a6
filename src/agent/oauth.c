#include "agent/oauth.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/fd.h"
#include "identity/access_token.h"

static int load_keys(struct oauth *oauth, const char *path, struct error *err)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	buf_init(&text, KEY_SET_MAX_BYTES);
	r = buf_read_fd(&text, fd);
	if (r < 0 || text.dropped)
		return error_set(err, r < 0 ? r : -E2BIG, "'%s' cannot be read, or is too long",
				 path);
	r = key_set_parse(buf_text(&text), text.len, &oauth->keys, err);
	return r < 0 ? error_wrap(err, "%s", path) : 0;
}

int oauth_start(struct oauth *oauth, const struct config *config, struct error *err)
{
	const char *keys = config_get(config, "oauth_keys_file")->text;

	*oauth = (struct oauth) { .issuer = config_get(config, "oauth_issuer")->text,
				  .audience = config_get(config, "oauth_audience")->text };
	if ((bool)*oauth->issuer != (bool)*keys)
		return error_set(err, -EINVAL,
				 "oauth_issuer and oauth_keys_file go together: who gives access "
				 "tokens, and the keys that they are signed with");
	if (!*oauth->issuer)
		return 0;
	return load_keys(oauth, keys, err) < 0 ? error_wrap(err, "oauth_keys_file") : 0;
}

void oauth_set_place(struct oauth *oauth, const char *url)
{
	text_format(oauth->own_audience, sizeof(oauth->own_audience), "%s", url);
}

void oauth_finish(struct oauth *oauth)
{
	key_set_finish(&oauth->keys);
}

bool oauth_is_on(const struct oauth *oauth)
{
	return oauth->issuer && *oauth->issuer;
}

static const char *audience_of(const struct oauth *oauth)
{
	return *oauth->audience ? oauth->audience : oauth->own_audience;
}

int oauth_find(const struct oauth *oauth, const char *secret, struct client *client_out,
	       struct error *err)
{
	CLEANUP(access_token) struct access_token token = { 0 };
	const struct access_rule rule = {
		.issuer = oauth->issuer,
		.audience = audience_of(oauth),
		.keys = &oauth->keys,
		.now_s = clock_wall_ns() / NS_PER_SEC,
	};

	if (!oauth_is_on(oauth) || !access_token_is(secret, strlen(secret)))
		return error_set(err, -EBADMSG,
				 "no token, no key and no access token is like this");
	if (access_token_verify(secret, strlen(secret), &rule, &token, err) < 0)
		return err->code;
	*client_out = (struct client) { .until_ns = access_token_until_ns(&token) };
	text_format(client_out->name, sizeof(client_out->name), "oauth %s", token.subject);
	/* Rules may speak of programs: one without a name would pass them all by. */
	if (!token.client[0])
		return error_set(err, -EACCES,
				 "the access token names no program: it has neither \"client_id\" "
				 "nor \"azp\"");
	text_format(client_out->application, sizeof(client_out->application), "oauth-client %s",
		    token.client);
	if (!caller_is_client(client_out->name) || !caller_is_client(client_out->application))
		return error_set(err, -EACCES, "the access token names nobody a policy could");
	return 0;
}

json_t *oauth_metadata(const struct oauth *oauth)
{
	return json_pack("{s:s, s:[s], s:[s], s:s}", "resource", audience_of(oauth),
			 "authorization_servers", oauth->issuer, "bearer_methods_supported",
			 "header", "resource_name", "Constable agent");
}
