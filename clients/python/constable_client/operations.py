"""Made from the OpenAPI document by scripts/print-operations; do not edit."""

from typing import NamedTuple, Optional, Tuple


class Operation(NamedTuple):
    """What one operation of the API is."""

    method: str
    path: str
    query: Tuple[str, ...]
    items: Optional[str]  # the member of its answer that is a list
    cursor: Optional[str]  # the parameter that takes the answer's "next"
    is_stream: bool
    summary: str


OPERATIONS = {
    "answer": Operation(
        'POST', '/api/v1/answer', (),
        None, None, False,
        'Answers the question that a thread has asked.'),
    "answer_documented": Operation(
        'POST', '/answer', (),
        None, None, False,
        'Answers the question that a thread has asked.'),
    "answer_mcp_question": Operation(
        'POST', '/api/v1/mcp-questions/{mcp_question_id}', (),
        None, None, False,
        'Answers one for that server alone, or declines; what is entered is kept nowhere.'),
    "approve_call": Operation(
        'POST', '/api/v1/approvals/{call_id}', (),
        None, None, False,
        "Approves a call with a statement signed by the approver's own key."),
    "assign_artifact": Operation(
        'POST', '/artifacts/{artifact_id}/assign', (),
        None, None, False,
        'Says for which hosts a signed program is, in place of what was said before.'),
    "authorize_device": Operation(
        'POST', '/api/v1/device/authorize', (),
        None, None, False,
        "RFC 8628: a pair of codes for a host, or for a person's terminal."),
    "begin_mcp_server_login": Operation(
        'POST', '/api/v1/mcp-servers/{mcp_server_id}/login', (),
        None, None, False,
        'Finds out where to log in for an MCP server, and gives the URL to open.'),
    "cancel_call": Operation(
        'POST', '/api/v1/calls/{call_id}/cancel', (),
        None, None, False,
        'Ends a call: before it started for sure, else as its agent says.'),
    "change_mcp_server": Operation(
        'PATCH', '/api/v1/mcp-servers/{mcp_server_id}', (),
        None, None, False,
        'Changes what the body names; with another url, secret and allowances end.'),
    "choose_realtime": Operation(
        'POST', '/api/realtime', (),
        None, None, False,
        'Chooses the kinds of events that a connected client gets.'),
    "confirm_device": Operation(
        'POST', '/api/v1/device/confirm', (),
        None, None, False,
        'Lets in who waits with this code, or not.'),
    "confirm_mcp_server_login": Operation(
        'POST', '/api/v1/mcp-servers/{mcp_server_id}/login/confirm', (),
        None, None, False,
        'Who began a login says the code that the page after it shows; once.'),
    "create_agent_provisioning_token": Operation(
        'POST', '/api/v1/agents/organizations/{org}/provisioning-tokens', (),
        None, None, False,
        'Makes a provisioning token.'),
    "create_calls": Operation(
        'POST', '/api/v1/calls', (),
        None, None, False,
        'Calls a tool on an agent, or on all agents with a label.'),
    "create_change": Operation(
        'POST', '/api/v1/changes', (),
        None, None, False,
        "Tells of a change of a service, such as a deployment; 'at' is now if not said."),
    "create_destination": Operation(
        'POST', '/api/v1/destinations', (),
        None, None, False,
        "Makes a destination; what config and secret hold is the kind's."),
    "create_documented_investigation": Operation(
        'POST', '/api/investigations', (),
        None, None, False,
        'Begins an investigation of one host; with investigation_id waits for its end and answers 200 with a chat completion.'),
    "create_grant": Operation(
        'POST', '/api/v1/grants', (),
        None, None, False,
        "A standing grant, signed by an approver's own key."),
    "create_incident_note": Operation(
        'POST', '/api/v1/incidents/{incident_id}/notes', (),
        None, None, False,
        "Writes a note into an incident's timeline."),
    "create_integration": Operation(
        'POST', '/api/v1/integrations', (),
        None, None, False,
        'Makes an integration, whose secret is shown once.'),
    "create_investigation": Operation(
        'POST', '/api/v1/investigations', (),
        None, None, False,
        'Begins an investigation, for who reads its events or its report later.'),
    "create_key": Operation(
        'POST', '/api/v1/keys', (),
        None, None, False,
        'Makes a key, which is shown once.'),
    "create_mcp_server": Operation(
        'POST', '/api/v1/mcp-servers', (),
        None, None, False,
        'Adds an MCP server; each call of its tools needs a person until one allows them.'),
    "create_org": Operation(
        'POST', '/api/v1/orgs', (),
        None, None, False,
        'Makes an org, and the first admin key of it, which is shown once.'),
    "create_pipeline": Operation(
        'POST', '/api/v1/pipelines', (),
        None, None, False,
        'Makes a pipeline.'),
    "create_provisioning_token": Operation(
        'POST', '/api/v1/organizations/{org}/provisioning-tokens', (),
        None, None, False,
        'Makes a provisioning token.'),
    "create_service": Operation(
        'POST', '/api/v1/services', (),
        None, None, False,
        'Makes a service.'),
    "create_skill": Operation(
        'POST', '/api/v1/skills', (),
        None, None, False,
        'Makes a skill; one of ours that has its name is read no more.'),
    "create_token": Operation(
        'POST', '/api/v1/tokens', (),
        None, None, False,
        'Makes an enrolment token, which is shown once.'),
    "decide_mcp_call": Operation(
        'POST', '/api/v1/mcp-calls/{mcp_call_id}', (),
        None, None, False,
        'Approves exactly that call, or refuses it; not by who asked for the investigation.'),
    "delete_approver": Operation(
        'DELETE', '/api/v1/approvers/{name}', (),
        None, None, False,
        "Takes an approver's power on this server at once."),
    "delete_artifact": Operation(
        'DELETE', '/artifacts/{artifact_id}', (),
        None, None, False,
        'Removes a signed program, with its assignment.'),
    "delete_destination": Operation(
        'DELETE', '/api/v1/destinations/{destination_id}', (),
        None, None, False,
        'Removes a destination that no pipeline names, and its secrets; what waits for it fails.'),
    "delete_integration": Operation(
        'DELETE', '/api/v1/integrations/{integration_id}', (),
        None, None, False,
        'Removes an integration; what it told stays.'),
    "delete_key": Operation(
        'DELETE', '/api/v1/keys/{key_id}', (),
        None, None, False,
        "Revokes a key at once; the last admin's key stays."),
    "delete_mcp_server": Operation(
        'DELETE', '/api/v1/mcp-servers/{mcp_server_id}', (),
        None, None, False,
        'Removes an MCP server and its secret.'),
    "delete_pipeline": Operation(
        'DELETE', '/api/v1/pipelines/{name}', (),
        None, None, False,
        'Removes a pipeline; "default" becomes what it was at first.'),
    "delete_service": Operation(
        'DELETE', '/api/v1/services/{service}', (),
        None, None, False,
        'Removes a service.'),
    "delete_skill": Operation(
        'DELETE', '/api/v1/skills/{skill}', (),
        None, None, False,
        "Removes a skill of the org's own."),
    "delete_token": Operation(
        'DELETE', '/api/v1/tokens/{token_id}', (),
        None, None, False,
        'Revokes a token at once.'),
    "deny_call": Operation(
        'POST', '/api/v1/approvals/{call_id}/deny', (),
        None, None, False,
        'Refuses a call that waits for an approval: its outcome is denied.'),
    "distrust_program_key": Operation(
        'DELETE', '/api/v1/program-keys/{program_key_id}', (),
        None, None, False,
        'Takes no programs of a key any more; hosts lose those that it signed.'),
    "do_agent_action": Operation(
        'POST', '/api/agent', (),
        None, None, False,
        'The documented actions of the device flow, metrics and lists.'),
    "end_mcp": Operation(
        'DELETE', '/mcp', (),
        None, None, True,
        'Ends a session of it.'),
    "end_mcp_server_login": Operation(
        'GET', '/api/v1/mcp-servers/oauth/callback/{mcp_server_id}', (),
        None, None, False,
        'Where an authorization server sends back to; shows the code to be said.'),
    "follow_investigation": Operation(
        'GET', '/api/v1/investigations/{investigation_id}/events', ('after',),
        None, None, True,
        'What it tells, from the first event or after Last-Event-ID (SSE).'),
    "follow_mcp": Operation(
        'GET', '/mcp', (),
        None, None, True,
        'What a session of it is told unasked, or a lost stream (SSE).'),
    "follow_realtime": Operation(
        'GET', '/api/realtime', ('agent',),
        None, None, True,
        'Events as they happen (SSE); Last-Event-ID goes on where one left off.'),
    "get_agent": Operation(
        'GET', '/api/v1/agents/{agent_id}', (),
        None, None, False,
        'One agent.'),
    "get_agent_approvers": Operation(
        'GET', '/api/v1/agents/{agent_id}/approvers', (),
        None, None, False,
        "Who may approve, signed by the org's root, for the host's warden."),
    "get_agent_authorize_page": Operation(
        'GET', '/agent/authorize', (),
        None, None, False,
        'The same page, at its documented path.'),
    "get_approval": Operation(
        'GET', '/api/v1/approvals/{call_id}', (),
        'approvals', None, False,
        'One call that waits for an approval, as the list has it.'),
    "get_artifact": Operation(
        'GET', '/artifacts/{artifact_id}', (),
        None, None, False,
        'A signed program, without its bytes.'),
    "get_artifact_binary": Operation(
        'GET', '/artifacts/{artifact_id}/binary', (),
        None, None, False,
        'The archive of a signed program, as it was pushed.'),
    "get_binary_of_artifact": Operation(
        'GET', '/artifacts/binary/{artifact_id}', (),
        None, None, False,
        'The same, at the path of the documented registry.'),
    "get_ca_certificate": Operation(
        'GET', '/api/v1/agents/ca-certificate', (),
        None, None, False,
        'The CA that agents have to trust for this server.'),
    "get_call": Operation(
        'GET', '/api/v1/calls/{call_id}', ('wait_ms', 'until'),
        None, None, False,
        'One call; with wait_ms its answer waits so long for an outcome, or until it waits for an approval.'),
    "get_delivery": Operation(
        'GET', '/api/v1/deliveries/{delivery_id}', (),
        None, None, False,
        'One delivery.'),
    "get_destination": Operation(
        'GET', '/api/v1/destinations/{destination_id}', (),
        None, None, False,
        'One destination, without its secrets.'),
    "get_device": Operation(
        'GET', '/api/v1/device/{user_code}', (),
        None, None, False,
        'Who waits with this code.'),
    "get_device_page": Operation(
        'GET', '/device', (),
        None, None, False,
        'The page where a person enters the code of a host.'),
    "get_device_token": Operation(
        'POST', '/api/v1/device/token', (),
        None, None, False,
        'RFC 8628: what the code brought, or a word that says why not yet.'),
    "get_dist_file": Operation(
        'GET', '/dist/{file}', (),
        None, None, False,
        'What the scripts fetch.'),
    "get_docs": Operation(
        'GET', '/api/v1/docs', (),
        None, None, False,
        'The API as a page.'),
    "get_documented_health": Operation(
        'GET', '/health', (),
        None, None, False,
        'Whether the server answers, and how many attachments could be fetched.'),
    "get_documented_investigation": Operation(
        'GET', '/api/investigations/{investigation_id}', (),
        None, None, False,
        'One investigation in the documented form.'),
    "get_file": Operation(
        'GET', '/proxy/files/{token}', (),
        None, None, True,
        "Downloads an attachment of an investigation's request, once."),
    "get_health": Operation(
        'GET', '/api/v1/health', (),
        None, None, False,
        'How the server is.'),
    "get_incident": Operation(
        'GET', '/api/v1/incidents/{incident_id}', (),
        None, None, False,
        'An incident by id or number, with its alerts and its timeline.'),
    "get_install_manifest": Operation(
        'GET', '/dashboard/install/{customer}.yaml', (),
        None, None, False,
        'The manifest that makes a cluster an agent.'),
    "get_install_script": Operation(
        'GET', '/dashboard/install/{customer}.sh', (),
        None, None, False,
        'The script that makes a host an agent.'),
    "get_integration": Operation(
        'GET', '/api/v1/integrations/{integration_id}', (),
        None, None, False,
        'One integration, and how the other system is set up for it.'),
    "get_investigation": Operation(
        'GET', '/api/v1/investigations/{investigation_id}', (),
        None, None, False,
        'One investigation with its report.'),
    "get_investigation_case": Operation(
        'GET', '/api/v1/investigations/{investigation_id}/case', (),
        None, None, False,
        'Its case, which can be replayed without the host; of several hosts {"cases": [...]}.'),
    "get_investigation_history": Operation(
        'GET', '/api/v1/investigations/{investigation_id}/history', ('after', 'limit'),
        'events', 'after', False,
        'The same as a list: what it has told so far, after a number.'),
    "get_liveness": Operation(
        'GET', '/healthz', (),
        None, None, False,
        'Whether the process answers.'),
    "get_mcp_client_document": Operation(
        'GET', '/api/v1/mcp-servers/oauth/client/{mcp_server_id}', (),
        None, None, False,
        'What we are to issuers for an MCP server: a Client ID Metadata Document.'),
    "get_mcp_metadata": Operation(
        'GET', '/.well-known/oauth-protected-resource/mcp', (),
        None, None, False,
        'Where clients of /mcp get access tokens (RFC 9728).'),
    "get_mcp_server": Operation(
        'GET', '/api/v1/mcp-servers/{mcp_server_id}', (),
        None, None, False,
        'One MCP server, with what was allowed of it, without its secret.'),
    "get_openapi": Operation(
        'GET', '/api/v1/openapi.json', (),
        None, None, False,
        'The API as an OpenAPI 3.1 document.'),
    "get_org": Operation(
        'GET', '/api/v1/org', (),
        None, None, False,
        'The org of the key.'),
    "get_pipeline": Operation(
        'GET', '/api/v1/pipelines/{name}', (),
        None, None, False,
        'One pipeline.'),
    "get_readiness": Operation(
        'GET', '/readyz', (),
        None, None, False,
        'Whether the store is there.'),
    "get_renewal_nonce": Operation(
        'GET', '/api/v1/agents/renewal-nonce', (),
        None, None, False,
        'A nonce for the proof of an old key; good once, for two minutes.'),
    "get_resource_metadata": Operation(
        'GET', '/.well-known/oauth-protected-resource', (),
        None, None, False,
        'Where clients of /mcp get access tokens (RFC 9728).'),
    "get_server_metrics": Operation(
        'GET', '/metrics', ('format',),
        None, None, False,
        'Counters of this process: for Prometheus, or as JSON to who accepts that.'),
    "get_service": Operation(
        'GET', '/api/v1/services/{service}', (),
        None, None, False,
        'One service.'),
    "get_setup_script": Operation(
        'GET', '/setup.sh', (),
        None, None, False,
        'The documented script, which takes its token as an option.'),
    "get_skill": Operation(
        'GET', '/api/v1/skills/{skill}', (),
        None, None, False,
        "One of the org's skills, with its files."),
    "get_thread": Operation(
        'GET', '/api/v1/threads/{thread_id}', ('bytes',),
        None, None, False,
        'One thread with its questions and its evidence; bytes=1 adds what was read.'),
    "get_usage": Operation(
        'GET', '/api/v1/usage', (),
        None, None, False,
        "What the org's investigations used within 24 hours, and may; 'spent' says what is used up, by the org or by all of the server."),
    "get_version": Operation(
        'GET', '/api/v1/version', (),
        None, None, False,
        'Which server this is.'),
    "interrupt": Operation(
        'POST', '/api/v1/interrupt', (),
        None, None, True,
        'Ends what runs in a thread (SSE: a thought and the interrupted result).'),
    "interrupt_documented": Operation(
        'POST', '/interrupt', (),
        None, None, True,
        'Ends what runs in a thread (SSE: a thought and the interrupted result).'),
    "investigate": Operation(
        'POST', '/api/v1/investigate', (),
        None, None, True,
        'Investigates, and tells what happens as it does (SSE).'),
    "investigate_documented": Operation(
        'POST', '/investigate', (),
        None, None, True,
        'Investigates, and tells what happens as it does (SSE).'),
    "list_agent_calls": Operation(
        'GET', '/api/v1/agents/{agent_id}/calls', (),
        'calls', None, False,
        'The calls that an agent without a link has to run.'),
    "list_agent_metrics": Operation(
        'GET', '/api/v1/agents/{agent_id}/metrics', ('limit',),
        'metrics', None, False,
        'The newest metrics of an agent, newest first.'),
    "list_agent_tools": Operation(
        'GET', '/api/v1/agents/{agent_id}/tools', (),
        'tools', None, False,
        'The tools of a connected agent, as it lists them.'),
    "list_agents": Operation(
        'GET', '/api/v1/agents', ('label', 'state', 'after', 'limit'),
        'agents', 'after', False,
        "The org's agents by id; 'next' is the 'after' of the next page."),
    "list_approvals": Operation(
        'GET', '/api/v1/approvals', (),
        'approvals', None, False,
        "What waits for an approval: the exact bytes, and in 'meta' the nonce."),
    "list_approvers": Operation(
        'GET', '/api/v1/approvers', (),
        'approvers', None, False,
        "Who may approve, and the list as the org's root key signed it."),
    "list_artifacts": Operation(
        'GET', '/artifacts', ('after',),
        'artifacts', 'after', False,
        "The org's signed programs; 'next' is the 'after' of the next page."),
    "list_artifacts_for_host": Operation(
        'GET', '/artifacts/for-host/{host_id}', (),
        None, None, False,
        'What a host is to have: the newest release of each name that is for it.'),
    "list_audit": Operation(
        'GET', '/api/v1/audit', ('after', 'limit'),
        'records', 'after', False,
        'What was changed, by whom: a chain of hashes, see docs.'),
    "list_calls": Operation(
        'GET', '/api/v1/calls', ('agent', 'state', 'before', 'limit'),
        'calls', 'before', False,
        "The org's calls, newest first, without arguments and results."),
    "list_changes": Operation(
        'GET', '/api/v1/changes', ('service', 'before', 'limit'),
        'changes', 'before', False,
        "What was told of changes, newest first; 'before' is a time."),
    "list_deliveries": Operation(
        'GET', '/api/v1/deliveries', ('destination', 'incident', 'state', 'limit'),
        'deliveries', None, False,
        'What was and is to be told to destinations, newest first.'),
    "list_destinations": Operation(
        'GET', '/api/v1/destinations', (),
        'destinations', None, False,
        'Where reports go, without the secrets.'),
    "list_documented_investigations": Operation(
        'GET', '/api/investigations', ('id',),
        None, None, False,
        'The newest investigations, or the one with this id, in the documented form.'),
    "list_grants": Operation(
        'GET', '/api/v1/grants', (),
        'grants', None, False,
        'Standing grants that have not expired, also revoked ones.'),
    "list_hosts_of_artifact": Operation(
        'GET', '/artifacts/{artifact_id}/hosts', (),
        'hosts', None, False,
        'The agents that a signed program is for now.'),
    "list_incident_alerts": Operation(
        'GET', '/api/v1/incidents/{incident_id}/alerts', ('after', 'limit'),
        'alerts', 'after', False,
        "The alerts of an incident; 'next' is the 'after' of the next page."),
    "list_incident_events": Operation(
        'GET', '/api/v1/incidents/{incident_id}/events', ('after', 'limit'),
        'events', 'after', False,
        "The events of an incident; 'next' is the 'after' of the next page."),
    "list_incidents": Operation(
        'GET', '/api/v1/incidents', ('state', 'before', 'limit'),
        'incidents', 'before', False,
        "The org's incidents, newest first; 'next' is the 'before' of the next page."),
    "list_integrations": Operation(
        'GET', '/api/v1/integrations', (),
        'integrations', None, False,
        'The systems that tell the org alerts, without their secrets.'),
    "list_investigations": Operation(
        'GET', '/api/v1/investigations', ('state', 'thread_id', 'incident', 'before', 'limit'),
        'investigations', 'before', False,
        "The org's investigations, newest first."),
    "list_keys": Operation(
        'GET', '/api/v1/keys', (),
        'keys', None, False,
        "The org's keys, without their texts."),
    "list_mcp_calls": Operation(
        'GET', '/api/v1/mcp-calls', (),
        'mcp_calls', None, False,
        'Calls of MCP servers of others that wait until a person approves them.'),
    "list_mcp_questions": Operation(
        'GET', '/api/v1/mcp-questions', (),
        'mcp_questions', None, False,
        'What MCP servers of others ask of people in the middle of a call.'),
    "list_mcp_servers": Operation(
        'GET', '/api/v1/mcp-servers', (),
        'mcp_servers', None, False,
        'MCP servers of others that investigations may ask, without their secrets.'),
    "list_organizations": Operation(
        'GET', '/api/v1/organizations', (),
        'organizations', None, False,
        'The orgs that the key can see.'),
    "list_orgs": Operation(
        'GET', '/api/v1/orgs', (),
        'orgs', None, False,
        'All orgs of this server.'),
    "list_pipelines": Operation(
        'GET', '/api/v1/pipelines', (),
        'pipelines', None, False,
        "The org's pipelines, in the order in which alerts are held against them."),
    "list_program_keys": Operation(
        'GET', '/api/v1/program-keys', (),
        'keys', None, False,
        'The public keys whose signed programs the org takes.'),
    "list_provisioning_tokens": Operation(
        'GET', '/api/v1/organizations/{org}/provisioning-tokens', (),
        'tokens', None, False,
        "The org's provisioning tokens."),
    "list_services": Operation(
        'GET', '/api/v1/services', (),
        'services', None, False,
        "The org's services, by name."),
    "list_signing_keys": Operation(
        'GET', '/api/v1/signing-keys', (),
        'keys', None, False,
        'What people of the org say they sign with; who approves is in approvers.'),
    "list_skills": Operation(
        'GET', '/api/v1/skills', (),
        'skills', None, False,
        "The org's own skills, which its investigations read beside those of ours."),
    "list_threads": Operation(
        'GET', '/api/v1/threads', ('before', 'limit'),
        'threads', 'before', False,
        "The org's threads, those with the latest questions first."),
    "list_tokens": Operation(
        'GET', '/api/v1/tokens', (),
        'tokens', None, False,
        "The org's enrolment tokens, without their texts."),
    "list_tools": Operation(
        'GET', '/api/v1/tools', (),
        'tools', None, False,
        'The catalogue of tools that this server was built with.'),
    "login": Operation(
        'POST', '/api/v1/auth/login', (),
        None, None, False,
        'For documented clients: takes a key as the password. Names are not looked at.'),
    "open_link": Operation(
        'GET', '/api/v1/agents/{agent_id}/ws', (),
        None, None, True,
        'The link: JSON-RPC 2.0 over a WebSocket.'),
    "open_nameless_link": Operation(
        'GET', '/agent/ws', (),
        None, None, True,
        'The link of a host that says who it is in its first message.'),
    "post_mcp": Operation(
        'POST', '/mcp', (),
        None, None, True,
        'A message of the Model Context Protocol, to the whole fleet.'),
    "push_artifact": Operation(
        'POST', '/artifacts', (),
        None, None, False,
        'Keeps a signed program; one that no key of the org has signed is refused.'),
    "put_alerts": Operation(
        'PUT', '/api/v1/alerts/{integration_id}', (),
        None, None, False,
        'The same for senders that PUT.'),
    "put_alerts_by_url": Operation(
        'PUT', '/api/v1/alerts/{integration_id}/{secret}', (),
        None, None, False,
        'The same for senders that PUT and can set no header.'),
    "receive_click": Operation(
        'POST', '/api/v1/chat/{integration_id}', (),
        None, None, False,
        "Takes what people click in Slack, signed with the app's signing secret."),
    "register_agent": Operation(
        'POST', '/api/v1/agents/register', (),
        None, None, False,
        'Enrols a host: with a token, or with a key and its customer id.'),
    "renew_certificate": Operation(
        'POST', '/api/v1/agents/{agent_id}/certificate', (),
        None, None, False,
        "Renews an agent's certificate: with the old one, or a proof of its key."),
    "resolve_incident": Operation(
        'POST', '/api/v1/incidents/{incident_id}/resolve', (),
        None, None, False,
        'Resolves an incident by hand; 409 where it is no more open.'),
    "retry_delivery": Operation(
        'POST', '/api/v1/deliveries/{delivery_id}/retry', (),
        None, None, False,
        'Tries a delivery that failed once more.'),
    "revoke_agent": Operation(
        'POST', '/api/v1/agents/{agent_id}/revoke', (),
        None, None, False,
        'Revokes an agent for good: its link is cut, its certificates are void.'),
    "revoke_artifact": Operation(
        'POST', '/artifacts/{artifact_id}/revoke', (),
        None, None, False,
        'Takes a signed program from every host that has it, for good.'),
    "revoke_grant": Operation(
        'POST', '/api/v1/grants/{grant_id}/revoke', (),
        None, None, False,
        "Ends a grant with a revocation signed by an approver's own key."),
    "rotate_integration": Operation(
        'POST', '/api/v1/integrations/{integration_id}/rotate', (),
        None, None, False,
        'Gives an integration another secret; the old one is good for a while.'),
    "send_alerts": Operation(
        'POST', '/api/v1/alerts/{integration_id}', (),
        None, None, False,
        'Takes a delivery of an integration, which brings its secret or signs with it.'),
    "send_alerts_by_url": Operation(
        'POST', '/api/v1/alerts/{integration_id}/{secret}', (),
        None, None, False,
        'The same for senders that can set no header.'),
    "send_device_page": Operation(
        'POST', '/device', (),
        None, None, False,
        'Shows who waits with a code; with a decision, decides.'),
    "send_heartbeat": Operation(
        'POST', '/api/v1/agents/{agent_id}/heartbeat', (),
        None, None, False,
        'An agent without a link says that it is alive.'),
    "send_message": Operation(
        'POST', '/api/v1/destinations/{destination_id}/messages', (),
        None, None, False,
        'Tells a destination a document: {incident?, report?, url?}. What has the same incident is one message where the destination can update.'),
    "send_result": Operation(
        'POST', '/api/v1/agents/{agent_id}/results', (),
        None, None, False,
        'The outcome of a call, from an agent without a link.'),
    "set_approvers": Operation(
        'POST', '/api/v1/approvers', (),
        None, None, False,
        "Puts a list in force that the org's root key signed."),
    "set_destination": Operation(
        'PUT', '/api/v1/destinations/{destination_id}', (),
        None, None, False,
        'Gives a destination another config and secret, whole; its kind stays.'),
    "set_integration": Operation(
        'PUT', '/api/v1/integrations/{integration_id}', (),
        None, None, False,
        'Gives an integration other settings.'),
    "set_pipeline": Operation(
        'PUT', '/api/v1/pipelines/{name}', (),
        None, None, False,
        'Makes this the whole of the pipeline of that name.'),
    "set_service": Operation(
        'PUT', '/api/v1/services/{service}', (),
        None, None, False,
        'Makes this the whole of the service of that name.'),
    "set_signing_key": Operation(
        'POST', '/api/v1/signing-keys', (),
        None, None, False,
        'Tells the public half of the key that the owner of this API key signs with.'),
    "set_skill": Operation(
        'PUT', '/api/v1/skills/{skill}', (),
        None, None, False,
        'Makes these files the whole of the skill of that name.'),
    "test_destination": Operation(
        'POST', '/api/v1/destinations/{destination_id}/test', (),
        None, None, False,
        'Sends a test message; the delivery tells what became of it.'),
    "test_integration": Operation(
        'POST', '/api/v1/integrations/{integration_id}/test', (),
        None, None, False,
        'Shows which alerts a payload, or a usual one, would become.'),
    "test_mcp_server": Operation(
        'POST', '/api/v1/mcp-servers/{mcp_server_id}/test', (),
        None, None, False,
        'Asks an MCP server for its tools, and says which of them may run.'),
    "test_pipelines": Operation(
        'POST', '/api/v1/pipelines/test', (),
        None, None, False,
        'Where an alert would go now, on which agents, and why not elsewhere.'),
    "trust_program_key": Operation(
        'POST', '/api/v1/program-keys', (),
        None, None, False,
        'Takes signed programs of one key more: Ed25519, or ECDSA on P-256.'),
    "unassign_artifact": Operation(
        'POST', '/artifacts/{artifact_id}/unassign', (),
        None, None, False,
        'From now on it is for no host; those that have it lose it.'),
    "update_agent": Operation(
        'PATCH', '/api/v1/agents/{agent_id}', (),
        None, None, False,
        'Renames an agent, or replaces its labels.'),
    "update_documented_investigation": Operation(
        'PATCH', '/api/investigations', ('id',),
        None, None, False,
        'Takes what a client says of the investigation with this id.'),
    "update_documented_investigation_by_path": Operation(
        'PATCH', '/api/investigations/{investigation_id}', (),
        None, None, False,
        'The same as PATCH with ?id=.'),
    "update_org": Operation(
        'PATCH', '/api/v1/org', (),
        None, None, False,
        'Changes the org of the key.'),
}
