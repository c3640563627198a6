#include "server/alert/setup.h"

static void write_alertmanager(const struct setup *setup, const char *secret, struct buf *text)
{
	buf_add_format(
		text,
		"# alertmanager.yml: a receiver, to be named in a route\n"
		"receivers:\n"
		"  - name: constable\n"
		"    webhook_configs:\n"
		"      - url: %s\n"
		"        send_resolved: true\n"
		"        http_config:\n"
		"          authorization:\n"
		"            type: Bearer\n"
		"            credentials: %s\n"
		"          # Where the server made its own certificate: its STATE/ca/server.crt\n"
		"          #tls_config:\n"
		"          #  ca_file: /etc/alertmanager/constable.crt\n",
		setup->url, secret);
}

static void write_grafana(const struct setup *setup, const char *secret, struct buf *text)
{
	buf_add_format(text,
		       "# provisioning/alerting/constable.yaml: a contact point\n"
		       "apiVersion: 1\n"
		       "contactPoints:\n"
		       "  - orgId: 1\n"
		       "    name: Constable\n"
		       "    receivers:\n"
		       "      - uid: constable\n"
		       "        type: webhook\n"
		       "        settings:\n"
		       "          url: %s\n"
		       "          httpMethod: POST\n"
		       "          # Grafana 11.6 and later sign:\n"
		       "          hmacConfig:\n"
		       "            secret: %s\n"
		       "            header: X-Grafana-Alerting-Signature\n"
		       "            timestampHeader: X-Grafana-Alerting-Timestamp\n"
		       "          # Older ones bring the secret along, in place of hmacConfig:\n"
		       "          #authorization_scheme: Bearer\n"
		       "          #authorization_credentials: %s\n",
		       setup->url, secret, secret);
}

static void write_pagerduty(const struct setup *setup, struct buf *text)
{
	buf_add_format(text,
		       "# Integrations > Generic Webhooks (v3) > New Webhook, or POST to\n"
		       "# https://api.pagerduty.com/webhook_subscriptions:\n"
		       "{\"webhook_subscription\": {\n"
		       "  \"type\": \"webhook_subscription\", \"description\": \"Constable\",\n"
		       "  \"delivery_method\": {\"type\": \"http_delivery_method\",\n"
		       "    \"url\": \"%s\"},\n"
		       "  \"events\": [\"incident.triggered\", \"incident.acknowledged\",\n"
		       "    \"incident.unacknowledged\", \"incident.escalated\", "
		       "\"incident.reassigned\",\n"
		       "    \"incident.priority_updated\", \"incident.annotated\",\n"
		       "    \"incident.reopened\", \"incident.resolved\"],\n"
		       "  \"filter\": {\"type\": \"account_reference\"}}}\n"
		       "# PagerDuty shows the webhook's secret once. Give it to Constable:\n"
		       "#   constable integration rotate ID --secret-file FILE\n",
		       setup->url);
}

static void write_slack(const struct setup *setup, struct buf *text)
{
	buf_add_format(
		text,
		"# https://api.slack.com/apps > the app of the bot that posts > Interactivity & "
		"Shortcuts:\n"
		"#   Interactivity: on; Request URL: %s\n"
		"# Its Signing Secret (Basic Information) goes to Constable:\n"
		"#   constable integration rotate ID --secret-file FILE\n"
		"# Only these people may answer; refusing a change takes an approver:\n"
		"#   constable integration set ID --settings FILE, which says\n"
		"{\"team\": \"T0123ABCD\", \"people\": [\n"
		"  {\"id\": \"U0123ABCD\", \"name\": \"ana\", \"role\": \"responder\"}]}\n"
		"# Messages of a Slack destination have buttons with interactive=true\n",
		setup->url);
}

static void write_generic(const struct setup *setup, const char *secret, struct buf *text)
{
	buf_add_format(text,
		       "curl -fsS %s \\\n"
		       "  -H 'Authorization: Bearer %s' \\\n"
		       "  -d '%s'\n"
		       "# A sender that cannot set a header puts the secret behind the address:\n"
		       "#   %s/%s\n",
		       setup->url, secret, alert_payload_sample(ALERT_GENERIC), setup->url, secret);
}

void setup_write(const struct setup *setup, struct buf *text)
{
	const char *secret = setup->secret ? setup->secret : "SECRET";

	switch (setup->kind) {
	case ALERT_ALERTMANAGER:
		write_alertmanager(setup, secret, text);
		return;
	case ALERT_GRAFANA:
		write_grafana(setup, secret, text);
		return;
	case ALERT_PAGERDUTY:
		write_pagerduty(setup, text);
		return;
	case ALERT_SLACK:
		write_slack(setup, text);
		return;
	case ALERT_GENERIC:
		write_generic(setup, secret, text);
		return;
	}
}
