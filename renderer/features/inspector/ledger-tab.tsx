/** The effect ledger of the run: what was asked of other systems, under which key, and what is known about each. */
import { BookCheck, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { EffectState } from '../../../shared/run/state.ts';
import { countOf, formatActor } from '../../lib/format.ts';
import type { LabelOf } from '../../lib/event-words.ts';
import { effectStatusText, effectWord, errorLine } from '../../lib/words.ts';
import { EffectGlyph } from '../../ui/effect-glyph.tsx';
import { CopyButton, JsonTree } from '../../ui/json-tree.tsx';
import { EmptyState } from '../../ui/page.tsx';
import { StatusShape } from '../../ui/status-badge.tsx';
import { TimeText } from '../../ui/values.tsx';
import classes from './inspector.module.css';

function Effect({ effect, label }: { effect: EffectState; label: string }) {
  const [open, setOpen] = useState(false);
  return (
    <li className={classes.effect}>
      <button type="button" className={classes.effectLine} aria-expanded={open} onClick={() => setOpen(!open)}>
        <ChevronRight aria-hidden className={classes.chevron} />
        <StatusShape word={effectWord(effect.status)} />
        <span className={classes.effectMain}>
          <span className={classes.target}>{effect.target}</span>
          <span className={classes.quiet}>
            {label}
            {effect.undoes !== undefined && ', undoes an earlier change'}
          </span>
        </span>
        <EffectGlyph effect={effect.class} withWords />
        <span className={classes.effectStatus}>{effectStatusText(effect)}</span>
        <span className={classes.quiet}>
          <TimeText at={effect.settledAt ?? effect.intendedAt} />
        </span>
      </button>
      {open && (
        <div className={classes.effectBody}>
          <div className={classes.keyLine}>
            <span className={classes.quiet}>Key</span>
            <code className={classes.code}>{effect.key}</code>
            <CopyButton text={effect.key} label="Copy key" />
            <span className={classes.quiet}>
              {effect.attempts === 1 ? 'asked once' : `asked ${countOf(effect.attempts, 'time')} under the same key`}
              {effect.settledBy !== undefined && `, settled by ${formatActor(effect.settledBy)}`}
            </span>
          </div>
          {effect.error && (
            <p className={classes.effectError}>
              {errorLine(effect.error)}: {effect.error.message}
            </p>
          )}
          <div className={classes.pair}>
            <section aria-label="Request">
              <h3 className={classes.dataTitle}>What was asked</h3>
              <JsonTree value={effect.request} label="Request" />
            </section>
            <section aria-label="Evidence">
              <h3 className={classes.dataTitle}>Evidence</h3>
              {effect.response === undefined ? (
                <p className={classes.hint}>There is no answer to show.</p>
              ) : (
                <JsonTree value={effect.response} label="Answer" />
              )}
            </section>
          </div>
        </div>
      )}
    </li>
  );
}

export function LedgerTab({ effects, labelOf }: { effects: EffectState[]; labelOf: LabelOf }) {
  if (effects.length === 0)
    return (
      <EmptyState
        icon={BookCheck}
        title="No change in other systems"
        text="Nothing was asked of another system that would have to be undone."
      />
    );
  return (
    <ol className={classes.ledger}>
      {effects.map((effect) => (
        <Effect key={effect.key} effect={effect} label={labelOf(effect.step)} />
      ))}
    </ol>
  );
}
