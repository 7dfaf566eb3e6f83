// The sandbox mail service. It does not recognise idempotency keys: every accepted call sends another message, as most
// mail services do, so that a workflow has to treat sending as something that happens once and cannot be taken back.

import { noSuchPath, readFields, readText, refuse, reply, wrongMethod } from './system.ts';
import type { SandboxCall, SandboxEntry, SandboxMutation, SandboxReply, SandboxSystem } from './system.ts';

interface Message {
  id: string;
  to: string;
  subject: string;
  body: string;
  /** Id of the message this one follows up or corrects. */
  inReplyTo: string | null;
  sentAt: number;
}

const FIRST_NUMBER = 9001;
const ADDRESS = /^[^\s@]{1,64}@[^\s@]{1,250}$/;

export function createMail(): SandboxSystem {
  const messages = new Map<string, Message>();

  function handle(call: SandboxCall): SandboxMutation | SandboxReply {
    const [collection, id, ...rest] = call.path;
    if (collection !== 'messages' || rest.length > 0) return noSuchPath();
    if (id === undefined) {
      if (call.method === 'GET') return listMessages(call.query);
      return call.method === 'POST' ? sendMessage(call.body) : wrongMethod(['GET', 'POST']);
    }
    if (call.method !== 'GET') return wrongMethod(['GET']);
    const message = messages.get(id);
    return message === undefined
      ? refuse(404, 'message_not_found', `There is no message "${id}".`)
      : reply(200, message);
  }

  function listMessages(query: URLSearchParams): SandboxReply {
    const to = query.get('to');
    const items = [...messages.values()].filter((message) => to === null || message.to === to);
    return reply(200, { items, count: items.length });
  }

  function sendMessage(body: unknown): SandboxMutation | SandboxReply {
    const fields = readFields(body, ['to', 'subject', 'body', 'inReplyTo']);
    if (typeof fields === 'string') return refuse(400, 'invalid_request', fields);
    const to = fields['to'];
    if (typeof to !== 'string' || !ADDRESS.test(to)) {
      return refuse(400, 'invalid_address', '"to" must be one e-mail address.');
    }
    const subject = readText(fields['subject'], 500);
    if (subject === undefined)
      return refuse(400, 'invalid_request', '"subject" must be a text of 1 to 500 characters.');
    const text = fields['body'];
    if (typeof text !== 'string') return refuse(400, 'invalid_request', '"body" must be a text.');
    const inReplyTo = fields['inReplyTo'] ?? null;
    if (inReplyTo !== null && typeof inReplyTo !== 'string') {
      return refuse(400, 'invalid_request', '"inReplyTo" must be the id of a message.');
    }
    const request = { to, subject, body: text, inReplyTo };
    return {
      kind: 'mutation',
      request,
      plan: (at) => {
        const id = `msg_${FIRST_NUMBER + messages.size}`;
        const message: Message = { id, ...request, sentAt: at };
        return {
          kind: 'change',
          action: 'message.sent',
          resource: id,
          request,
          result: { status: 201, body: message },
        };
      },
    };
  }

  function apply(entry: SandboxEntry): void {
    messages.set(entry.resource, entry.result.body as Message);
  }

  return { name: 'mail', honoursKeys: false, handle, apply, clear: () => messages.clear() };
}
