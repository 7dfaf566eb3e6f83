/**
 * Sizes of the canvas that the page and React Flow must agree on, in flow units. The card itself is styled from the
 * theme's own variables; these are the same sizes as numbers.
 */
import { nodeSize } from '../theme.ts';

export const cardWidth = nodeSize.width;
export const cardHeight = nodeSize.height;
/** What lies on a card is placed from inside its border. */
export const cardBorder = 1;
/** What is dragged is snapped to this grid. */
export const gridStep = 20;
/** Distance from one card's left edge to the next when a step is added behind another. */
export const columnStep = 320;
export const rowStep = 160;
/** Below this zoom a card shows only what is still legible. */
export const legibleZoom = 0.6;
/** Below this one nothing on a card can be read: it is a block in the colour of its state. */
export const sketchZoom = 0.28;
