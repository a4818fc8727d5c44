import type { OutgoingHttpHeaders } from 'node:http';
import type { CelExpression } from '../../lib/cel/expression.ts';
import type { DirectResponse } from '../compile/rule-policy.ts';
import type { Answer } from './answer.ts';
import { bodyText, evaluate, textOf, type Variables } from './evaluate.ts';
import { ResponseFields } from './fields.ts';

const TEXT = 'text/plain; charset=utf-8';

/** Header fields whose expression fails are left out; a body whose expression fails is empty. */
export const directAnswer = ({ status, body, headers }: DirectResponse, variables: Variables): Answer => {
  const text = body === undefined ? '' : evaluated(body, variables, bodyText);
  const sent: OutgoingHttpHeaders = Object.create(null);
  const fields = new ResponseFields(sent);
  for (const { name, value } of headers) {
    const field = evaluated(value, variables, textOf);
    if (field !== undefined) fields.add(name.toLowerCase(), field);
  }
  if (text) sent['content-type'] ??= TEXT;
  return { status, headers: sent, body: text ?? '' };
};

const evaluated = (
  value: string | CelExpression,
  variables: Variables,
  toText: (value: unknown) => string | undefined,
): string | undefined => (typeof value === 'string' ? value : toText(evaluate(value, variables)));
