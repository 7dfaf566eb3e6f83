/** A MessagePort of the main process as a wire. JSON text crosses, so that it behaves like every other carrier. */
import type { MessagePortMain } from 'electron';
import { parseText } from '../../../shared/api/carriers.ts';
import type { Wire } from '../../../shared/api/wire.ts';

export function portWire(port: MessagePortMain): Wire {
  let open = true;
  port.on('close', () => {
    open = false;
  });
  return {
    send: (message) => {
      const text = JSON.stringify(message);
      if (open) port.postMessage(text);
    },
    onMessage: (listener) => {
      port.on('message', ({ data }: { data: unknown }) => {
        if (typeof data === 'string') listener(parseText(data), data.length);
        else listener(undefined, 0);
      });
      // Messages are held back until the first listener is there.
      port.start();
    },
    onClose: (listener) => {
      port.on('close', listener);
    },
    close: () => port.close(),
  };
}
