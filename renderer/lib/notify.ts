/** Toasts: what was done, or what went wrong and what to do about it. Never used for what belongs beside a field. */
import { notifications } from '@mantine/notifications';
import { ApiError } from '../../shared/api/contract.ts';
import type { ApiErrorCode } from '../../shared/api/contract.ts';
import { taskAnswers } from '../../shared/run/events.ts';
import type { TaskAnswer } from '../../shared/run/events.ts';
import { nameActors } from './format.ts';
import { answerDone } from './words.ts';

/** What a person can do about each kind of refusal; the error's own sentence says what happened. */
const advice: Record<ApiErrorCode, string> = {
  bad_input: 'Change what is named here and try again.',
  not_found: 'It may have been deleted. Go back to the list and open it again.',
  conflict: 'Somebody changed it in the meantime. Look at the latest state first.',
  refused: '',
  too_large: 'Make it smaller and try again.',
  too_many: 'Wait a moment and try again.',
  timeout: 'Check the list before you try again: it may still have been done.',
  aborted: '',
  closed: 'Holdfast is reconnecting. Try again when the notice is gone.',
  internal: 'Try again. If it stays, the log in the data folder has the details.',
};

/** The application speaks of actors and answers by their codes; people read names. */
function readable(message: string): string {
  return nameActors(message).replace(/\((\w+)\)/g, (whole, word: string) =>
    isAnswer(word) ? `(${answerDone[word]})` : whole,
  );
}

function isAnswer(word: string): word is TaskAnswer {
  return (taskAnswers as readonly string[]).includes(word);
}

export function explainError(error: ApiError): { message: string; advice: string } {
  // A place helps whoever wrote the document; the name of a parameter of a call helps nobody.
  const isPlace = error.code === 'bad_input' && error.where !== undefined && error.where !== '';
  const place = isPlace && !error.message.includes(error.where ?? '') ? ` (at ${error.where})` : '';
  // A refusal of input often brings its own advice as a second sentence; ours would only repeat it.
  const bringsAdvice = error.code === 'bad_input' && /\. \p{Lu}/u.test(error.message);
  return { message: `${readable(error.message)}${place}`, advice: bringsAdvice ? '' : advice[error.code] };
}

export function notifyDone(message: string, title?: string): void {
  notifications.show({ message, ...(title === undefined ? {} : { title }), color: 'accent', autoClose: 4000 });
}

export function notifyError(error: ApiError | string): void {
  const said = typeof error === 'string' ? { message: error, advice: '' } : explainError(error);
  notifications.show({
    title: said.message,
    message: said.advice,
    color: 'red',
    autoClose: 9000,
  });
}
