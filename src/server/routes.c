/* Every route of the server: the tables beside their handlers, in one list. */
#include "server/alert/routes.h"
#include "server/api/routes.h"
#include "server/artifact/routes.h"
#include "server/chat/routes.h"
#include "server/enrol/routes.h"
#include "server/gateway/routes.h"
#include "server/incident/routes.h"
#include "server/inquiry/routes.h"
#include "server/mcp/routes.h"
#include "server/notify/routes.h"
#include "server/pipeline/routes.h"
#include "server/server.h"
#include "server/service/routes.h"

const struct route *const server_routes[] = {
	routes_status,
	routes_login,
	routes_orgs,
	routes_keys,
	routes_tokens,
	routes_agents,
	routes_agent_own,
	routes_calls,
	routes_approvals,
	routes_approvers,
	routes_signing_keys,
	routes_grants,
	routes_audit,
	routes_realtime,
	routes_register,
	routes_renewal,
	routes_device,
	routes_device_page,
	routes_actions,
	routes_install,
	routes_pipelines,
	routes_services, /* and changes */
	routes_skills,   /* of orgs */
	routes_usage,
	routes_gateway, /* of MCP */
	routes_mcp_servers,
	routes_mcp_logins,
	routes_mcp_calls,
	routes_mcp_questions,
	routes_artifacts,
	routes_assignments,
	routes_program_keys,
	routes_changes,
	routes_destinations,
	routes_deliveries,
	routes_messages,
	routes_files,
	routes_investigate,
	routes_person,
	routes_investigations,
	/* as documented clients know them: */
	routes_documented,
	routes_integrations,
	routes_alert_intake,
	routes_incidents,
	routes_chat,
	NULL,
};
