/** The effect class of a step as a quiet glyph with its words: reads, changes, happens once. */
import { Calculator, Eye, PencilLine, RefreshCw, TriangleAlert } from 'lucide-react';
import type { LucideIcon } from 'lucide-react';
import { effectWords } from '../../shared/steps/effect.ts';
import type { EffectClass } from '../../shared/steps/effect.ts';
import classes from './parts.module.css';

const glyphs: Record<EffectClass, LucideIcon> = {
  pure: Calculator,
  read: Eye,
  idempotent: RefreshCw,
  probeable: PencilLine,
  once: TriangleAlert,
};

export function EffectGlyph({ effect, withWords = false }: { effect: EffectClass; withWords?: boolean }) {
  const Glyph = glyphs[effect];
  return (
    <span className={classes.glyph} data-effect={effect} title={effectWords[effect]}>
      <Glyph aria-hidden className={classes.icon} strokeWidth={1.75} />
      {withWords ? <span>{effectWords[effect]}</span> : <span className="hf-hidden">{effectWords[effect]}</span>}
    </span>
  );
}
