// The peer of bench/mcp: a server of the official SDK, as small as its documents make one. Prints
// its port. A session per initialize, JSON answers, one tool that reads what /proc says.
import {randomUUID} from 'node:crypto';
import {createServer} from 'node:http';
import {readFileSync} from 'node:fs';
import {Server} from '@modelcontextprotocol/sdk/server/index.js';
import {StreamableHTTPServerTransport} from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import {CallToolRequestSchema, ListToolsRequestSchema} from '@modelcontextprotocol/sdk/types.js';

const tools = JSON.parse(readFileSync(process.argv[2]));
const sessions = new Map();

async function open() {
  const server = new Server({name: 'peer', version: '1'}, {capabilities: {tools: {}}});
  server.setRequestHandler(ListToolsRequestSchema, async () => ({tools}));
  server.setRequestHandler(CallToolRequestSchema, async () => ({
    content: [{type: 'text', text: readFileSync('/proc/meminfo', 'utf8') + readFileSync('/proc/stat', 'utf8')}]}));
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID, enableJsonResponse: true,
    onsessioninitialized: id => sessions.set(id, transport)});
  await server.connect(transport);
  return transport;
}

const http = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request)
    chunks.push(chunk);
  const body = chunks.length ? JSON.parse(Buffer.concat(chunks)) : undefined;
  const transport = sessions.get(request.headers['mcp-session-id']) ?? await open();
  await transport.handleRequest(request, response, body);
});
http.listen(0, '127.0.0.1', () => console.log(http.address().port));
