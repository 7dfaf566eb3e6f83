/** `holdfast metrics`: how well runs recover – all of them, those of a workflow, or one. Defined in `--help`. */
import type { MetricsReport } from '../../shared/api/contract.ts';
import type { DurationFigures } from '../../shared/run/durations.ts';
import { addRun, emptyTally, summaryOf, type MetricsSummary } from '../../shared/run/metrics-summary.ts';
import { isOpen } from '../../shared/run/state.ts';
import { durationText } from '../../shared/workflow/describe.ts';
import type { Command } from './command.ts';
import { CliFailure, invocation, money, oneLine, table, time } from './output.ts';
import { snapshot, withSession } from './session.ts';

export interface MetricsFlags {
  run?: string;
  since?: number;
  until?: number;
}

export function metrics(command: Command, workflowId: string | undefined, flags: MetricsFlags): Promise<number> {
  if (flags.run !== undefined) {
    if (workflowId !== undefined || flags.since !== undefined || flags.until !== undefined)
      throw new CliFailure(2, '--run shows one run; leave out the workflow, --since and --until.');
    return metricsOfRun(command, flags.run);
  }
  return withSession(command, async ({ client }) => {
    const report = await client.call('metrics.read', {
      ...(workflowId === undefined ? {} : { workflowId }),
      ...(flags.since === undefined ? {} : { from: flags.since }),
      ...(flags.until === undefined ? {} : { to: flags.until }),
    });
    const [only] = report.workflows;
    const text =
      workflowId !== undefined && only
        ? [`${only.workflowName} (${only.workflowId}), ${periodText(report)}`, ...linesOf(only)].join('\n')
        : overview(report);
    command.output.result(report, text);
    return 0;
  });
}

function metricsOfRun(command: Command, runId: string): Promise<number> {
  return withSession(command, async (session) => {
    const { state } = await snapshot(session, runId);
    const openTasks = Object.values(state.tasks).filter(isOpen).length;
    const summary = summaryOf(addRun(emptyTally, { ...state, openTasks }), Date.now());
    const result = { run: runId, workflow: state.workflowId, state: state.word, ...state.metrics };
    command.output.result(result, [`Run ${runId}, ${state.workflowName}`, ...linesOf(summary).slice(1)].join('\n'));
    return 0;
  });
}

function periodText({ from, to }: Pick<MetricsReport, 'from' | 'to'>): string {
  return from === null ? `no runs before ${time(to)} UTC` : `runs from ${time(from)} to ${time(to)} UTC`;
}

function overview(report: MetricsReport): string {
  if (report.workflows.length === 0) return 'There are no runs in this period.';
  const all = { workflowId: 'all', workflowName: 'all', ...report.all };
  const rows = table(
    [...report.workflows, all],
    [
      { title: 'WORKFLOW', cell: (row) => row.workflowId },
      { title: 'RUNS', cell: (row) => String(row.runs.total) },
      { title: 'ENDED', cell: (row) => String(row.runs.ended) },
      { title: 'RECOVERY', cell: (row) => medianText(row.recovery) },
      { title: 'REPEATED STEPS', cell: (row) => String(row.repeatedSteps) },
      { title: 'EFFECTS ANNOUNCED AGAIN', cell: (row) => String(row.repeatedEffects.announcedAgain) },
      { title: 'DONE AGAIN', cell: (row) => String(row.repeatedEffects.repeated) },
      { title: 'ROLLBACK', cell: (row) => percent(row.rollback.rate) },
      { title: 'HUMAN REPAIR', cell: (row) => percent(row.humanRepair.rate) },
      { title: 'IN DOUBT', cell: (row) => medianText(row.doubt) },
      { title: 'OPEN DOUBTS', cell: (row) => String(row.doubt.open) },
    ],
  );
  return `${sentence(periodText(report))} Recovery and doubt are medians.\n${rows}\nMore about one: ${invocation} metrics WORKFLOW; what the numbers mean: --help.`;
}

function linesOf(summary: MetricsSummary): string[] {
  const { runs, recovery, repeatedEffects, rollback, humanRepair, doubt, people } = summary;
  const rows: [string, string][] = [
    [
      'Runs',
      `${runs.total}: ${runs.complete} complete, ${runs.failed} failed, ${runs.rolledBack} rolled back, ${runs.open} open`,
    ],
    ['Recovery', `${figuresText(recovery)}; ${count(recovery.unrecovered, 'step')} not recovered`],
    ['Repeated steps', String(summary.repeatedSteps)],
    ['Repeated effects', `${repeatedEffects.announcedAgain} announced again, ${repeatedEffects.repeated} done again`],
    [
      'Rollback',
      `${count(rollback.runs, 'run')}${shareText(rollback.rate)}: ${rollback.complete} complete, ${rollback.incomplete} incomplete`,
    ],
    [
      'Human repair',
      `${count(humanRepair.runs, 'run')}${shareText(humanRepair.rate)}, ${count(humanRepair.answers, 'answer')}`,
    ],
    [
      'In doubt',
      `${figuresText(doubt)}; ${doubt.open} open${doubt.openLongestMs === null ? '' : `, the oldest for ${durationText(doubt.openLongestMs)}`}`,
    ],
    ['Reviews', figuresText(people.reviews)],
    ['Escalations', `${figuresText(people.escalations)}; ${count(people.open, 'item')} open`],
    [
      'Work',
      `${count(summary.attempts, 'attempt')}, ${summary.failures} failed, ${summary.crashes} lost in crashes, ${count(summary.retries, 'retry', 'retries')}; cost ${money(summary.costMicros)}`,
    ],
  ];
  return rows.map(([title, text]) => oneLine(`  ${title.padEnd(17)} ${text}`));
}

function figuresText({ count: times, medianMs, p95Ms, longestMs }: DurationFigures): string {
  if (medianMs === null || p95Ms === null || longestMs === null) return 'none';
  const [median, p95, longest] = [medianMs, p95Ms, longestMs].map((ms) => durationText(ms));
  return times === 1 ? `once, ${longest}` : `${times} times; median ${median}, 95 % within ${p95}, longest ${longest}`;
}

function medianText({ medianMs }: DurationFigures): string {
  return medianMs === null ? '–' : durationText(medianMs);
}

function percent(rate: number | null): string {
  return rate === null ? '–' : `${Math.round(rate * 100)} %`;
}

function shareText(rate: number | null): string {
  return rate === null ? '' : ` (${percent(rate)} of the ended)`;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
