/**
 * A life of the application in surroundings that fail it: started with another environment, watched for what it says is
 * on the disk, stopped and continued, and told when to begin.
 */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildNews, ChildPlan } from '../crash/child.ts';
import { crashChild } from '../crash/lives.ts';

export interface Life {
  pid: number;
  /** Last sequence number by run that it said is on the disk. */
  acknowledged: Map<string, number>;
  /** The sentence it stopped or refused with. */
  sentence(): string | undefined;
  /** Resolves when it has loaded, and lets it begin when its plan waits for that. */
  loaded: Promise<void>;
  go(): void;
  /** Resolves when so many events were acknowledged, or it ended before. */
  hasWritten(events: number): Promise<void>;
  /** SIGSTOP; resolves when it stands still. */
  stop(): Promise<void>;
  goOn(): void;
  kill(): void;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

export function startLife(plan: ChildPlan, env: Record<string, string> = {}, entry = crashChild): Life {
  const child = fork(entry, [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, CRASH_PLAN: JSON.stringify(plan), ...env },
  });
  const acknowledged = new Map<string, number>();
  const waiting: { events: number; resolve(): void }[] = [];
  let isEnded = false;
  let sentence: string | undefined;
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));

  const written = (): number => [...acknowledged.values()].reduce((sum, seq) => sum + seq, 0);
  function tellWaiting(): void {
    for (const one of [...waiting]) {
      if (!isEnded && written() < one.events) continue;
      waiting.splice(waiting.indexOf(one), 1);
      one.resolve();
    }
  }
  const loaded = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.on('message', (news: ChildNews | 'loaded') => {
      if (news === 'loaded') return resolve();
      if ('seq' in news) acknowledged.set(news.runId, news.seq);
      else sentence = 'halted' in news ? news.halted : news.refused;
      tellWaiting();
    });
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>((resolve) => {
    child.once('close', (code, signal) => {
      isEnded = true;
      tellWaiting();
      resolve({ code, signal, stderr });
    });
  });
  const pid = child.pid ?? 0;
  return {
    pid,
    acknowledged,
    sentence: () => sentence,
    loaded,
    go: () => void child.send('go'),
    hasWritten: (events) =>
      new Promise((resolve) => {
        waiting.push({ events, resolve });
        tellWaiting();
      }),
    async stop() {
      child.kill('SIGSTOP');
      while (!isEnded && !isStopped(pid)) await sleep(1);
    },
    goOn: () => void child.kill('SIGCONT'),
    kill: () => void child.kill('SIGKILL'),
    ended,
  };
}

/** All its threads stand still: one that waits for the disk stops when the disk has answered. */
function isStopped(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return ['T', 'Z'].includes(state.slice(state.lastIndexOf(')') + 2)[0] ?? '');
  } catch {
    return true;
  }
}
