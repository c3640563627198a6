#include "remote/pin.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "call/consent.h"

#define PATH_BYTES 4096

static int open_folder(const char *state, struct consent **consent_out, struct error *err)
{
	char path[PATH_BYTES];
	struct stat is;

	text_format(path, sizeof(path), "%s/warden", state);
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "make '%s'", path);
	if (stat(path, &is) < 0)
		return error_errno(err, "look at '%s'", path);
	if (is.st_uid != geteuid())
		return error_set(err, -EACCES,
				 "only the user that this host's warden runs as says whose "
				 "approvals count here: run this as root");
	*consent_out = consent_open(path, "", err);
	return *consent_out ? 0 : err->code;
}

int pin_host(const char *state, const json_t *host, enum pin_change change, struct error *err)
{
	const struct consent_pin pin = {
		.org = json_get_text(host, "org", ""),
		.host = json_get_text(host, "agent_id", ""),
		.root = json_get_text(host, "root_key", ""),
		.anchor_key = json_get_text(host, "anchor_key", ""),
	};
	struct consent *consent = NULL;
	int r = open_folder(state, &consent, err);

	if (r == 0)
		r = change == PIN_REPLACE ? consent_replace_pin(consent, &pin, err)
					  : consent_set_pin(consent, &pin, err);
	consent_close(consent);
	return r;
}
