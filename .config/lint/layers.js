// The layers of the architecture as lint rules: who may import whom, and what a pure layer may not touch.
// Works on paths, not on text: a specifier is resolved against the file that holds it, so `../../main/x.ts` and `@/..`
// tricks are seen alike, and `import()`, `require()`, `export … from` and type imports count too.
// Must never allow by silence: a file in no layer is reported, so a new top-level folder needs a line here.
import path from 'node:path';

const PURE_PACKAGES = ['zod'];
const NODE_BUILTIN =
  /^node:|^(assert|buffer|child_process|crypto|events|fs|http|https|net|os|path|stream|url|util|worker_threads|zlib)(\/|$)/;

/**
 * First match wins. `own` are folders a file may reach by relative path; `packages` decides on bare specifiers.
 * Test files lie beside what they test and may use Node and the test libraries, but stay in their layer's folders.
 */
const LAYERS = [
  {
    name: 'test',
    match: /^(test|\.config)\//,
    own: ['test/', 'main/', 'shared/', 'renderer/', 'resources/', '.config/', 'package.json'],
    packages: () => true,
  },
  { name: 'shared', match: /^shared\//, own: ['shared/'], packages: (name) => PURE_PACKAGES.includes(name) },
  {
    name: 'core',
    match: /^main\/runtime\/core\//,
    own: ['main/runtime/core/', 'shared/'],
    packages: (name) => PURE_PACKAGES.includes(name),
  },
  {
    name: 'electron',
    match: /^main\/(desktop\.ts|preload\.ts|hosts\/electron\/)/,
    own: ['main/', 'shared/', 'resources/', 'package.json'],
    packages: () => true,
  },
  {
    name: 'main',
    match: /^main\//,
    own: ['main/', 'shared/', 'resources/', 'package.json'],
    packages: (name) => name !== 'electron',
  },
  {
    name: 'renderer',
    match: /^renderer\//,
    own: ['renderer/', 'shared/'],
    packages: (name) =>
      !NODE_BUILTIN.test(name) &&
      name !== 'electron' &&
      !['better-sqlite3', 'libsql', 'undici', 'pino', 'ws'].includes(name),
  },
];

const REACH = {
  shared: 'shared may import only zod and shared',
  core: 'main/runtime/core may import only shared and itself',
  main: 'only main/desktop.ts, main/preload.ts and main/hosts/electron may import electron; main never imports renderer or test',
  electron: 'the Electron host never imports renderer or test',
  renderer: 'renderer may import only renderer, shared and browser libraries: no main, no Node, no electron',
  test: 'tests import from the tree only',
};

/** Entries and the composition root are the top of main: nothing below them may lean on them. */
const TOP_OF_MAIN = /^main\/(app|desktop|loopback|cli|preload)\.ts$/;

function packageName(specifier) {
  if (NODE_BUILTIN.test(specifier)) return specifier;
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0];
}

function featureOf(file) {
  return /^renderer\/features\/([^/]+)/.exec(file)?.[1];
}

/** The path inside the repository, with forward slashes. The root is where the configuration is. */
function insideRoot(absolute) {
  return path.relative(ROOT, absolute).split(path.sep).join('/');
}

const ROOT = path.resolve(import.meta.dirname, '..', '..');

/** Why this import is not allowed, or undefined when it is. */
function refusal(file, specifier) {
  const layer = LAYERS.find((candidate) => candidate.match.test(file));
  if (!layer) return `${file} belongs to no layer: add it to .config/lint/layers.js`;
  const isTest = /\.(test|bench)\.tsx?$/.test(file) || layer.name === 'test';
  if (!/^[./]/.test(specifier)) {
    const name = packageName(specifier);
    if (isTest || layer.packages(name)) return undefined;
    return `${REACH[layer.name]} (found "${specifier}")`;
  }
  const target = path.posix.join(path.posix.dirname(file), specifier.replace(/\?.*$/, ''));
  if (isTest && target.startsWith('test/')) return undefined;
  if (!layer.own.some((folder) => target.startsWith(folder))) return `${REACH[layer.name]} (found "${specifier}")`;
  if (
    !isTest &&
    layer.name === 'main' &&
    !TOP_OF_MAIN.test(file) &&
    (TOP_OF_MAIN.test(target) || target.startsWith('main/hosts/electron/'))
  )
    return `${target} is an entry or the composition root; nothing below imports it`;
  const from = featureOf(file);
  const to = featureOf(target);
  if (from && to && from !== to)
    return `features never import each other: renderer/features/${from} reaches into ${to}`;
  return undefined;
}

