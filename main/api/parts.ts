/** What the handlers are built from: the application's parts, by their published types only. */
import type { AppInfo } from '../../shared/api/contract.ts';
import type { StepManifest } from '../../shared/steps/manifest.ts';
import type { WorkflowDocument } from '../../shared/workflow/document.ts';
import type { Problem } from '../../shared/workflow/problem.ts';
import type { Engine } from '../runtime/engine.ts';
import type { SandboxEntry } from '../sandbox/sandbox.ts';
import type { Store } from '../store/port.ts';
import type { People } from '../workspace/people.ts';
import type { AllowedHosts } from './allowed-hosts.ts';
import type { Live } from './live.ts';

export interface Parts {
  info: AppInfo;
  store: Store;
  engine: Engine;
  manifests: ReadonlyMap<string, StepManifest>;
  problems(document: WorkflowDocument): Problem[];
  live: Live;
  allowed: AllowedHosts;
  people: People;
  samplesDir: string;
  /** Epoch milliseconds. */
  clock(): number;
  newId(): string;
  sandboxEntries(): Promise<SandboxEntry[]>;
  /** Name of the person at this machine, for the first settings. */
  userName: string;
}
