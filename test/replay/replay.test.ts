/** Recorded histories of every released version fold to the state they folded to when they were recorded. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../shared/run/events.ts';
import { foldRun } from '../../shared/run/evolve.ts';
import type { RunState } from '../../shared/run/state.ts';

const folder = fileURLToPath(new URL('histories', import.meta.url));

describe.each(readdirSync(folder))('histories of version %s', (version) => {
  const files = readdirSync(join(folder, version));

  it.each(files)('%s folds to the recorded state', (file) => {
    const recorded = JSON.parse(readFileSync(join(folder, version, file), 'utf8')) as {
      events: RunEvent[];
      state: RunState;
    };
    expect(recorded.events.length).toBeGreaterThan(2);
    // Later versions may know more about a run, never less and never something else.
    expect(foldRun(recorded.events)).toMatchObject(recorded.state);
  });
});
