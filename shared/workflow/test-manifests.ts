/**
 * A small set of step kinds for the tests of this folder: the fields that the checks look at, without any code behind
 * them. Must stay out of the product: kinds that run live in main/steps.
 */
import type { StepManifest } from '../steps/manifest.ts';

const base = { version: 1, summary: '', icon: 'circle', permissions: [], initial: {}, line: '' };

const http: StepManifest = {
  ...base,
  kind: 'http',
  title: 'HTTP request',
  group: 'systems',
  ports: { out: true },
  effect: { default: 'once', byField: { field: 'method', values: { GET: 'read', HEAD: 'read' } } },
  versioned: true,
  config: {
    type: 'object',
    properties: {
      method: { type: 'string', enum: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'], control: 'choice' },
      url: { type: 'string', minLength: 1, format: 'uri', control: 'template' },
      headers: { type: 'object', additionalProperties: { type: 'string' } },
      timeoutMs: { type: 'integer', minimum: 1 },
      body: {
        anyOf: [{ type: 'object', properties: { amount: { type: 'number' } } }, { type: 'array' }, { type: 'null' }],
      },
    },
    required: ['method', 'url'],
    additionalProperties: false,
  },
};

const transform: StepManifest = {
  ...base,
  kind: 'transform',
  title: 'Transform',
  group: 'data',
  ports: { out: true },
  effect: { default: 'pure' },
  config: {
    type: 'object',
    properties: { expression: { type: 'string', control: 'expression' } },
    required: ['expression'],
    additionalProperties: false,
  },
};

const branch: StepManifest = {
  ...base,
  kind: 'branch',
  title: 'Branch',
  group: 'flow',
  ports: { out: false, extra: ['otherwise'], byRules: 'rules' },
  effect: { default: 'pure' },
  config: {
    type: 'object',
    properties: {
      rules: {
        type: 'array',
        control: 'rules',
        items: {
          type: 'object',
          properties: {
            port: { type: 'string' },
            when: {
              type: 'string',
              pattern: '^{{.*}}$',
              title: 'When',
              control: 'expression',
              placeholder: '{{ input.amount > 100 }}',
            },
          },
          required: ['port', 'when'],
          additionalProperties: false,
        },
      },
    },
    required: ['rules'],
    additionalProperties: false,
  },
};

const wait: StepManifest = {
  ...base,
  kind: 'wait',
  title: 'Wait',
  group: 'flow',
  ports: { out: true, extra: ['timeout'], extraWith: 'signal' },
  effect: { default: 'pure' },
  config: {
    type: 'object',
    properties: { durationMs: { type: 'integer', title: 'How long' }, signal: { type: 'string' } },
    additionalProperties: false,
  },
  oneOf: ['durationMs', 'signal'],
};

const map: StepManifest = {
  ...base,
  kind: 'map',
  title: 'For each item',
  group: 'flow',
  ports: { out: true },
  effect: { default: 'pure' },
  config: {
    type: 'object',
    properties: {
      items: { control: 'expression' },
      concurrency: { type: 'integer' },
      result: { control: 'expression' },
    },
    required: ['items'],
    additionalProperties: false,
  },
};

export const testManifests: ReadonlyMap<string, StepManifest> = new Map(
  [http, transform, branch, map, wait].map((manifest) => [manifest.kind, manifest]),
);
