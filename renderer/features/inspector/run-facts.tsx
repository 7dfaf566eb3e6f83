/** The run in figures, on one line: when, how long, what it cost and what had to be done again. */
import type { ReactNode } from 'react';
import type { RunState } from '../../../shared/run/state.ts';
import { formatCount, shortDigest } from '../../lib/format.ts';
import { ActorText, DurationText, MoneyText, TimeText } from '../../ui/values.tsx';
import classes from './inspector.module.css';

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

export function RunFacts({ run }: { run: RunState }) {
  const tokens = run.usage.inputTokens + run.usage.outputTokens;
  return (
    <dl className={classes.facts}>
      <Fact name="Started">
        <TimeText at={run.startedAt} />
      </Fact>
      <Fact name="Took">
        <DurationText from={run.startedAt} to={run.endedAt} />
      </Fact>
      <Fact name="Cost">
        <MoneyText micros={run.costMicros} />
      </Fact>
      <Fact name="Tokens">{formatCount(tokens)}</Fact>
      <Fact name="Retries">{run.retriesUsed}</Fact>
      <Fact name="Repeated after a crash">{run.repeated}</Fact>
      <Fact name="Owner">
        <ActorText actor={run.owner} />
      </Fact>
      <Fact name="Version">
        <span className="hf-mono" title={run.version}>
          {shortDigest(run.version)}
        </span>
      </Fact>
    </dl>
  );
}
