#include "cli/commands.h"
#include "cli/fleet.h"

const struct command command_agent = {
	.name = "agent",
	.usage = "run [--provision [--provisioning-token T]]\n"
		 "list [--label K=V] [--state connected|disconnected|stale|revoked] "
		 "[--json]\n"
		 "show NAME [--json]\n"
		 "label NAME K=V...\n"
		 "revoke NAME",
	.summary = "The agents of the fleet, and this host's own",
	.help = "'run' is the agent itself, in the foreground: what the service starts. The "
		"others\n"
		"ask the server. With --provision it is enrolled first where it is not yet. NAME "
		"is an agent's id or its host's name, if only one has it.\n"
		"A revoked agent is cut off at once and never let in again.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_approval = {
	.name = "approval",
	.usage = "list [--here] [--json]\n"
		 "show ID [--json]\n"
		 "sign ID [--hash HASH] [--yes]\n"
		 "deny ID [--reason TEXT]\n"
		 "grant NONCE",
	.summary = "Calls that wait for a yes, and the yes",
	.help = "After a login it is about the server's hosts: 'show' has exactly the bytes that\n"
		"would run, 'sign' signs them with your own key for that one call, and the host\n"
		"checks that the org's root lists you. Without a server, or with --here, it is\n"
		"about this host's own warden: there root says 'grant' for one run of exactly "
		"that\n"
		"call, within ten minutes.\n",
	.run = fleet_run,
	.state = COMMAND_LOOKS_AT_STATE,
};

const struct command command_approver = {
	.name = "approver",
	.usage = "list [--json]\n"
		 "add NAME [--key KEY] [--root-key FILE] [--yes]\n"
		 "remove NAME [--root-key FILE]\n"
		 "set author_may_approve=true|author_may_approve=false [--root-key FILE]\n"
		 "pin KEY [--replace]",
	.summary = "Who may approve what changes hosts",
	.help = "The org's root key ('constable org root create') signs the list, and hosts take "
		"it\n"
		"from nobody else: these verbs need its file (--root-key FILE where it lies\n"
		"elsewhere). 'add' compares the key with the person first. Unless the list says\n"
		"author_may_approve, who asks for a call cannot approve it too.\n"
		"'pin' is for a host that enrolled before the org had its root: as root there.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_audit = {
	.name = "audit",
	.usage = "verify [--json]\n"
		 "list [--here] [--json]",
	.summary = "Check that nobody changed the audit log; who did and allowed what",
	.help = "'verify' is about this host's own log. 'list' is the server's, with author,\n"
		"approver and grant of what was approved; with --here it is the end of this "
		"host's,\n"
		"where each call stands with who asked and what allowed it (as root).\n",
	.run = fleet_run,
	.state = COMMAND_LOOKS_AT_STATE,
};

