/** Which part of a graph is shown: all of it, or – where that could not be read – its beginning. Pure. */
export interface Bounds {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface View {
  x: number;
  y: number;
  zoom: number;
}

export interface Size {
  width: number;
  height: number;
}

const margin = 48;
/** Text on a card is readable from here on. */
const readableZoom = 0.6;
const comfortableZoom = 0.85;

function isEmpty(bounds: Bounds, size: Size): boolean {
  return bounds.width <= 0 || bounds.height <= 0 || size.width <= 2 * margin || size.height <= 2 * margin;
}

function centred(bounds: Bounds, size: Size, zoom: number): View {
  return {
    x: (size.width - bounds.width * zoom) / 2 - bounds.x * zoom,
    y: (size.height - bounds.height * zoom) / 2 - bounds.y * zoom,
    zoom,
  };
}

/** Everything, however small; never larger than life. */
export function wholeView(bounds: Bounds, size: Size): View {
  if (isEmpty(bounds, size)) return { x: margin, y: size.height / 2, zoom: 1 };
  return centred(
    bounds,
    size,
    Math.min(1, (size.width - 2 * margin) / bounds.width, (size.height - 2 * margin) / bounds.height),
  );
}

/** What somebody sees who opens the graph to work on it. */
export function openingView(bounds: Bounds, size: Size): View {
  const whole = wholeView(bounds, size);
  if (whole.zoom >= readableZoom) return whole;
  const view = centred(bounds, size, comfortableZoom);
  return {
    x: bounds.width * view.zoom <= size.width - 2 * margin ? view.x : margin - bounds.x * view.zoom,
    y: bounds.height * view.zoom <= size.height - 2 * margin ? view.y : margin - bounds.y * view.zoom,
    zoom: view.zoom,
  };
}
