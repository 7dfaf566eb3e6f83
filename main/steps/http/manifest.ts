/** What the palette, the form and the runtime know of the step that calls another system over HTTP. */
import * as z from 'zod';
import type { StepManifest } from '../../../shared/steps/manifest.ts';
import { describeConfig } from '../config.ts';

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const form = z.strictObject({
  method: z.enum(methods).meta({
    title: 'What to do',
    control: 'choice',
    choices: [
      { value: 'GET', label: 'Read (GET)' },
      { value: 'HEAD', label: 'Look only (HEAD)' },
      { value: 'POST', label: 'Create or trigger (POST)' },
      { value: 'PUT', label: 'Replace (PUT)' },
      { value: 'PATCH', label: 'Change (PATCH)' },
      { value: 'DELETE', label: 'Delete (DELETE)' },
    ],
    help: 'Reading can be repeated freely. Everything else changes the other system and happens once unless you say it is safe to repeat.',
    group: 'Request',
  }),
  url: z.string().min(1).max(10_000).meta({
    title: 'Address',
    control: 'template',
    help: 'Where the system answers. Put values of earlier steps between {{ and }}.',
    placeholder: 'https://api.example.com/orders/{{ input.orderId }}',
    group: 'Request',
  }),
  headers: z.record(z.string(), z.string()).optional().meta({
    title: 'Headers',
    control: 'keyvalue',
    help: 'Extra lines for the other system, such as Authorization. Write secret://name for a secret.',
    group: 'More',
  }),
  body: z.unknown().optional().meta({
    title: 'Data to send',
    control: 'json',
    help: 'Sent as JSON. Values may be {{ … }}; a plain text is sent as it is.',
    placeholder: '{ "order": "{{ input.orderId }}" }',
    group: 'Request',
  }),
});

export const manifest: StepManifest = {
  kind: 'http',
  version: 1,
  title: 'Call a system',
  summary: 'Reads from or changes another system over HTTP.',
  icon: 'globe',
  group: 'systems',
  ports: { out: true },
  effect: { default: 'once', byField: { field: 'method', values: { GET: 'read', HEAD: 'read' } } },
  permissions: ['network'],
  versioned: true,
  get config() {
    return describeConfig(form);
  },
  initial: { method: 'GET', url: '' },
  line: '{method} {url}',
};
