/** Rows of a long list of which only the visible ones exist. One place for the library, so that lists stay alike. */
import { useVirtualizer } from '@tanstack/react-virtual';
import type { Virtualizer } from '@tanstack/react-virtual';
import type { RefObject } from 'react';
import { rowHeightPx } from './theme.ts';

export function useVirtualRows(
  scroller: RefObject<HTMLDivElement | null>,
  count: number,
  keyOf: (index: number) => string | number,
): Virtualizer<HTMLDivElement, Element> {
  // The rule warns of the React Compiler, which this build does not use; the rows are not memoized either.
  // oxlint-disable-next-line react/incompatible-library
  return useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeightPx,
    getItemKey: keyOf,
    overscan: 10,
  });
}
