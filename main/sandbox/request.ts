// Reading a request and sending an answer: size limit, JSON only, and the check that the caller is the app itself.
// It must never buffer more than the limit, and never trust a request that a web page could have caused.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SandboxAnswer, SandboxReply } from './system.ts';
import { refuse } from './system.ts';

export const MAX_BODY_BYTES = 1024 * 1024;
const MAX_DISCARDED_BYTES = 16 * MAX_BODY_BYTES;

/** A page elsewhere can reach a loopback port; its Host (DNS rebinding) or its Origin gives it away. */
export function isTrustedCaller(request: IncomingMessage, port: number): boolean {
  const { host, origin } = request.headers;
  return (host === `127.0.0.1:${port}` || host === `localhost:${port}`) && origin === undefined;
}

/** The parsed body (undefined when empty), or the refusal to send. */
export async function readJsonBody(request: IncomingMessage): Promise<{ kind: 'body'; value: unknown } | SandboxReply> {
  const bytes = await readBytes(request);
  if (bytes === 'too_large')
    return refuse(413, 'too_large', 'The body may have at most 1 MB.', { connection: 'close' });
  if (bytes === 'incomplete') return refuse(400, 'incomplete', 'The body ended before it was complete.');
  if (bytes.length === 0) return { kind: 'body', value: undefined };
  const type = request.headers['content-type'];
  if (type !== undefined && !/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    return refuse(415, 'unsupported_type', 'The body must be application/json.');
  }
  try {
    return { kind: 'body', value: JSON.parse(bytes.toString('utf8')) as unknown };
  } catch {
    return refuse(400, 'invalid_json', 'The body is not valid JSON.');
  }
}

/** Past the limit nothing is kept, but a moderate rest is read away so that the caller gets to see the refusal. */
function readBytes(request: IncomingMessage): Promise<Buffer | 'too_large' | 'incomplete'> {
  return new Promise((resolve) => {
    let chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else chunks = [];
      if (size > MAX_DISCARDED_BYTES) {
        request.pause();
        resolve('too_large');
      }
    });
    request.on('end', () => resolve(size > MAX_BODY_BYTES ? 'too_large' : Buffer.concat(chunks)));
    request.on('close', () => resolve('incomplete'));
    request.on('error', () => resolve('incomplete'));
  });
}

export function send(request: IncomingMessage, response: ServerResponse, answer: SandboxAnswer): void {
  if (response.destroyed) return;
  const payload = Buffer.from(JSON.stringify(answer.body), 'utf8');
  // A body that was not read would be taken for the next request on this connection.
  const unread = !request.complete;
  response.writeHead(answer.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': payload.length,
    'cache-control': 'no-store',
    ...answer.headers,
    ...(unread ? { connection: 'close' } : {}),
  });
  response.end(payload);
}
