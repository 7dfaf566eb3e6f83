/** Beside the canvas while a run is shown: what the selected step did, gave and what went wrong. */
import type { StepManifest } from '../../../../shared/steps/manifest.ts';
import type { RunState } from '../../../../shared/run/state.ts';
import { stepLabel } from '../../../../shared/workflow/describe.ts';
import type { WorkflowDocument } from '../../../../shared/workflow/document.ts';
import { countOf } from '../../../lib/format.ts';
import { noteOf, occurrencesOf } from '../../../lib/occurrences.ts';
import { errorAdvice, errorLine } from '../../../lib/words.ts';
import { KindIcon } from '../../../ui/canvas/kind-icon.tsx';
import { statusOf } from '../../../ui/canvas/status.ts';
import { JsonTree } from '../../../ui/json-tree.tsx';
import { StatusBadge } from '../../../ui/status-badge.tsx';
import { MoneyText } from '../../../ui/values.tsx';
import { Section } from '../panel/section.tsx';
import panel from '../panel/panel.module.css';
import classes from './step-result.module.css';

export interface StepResultProps {
  state: RunState;
  document: WorkflowDocument;
  step: string | undefined;
  manifests: ReadonlyMap<string, StepManifest>;
}

function Head({ icon, title, children }: { icon: string | undefined; title: string; children: React.ReactNode }) {
  return (
    <header className={panel.head}>
      <span className={panel.headIcon}>
        <KindIcon name={icon} />
      </span>
      <div className={panel.headText}>
        <h2 className={panel.headTitle}>{title}</h2>
        {children}
      </div>
    </header>
  );
}

export function StepResult({ state, document, step, manifests }: StepResultProps) {
  const definition = step === undefined ? undefined : document.steps[step];
  if (step === undefined || !definition) {
    return (
      <aside className={panel.panel} aria-label="Result">
        <Head icon="zap" title="This run">
          <p className={panel.quiet}>Select a step to see what it did.</p>
        </Head>
        <Section title="Input">
          <JsonTree value={state.input} label="Input of the run" />
        </Section>
        {state.output !== undefined && (
          <Section title="Output">
            <JsonTree value={state.output} label="Output of the run" />
          </Section>
        )}
      </aside>
    );
  }
  const occurrence = occurrencesOf(document, state).get(step);
  const run = occurrence?.run;
  const status = statusOf(run);
  const last = run?.attempts.at(-1);
  return (
    <aside className={panel.panel} aria-label="Result">
      <Head icon={manifests.get(definition.kind)?.icon} title={stepLabel(document, step)}>
        <div className={classes.status}>
          <StatusBadge word={status.look} provisional={status.provisional} note={occurrence && noteOf(occurrence)} />
          {run && run.attempts.length > 1 && (
            <span className={panel.quiet}>{countOf(run.attempts.length, 'attempt')}</span>
          )}
          {last && last.costMicros > 0 && <MoneyText micros={last.costMicros} />}
        </div>
      </Head>
      {!run && (
        <Section title="Not reached yet">
          <p className={panel.quiet}>The run has not come to this step.</p>
        </Section>
      )}
      {run?.error && (
        <Section title="What went wrong">
          <div className={classes.error} role="alert">
            <p>{errorLine(run.error)}</p>
            <p className={panel.quiet}>{errorAdvice[run.error.class]}</p>
          </div>
        </Section>
      )}
      {run?.output !== undefined && (
        <Section title="Output">
          <JsonTree value={run.output} label="Output" />
        </Section>
      )}
      {run?.config !== undefined && (
        <Section title="Done with">
          <JsonTree value={run.config} label="Settings with their values" openTo={1} />
        </Section>
      )}
    </aside>
  );
}
