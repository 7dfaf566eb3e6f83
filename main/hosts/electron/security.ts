/**
 * What a page in this app may never do, whatever it holds: leave its own address, open windows, embed others, ask for
 * permissions. Links to the web open in the browser after a question, and only https and mailto.
 */
import { dialog, session, shell } from 'electron';
import type { App, WebContents } from 'electron';

export const PAGE_SCHEME = 'app';
export const PAGE_ORIGIN = `${PAGE_SCHEME}://holdfast`;

export function isOwnPage(url: string): boolean {
  return url.startsWith(`${PAGE_ORIGIN}/`);
}

export function lockDown(app: App): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(({ url }) => {
      void askToOpen(url);
      return { action: 'deny' };
    });
    contents.on('will-navigate', (event, url) => {
      if (isOwnPage(url)) return;
      event.preventDefault();
      void askToOpen(url);
    });
    const refuse = (event: { preventDefault(): void }): void => event.preventDefault();
    contents.on('will-redirect', refuse);
    contents.on('will-attach-webview', refuse);
  });
}

/** Copying to the clipboard is the one thing the page may ask for. */
const ALLOWED_PERMISSION = 'clipboard-sanitized-write';

export function denyPermissions(): void {
  const mayHave = (contents: WebContents | null, permission: string): boolean =>
    permission === ALLOWED_PERMISSION && contents !== null && isOwnPage(contents.getURL());
  session.defaultSession.setPermissionRequestHandler((contents, permission, answer) =>
    answer(mayHave(contents, permission)),
  );
  session.defaultSession.setPermissionCheckHandler((contents, permission) => mayHave(contents, permission));
  session.defaultSession.setDevicePermissionHandler(() => false);
}

async function askToOpen(address: string): Promise<void> {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    return;
  }
  if (url.protocol !== 'https:' && url.protocol !== 'mailto:') return;
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: 'Open this outside Holdfast?',
    detail: url.href.slice(0, 500),
    buttons: ['Open', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
    noLink: true,
  });
  if (response === 0) await shell.openExternal(url.href);
}