const struct command command_fan_out = {
	.name = "fan-out",
	.usage = "TOOL <ARGUMENTS",
	.summary = "What `constable call --label` starts",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_gate = {
	.name = "gate",
	.usage = "AGENT FD",
	.summary = "What `--host` starts: the gate of another host on a descriptor",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_grant = {
	.name = "grant",
	.usage = "list [--json]\n"
		 "create TOOL [ARGUMENT=PATTERN...] (--host H | --label K=V) [--uses 1] "
		 "[--for 24h] [--yes]\n"
		 "revoke ID",
	.summary = "Approvals given beforehand, for calls yet to come",
	.help = "An approver signs that a tool may run with such arguments, so often on each of\n"
		"these hosts, for so long (31 days at most), and the hosts count. A call with an\n"
		"argument that has no pattern is not covered. In a pattern a star stands for "
		"letters,\n"
		"digits and '._-+=@:,', so for no blank and no slash; a star alone is anything.\n"
		"--label means the hosts that have it now.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_incident = {
	.name = "incident",
	.usage = "list [--state open|resolved|merged|all] [--json]\n"
		 "show NUMBER [--json]\n"
		 "resolve NUMBER\n"
		 "note NUMBER TEXT...",
	.summary = "What alerts became: their timelines, and what people say of them",
	.help = "Alerts of one group, those that flap and those of one storm are one incident. It "
		"ends\n"
		"by itself when all its alerts have; 'resolve' ends it before, until one of them\n"
		"fires anew. NUMBER may be its id as well.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_integration = {
	.name = "integration",
	.usage = "list [--json]\n"
		 "create alertmanager|grafana|pagerduty|generic|slack [NAME] [--mapping FILE] "
		 "[--settings FILE] [--secret-file FILE|-] [--json]\n"
		 "show NAME [--json]\n"
		 "set NAME --settings FILE [--json]\n"
		 "rotate NAME [--keep 24h] [--secret-file FILE|-] [--json]\n"
		 "remove NAME\n"
		 "test NAME [FILE] [--json]",
	.summary = "Systems that tell the org alerts, and how they are set up",
	.help = "KIND is alertmanager, grafana, pagerduty or generic; or slack, which tells no "
		"alerts\n"
		"but what people answer there. 'create' prints what is to "
		"be\n"
		"pasted there, with the secret, which is shown once. PagerDuty and Slack make "
		"their\n"
		"secrets themselves: give them to 'rotate'. FILE of 'set' is JSON: of slack who "
		"may\n"
		"answer, as 'show' has it. After a rotation the old secret is good for a day, "
		"or\n"
		"as --keep says. FILE of --mapping has JSON pointers: {\"name\": "
		"\"/check/title\"}.\n"
		"'test' shows what a delivery in FILE, or a usual one, would become.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_key = {
	.name = "key",
	.usage = "list [--json]\n"
		 "create NAME [--role viewer|responder|approver|admin] [--expires 90d] "
		 "[--json]\n"
		 "revoke ID",
	.summary = "API keys of people and programs",
	.help = "A new key is printed once and never again; the server keeps its hash only.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_login = {
	.name = "login",
	.usage = "--server URL [--pin sha256//...] [--key-file FILE|-] [--name NAME] [--role "
		 "viewer|responder|approver|admin]",
	.summary = "Keep the server's address and an API key for this user",
	.help = "Without --key-file the server shows a code, which an admin confirms on its page\n"
		"(RFC 8628). With it the key is read from a file or, with '-', from standard\n"
		"input: keys are no arguments, as every user of a host can see those. A server\n"
		"with a CA of its own is recognised by --pin, which its start prints. It also "
		"makes\n"
		"the key that your approvals are signed with, in a file that only you can read;\n"
		"'constable approver' says whose count.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_org = {
	.name = "org",
	.usage = "list [--json]\n"
		 "create NAME [--json]\n"
		 "show [--json]\n"
		 "set KEY=VALUE...\n"
		 "root create [--alone] [--root-key FILE]",
	.summary = "Organisations: everything belongs to one",
	.help = "'root create' makes the org's root key on this machine, with you as the first "
		"who\n"
		"may approve: what others ask for, or with --alone your own calls, too. The "
		"server\n"
		"gets the public half only, so it can make nobody an approver.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_investigation = {
	.name = "investigation",
	.usage = "list [--json]\n"
		 "show ID\n"
		 "case ID\n"
		 "events ID\n"
		 "stop ID\n"
		 "answer ID ANSWER...\n"
		 "usage [--json]\n"
		 "ask QUESTION... [--host H | --label K=V] [--thread T] [--since 15m] "
		 "[--service S] [--json]",
	.summary = "What the server investigates, and what came of it",
	.help = "'ask' lets the server investigate: on the host or the hosts that are named or "
		"that\n"
		"the question names, else on those of the thread, else on all if they are few.\n"
		"It goes on also when this command is stopped. --thread continues a conversation\n"
		"with all that it was told. 'events' follows one to its end, a line of JSON "
		"each.\n"
		"'answer' is for what it asks a person; what it wants to change is approved by\n"
		"'constable approval'. 'stop' ends it, with what waits for an approval. 'usage' "
		"says\n"
		"what all of the org used within 24 hours, and what they may.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_pipeline = {
	.name = "pipeline",
	.usage = "list [--json]\n"
		 "show NAME [--json]\n"
		 "remove NAME\n"
		 "create|edit NAME [MATCHER...] [--file FILE] [--hosts H,...] [--labels "
		 "K=V,...] [--agents ID,...] [--services S,...] [--namespaces N,...] "
		 "[--log-groups G,...] [--to DESTINATION,...] [--severities S,...] "
		 "[--integrations I,...] [--engine MODEL] "
		 "[--remedies offer|none] [--before 15m] "
		 "[--time 2m] [--calls N] [--position N] [--continue|--stop] "
		 "[--enable|--disable] [--json]\n"
		 "test LABEL=VALUE...|ALERT_ID|FILE [--json]",
	.summary = "Which alerts are investigated on which hosts, and who is told",
	.help = "A matcher is NAME=VALUE, !=, =~ or !~, as in Alertmanager. Hosts, labels, "
		"services and\n"
		"namespaces may hold what an alert says: {labels.instance}, {annotations.NAME}, "
		"{name},\n"
		"{severity}. The first pipeline whose conditions hold takes an alert; 'test' says\n"
		"where one would go now, and why not elsewhere.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_service = {
	.name = "service",
	.usage = "list [--json]\n"
		 "show NAME [--json]\n"
		 "set FILE|-\n"
		 "remove NAME\n"
		 "changes [NAME] [--json]",
	.summary = "The services, how critical they are, their runbooks, who depends on whom",
	.help = "FILE is a document in JSON as 'show --json' prints it: \"name\", and perhaps\n"
		"\"criticality\" (critical, high, medium, low), \"owner\", \"runbook\", "
		"\"matchers\",\n"
		"\"hosts\", \"ports\", \"depends_on\". Incidents and reports say which service is "
		"hit, and "
		"who\n"
		"depends on it. 'changes' are deployments that were told to POST "
		"/api/v1/changes.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_skill = {
	.name = "skill",
	.usage = "list [--org] [--json]\n"
		 "show NAME [FILE] [--org] [--json]\n"
		 "check [DIR]\n"
		 "set DIR\n"
		 "remove NAME",
	.summary = "How to go about a kind of problem: for models, and for people",
	.help = "A skill is a folder in the Agent Skills format: SKILL.md, and files it refers to. "
		"A model\n"
		"sees names and descriptions, and reads the rest when it needs it.\n\n"
		"  check     every skill of DIR, or of this host: its front matter, that the files "
		"it\n"
		"            names are there, and that each `tool {...}` in it is a call that "
		"would "
		"pass\n"
		"  set       makes the folder DIR a skill of the org, or changes it: its "
		"investigations\n"
		"            on the server read it, in place of ours if that has its name\n"
		"  remove    takes it away again\n"
		"  --org     the skills of the org, not those of this host\n",
	.run = fleet_run,
	.state = COMMAND_LOOKS_AT_STATE,
};

#define ENROLS                                                                      \
	"--orchestrator-url|--server-url URL "                                      \
	"[--provisioning-token T | --token-file FILE|- | --device] "                \
	"[--pin|--ca-fingerprint sha256//...] [--customer-id ID] [--org-root KEY] " \
	"[--name NAME] [--force] [--test-connection]"

/* Another's word: what there is to install is here when it can be said. */
const struct command command_install = {
	.name = "install",
	.usage = ENROLS,
	.summary = "Enrol this host, as 'provision' does",
	.help = "For who knows it by this name; see 'constable help provision'.\n",
	.run = fleet_run,
};

const struct command command_provision = {
	.name = "provision",
	.usage = ENROLS,
	.summary = "Enrol this host: make its key here, get its certificate",
	.help = "The key is made on this host and never leaves it. The token (prov_..., nsk_..., "
		"or\n"
		"an API key with --customer-id) is best given in a file, in PROVISIONING_TOKEN or\n"
		"on standard input; as an argument it is wiped from the process list at once.\n"
		"--device asks for none: it shows a code that an admin confirms on the server's\n"
		"page. A server with a CA of its own is recognised by its --pin. A host that is\n"
		"enrolled already is left alone unless --force. It pins the org's root key, whose\n"
		"approvers it will listen to: the one the server says, or refuses with --org-root\n"
		"if that is another. --name joins it to one more server, beside the first: with a\n"
		"key, an outbox, a policy and an audit log of its own.\n",
	.run = fleet_run,
};

const struct command command_server = {
	.name = "server",
	.usage = "run [OPTION...]\n"
		 "backup FILE",
	.summary = "The control plane",
	.help = "'constable server run --help' lists its options.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_test_connection = {
	.name = "test-connection",
	.usage = "[--orchestrator-url URL] [--pin sha256//...] [--json]",
	.summary = "Whether the server can be reached and is who it should be",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_destination = {
	.name = "destination",
	.usage = "list [--json]\n"
		 "show NAME [--json]\n"
		 "create slack|teams|pagerduty|mail|webhook NAME [KEY=VALUE...] "
		 "[--secret-file FILE|-] [--json]\n"
		 "remove NAME\n"
		 "test NAME [--json]",
	.summary = "Where reports go: Slack, Teams, PagerDuty, mail, a webhook",
	.help = "KIND is slack, teams, pagerduty, mail or webhook. The secret comes from a file or "
		"standard\ninput (-), as one text or as JSON, and is never shown again:\n\n"
		"  slack      channel=C0123; a bot's token, or the URL of an incoming webhook\n"
		"  teams      the URL of a workflow's webhook\n"
		"  pagerduty  a routing key, or {\"routing_key\", \"token\"} and from=MAIL for "
		"notes\n"
		"  mail       host= from= to=A,B [port= user= security=starttls|tls|none]; a "
		"password\n"
		"  webhook    url=; the key that signs: whsec_ and Base64 of 24 to 64 bytes\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_delivery = {
	.name = "delivery",
	.usage = "list [--state waiting|sending|delivered|failed|skipped] [--incident ID] "
		 "[--json]\n"
		 "retry ID [--json]",
	.summary = "What destinations were told, and what failed",
	.help = "A delivery that fails for the time being is tried again for a day; 'retry' tries "
		"one that\nhas failed for good once more.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_token = {
	.name = "token",
	.usage = "list [--json]\n"
		 "create [--kind provisioning|static|install] [--name NAME] [--uses N] "
		 "[--expires 24h] [--network CIDR] [--label K=V] [--json]\n"
		 "revoke ID",
	.summary = "Tokens that enrol hosts",
	.help = "A provisioning token is good for one host and 24 hours. A static one is for\n"
		"automation: give it a network, an expiry and a number of uses. Printed once.\n",
	.run = fleet_run,
	.state = COMMAND_WITHOUT_STATE,
};

const struct command command_up = {
	.name = "up",
	.usage = "[QUESTION...] [--once] [--port 8000] [--json]",
	.summary = "Server, warden and an enrolled agent here, and an investigation through them",
	.help = "Nothing to configure: the first start makes a CA, a key for you and a "
		"certificate\n"
		"for the agent, all in the state folder. The investigation of this host goes "
		"through\n"
		"server and agent, as for any other host. Then all stay until Ctrl-C; with --once\n"
		"they stop. As root, server and agent run as the user 'constable'.\n",
	.run = fleet_run,
};
