/** Hosts of the bench as processes of their own: asked for one thing, they answer in one line of numbers. */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('./host.ts', import.meta.url));

export interface HostWork {
  /** Starts runs that wait at a gate. */
  park: { asked: { runs: number }; told: { heapBefore: number; heapAfter: number } };
  /** Starts on the folder and waits until nothing moves. */
  open: { asked: Record<string, never>; told: { memory: number; startMs: number } };
  /** Answers that many open items, one after the other. */
  answer: { asked: { runs: number }; told: { answerMs: number } };
  /** Executes runs until it is killed; tells how many steps are done. */
  execute: { asked: { runs: number; length: number }; told: { steps: number } };
}

export interface Order<K extends keyof HostWork = keyof HostWork> {
  work: K;
  dataDir: string;
  asked: HostWork[K]['asked'];
}

function start<K extends keyof HostWork>(work: K, dataDir: string, asked: HostWork[K]['asked']): ChildProcess {
  const child = fork(entry, [], { execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const order: Order<K> = { work, dataDir, asked };
  child.send(order);
  return child;
}

export function inHost<K extends keyof HostWork>(
  work: K,
  dataDir: string,
  asked: HostWork[K]['asked'],
): Promise<HostWork[K]['told']> {
  const child = start(work, dataDir, asked);
  return new Promise((resolve, reject) => {
    let told: HostWork[K]['told'] | undefined;
    child.on('message', (message) => (told = message as HostWork[K]['told']));
    child.once('exit', (code) => (told ? resolve(told) : reject(new Error(`The host ended with ${code}: ${work}`))));
  });
}

/** Executes runs and is killed with SIGKILL as soon as that many steps are done. */
export function killedWhileExecuting(dataDir: string, asked: HostWork['execute']['asked'], at: number): Promise<void> {
  const child = start('execute', dataDir, asked);
  return new Promise((resolve, reject) => {
    child.on('message', (message) => {
      if ((message as HostWork['execute']['told']).steps >= at) child.kill('SIGKILL');
    });
    child.once('exit', (code, signal) =>
      signal === 'SIGKILL' ? resolve() : reject(new Error(`The host ended with ${code} before it was killed`)),
    );
  });
}
