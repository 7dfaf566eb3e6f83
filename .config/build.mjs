// Builds out/main and out/renderer when their sources changed since the last build, and only then, so that `npm start`
// and the tests can ask for a build every time. Each part is built aside and then put in place in one rename.
// Must never leave a half-written part behind, and two builds at once must wait for each other.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');
const out = path.join(root, 'out');

const PARTS = {
  main: ['main', 'shared'],
  renderer: ['renderer', 'shared'],
};
const COMMON = ['package-lock.json', '.config/vite.mjs', '.config/build.mjs'];

const isSource = (file) => !/\.(test|bench)\.tsx?$/.test(file);

function filesUnder(folder) {
  const absolute = path.join(root, folder);
  if (!existsSync(absolute)) return [];
  if (statSync(absolute).isFile()) return [folder];
  return readdirSync(absolute, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .filter(isSource)
    .sort();
}

function digestOf(part) {
  const hash = createHash('sha256');
  for (const file of [...COMMON, ...PARTS[part]].flatMap(filesUnder))
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

function isFresh(part, digest) {
  const stamp = path.join(out, part, '.stamp');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** One build at a time per checkout; a lock whose owner is gone is taken over. */
async function withLock(work) {
  mkdirSync(out, { recursive: true });
  const lock = path.join(out, '.building.pid');
  const until = Date.now() + 240_000;
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      let owner = Number.NaN;
      try {
        owner = Number(readFileSync(lock, 'utf8'));
      } catch {
        continue;
      }
      if (owner > 0 && !isAlive(owner)) rmSync(lock, { force: true });
      else if (Date.now() > until)
        throw new Error(`Another build holds ${lock} for more than four minutes; delete it if none is running.`);
      else await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

async function buildPart(part, digest) {
  const vite = await import('vite');
  const config = await import('./vite.mjs');
  const aside = path.join(out, `.next-${part}`);
  rmSync(aside, { recursive: true, force: true });
  if (part === 'main') {
    await vite.build(config.mainConfig(aside));
    await vite.build(config.preloadConfig(aside));
    config.copyMigrations(aside);
  } else {
    await vite.build(config.rendererConfig(aside));
  }
  writeFileSync(path.join(aside, '.stamp'), digest);
  const target = path.join(out, part);
  rmSync(target, { recursive: true, force: true });
  renameSync(aside, target);
}

/** Brings the named parts up to date. Resolves to the parts that had to be built. */
export async function buildIfStale({ parts = Object.keys(PARTS), force = false, onBuild = () => {} } = {}) {
  const isStale = (part) => force || !isFresh(part, digestOf(part));
  if (!parts.some(isStale)) return [];
  return withLock(async () => {
    const built = [];
    for (const part of parts.filter(isStale)) {
      onBuild(part);
      await buildPart(part, digestOf(part));
      built.push(part);
    }
    return built;
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const started = Date.now();
  try {
    const built = await buildIfStale({ force: process.argv.includes('--force') });
    console.log(
      built.length
        ? `Built ${built.join(' and ')} in ${((Date.now() - started) / 1000).toFixed(1)} s.`
        : 'Nothing to build: out/ is up to date.',
    );
  } catch (error) {
    console.error(`The build failed: ${error.message}`);
    process.exitCode = 1;
  }
}
