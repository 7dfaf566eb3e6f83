/** What belongs to the workspace and to the app as a whole: facts, settings, step kinds, the Sandbox's ledger, the doctor. */
import type { Handlers, WorkspaceSettings } from '../../shared/api/contract.ts';
import type { Once } from './once.ts';
import type { Parts } from './parts.ts';

type Topic =
  | 'hosts.allow'
  | 'app.info'
  | 'app.doctor'
  | 'steps.list'
  | 'sandbox.entries'
  | 'settings.get'
  | 'settings.set';

export function settingsHandlers(parts: Parts, once: Once): Pick<Handlers, Topic> {
  const { store } = parts;

  async function read(): Promise<WorkspaceSettings> {
    const stored = (await store.setting('workspace')) as Partial<WorkspaceSettings> | undefined;
    return { actingAs: `person:${parts.userName}`, currency: 'USD', colorScheme: 'auto', ...stored };
  }

  return {
    'app.info': () => parts.info,
    'app.doctor': ({ commandId, rebuild, backup }) =>
      once(commandId, () =>
        store.doctor({ ...(rebuild === undefined ? {} : { rebuild }), ...(backup === undefined ? {} : { backup }) }),
      ),
    'steps.list': () => [...parts.manifests.values()],
    'hosts.allow': ({ commandId, host, port, by }) =>
      once(commandId, async () => {
        await parts.allowed.allow({ host, port, by, at: parts.clock() });
        return null;
      }),
    'sandbox.entries': () => parts.sandboxEntries(),
    'settings.get': () => read(),
    'settings.set': ({ commandId, actingAs, colorScheme }) =>
      once(commandId, async () => {
        const next = {
          ...(await read()),
          ...(actingAs === undefined ? {} : { actingAs }),
          ...(colorScheme === undefined ? {} : { colorScheme }),
        };
        await store.saveSetting('workspace', next);
        return next;
      }),
  };
}
