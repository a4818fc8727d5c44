import { POLICY_ANNOTATIONS } from '../../lib/api/agentgateway/annotations.ts';
import type { CelExpression } from '../../lib/cel/expression.ts';
import type { PolicyField } from '../resolve/policy/field.ts';
import type { ExpressionPlace, Expressions } from './expressions.ts';

/** Names of annotations, without their prefix. */
type AnnotationName = keyof typeof POLICY_ANNOTATIONS;

/** Reads what a policy's annotations say of one of its parts; what they may not say is told on the policy, and does not count. */
export class Annotations {
  readonly #field: PolicyField<unknown>;
  readonly #part: string;
  readonly #expressions: Expressions;

  /** @param part `frontend.tracing` */
  constructor(field: PolicyField<unknown>, part: string, expressions: Expressions) {
    this.#field = field;
    this.#part = part;
    this.#expressions = expressions;
  }

  choice<T extends string>(name: AnnotationName, choices: readonly T[]): T | undefined {
    const text = this.#text(name);
    if (text === undefined) return undefined;
    const chosen = choices.find((choice) => choice === text);
    if (chosen === undefined) this.#fail(name, `must be one of ${choices.join(', ')}`);
    return chosen;
  }

  flag(name: AnnotationName): boolean | undefined {
    const chosen = this.choice(name, ['true', 'false']);
    return chosen === undefined ? undefined : chosen === 'true';
  }

  /** @param choices absent: any name that is not empty */
  list<T extends string>(name: AnnotationName, choices?: readonly T[]): readonly T[] | undefined {
    const text = this.#text(name);
    if (text === undefined) return undefined;
    const items = text.split(',').map((item) => item.trim()) as T[];
    const wrong = items.find((item) => item === '' || (choices !== undefined && !choices.includes(item)));
    if (wrong === undefined) return items;
    this.#fail(name, choices === undefined ? 'has an empty name' : `must be some of ${choices.join(', ')}`);
    return undefined;
  }

  isSet(name: AnnotationName): boolean {
    return this.#text(name) !== undefined;
  }

  expression(name: AnnotationName): CelExpression | undefined {
    const text = this.#text(name);
    return text === undefined ? undefined : this.#expressions.compile(text, this.#place(name));
  }

  #text(name: AnnotationName): string | undefined {
    return this.#field.annotations?.[POLICY_ANNOTATIONS[name]];
  }

  #fail(name: AnnotationName, problem: string): void {
    this.#expressions.fail(this.#place(name), problem);
  }

  #place(name: AnnotationName): ExpressionPlace {
    const field = `metadata.annotations["${POLICY_ANNOTATIONS[name]}"]`;
    const { policy } = this.#field;
    return { policy, part: this.#part, field, consequence: 'the annotation is left out' };
  }
}
