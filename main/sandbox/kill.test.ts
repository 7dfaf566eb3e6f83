// Kills a process that runs the Sandbox systems with SIGKILL in the middle of a stream of refunds: everything that was
// answered must be there afterwards, and repeating every key must not pay anything twice.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startSandbox } from './sandbox.ts';

async function refundOnce(origin: string, number: number): Promise<string> {
  const response = await fetch(`${origin}/payments/refunds`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `"key-${number}"` },
    body: JSON.stringify({ order: `ord_${number}`, amount: 100 + number }),
  });
  return ((await response.json()) as { id: string }).id;
}

test('what was acknowledged before SIGKILL is there after it, once', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'holdfast-sandbox-kill-'));
  const source = JSON.stringify(new URL('./sandbox.ts', import.meta.url).href);
  const program = `const { startSandbox } = await import(${source});
    const sandbox = await startSandbox({ dir: ${JSON.stringify(dir)}, clock: Date.now });
    console.log(sandbox.origin);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const origin = line.toString().trim();
    const acknowledged = new Map<number, string>();
    const stream = Array.from({ length: 4 }, async (_, lane) => {
      for (let number = lane; ; number += 4) acknowledged.set(number, await refundOnce(origin, number));
    });
    await expect.poll(() => acknowledged.size, { timeout: 20_000 }).toBeGreaterThan(20);
    child.kill('SIGKILL');
    await Promise.allSettled(stream);

    const sandbox = await startSandbox({ dir, clock: Date.now });
    try {
      const kept = new Map(sandbox.entries('payments').map((entry) => [entry.key, entry.resource]));
      for (const [number, id] of acknowledged) expect(kept.get(`key-${number}`)).toBe(id);
      for (const [number, id] of acknowledged) expect(await refundOnce(sandbox.origin, number)).toBe(id);
      expect(sandbox.entries('payments')).toHaveLength(kept.size);
    } finally {
      await sandbox.close();
    }
  } finally {
    child.kill('SIGKILL');
    await rm(dir, { recursive: true, force: true });
  }
}, 60_000);
