/**
 * The built page as both graphical hosts serve it: only files of its own folder, each with its type, and the content
 * security policy. Must never follow a path out of the folder and never serve a page without a fresh nonce.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

export interface PageAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer | string;
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.map': 'application/json; charset=utf-8',
};

export interface PageOptions {
  folder: string;
  /** What the page may connect to beside its own files: the WebSocket of the loopback host, nothing on the desktop. */
  connectSources: string[];
}

/** `urlPath` is the path of the request as it came, percent-encoded. */
export async function servePage(options: PageOptions, urlPath: string): Promise<PageAnswer> {
  const file = fileOf(options.folder, urlPath);
  if (file === undefined) return plain(404, 'There is no such page.');
  const type = types[path.extname(file)];
  if (type === undefined) return plain(404, 'There is no such page.');
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch {
    if (path.basename(file) === 'index.html') return plain(503, 'The page is not built: run npm start.');
    return plain(404, 'There is no such page.');
  }
  const isHtml = type.startsWith('text/html');
  const nonce = randomBytes(16).toString('base64url');
  return {
    status: 200,
    headers: {
      'content-type': type,
      // Built files carry a hash of their content in their name; the page itself carries the nonce of this answer.
      'cache-control': isHtml ? 'no-store' : 'private, max-age=31536000, immutable',
      'content-security-policy': contentSecurityPolicy(nonce, options.connectSources),
      ...commonHeaders,
    },
    body: isHtml ? content.toString('utf8').replaceAll('__CSP_NONCE__', nonce) : content,
  };
}

export const commonHeaders: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

function contentSecurityPolicy(nonce: string, connectSources: string[]): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    // React sets style attributes of elements it positions; a style attribute cannot run anything.
    "style-src-attr 'unsafe-inline'",
    "font-src 'self'",
    "img-src 'self' data:",
    "worker-src 'self'",
    `connect-src ${connectSources.length > 0 ? connectSources.join(' ') : "'none'"}`,
    "require-trusted-types-for 'script'",
    'trusted-types holdfast',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function fileOf(folder: string, urlPath: string): string | undefined {
  let decoded: string;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return undefined;
  }
  // Backslashes, drive letters and null bytes have no place in the name of a built file.
  if (!decoded.startsWith('/') || /[\\:\0]/.test(decoded)) return undefined;
  const relative = decoded === '/' ? 'index.html' : decoded.slice(1);
  if (relative.split('/').some((part) => part === '' || part.startsWith('.'))) return undefined;
  const root = path.resolve(folder);
  const file = path.resolve(root, relative);
  return file.startsWith(root + path.sep) ? file : undefined;
}

export function plain(status: number, text: string): PageAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...commonHeaders }, body: `${text}\n` };
}
