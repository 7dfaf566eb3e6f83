#!/usr/bin/env node
/**
 * Entry of the terminal. Loads as little as the command at hand needs, so that it starts fast; the application itself
 * comes only when a command has to hold the data folder.
 */
import module from 'node:module';

module.enableCompileCache?.();

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // The reader went away, as `| head` does.
  if (error.code === 'EPIPE') process.exit(0);
  console.error(
    `The result cannot be written (${error.code ?? error.message}); what was done is saved, see runs list.`,
  );
  process.exit(1);
});

async function main(args: string[]): Promise<number> {
  const [{ runProgram }, { appFolders }] = await Promise.all([
    import('./cli/program.ts'),
    import('./workspace/folders.ts'),
  ]);
  const folders = appFolders();
  return runProgram(args, {
    version: folders.version,
    openApp: async ({ dataDir, onHalt }) => {
      const { createApp } = await import('./app.ts');
      return createApp({ dataDir, host: 'terminal', onHalt });
    },
    serve: async ({ dataDir, port, open }) => {
      const [{ createApp }, { serveLoopback, ServeRefusal }] = await Promise.all([
        import('./app.ts'),
        import('./hosts/loopback/serve.ts'),
      ]);
      try {
        await serveLoopback({
          dataDir,
          port,
          open,
          pageFolder: folders.page,
          createApp: () => createApp({ dataDir, host: 'loopback', leaseWaitMs: 1_500 }),
          print: (line) => console.log(line),
        });
        return 0;
      } catch (error) {
        if (!(error instanceof ServeRefusal)) throw error;
        console.error(error.message);
        return error.exitCode;
      }
    },
  });
}

main(process.argv.slice(2)).then(
  (code) => process.stdout.write('', () => process.exit(code)),
  (error: unknown) => {
    console.error(
      `Holdfast stopped because of a fault of its own: ${error instanceof Error ? error.message : String(error)}`,
    );
    process.exit(1);
  },
);
