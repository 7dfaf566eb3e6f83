// The sandbox CRM: customers, orders and supplier invoices, seeded from resources/demo. Orders carry a version and an
// ETag, and a change with a stale If-Match is refused. It must never know about payments or mail.

import customerSeed from '../../resources/demo/customers.json' with { type: 'json' };
import invoiceSeed from '../../resources/demo/invoices.json' with { type: 'json' };
import orderSeed from '../../resources/demo/orders.json' with { type: 'json' };
import { noSuchPath, readFields, refuse, reply, wrongMethod } from './system.ts';
import type { SandboxCall, SandboxEntry, SandboxMutation, SandboxReply, SandboxSystem } from './system.ts';

interface Customer {
  id: string;
  name: string;
  email: string;
}

interface Order {
  id: string;
  customerId: string;
  status: string;
  /** Minor units (cents). */
  total: number;
  note: string | null;
  refundId: string | null;
  version: number;
  /** Epoch milliseconds of the last change, null for an untouched seed. */
  updatedAt: number | null;
}

const STATUSES = ['paid', 'shipped', 'delivered', 'refund_pending', 'refunded', 'refund_declined', 'cancelled'];
const CHANGEABLE = ['status', 'refundId', 'note'] as const;

export function createCrm(): SandboxSystem {
  const customers = new Map<string, Customer>(customerSeed.map((customer) => [customer.id, customer]));
  const invoices = new Map(invoiceSeed.map((invoice) => [invoice.id, invoice]));
  const orders = new Map<string, Order>();

  function clear(): void {
    orders.clear();
    for (const seed of orderSeed) orders.set(seed.id, { ...seed, refundId: null, version: 1, updatedAt: null });
  }
  clear();

  /** The order as callers see it: with whom it belongs to, so that one read is enough to write to the customer. */
  function present(order: Order): Record<string, unknown> {
    const { customerId, ...rest } = order;
    const customer = customers.get(customerId);
    return {
      ...rest,
      customer:
        customer === undefined ? { id: customerId } : { id: customer.id, name: customer.name, email: customer.email },
    };
  }

  function handle(call: SandboxCall): SandboxMutation | SandboxReply {
    const [collection, id, ...rest] = call.path;
    if (rest.length > 0) return noSuchPath();
    switch (collection) {
      case 'orders':
        if (id === undefined) return call.method === 'GET' ? listOrders(call.query) : wrongMethod(['GET']);
        if (call.method === 'GET') return readOrder(id);
        if (call.method === 'PATCH') return patchOrder(id, call);
        return wrongMethod(['GET', 'PATCH']);
      case 'customers':
        return call.method === 'GET' ? readSeeded(customers, id, 'customer') : wrongMethod(['GET']);
      case 'invoices':
        return call.method === 'GET' ? readSeeded(invoices, id, 'invoice') : wrongMethod(['GET']);
      default:
        return noSuchPath();
    }
  }

  function listOrders(query: URLSearchParams): SandboxReply {
    const status = query.get('status');
    const customer = query.get('customer');
    const items = [...orders.values()].filter(
      (order) => (status === null || order.status === status) && (customer === null || order.customerId === customer),
    );
    return reply(200, { items: items.map(present), count: items.length });
  }

  function readOrder(id: string): SandboxReply {
    const order = orders.get(id);
    if (order === undefined) return refuse(404, 'order_not_found', `There is no order "${id}".`);
    return reply(200, present(order), { etag: `"${order.version}"` });
  }

  function patchOrder(id: string, call: SandboxCall): SandboxMutation | SandboxReply {
    const fields = readFields(call.body, CHANGEABLE);
    if (typeof fields === 'string') return refuse(400, 'invalid_request', fields);
    const wrong = wrongChange(fields);
    if (wrong !== undefined) return refuse(400, 'invalid_request', wrong);
    const { ifMatch } = call;
    return {
      kind: 'mutation',
      request: { order: id, ...fields },
      plan: (at) => {
        const order = orders.get(id);
        if (order === undefined) return refuse(404, 'order_not_found', `There is no order "${id}".`);
        if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== String(order.version)) {
          return refuse(
            412,
            'stale',
            `Order "${id}" has changed since it was read (version ${order.version}, not ${ifMatch}).`,
            { etag: `"${order.version}"` },
          );
        }
        const next: Order = { ...order, ...fields, version: order.version + 1, updatedAt: at };
        // The caller gets what it replaced, so that undoing needs no second read.
        const previous = { status: order.status, refundId: order.refundId, note: order.note };
        return {
          kind: 'change',
          action: 'order.updated',
          resource: id,
          request: fields,
          result: { status: 200, body: { ...present(next), previous }, headers: { etag: `"${next.version}"` } },
        };
      },
    };
  }

  function apply(entry: SandboxEntry): void {
    const order = orders.get(entry.resource);
    if (order === undefined) return;
    orders.set(order.id, { ...order, ...entry.request, version: order.version + 1, updatedAt: entry.at });
  }

  return { name: 'crm', honoursKeys: true, handle, apply, clear };
}

function readSeeded<T extends { id: string }>(
  all: Map<string, T>,
  id: string | undefined,
  noun: 'customer' | 'invoice',
): SandboxReply {
  if (id === undefined) return reply(200, { items: [...all.values()], count: all.size });
  const found = all.get(id);
  if (found === undefined) return refuse(404, `${noun}_not_found`, `There is no ${noun} "${id}".`);
  return reply(200, found);
}

function wrongChange(fields: Record<string, unknown>): string | undefined {
  if (Object.keys(fields).length === 0) return `Name at least one field to change: ${CHANGEABLE.join(', ')}.`;
  const { status, refundId, note } = fields;
  if (status !== undefined && !(typeof status === 'string' && STATUSES.includes(status))) {
    return `"status" must be one of ${STATUSES.join(', ')}.`;
  }
  if (refundId !== undefined && refundId !== null && !(typeof refundId === 'string' && refundId.length <= 100)) {
    return '"refundId" must be a text of at most 100 characters, or null.';
  }
  if (note !== undefined && note !== null && !(typeof note === 'string' && note.length <= 2000)) {
    return '"note" must be a text of at most 2000 characters, or null.';
  }
  return undefined;
}
