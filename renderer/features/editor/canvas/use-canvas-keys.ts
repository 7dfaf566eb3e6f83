/**
 * The keys of the editor, outside of text fields: marks, quick add, undo, clipboard, delete. Each does what its button
 * does; nothing here changes the document by itself.
 */
import { useReactFlow } from '@xyflow/react';
import { useEffect, useRef } from 'react';
import { notifyDone, notifyError } from '../../../lib/notify.ts';
import type { Mark } from '../../../ui/canvas/marks.ts';
import { isTyping } from '../../../ui/frame/go-keys.ts';
import { copyText, planDuplicate, planMark, planPaste } from '../edit-actions.ts';
import { useEditorStore } from '../store.ts';

const markByKey: Record<string, Mark> = { r: 'retry', c: 'checkpoint', g: 'review' };

export function useCanvasKeys(isEditing: boolean): void {
  const store = useEditorStore();
  const flow = useReactFlow();
  const pointer = useRef<{ x: number; y: number }>(undefined);

  useEffect(() => {
    if (!isEditing) return undefined;
    const state = () => store.getState();
    const onMove = (event: PointerEvent) => {
      const onCanvas = event.target instanceof Element && event.target.closest('.react-flow') !== null;
      pointer.current = onCanvas ? { x: event.clientX, y: event.clientY } : undefined;
    };

    const remove = () => {
      const { selection, edit, history } = state();
      const kept = new Set(history.document.edges.map((edge) => edge.id));
      if (selection.steps.length > 0) {
        // One step taken out of a chain leaves the chain whole; a cut-out part is meant to be gone.
        edit({ type: 'removeSteps', steps: [...selection.steps], reconnect: selection.steps.length === 1 });
      } else if (selection.edges.some((id) => kept.has(id))) {
        edit({ type: 'disconnect', edges: [...selection.edges] });
      }
    };

    const toggle = (mark: Mark): boolean => {
      const { selection, history, byKind, edit } = state();
      if (selection.steps.length === 0) return false;
      for (const id of selection.steps) {
        const plan = planMark(history.document, byKind, id, mark);
        const done = plan.ok ? edit(plan.edit) : plan;
        if (!done.ok) notifyError(done.message);
      }
      return true;
    };

    const openQuickAdd = () => {
      const { selection } = state();
      const [step] = selection.steps;
      const behind = selection.steps.length === 1 && step !== undefined ? { step } : undefined;
      const card = step === undefined ? undefined : flow.getNode(step);
      const beside = card
        ? flow.flowToScreenPosition({ x: card.position.x + (card.width ?? 0), y: card.position.y })
        : undefined;
      const screen = beside ?? pointer.current ?? { x: window.innerWidth / 2, y: window.innerHeight / 3 };
      const at = behind || !pointer.current ? undefined : flow.screenToFlowPosition(pointer.current);
      store.setState({ quickAdd: { screen, behind, at } });
    };

    const withControl = (event: KeyboardEvent): boolean => {
      const { history, selection, edit, select } = state();
      switch (event.key.toLowerCase()) {
        case 'z':
          if (event.shiftKey) state().redo();
          else state().undo();
          return true;
        case 'y':
          state().redo();
          return true;
        case 'd': {
          if (selection.steps.length === 0) return false;
          const plan = planDuplicate(history.document, selection.steps);
          edit(plan.edit, plan.select);
          return true;
        }
        case 'a':
          select({ steps: Object.keys(history.document.steps) });
          return true;
        default:
          return false;
      }
    };

    const plain = (event: KeyboardEvent): boolean => {
      const mark = markByKey[event.key.toLowerCase()];
      if (mark) return toggle(mark);
      const card = event.target instanceof Element ? event.target.closest('.react-flow__node') : null;
      switch (event.key) {
        case 'Delete':
        case 'Backspace':
          // Only where the selection is what one looks at: never from a button of the palette or the panel.
          if (
            event.target !== document.body &&
            !(event.target instanceof Element && event.target.closest('.react-flow'))
          )
            return false;
          remove();
          return true;
        case '/':
          openQuickAdd();
          return true;
        // With the pointer on the canvas and nothing in focus Tab has nowhere better to go; otherwise it moves the focus.
        case 'Tab':
          if (event.shiftKey || !pointer.current || document.activeElement !== document.body) return false;
          openQuickAdd();
          return true;
        case 'Enter': {
          const id = card?.getAttribute('data-id');
          if (id === null || id === undefined || event.target !== card) return false;
          state().select({ steps: [id] });
          store.setState({ focus: { pointer: `/steps/${id}` } });
          return true;
        }
        case 'Escape':
          state().select({});
          return true;
        default:
          return false;
      }
    };

    const onKey = (event: KeyboardEvent) => {
      const hasControl = event.ctrlKey || event.metaKey;
      // Undo inside a text field is the editor's too: what was typed is already an edit.
      const isUndo = hasControl && ['z', 'y'].includes(event.key.toLowerCase()) && !event.altKey;
      const inDialog = event.target instanceof Element && event.target.closest('[role="dialog"]') !== null;
      if (event.defaultPrevented || event.altKey || inDialog || (isTyping(event.target) && !isUndo)) return;
      const isButton = event.target instanceof Element && event.target.closest('button, a') !== null;
      if (isButton && (event.key === 'Enter' || event.key === ' ')) return;
      if (hasControl ? withControl(event) : plain(event)) event.preventDefault();
    };

    const onCopy = (event: ClipboardEvent) => {
      const { selection, history } = state();
      if (isTyping(event.target) || selection.steps.length === 0 || (window.getSelection()?.toString() ?? '') !== '')
        return;
      event.clipboardData?.setData('text/plain', copyText(history.document, selection.steps));
      event.preventDefault();
      if (event.type === 'cut') remove();
      else notifyDone(selection.steps.length === 1 ? 'Copied the step.' : `Copied ${selection.steps.length} steps.`);
    };
    const onPaste = (event: ClipboardEvent) => {
      if (isTyping(event.target)) return;
      const { history, edit } = state();
      const at = pointer.current ? flow.screenToFlowPosition(pointer.current) : undefined;
      const plan = planPaste(history.document, event.clipboardData?.getData('text/plain') ?? '', at);
      if (!plan) {
        notifyError('The clipboard holds no steps that can be pasted here.');
        return;
      }
      event.preventDefault();
      const done = edit(plan.edit, plan.select);
      if (!done.ok) notifyError(done.message);
    };

    window.addEventListener('pointermove', onMove);
    window.addEventListener('keydown', onKey);
    document.addEventListener('copy', onCopy);
    document.addEventListener('cut', onCopy);
    document.addEventListener('paste', onPaste);
    return () => {
      window.removeEventListener('pointermove', onMove);
      window.removeEventListener('keydown', onKey);
      document.removeEventListener('copy', onCopy);
      document.removeEventListener('cut', onCopy);
      document.removeEventListener('paste', onPaste);
    };
  }, [store, flow, isEditing]);
}