const imports = {
  meta: { type: 'problem', docs: { description: 'the import rules of the architecture' } },
  create(context) {
    const file = insideRoot(context.filename);
    const judge = (node, source) => {
      if (!source || typeof source.value !== 'string') return;
      const message = refusal(file, source.value);
      if (message) context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => judge(node, node.source),
      ExportAllDeclaration: (node) => judge(node, node.source),
      ExportNamedDeclaration: (node) => judge(node, node.source),
      ImportExpression: (node) => judge(node, node.source),
      TSImportType: (node) => judge(node, node.argument ?? node.source),
      CallExpression: (node) => {
        if (node.callee.type === 'Identifier' && node.callee.name === 'require') judge(node, node.arguments[0]);
      },
    };
  },
};

const PURE = /^(shared|main\/runtime\/core)\//;
const IMPURE_GLOBALS = new Set([
  'process',
  'performance',
  'crypto',
  'globalThis',
  'window',
  'document',
  'navigator',
  'localStorage',
  'fetch',
  'require',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'console',
]);
const IMPURE_MEMBERS = { Date: ['now'], Math: ['random'] };

/** A value, not a property name, a key or a declaration of its own. */
function isReference(node) {
  const parent = node.parent;
  if (!parent) return true;
  if (parent.type === 'MemberExpression' && parent.property === node && !parent.computed) return false;
  if (parent.type === 'Property' && parent.key === node && !parent.computed && !parent.shorthand) return false;
  if (parent.type.startsWith('TS'))
    return (
      parent.type === 'TSAsExpression' ||
      parent.type === 'TSNonNullExpression' ||
      parent.type === 'TSSatisfiesExpression'
    );
  return !['MethodDefinition', 'PropertyDefinition', 'LabeledStatement', 'ImportSpecifier', 'ExportSpecifier'].includes(
    parent.type,
  );
}

function declaredHere(context, node) {
  for (let scope = context.sourceCode.getScope(node); scope; scope = scope.upper) {
    const variable = scope.set.get(node.name);
    if (variable) return variable.defs.length > 0;
  }
  return false;
}

const pure = {
  meta: { type: 'problem', docs: { description: 'no clock, no randomness, no surroundings in pure layers' } },
  create(context) {
    const file = insideRoot(context.filename);
    if (!PURE.test(file) || file.endsWith('.test.ts')) return {};
    const report = (node, what) => context.report({ node, message: `${what} in a pure layer: take it as an argument` });
    return {
      Identifier(node) {
        if (IMPURE_GLOBALS.has(node.name) && isReference(node) && !declaredHere(context, node)) report(node, node.name);
      },
      MemberExpression(node) {
        const members = node.object.type === 'Identifier' ? IMPURE_MEMBERS[node.object.name] : undefined;
        const name = node.computed ? node.property.value : node.property.name;
        if (members?.includes(name)) report(node, `${node.object.name}.${name}`);
      },
      NewExpression(node) {
        if (node.callee.name === 'Date' && node.arguments.length === 0) report(node, 'new Date()');
      },
      CallExpression(node) {
        if (node.callee.type === 'Identifier' && node.callee.name === 'Date') report(node, 'Date()');
      },
    };
  },
};

export default { meta: { name: 'layers' }, rules: { imports, pure } };
