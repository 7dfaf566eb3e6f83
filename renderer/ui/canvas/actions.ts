/**
 * What a card or an edge may ask its canvas to do. The read-only canvas gives nothing, so the same parts show
 * themselves there without being clickable.
 */
import { createContext, useContext } from 'react';
import type { Mark } from './marks.ts';

export interface CanvasActions {
  toggleMark(step: string, mark: Mark): void;
  /** Offer the steps that can be put between the ends of this edge; the point is in screen pixels. */
  insertOn(edge: string, at: { x: number; y: number }): void;
}

const Context = createContext<CanvasActions | undefined>(undefined);

export const CanvasActionsProvider = Context.Provider;

export function useCanvasActions(): CanvasActions | undefined {
  return useContext(Context);
}
