/** Repairing a run: pause it and let it go on, try again from a step, give a step's result. Who and why go along. */
import type { Handlers } from '../../shared/api/contract.ts';
import type { Repair } from '../runtime/requests.ts';
import type { Once } from './once.ts';
import type { Parts } from './parts.ts';

type Topic = 'runs.pause' | 'runs.resume' | 'runs.retry' | 'runs.skip';

export function repairHandlers({ engine, people }: Parts, once: Once): Pick<Handlers, Topic> {
  const repair = (commandId: string, runId: string, command: Repair): Promise<null> =>
    once(commandId, async () => {
      await engine.repair({ commandId, runId, command });
      return null;
    });
  const said = ({ by, reason }: { by: string; reason?: string | undefined }) => ({
    by,
    ...(reason === undefined ? {} : { reason }),
  });

  return {
    'runs.pause': ({ commandId, runId, ...who }) => repair(commandId, runId, { type: 'pause_run', ...said(who) }),
    'runs.resume': ({ commandId, runId, ...who }) => repair(commandId, runId, { type: 'resume_run', ...said(who) }),
    'runs.retry': ({ commandId, runId, step, ...who }) =>
      repair(commandId, runId, { type: 'retry_step', step, ...said(who) }),
    'runs.skip': async ({ commandId, runId, step, output, ports, pin, ...who }) => {
      const { verified } = await people.prove(who.by, pin);
      return repair(commandId, runId, {
        type: 'skip_step',
        step,
        output: output ?? null,
        verified,
        ...(ports === undefined ? {} : { ports }),
        ...said(who),
      });
    },
  };
}
