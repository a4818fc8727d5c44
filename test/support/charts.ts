import { type App, Chart, Testing } from 'cdk8s';
import { parseAllDocuments } from 'yaml';
import type { KubernetesObject } from '../../lib/api/kinds.ts';

/** A written object: what it is, and anything else. */
export interface Written extends KubernetesObject {
  readonly [field: string]: unknown;
}

/** An app with one chart for each namespace, in a folder of its own. */
export const charts = <const N extends readonly string[]>(
  ...namespaces: N
): { readonly app: App; readonly in: Readonly<Record<N[number], Chart>> } => {
  const app = Testing.app();
  const entries = namespaces.map((namespace) => [namespace, new Chart(app, namespace, { namespace })] as const);
  return { app, in: Object.fromEntries(entries) as Record<N[number], Chart> };
};

/** Every object that the app writes. */
export const synth = (app: App): readonly Written[] =>
  parseAllDocuments(app.synthYaml()).map((document) => document.toJS() as Written);

/** The one object of that kind and name. */
export const find = (objects: readonly Written[], kind: string, name: string): Written => {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name === name);
  if (found.length !== 1) throw new Error(`${found.length} objects are ${kind} ${name}`);
  return found[0]!;
};

/** What synth refuses, one line each, `[path] message`; empty when it writes the app. */
export const problems = (app: App): readonly string[] => {
  try {
    app.synthYaml();
    return [];
  } catch (error) {
    const [first, ...lines] = (error as Error).message.split('\n');
    if (first !== 'Validation failed with the following errors:') throw error;
    return lines.map((line) => line.trim());
  }
};
