/**
 * Which part of the canvas is in view: the beginning when a workflow is opened, all of it while a run is shown, and
 * afterwards what one was looking at before. Moves the view only at these moments; in between it is the analyst's.
 */
import { useReactFlow, useStore, useStoreApi, type Viewport } from '@xyflow/react';
import { useCallback, useEffect, useRef } from 'react';
import { openingView, wholeView } from '../../../ui/canvas/view.ts';

const glide = { duration: 120 };

export function useView(isEditing: boolean): { onInit: () => void } {
  const flow = useReactFlow();
  const canvas = useStoreApi();
  const width = useStore((state) => state.width);
  const isReady = useRef(false);
  const isWhole = useRef(false);
  const before = useRef<Viewport>(undefined);

  const viewOf = useCallback(
    (kind: typeof openingView) => {
      const { width: across, height, nodes } = canvas.getState();
      return kind(flow.getNodesBounds(nodes), { width: across, height });
    },
    [canvas, flow],
  );

  useEffect(() => {
    if (isEditing) {
      if (isWhole.current) void flow.setViewport(before.current ?? viewOf(openingView), glide);
      isWhole.current = false;
      before.current = undefined;
      return;
    }
    if (!isReady.current) return;
    if (!isWhole.current) before.current = flow.getViewport();
    isWhole.current = true;
    void flow.setViewport(viewOf(wholeView), glide);
  }, [isEditing, width, flow, viewOf]);

  const onInit = () => {
    isReady.current = true;
    isWhole.current = !isEditing;
    void flow.setViewport(viewOf(isEditing ? openingView : wholeView));
  };
  return { onInit };
}
