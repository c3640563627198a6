/* MCP for the fleet: the skills that it shows, and the issuer whose access tokens it takes. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "server/api/oauth.h"
#include "server/gateway/gateway.h"
#include "server/server.h"

#define INSTALLED_SKILLS "/usr/share/constable/skills"

static int open_oauth(struct server *server, struct error *err)
{
	const struct config *config = server->config;
	const char *issuer = config_get(config, "oauth_issuer")->text;
	const char *audience = config_get(config, "oauth_audience")->text;
	const char *networks = config_get(config, "delivery_networks")->text;
	char resource[SERVER_URL_BYTES + 8];

	if (!*issuer)
		return 0;
	text_format(resource, sizeof(resource), "%s/mcp", server->identity.url);
	server->api.oauth = oauth_new(
		&(struct oauth_config) { .base = server->base,
					 .courier = server->courier,
					 .issuer = issuer,
					 .resource = resource,
					 .audience = *audience ? audience : resource,
					 .keys = config_get(config, "oauth_keys")->text,
					 .roles = config_get(config, "oauth_roles")->text,
					 .org_claim = config_get(config, "oauth_org_claim")->text,
					 .name_claim = config_get(config, "oauth_name_claim")->text,
					 .networks = *networks ? networks : NULL,
					 .ca_pem = server->delivery_ca },
		err);
	return server->api.oauth ? 0 : err->code;
}

int server_gateway_open(struct server *server, struct error *err)
{
	char skills[SERVER_PATH_BYTES + 16];
	int r = open_oauth(server, err);

	if (r < 0)
		return r;
	/* Beside the build folder this runs from, else where packages put them. */
	text_format(skills, sizeof(skills), "%s/../skills", server->place.executables);
	if (access(skills, R_OK) < 0)
		text_format(skills, sizeof(skills), INSTALLED_SKILLS);
	server->api.gateway = gateway_new(&server->api, skills, err);
	return server->api.gateway ? 0 : err->code;
}

void server_gateway_close(struct server *server)
{
	gateway_free(server->api.gateway);
	oauth_free(server->api.oauth);
}
