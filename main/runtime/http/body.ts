/**
 * Turns the bytes of an answer into a value: JSON when the server says so, else text. Bounded before and after unpacking.
 * A body that is cut off or is not what it claims to be is an error, never half a result.
 */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import type { HttpResponse } from '../../steps/kind.ts';
import { StepFailure } from '../../steps/kind.ts';
import type { RawAnswer } from './transport.ts';

const unpackers = new Map([
  ['gzip', promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)],
  ['x-gzip', promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)],
  ['deflate', promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate)],
  ['br', promisify<Buffer, { maxOutputLength: number }, Buffer>(brotliDecompress)],
]);

export async function readBody(target: string, answer: RawAnswer, maxBytes: number): Promise<HttpResponse> {
  const { status, headers } = answer;
  const isError = status >= 400;
  // An error's status says more than its body could.
  if (answer.tooLarge) {
    if (isError) return { status, headers, body: '' };
    throw unreadable(target, 'too_large', `answered with more than ${maxBytes} bytes`);
  }
  const bytes = await unpack(target, answer, maxBytes);
  if (bytes.length === 0) return { status, headers, body: null };
  const text = bytes.toString('utf8');
  if (!/^application\/(?:[^;]*\+)?json\b/i.test(headers['content-type']?.trim() ?? ''))
    return { status, headers, body: text };
  try {
    return { status, headers, body: JSON.parse(text) as unknown };
  } catch {
    if (isError) return { status, headers, body: text };
    throw unreadable(target, 'body', 'said it answers JSON, but the answer does not parse');
  }
}

async function unpack(target: string, answer: RawAnswer, maxBytes: number): Promise<Buffer> {
  const encoding = answer.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '' || answer.bytes.length === 0) return answer.bytes;
  const unpacker = unpackers.get(encoding);
  if (!unpacker) throw unreadable(target, 'encoding', `answered in an encoding that is not known here (${encoding})`);
  try {
    return await unpacker(answer.bytes, { maxOutputLength: maxBytes });
  } catch {
    throw unreadable(target, 'encoding', 'answered with packed data that does not unpack within the limit');
  }
}

function unreadable(target: string, code: string, what: string): StepFailure {
  return new StepFailure({ class: 'invalid_output', code, message: `${target} ${what}.` }, true);
}
