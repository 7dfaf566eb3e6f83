/** Problems as one types: found a moment after the last change, and at once before a run. */
import { useEffect } from 'react';
import type { WorkflowDocument } from '../../../shared/workflow/document.ts';
import { findProblems } from '../../../shared/workflow/problems.ts';
import type { Problem } from '../../../shared/workflow/problem.ts';
import type { ManifestMap } from '../../ui/canvas/flow.ts';
import { parseExpression } from './expression.ts';
import { useDocument, useEditorStore } from './store.ts';

const pauseMs = 120;

export function problemsOf(document: WorkflowDocument, manifests: ManifestMap): Problem[] {
  return findProblems(document, { manifests, parseExpression });
}

export function useProblems(): void {
  const store = useEditorStore();
  const document = useDocument();
  useEffect(() => {
    const find = () => store.setState({ problems: problemsOf(document, store.getState().byKind) });
    const timer = window.setTimeout(find, pauseMs);
    return () => window.clearTimeout(timer);
  }, [document, store]);
}
