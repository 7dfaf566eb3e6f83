// Completes package-lock.json after `npm install`: npm leaves out platform packages that the registry in use did not
// serve, and `npm ci` then refuses the lock file everywhere. Run by hand: `node .config/lock.mjs`; `npm run check` says when.
// Must never change a version or an entry that is there.
import './guard.mjs';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const file = path.resolve(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const packages = lock.packages;

/** npm looks for a package beside the one that asks, then in each folder above. */
function isLocked(asker, name) {
  for (
    let folder = asker;
    ;
    folder = folder.includes('/node_modules/') ? folder.slice(0, folder.lastIndexOf('/node_modules/')) : ''
  ) {
    if (packages[`${folder ? `${folder}/` : ''}node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

/** `@scope/binding-linux-x64-musl` says for which system it is; npm needs that to pass over it elsewhere. */
function platformEntry(name, version, { dev, engines, license }) {
  const [os, cpu, abi = ''] = name
    .split('/')
    .at(-1)
    .replace(/^binding-/, '')
    .split('-');
  const libc =
    os !== 'linux' ? undefined : abi.startsWith('musl') ? ['musl'] : abi.startsWith('gnu') ? ['glibc'] : undefined;
  return {
    version,
    cpu: [cpu],
    ...(dev && { dev }),
    ...(engines && { engines }),
    ...(libc && { libc }),
    ...(license && { license }),
    optional: true,
    os: [os],
  };
}

let added = 0;
for (const [asker, entry] of Object.entries(packages))
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(asker, name)) continue;
    if (!/^\d/.test(version))
      throw new Error(`${name} is wanted as "${version}": not an exact version, so it cannot be locked here.`);
    packages[`node_modules/${name}`] = platformEntry(name, version, entry);
    added += 1;
  }
lock.packages = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')));
if (added > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added > 0 ? `Added ${added} platform packages to package-lock.json.` : 'package-lock.json is complete.');
