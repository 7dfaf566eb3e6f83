/** The systems that steps depend on: whether they answer, and a person who says that one does again. */
import type { Handlers } from '../../shared/api/contract.ts';
import type { Once } from './once.ts';
import type { Parts } from './parts.ts';

export function dependencyHandlers(
  { engine, live }: Pick<Parts, 'engine' | 'live'>,
  once: Once,
): Pick<Handlers, 'dependencies.list' | 'dependencies.reset'> {
  return {
    'dependencies.list': (_input, push, signal) => live.watch(['runs'], () => engine.dependencies(), push, signal),
    'dependencies.reset': ({ commandId, name, by }) =>
      once(commandId, async () => {
        await engine.resetDependency({ name, by });
        live.changed('runs');
        return null;
      }),
  };
}
