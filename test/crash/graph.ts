/** The workflow the crash tests break: every effect class that exists so far, a timer, steps saved and unsaved, and what undoes them. */
import type { WorkflowDocument } from '../../shared/workflow/document.ts';

/** What a target that honours keys may do the first time, and one that does not. */
export const keyedBehaviours = [
  'ok',
  'slow',
  'drop_after',
  'drop_before',
  '503',
  '429',
  'fail_after',
  'garbage',
  'half',
  'hang_after',
  'hang_before',
];
/** A plain no is left out: what happens once is not tried again after one, and that is another story. */
export const unkeyedBehaviours = keyedBehaviours.filter((one) => one !== '503' && one !== '429');

export interface Behaviours {
  keyed: string;
  unkeyed: string;
  /** Of the target that can be asked; it answers well when this is absent. */
  asked?: string;
  /** Of the target that takes back; it answers well when this is absent. */
  undo?: string;
}

/** Every target answers as it should. */
export const well: Behaviours = { keyed: 'ok', unkeyed: 'ok' };

const patient = {
  retriers: [
    { errors: ['*', 'invalid_output'], intervalMs: 20, backoffRate: 1, maxRetries: 40, jitter: 'none' as const },
  ],
  attemptTimeoutMs: 5000,
};

export function crashGraph(origin: string, behaviours: Behaviours): WorkflowDocument {
  /** Who does not answer at all is waited for, but not for long. */
  const within = (behaviour: string) => ({ attemptTimeoutMs: behaviour.startsWith('hang') ? 700 : 5000 });
  const undo = (what: string, body: Record<string, string>) => ({
    kind: 'http',
    kindVersion: 1,
    config: { method: 'POST', url: url(`keyed/undo-${what}`, behaviours.undo ?? 'ok'), body },
    effect: 'idempotent' as const,
    retry: { ...patient, ...within(behaviours.undo ?? 'ok') },
  });
  const url = (path: string, does: string): string => `${origin}/${path}/{{ $run.id }}?do=${does}`;
  return {
    formatVersion: 1,
    id: 'wf_crash',
    name: 'Crash test',
    owner: 'role:tester',
    steps: {
      calc: { kind: 'transform', kindVersion: 1, label: 'Calculate', config: { value: { cents: 4200 } } },
      look: {
        kind: 'http',
        kindVersion: 1,
        label: 'Look',
        config: { method: 'GET', url: url('read', 'ok') },
        retry: patient,
      },
      saved: {
        kind: 'transform',
        kindVersion: 1,
        label: 'Save',
        config: { value: { cents: '{{ $steps.calc.output.cents }}', seen: '{{ $steps.look.output.value }}' } },
        checkpoint: true,
      },
      pay: {
        kind: 'http',
        kindVersion: 1,
        label: 'Pay',
        config: {
          method: 'POST',
          url: url('keyed', behaviours.keyed),
          body: { cents: '{{ $steps.saved.output.cents }}' },
        },
        checkpoint: true,
        effect: 'idempotent',
        retry: { ...patient, ...within(behaviours.keyed) },
        compensate: undo('pay', { deed: '{{ output.id }}' }),
      },
      book: {
        kind: 'http',
        kindVersion: 1,
        label: 'Book',
        config: {
          method: 'POST',
          url: url('asked', behaviours.asked ?? 'ok'),
          body: { paid: '{{ $steps.pay.output.id }}' },
        },
        checkpoint: true,
        effect: 'probeable',
        // Time enough for a second no; who never answers is asked after that.
        retry: { ...patient, ...within(behaviours.asked ?? 'ok') },
        probe: {
          kind: 'http',
          kindVersion: 1,
          config: { method: 'GET', url: `${origin}/asked/{{ $run.id }}` },
          happened: '$exists(output.id)',
          settleMs: 100,
        },
        compensate: undo('book', { booked: '{{ output.id }}' }),
      },
      pause: { kind: 'wait', kindVersion: 1, label: 'Pause', config: { durationMs: 40 } },
      tell: {
        kind: 'http',
        kindVersion: 1,
        label: 'Tell',
        config: {
          method: 'POST',
          url: url('unkeyed', behaviours.unkeyed),
          body: { paid: '{{ $steps.pay.output.id }}' },
        },
        checkpoint: true,
        effect: 'once',
        retry: { retriers: [], ...within(behaviours.unkeyed) },
        compensate: undo('tell', { paid: '{{ request.body.paid }}' }),
      },
      last: { kind: 'transform', kindVersion: 1, label: 'Sum up', config: { value: { done: true } } },
    },
    edges: [
      ['calc', 'look'],
      ['look', 'saved'],
      ['saved', 'pay'],
      ['pay', 'book'],
      ['book', 'pause'],
      ['pause', 'tell'],
      ['tell', 'last'],
    ].map(([from = '', to = ''], index) => ({ id: `e${index}`, from: { step: from, port: 'out' }, to: { step: to } })),
  };
}
