/**
 * Bad input, one row each: one clear sentence with the place, the exit code of the public interface, no stack, and
 * nothing lost or half-written.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { betterSqlite3 } from '../../main/store/drivers/better-sqlite3.ts';
import { linesOf, refund, setUpDesk } from './terminal.ts';
import type { Desk, Finished } from './terminal.ts';

let desk: Desk;
beforeEach(() => {
  desk = setUpDesk();
});
afterEach(() => desk.clear());

function expectSentence(finished: Finished, code: number, ...parts: string[]): void {
  expect(finished.err).not.toMatch(/\n\s+at |Error:|node:internal/);
  for (const part of parts) expect(finished.err).toContain(part);
  expect([finished.code, finished.out]).toEqual([code, '']);
  expect(finished.err.trim()).not.toBe('');
}

type Graph = { steps: Record<string, { config: Record<string, unknown> }>; edges: Record<string, unknown>[] } & Record<
  string,
  unknown
>;

function changed(change: (graph: Graph) => void): string {
  const graph = JSON.parse(readFileSync(refund, 'utf8')) as Graph;
  change(graph);
  return JSON.stringify(graph);
}

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

/** Name, content of the file, what the sentence must hold. */
const badGraphs: [name: string, content: () => string, ...parts: string[]][] = [
  ['not JSON', () => '{ "formatVersion": 1,\n  oops }', 'Line 2'],
  ['empty', () => ''],
  ['not an object', () => '[1, 2]'],
  ['an unknown field', () => changed((graph) => (graph['colour'] = 'red')), '/colour'],
  [
    'an unknown field deep inside',
    () => changed((graph) => Object.assign(graph.steps['pay'] ?? {}, { retries: 3 })),
    '/steps/pay/retries',
  ],
  [
    'too deep',
    () =>
      changed((graph) => Object.assign(graph.steps['pay']?.config ?? {}, { body: 0 })).replace(
        '"body":0',
        `"body":${nested(5_000)}`,
      ),
  ],
  [
    'a missing step target',
    () => changed((graph) => (graph.edges[0] = { ...graph.edges[0], to: { step: 'nowhere' } })),
    '/edges/0',
    'nowhere',
  ],
  [
    'a cycle without a limit',
    () =>
      changed((graph) => graph.edges.push({ id: 'back', from: { step: 'tell', port: 'out' }, to: { step: 'decide' } })),
    '/edges/',
  ],
  [
    'an expression that does not parse',
    () =>
      changed((graph) =>
        Object.assign(graph.steps['read']?.config ?? {}, { url: 'sandbox://crm/orders/{{ input.( }}' }),
      ),
    '/steps/read/config/url',
  ],
  [
    'a step of an unknown kind',
    () => changed((graph) => Object.assign(graph.steps['pay'] ?? {}, { kind: 'teleport' })),
    '/steps/pay/kind',
  ],
  ['a format from the future', () => changed((graph) => (graph['formatVersion'] = 2)), '/formatVersion'],
  [
    'a name that could reach a prototype',
    () => changed(() => {}).replace('"steps":{', '"steps":{"__proto__":{"kind":"wait"},'),
  ],
];

describe('a bad graph file', () => {
  test.each(badGraphs)('%s', async (_name, content, ...parts) => {
    const file = desk.write('bad.holdfast.json', content());
    const [run, check] = await Promise.all([desk.run('run', file), desk.run('check', file, '--json')]);
    expectSentence(run, 2, file, ...parts);
    expect([check.code, check.err]).toEqual([2, '']);
    const errors = linesOf(check.out).filter((problem) => problem['severity'] === 'error');
    expect(errors.length).toBeGreaterThan(0);
    for (const problem of errors)
      expect(problem).toMatchObject({ message: expect.any(String), pointer: expect.any(String) });
    expect(existsSync(desk.dataDir)).toBe(false);
  });

  test('over 20 MB, a folder, not there, not UTF-8: refused by name', async () => {
    const large = desk.write('large.holdfast.json', '');
    truncateSync(large, 20_000_001);
    const binary = path.join(desk.folder, 'binary.holdfast.json');
    writeFileSync(binary, Buffer.from([0x7b, 0xff, 0xfe, 0x7d]));
    const missing = path.join(desk.folder, 'missing.holdfast.json');
    expectSentence(await desk.run('run', large), 2, large, '20 MB');
    expectSentence(await desk.run('check', binary), 2, binary, 'UTF-8');
    expectSentence(await desk.run('run', desk.folder), 2, desk.folder, 'a folder');
    expectSentence(await desk.run('import', missing), 2, missing, 'no such file');
    expect(existsSync(desk.dataDir)).toBe(false);
  });

  test.skipIf(process.platform === 'win32')('a source without an end is left at the limit', async () => {
    expectSentence(await desk.run('check', '/dev/zero'), 2, '/dev/zero has more than 20 MB');
    expectSentence(await desk.run('run', refund, '--input', '@/dev/zero'), 2, '/dev/zero has more than 20 MB');
    expect(existsSync(desk.dataDir)).toBe(false);
  });

  test('one bad file among good ones: none is imported', async () => {
    const bad = desk.write('bad.holdfast.json', '{}');
    const dangling = desk.write(
      'dangling.holdfast.json',
      badGraphs.find(([name]) => name === 'a missing step target')?.[1]() ?? '',
    );
    expectSentence(await desk.run('import', refund, bad), 2, bad);
    expectSentence(await desk.run('import', refund, dangling), 2, dangling, '/edges/0');
    expectSentence(await desk.run('export', 'wf_refund'), 2, 'Known: none');
  });
});

