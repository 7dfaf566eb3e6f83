/** All endpoints of the contract, put together by topic. */
import type { Handlers } from '../../shared/api/contract.ts';
import { sayDataFaults } from './data-faults.ts';
import { dependencyHandlers } from './dependencies.ts';
import { forkHandlers } from './forks.ts';
import { inboxHandlers } from './inbox.ts';
import { metricsHandlers } from './metrics.ts';
import { createOnce } from './once.ts';
import type { Parts } from './parts.ts';
import { peopleHandlers } from './people.ts';
import { repairHandlers } from './repair.ts';
import { runHandlers } from './runs.ts';
import { settingsHandlers } from './settings.ts';
import { workflowHandlers } from './workflows.ts';

export function createHandlers(parts: Parts): Handlers {
  const once = createOnce();
  const handlers: Handlers = {
    ...workflowHandlers(parts, once),
    ...runHandlers(parts, once),
    ...repairHandlers(parts, once),
    ...forkHandlers(parts, once),
    ...peopleHandlers(parts, once),
    ...inboxHandlers(parts, once),
    ...dependencyHandlers(parts, once),
    ...metricsHandlers(parts),
    ...settingsHandlers(parts, once),
  };
  return sayDataFaults(handlers, parts.info.dataDir);
}
