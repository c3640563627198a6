/* Messages for which no answer is waited: notifications, answers to the server, and the farewell.
 */
#include <stdlib.h>
#include <string.h>

#include "mcp_client/envelope.h"

#define NOTE_NS (5 * NS_PER_SEC)

void mcp_note_free(struct mcp_note *note)
{
	TAILQ_REMOVE(&note->client->notes, note, link);
	note->client->n_notes--;
	if (note->call)
		courier_cancel(note->call);
	free(note);
}

static void handle_note_end(const struct error *err UNUSED, void *data)
{
	struct mcp_note *note = data;
	struct mcp_client *client = note->client;
	void (*done)(struct mcp_client * client) = note->done;

	note->call = NULL;
	mcp_note_free(note);
	if (done && !client->ended)
		done(client);
	mcp_client_rest(client);
}

static const struct mcp_ear notes = {
	.handlers = { .end = handle_note_end },
	.patience_ns = NOTE_NS,
};

static struct mcp_note *note_new(struct mcp_client *client, void (*done)(struct mcp_client *client))
{
	struct mcp_note *note = calloc(1, sizeof(*note));

	if (!note)
		abort();
	*note = (struct mcp_note) { .client = client, .done = done };
	TAILQ_INSERT_TAIL(&client->notes, note, link);
	client->n_notes++;
	return note;
}

void mcp_client_note(struct mcp_client *client, char *text, const char *method,
		     void (*done)(struct mcp_client *client))
{
	CLEANUP(text) char *body = text;
	CLEANUP(mcp_envelope) struct mcp_envelope envelope = { 0 };
	struct mcp_note *note;

	if (client->n_notes >= MCP_MAX_NOTES && !done)
		return; /* a server that asks so much is not answered */
	mcp_envelope_address(&envelope, client, method);
	note = note_new(client, done);
	note->call = mcp_envelope_send(client, "POST", &envelope, body, &notes, note);
}

void mcp_client_leave(struct mcp_client *client)
{
	CLEANUP(mcp_envelope) struct mcp_envelope envelope = { 0 };
	struct mcp_note *note = note_new(client, NULL);

	mcp_envelope_address(&envelope, client, NULL);
	note->call = mcp_envelope_send(client, "DELETE", &envelope, NULL, &notes, note);
}
