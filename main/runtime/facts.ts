/**
 * What all runs share: what their workflows spent, and whether the systems they depend on answer. In memory and always
 * up to date, read from the store once before the first run is; written by the transactions of the runs that change it.
 */
import { ApiError } from '../../shared/api/contract.ts';
import type { DependencyView } from '../../shared/api/contract.ts';
import { breakerPolicy, defaultBreaker, dependencyWord } from '../../shared/run/dependency.ts';
import { periodsOf, type PeriodSpend } from '../../shared/run/spend.ts';
import type { RunState } from '../../shared/run/state.ts';
import type { Store } from '../store/port.ts';
import { createDependencies, type Dependencies } from './core/dependencies.ts';
import { createSpending, type Spending } from './core/spending.ts';
import type { Dispatcher } from './dispatcher.ts';
import { createWakeful, type Wakeful } from './wakeful.ts';

export interface Facts {
  spending: Spending;
  dependencies: Dependencies;
  wakeful: Wakeful;
  /** Resolves when what earlier lives of the host knew is known. */
  ready(): Promise<void>;
  othersSpent(state: RunState): (period: string) => PeriodSpend;
  /** Those that do not answer first, with how many unfinished runs wait for each. */
  views(): Promise<DependencyView[]>;
  /** A person says that it answers again. Throws `ApiError` (`not_found`). */
  reset(name: string, by: string): Promise<void>;
}

export interface FactsOptions {
  store: Store;
  clock: () => number;
  load: Dispatcher['load'];
  /** Tells a run that a system it waits for answers again. */
  resume(runId: string, dependency: string): Promise<void>;
}

const dayMs = 86_400_000;

export function createFacts({ store, clock, load, resume }: FactsOptions): Facts {
  const spending = createSpending();
  const dependencies = createDependencies(defaultBreaker);
  let reading: Promise<void> | undefined;

  const wakeful = createWakeful({
    isAnswering: (name) => dependencies.of(name)?.openUntil === undefined,
    load,
    wake: (runId, dependency) =>
      resume(runId, dependency).catch((error: unknown) => {
        // It went on by itself, or ended; a run that cannot be read is told of when it is asked for.
        if (!(error instanceof ApiError)) throw error;
      }),
  });

  async function read(): Promise<void> {
    // A clock that was set back by a day still finds its day and month.
    const { month } = periodsOf(clock() - 2 * dayMs);
    spending.load(await store.spendTotals(month));
    dependencies.policy = breakerPolicy(await store.setting('breaker'));
    dependencies.load(await store.dependencies());
    if (!dependencies.all().some(({ openUntil }) => openUntil !== undefined)) return;
    for (const { runId, waitsFor } of await store.waitingRuns())
      for (const dependency of waitsFor) wakeful.add(runId, dependency);
  }

  function ready(): Promise<void> {
    reading ??= read();
    return reading;
  }

  return {
    spending,
    dependencies,
    wakeful,
    ready,
    othersSpent: (state) => (period) => spending.others(state.workflowId, period, state.spend?.[period]),
    async views() {
      await ready();
      const waiting = (await store.waitingRuns()).flatMap(({ waitsFor }) => waitsFor);
      const views = dependencies.all().map((dependency) => ({
        ...dependency,
        word: dependencyWord(dependency, clock()),
        waiting: waiting.filter((name) => name === dependency.name).length,
      }));
      return views.sort((one, other) => Number(one.word === 'closed') - Number(other.word === 'closed'));
    },
    async reset(name, by) {
      await ready();
      const closed = dependencies.close(name, clock(), by);
      if (!closed) throw new ApiError('not_found', `No step has depended on ${name} and failed`, '/name');
      await store.saveDependency(closed);
      wakeful.look();
    },
  };
}
