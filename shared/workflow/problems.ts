/**
 * Everything that is wrong with a graph whose shape is right: one problem per finding, errors first, then in the order
 * of the document. The editor, `check`, `import` and the start of a run all ask here; errors block a run.
 * Pure: kinds and the expression parser come in as arguments.
 */
import { checkBudgets } from './checks/budgets.ts';
import { report, type CheckContext, type ProblemTools } from './checks/context.ts';
import { checkDuplicates } from './checks/duplicates.ts';
import { checkEffects } from './checks/effects.ts';
import { checkProbes } from './checks/probes.ts';
import { checkExpressions } from './checks/expressions.ts';
import { checkInputs } from './checks/inputs.ts';
import { checkKinds } from './checks/kinds.ts';
import { checkContainers } from './checks/containers.ts';
import { checkJoins } from './checks/joins.ts';
import { checkLoops } from './checks/loops.ts';
import { checkMarks } from './checks/marks.ts';
import { checkWiring } from './checks/wiring.ts';
import type { WorkflowDocument } from './document.ts';
import { compileGraph } from './graph.ts';
import type { Problem } from './problem.ts';
import { unsupportedParts } from './unsupported.ts';

export type { ExpressionFault, ProblemTools } from './checks/context.ts';

function checkSupported(context: CheckContext): void {
  for (const part of unsupportedParts)
    for (const path of part.places(context.document)) {
      const edge = path[0] === 'edges' ? context.document.edges[Number(path[1])] : undefined;
      report(context, {
        code: 'not_executable_yet',
        message: part.sentence,
        path,
        fix: part.fix,
        ...(edge ? { step: edge.from.step } : {}),
      });
    }
}

function inDocumentOrder(document: WorkflowDocument): (one: Problem, other: Problem) => number {
  const places = new Map(Object.keys(document.steps).map((id, index) => [id, index]));
  const place = (problem: Problem) => (problem.step === undefined ? -1 : (places.get(problem.step) ?? places.size));
  const compare = (one: string, other: string) => (one < other ? -1 : one > other ? 1 : 0);
  return (one, other) =>
    Number(one.severity === 'warning') - Number(other.severity === 'warning') ||
    place(one) - place(other) ||
    compare(one.pointer, other.pointer) ||
    compare(one.code, other.code) ||
    compare(one.message, other.message);
}

export function findProblems(document: WorkflowDocument, tools: ProblemTools): Problem[] {
  const context: CheckContext = {
    document,
    manifests: tools.manifests,
    parseExpression: tools.parseExpression,
    estimate: tools.estimate,
    graph: compileGraph(document, tools.manifests),
    problems: [],
  };
  checkWiring(context);
  checkLoops(context);
  checkJoins(context);
  checkContainers(context);
  checkSupported(context);
  checkInputs(context);
  checkKinds(context);
  checkExpressions(context);
  checkMarks(context);
  checkBudgets(context);
  checkEffects(context);
  checkProbes(context);
  checkDuplicates(context);
  return context.problems.sort(inDocumentOrder(document));
}
