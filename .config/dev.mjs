// `npm run dev`: the page with hot reload from Vite, and the loopback host from its sources, started again on each change.
// Must never serve beyond 127.0.0.1. The page talks to Vite, which passes the wire on to the host.
import './guard.mjs';
import { spawn } from 'node:child_process';
import { createServer as createProbe } from 'node:net';
import path from 'node:path';
import { createServer } from 'vite';
import { rendererConfig, root } from './vite.mjs';

const PAGE_PORT = 5173;

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createProbe();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

const hostPort = await freePort();
const hostUrl = `http://127.0.0.1:${hostPort}`;
const { build: _build, ...page } = rendererConfig(path.join(root, 'out/renderer'));
const vite = await createServer({
  ...page,
  server: {
    host: '127.0.0.1',
    port: PAGE_PORT,
    proxy: { '/wire': { target: hostUrl, ws: true, changeOrigin: true, rewriteWsOrigin: true } },
  },
});
await vite.listen();
const pageUrl = vite.resolvedUrls.local[0];

const host = spawn(
  process.execPath,
  ['--watch', '--watch-preserve-output', 'main/loopback.ts', '--port', String(hostPort), ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
/** The host prints its address with the access key behind the #; the page needs the same key. */
host.stdout.on('data', (chunk) => {
  const text = chunk.toString();
  const key = new RegExp(`${hostUrl}/?(#\\S+)`).exec(text)?.[1];
  console.log(key ? `With hot reload: ${pageUrl}${key}` : text.trimEnd());
});

let stopping = false;
const stop = async () => {
  if (stopping) return;
  stopping = true;
  host.kill('SIGTERM');
  await vite.close();
  process.exitCode = 0;
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop());
host.once('close', () => void stop());