describe('bad arguments', () => {
  test.each<[string[], string]>([
    [['run'], "missing required argument 'file'"],
    [['fly'], "unknown command 'fly'"],
    [['run', refund, '--speed', '9'], "unknown option '--speed'"],
    [['run', refund, '--input', '{oops'], '--input is not JSON'],
    [['run', refund, '--input', '{"orderId":7}'], '/input/orderId'],
    [['run', refund, '--input', '5'], 'The input must be an object'],
    [['run', refund, '--input', 'null'], 'The input must be an object'],
    [['run', refund, '--input', nested(3_000)], '--input is nested more than 200 levels deep'],
    [['run', refund, '--key', ''], '--key needs 1 to 200 characters'],
    [['runs', 'list', '--data', ''], '--data needs the name of a folder'],
    [['runs', 'cancel', 'run_nothing'], 'run_nothing in this data folder.'],
    [['inbox', 'decide', 'nothing', '--approve', '--as', 'role:'], '--as needs a readable name'],
    [['inbox', 'decide', 'nothing', '--approve', '--as', 'ada\u001b[31m'], '--as needs a readable name'],
    [['doctor', '--backup', refund], 'exists already and is not overwritten'],
    [['doctor', '--backup', '/nowhere/copy.db'], 'There is no folder /nowhere'],
    [['run', refund, '--env', 'NAME'], '--env is written NAME=VALUE'],
    [['run', refund, '--allow-host', 'localhost'], '--allow-host is written HOST:PORT'],
    [['run', refund, '--park-after', 'soon'], 'whole number'],
    [['runs', 'show', 'run_nothing'], 'run_nothing'],
    [['resume', 'run_nothing'], 'run_nothing'],
    [['inbox', 'show', 'nothing'], 'nothing'],
    [['inbox', 'decide', 'nothing', '--approve'], '--as <who>'],
    [['inbox', 'decide', 'nothing', '--as', 'ada'], 'exactly one of'],
    [['inbox', 'decide', 'nothing', '--approve', '--reject', '--as', 'ada'], 'exactly one of'],
    [['inbox', 'decide', 'nothing', '--edit', '{oops', '--as', 'ada'], '--edit is not JSON'],
    [['export', 'nothing'], 'nothing'],
    [['serve', '--port', '99999'], '65535'],
  ])('%j', async (args, part) => {
    expectSentence(await desk.run(...args), 2, part);
  });

  test('--debug shows where, and only then', async () => {
    const finished = await desk.run('runs', 'show', 'run_nothing', '--debug');
    expect(finished.code).toBe(2);
    expect(finished.err).toMatch(/\n\s+at /);
  });
});

describe('a data folder that cannot be used', () => {
  const database = (): string => path.join(desk.dataDir, 'holdfast.db');

  test('from a newer version: refused, and unchanged', async () => {
    await desk.run('import', refund);
    const db = betterSqlite3.open(database());
    db.exec('PRAGMA user_version = 999');
    db.close();
    const before = readFileSync(database());
    expectSentence(await desk.run('runs', 'list'), 3, database(), '999', 'newer');
    expectSentence(await desk.run('run', refund), 3, database());
    expect(readFileSync(database()).equals(before)).toBe(true);
  });

  test('damaged: refused, and unchanged', async () => {
    mkdirSync(desk.dataDir);
    writeFileSync(database(), 'this is no database at all, only some text that is long enough'.repeat(40));
    const before = readFileSync(database());
    for (const args of [['doctor'], ['resume'], ['run', refund]])
      expectSentence(await desk.run(...args), 3, database());
    expect(readFileSync(database()).equals(before)).toBe(true);
  });

  test('damaged in the middle: every command says so', async () => {
    await desk.run('run', refund);
    const bytes = readFileSync(database());
    // Everything behind the first pages, so that the file opens and its tables do not.
    bytes.fill(0xa5, 5 * 4096);
    writeFileSync(database(), bytes);
    for (const args of [['runs', 'list'], ['doctor'], ['run', refund]])
      expectSentence(await desk.run(...args), 3, `${database()} is damaged`);
  });

  test('a file in its place', async () => {
    writeFileSync(desk.dataDir, 'not a folder');
    expectSentence(await desk.run('runs', 'list'), 3, desk.dataDir);
    expect(readFileSync(desk.dataDir, 'utf8')).toBe('not a folder');
  });

  test('read-only', async () => {
    // Permissions do not stop root, but the kernel's own folder does.
    const isRoot = process.getuid?.() === 0;
    const folder = isRoot ? '/sys/kernel' : desk.dataDir;
    if (!isRoot) {
      mkdirSync(folder);
      chmodSync(folder, 0o500);
    }
    const before = readdirSync(folder);
    expectSentence(await desk.run('runs', 'list', '--data', folder), 3, folder, 'cannot be written');
    expectSentence(await desk.run('run', refund, '--data', folder), 3, folder);
    expect(readdirSync(folder)).toEqual(before);
    if (!isRoot) chmodSync(folder, 0o700);
  });

  test('in use by a process that does not answer, and free again when it is gone', async () => {
    const host = await desk.host();
    host.child.kill('SIGSTOP');
    expectSentence(await desk.run('runs', 'list'), 3, `process ${host.child.pid}`, 'does not answer');
    host.child.kill('SIGKILL');
    await host.finished;
    expect((await desk.run('runs', 'list')).code).toBe(0);
  });
});
