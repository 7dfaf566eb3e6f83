/**
 * Entry of the plain Node host: the app in a browser on 127.0.0.1. `--port N`, `--data DIR`, `--open`, `--no-open`.
 * Exit codes: 0 stopped, 2 bad arguments or port in use, 3 data folder in use or unusable.
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { createApp } from './app.ts';
import { serveLoopback, ServeRefusal } from './hosts/loopback/serve.ts';
import { defaultDataDir } from './workspace/folder.ts';
import { appFolders } from './workspace/folders.ts';

async function main(args: string[]): Promise<number> {
  let port = 0;
  let dataDir: string;
  let open: boolean;
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        open: { type: 'boolean' },
        'no-open': { type: 'boolean' },
      },
    });
    if (values.port !== undefined) port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      throw new Error(`--port must be a whole number from 0 to 65535, not ${values.port}.`);
    dataDir = values.data === undefined ? defaultDataDir() : path.resolve(values.data);
    open = values.open === true && values['no-open'] !== true;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 2;
  }
  try {
    await serveLoopback({
      dataDir,
      port,
      open,
      pageFolder: appFolders().page,
      createApp: () => createApp({ dataDir, host: 'loopback', leaseWaitMs: 1_500, log: printWarnings }),
      print: (line) => console.log(line),
    });
    return 0;
  } catch (error) {
    if (error instanceof ServeRefusal) {
      console.error(error.message);
      return error.exitCode;
    }
    throw error;
  }
}

function printWarnings(level: string, message: string): void {
  if (level === 'warn' || level === 'error') console.error(message);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(
      `Holdfast stopped because of a fault of its own: ${error instanceof Error ? error.message : String(error)}`,
    );
    process.exit(1);
  },
);
