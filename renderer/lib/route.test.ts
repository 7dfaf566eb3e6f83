import { describe, expect, it } from 'vitest';
import { hrefOf, parseRoute, splitToken } from './route.ts';
import type { Route } from './route.ts';

describe('routes', () => {
  const routes: Route[] = [
    { screen: 'designer' },
    { screen: 'workflow', id: 'refund request/ü' },
    { screen: 'runs' },
    { screen: 'run', id: 'r-1' },
    { screen: 'inbox' },
    { screen: 'inbox', task: 't#1' },
    { screen: 'settings' },
  ];
  it.each(routes)('survives the address: %o', (route) => expect(parseRoute(hrefOf(route))).toEqual(route));

  it.each(['', '#', '#/', '#/elsewhere', '#/workflow', '#/workflow/'])('%s opens the start page', (hash) =>
    expect(parseRoute(hash)).toEqual({ screen: 'designer' }),
  );

  it('a broken escape is taken as it is', () =>
    expect(parseRoute('#/runs/%E0%A4%A')).toEqual({ screen: 'run', id: '%E0%A4%A' }));
});

describe('the access token', () => {
  it('is taken out of the address', () => {
    expect(splitToken('#token=abc')).toEqual({ token: 'abc', rest: '' });
    expect(splitToken('#token=abc&/runs/1')).toEqual({ token: 'abc', rest: '#/runs/1' });
    expect(splitToken('#token=abc/runs')).toEqual({ token: 'abc', rest: '#/runs' });
  });
  it('is absent from a route', () => expect(splitToken('#/runs')).toEqual({ rest: '#/runs' }));
});
