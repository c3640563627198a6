/* Standing grants: each use is counted on disk before what it allows. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "call/consent_internal.h"
#include "identity/grant.h"

#define GRANTS_FILE "grants.json"

static uint64_t now_s(void)
{
	return clock_wall_ns() / NS_PER_SEC;
}

/* {ID: {"used", "expires_s", "revoked"?}}, without those that have expired. */
static json_t *load(const struct consent *consent, struct error *err)
{
	struct error why = { 0 };
	CLEANUP(json) json_t *grants = consent_read(consent, GRANTS_FILE, &why);
	const char *id;
	json_t *grant;
	void *next;

	if (!grants && why.code == -ENOENT)
		return json_object();
	if (!json_is_object(grants)) {
		error_set(err, why.code ? why.code : -EBADMSG, "%s",
			  why.code ? why.text : GRANTS_FILE " is not what this warden wrote");
		return NULL;
	}
	json_object_foreach_safe(grants, next, id, grant)
	{
		if ((uint64_t)json_get_int(grant, "expires_s", 0) <= now_s())
			(void)json_object_del(grants, id);
	}
	return TAKE(grants);
}

static json_t *entry_of(json_t *grants, const char *id, uint64_t expires_s)
{
	json_t *entry = json_object_get(grants, id);

	if (entry)
		return entry;
	entry = json_pack("{s:i, s:I}", "used", 0, "expires_s", (json_int_t)expires_s);
	json_put(grants, id, entry);
	return entry;
}

static int save(const struct consent *consent, const json_t *grants, struct error *err)
{
	if (json_object_size(grants) > CONSENT_MAX_GRANTS)
		return error_set(err, -ENOSPC, "%d grants are known here already",
				 CONSENT_MAX_GRANTS);
	return consent_write(consent, GRANTS_FILE, grants, err);
}

static int count(const struct consent *consent, const struct grant *grant, uint64_t *n_used_out,
		 struct error *err)
{
	CLEANUP(json) json_t *grants = load(consent, err);
	uint64_t n_used;
	json_t *entry;

	if (!grants)
		return err->code;
	entry = entry_of(grants, grant->grant, grant->expires_s);
	if (json_get_bool(entry, "revoked", false))
		return error_set(err, -EACCES, "the grant %s was revoked", grant->grant);
	n_used = (uint64_t)json_get_int(entry, "used", 0);
	if (n_used >= grant->uses)
		return error_set(err, -EDQUOT, "the grant %s was used %llu times, which is all",
				 grant->grant, (unsigned long long)n_used);
	*n_used_out = n_used + 1;
	json_put(entry, "used", json_integer((json_int_t)*n_used_out));
	return save(consent, grants, err);
}

int consent_use_grant(struct consent *consent, const json_t *sealed,
		      const struct consent_call *call, const json_t *args,
		      struct consent_grant *used_out, struct error *err)
{
	CLEANUP(approvers) struct approvers approvers = { 0 };
	CLEANUP(grant) struct grant grant = { 0 };
	struct pin pin;
	struct grant_call asked = {
		.org = pin.org, .host = pin.host, .tool = call->tool, .args = args
	};
	int r = consent_pinned(consent, &pin, err);

	asked.now_s = now_s();
	if (r == 0)
		r = consent_approvers(consent, &pin, &approvers, err);
	if (r == 0)
		r = grant_verify(sealed, &approvers, &grant, err);
	if (r == 0)
		r = grant_check(&grant, &asked, err);
	if (r == 0)
		r = consent_check_author(grant.approver, &approvers, call->on_behalf, err);
	if (r == 0)
		r = count(consent, &grant, &used_out->n_used, err);
	if (r < 0)
		return r;
	used_out->n_uses = grant.uses;
	text_format(used_out->id, sizeof(used_out->id), "%s", grant.grant);
	text_format(used_out->approver, sizeof(used_out->approver), "%s", grant.approver);
	return 0;
}

int consent_revoke(struct consent *consent, const json_t *sealed, struct error *err)
{
	CLEANUP(approvers) struct approvers approvers = { 0 };
	CLEANUP(json) json_t *grants = NULL;
	struct revocation revocation = { 0 };
	struct pin pin;
	json_t *entry;
	int r = consent_pinned(consent, &pin, err);

	if (r == 0)
		r = consent_approvers(consent, &pin, &approvers, err);
	if (r == 0)
		r = revocation_verify(sealed, &approvers, &revocation, err);
	if (r < 0)
		return r;
	if (revocation.expires_s <= now_s() || revocation.expires_s > now_s() + GRANT_MAX_LIFE_S)
		return 0; /* no grant is that old, or that long */
	grants = load(consent, err);
	if (!grants)
		return err->code;
	entry = entry_of(grants, revocation.grant, revocation.expires_s);
	if (json_get_bool(entry, "revoked", false))
		return 0;
	json_put(entry, "revoked", json_true());
	return save(consent, grants, err);
}
