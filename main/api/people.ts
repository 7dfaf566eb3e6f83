/** People with a PIN: who they are, never what their PIN is. */
import type { Handlers } from '../../shared/api/contract.ts';
import type { Once } from './once.ts';
import type { Parts } from './parts.ts';

type Topic = 'people.list' | 'people.setPin' | 'people.remove';

export function peopleHandlers({ people }: Parts, once: Once): Pick<Handlers, Topic> {
  return {
    'people.list': () => people.list(),
    'people.setPin': ({ commandId, ...person }) =>
      once(commandId, async () => {
        await people.setPin(person);
        return null;
      }),
    'people.remove': ({ commandId, who }) =>
      once(commandId, async () => {
        await people.remove(who);
        return null;
      }),
  };
}
