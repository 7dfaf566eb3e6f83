// Says one sentence and exits 2 when the surroundings cannot work, before anything heavier is loaded that would crash.
// Must stay readable for Node 18, and must never import a package: it also runs when none is installed.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;

function complaint() {
  if (!existsSync(fileURLToPath(new URL('../node_modules/vite/package.json', import.meta.url))))
    return 'Holdfast: the dependencies are not installed; run `npm ci` in this folder first.';
  if (Number(process.versions.node.split('.')[0]) < NEEDED_MAJOR)
    return `Holdfast: this is Node ${process.versions.node}, but Node ${NEEDED_MAJOR} is needed; run it through npm (\`npm start\`), which uses the Node that \`npm ci\` installed.`;
  return undefined;
}

const sentence = complaint();
if (sentence) {
  console.error(sentence);
  process.exit(2);
}
