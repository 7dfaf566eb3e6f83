// The sandbox payment service: refunds that can be created, asked about and reversed. Money is in minor units (cents).
// It must never create two refunds for one key; recognising keys is the server's part, this file only knows refunds.

import { noSuchPath, readFields, readText, refuse, reply, wrongMethod } from './system.ts';
import type { SandboxCall, SandboxEntry, SandboxMutation, SandboxReply, SandboxSystem } from './system.ts';

interface Refund {
  id: string;
  order: string;
  /** Minor units (cents). */
  amount: number;
  currency: string;
  reason: string | null;
  status: 'succeeded' | 'reversed';
  createdAt: number;
  reversedAt: number | null;
}

const FIRST_NUMBER = 5001;
const MAX_AMOUNT = 100_000_000;

export function createPayments(): SandboxSystem {
  const refunds = new Map<string, Refund>();
  const refundByKey = new Map<string, string>();

  function handle(call: SandboxCall): SandboxMutation | SandboxReply {
    const [collection, id, verb, ...rest] = call.path;
    if (collection !== 'refunds' || rest.length > 0) return noSuchPath();
    if (id === undefined) {
      if (call.method === 'GET') return listRefunds(call.query);
      return call.method === 'POST' ? createRefund(call.body) : wrongMethod(['GET', 'POST']);
    }
    if (verb === undefined) return call.method === 'GET' ? readRefund(id) : wrongMethod(['GET']);
    if (verb !== 'reverse') return noSuchPath();
    return call.method === 'POST' ? reverseRefund(id, call.body) : wrongMethod(['POST']);
  }

  function listRefunds(query: URLSearchParams): SandboxReply {
    const key = query.get('key');
    const order = query.get('order');
    const idOfKey = key === null ? undefined : refundByKey.get(key);
    const items = [...refunds.values()].filter(
      (refund) => (key === null || refund.id === idOfKey) && (order === null || refund.order === order),
    );
    return reply(200, { items, count: items.length });
  }

  function readRefund(id: string): SandboxReply {
    const refund = refunds.get(id);
    return refund === undefined ? noRefund(id) : reply(200, refund);
  }

  function createRefund(body: unknown): SandboxMutation | SandboxReply {
    const fields = readFields(body, ['order', 'amount', 'currency', 'reason']);
    if (typeof fields === 'string') return refuse(400, 'invalid_request', fields);
    const order = readText(fields['order'], 100);
    if (order === undefined) return refuse(400, 'invalid_request', '"order" must be the id of an order.');
    const amount = fields['amount'];
    if (typeof amount !== 'number' || !Number.isInteger(amount) || amount < 1 || amount > MAX_AMOUNT) {
      return refuse(400, 'invalid_amount', `"amount" must be whole cents from 1 to ${MAX_AMOUNT}.`);
    }
    const currency = fields['currency'] ?? 'EUR';
    if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) {
      return refuse(400, 'invalid_request', '"currency" must be three capital letters, such as EUR.');
    }
    const reason = fields['reason'] ?? null;
    if (reason !== null && (typeof reason !== 'string' || reason.length > 2000)) {
      return refuse(400, 'invalid_request', '"reason" must be a text of at most 2000 characters.');
    }
    const request = { order, amount, currency, reason };
    return {
      kind: 'mutation',
      request,
      plan: (at) => {
        const id = `rf_${FIRST_NUMBER + refunds.size}`;
        const refund: Refund = { id, ...request, status: 'succeeded', createdAt: at, reversedAt: null };
        return {
          kind: 'change',
          action: 'refund.created',
          resource: id,
          request,
          result: { status: 201, body: refund },
        };
      },
    };
  }

  function reverseRefund(id: string, body: unknown): SandboxMutation | SandboxReply {
    const fields = readFields(body ?? {}, ['reason']);
    if (typeof fields === 'string') return refuse(400, 'invalid_request', fields);
    const request = { refund: id, ...fields };
    return {
      kind: 'mutation',
      request,
      plan: (at) => {
        const refund = refunds.get(id);
        if (refund === undefined) return noRefund(id);
        if (refund.status === 'reversed') {
          return refuse(409, 'already_reversed', `Refund "${id}" was already reversed.`);
        }
        const reversed: Refund = { ...refund, status: 'reversed', reversedAt: at };
        return {
          kind: 'change',
          action: 'refund.reversed',
          resource: id,
          request,
          result: { status: 200, body: reversed },
        };
      },
    };
  }

  function apply(entry: SandboxEntry): void {
    switch (entry.action) {
      case 'refund.created': {
        // The ledger is this module's own writing, so the stored answer is the refund.
        refunds.set(entry.resource, entry.result.body as Refund);
        if (entry.key !== undefined) refundByKey.set(entry.key, entry.resource);
        return;
      }
      case 'refund.reversed': {
        const refund = refunds.get(entry.resource);
        if (refund !== undefined) refunds.set(refund.id, { ...refund, status: 'reversed', reversedAt: entry.at });
        return;
      }
    }
  }

  function clear(): void {
    refunds.clear();
    refundByKey.clear();
  }

  return { name: 'payments', honoursKeys: true, handle, apply, clear };
}

function noRefund(id: string): SandboxReply {
  return refuse(404, 'refund_not_found', `There is no refund "${id}".`);
}
