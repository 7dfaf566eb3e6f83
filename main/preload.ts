/**
 * Gives the page two functions and nothing else: send a message, hear messages. They lead to one port that the main
 * process hands over after the page has loaded; what is sent before waits. Messages cross as JSON text.
 */
import { contextBridge, ipcRenderer } from 'electron';

interface Port {
  postMessage(text: string): void;
  onmessage: ((event: { data: unknown }) => void) | null;
}

const listeners: ((message: unknown) => void)[] = [];
let waiting: string[] = [];
let port: Port | undefined;

ipcRenderer.once('holdfast:port', (event) => {
  const [handed] = event.ports as unknown as Port[];
  if (!handed) return;
  port = handed;
  handed.onmessage = ({ data }) => {
    const message: unknown = JSON.parse(String(data));
    for (const listener of listeners) listener(message);
  };
  for (const text of waiting) handed.postMessage(text);
  waiting = [];
});

contextBridge.exposeInMainWorld('holdfast', {
  send: (message: unknown): void => {
    const text = JSON.stringify(message);
    if (port) port.postMessage(text);
    else waiting.push(text);
  },
  onMessage: (listener: (message: unknown) => void): void => {
    listeners.push(listener);
  },
});
