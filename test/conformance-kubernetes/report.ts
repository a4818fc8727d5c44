import { parse } from 'yaml';

/** What is read of the report that the suite writes (ConformanceReport of gateway.networking.k8s.io/v1). */
export interface Report {
  readonly gatewayAPIVersion: string;
  readonly implementation: { readonly version: string };
  readonly profiles: readonly Profile[];
}

export interface Profile {
  readonly name: string;
  readonly core: Results;
  readonly extended?: Results & { readonly supportedFeatures?: readonly string[] };
}

export interface Results {
  readonly result: string;
  readonly statistics: { readonly Failed: number; readonly Passed: number; readonly Skipped: number };
}

export const parseReport = (text: string): Report => parse(text) as Report;

/** Path of the report of a version of the Gateway API, in the repository. */
export const reportPath = (version: string): string => `docs/conformance/gateway-api-${version}.yaml`;

const BEGIN = '<!-- conformance: written by make conformance-kubernetes -->';
const END = '<!-- /conformance -->';

/** The results as a table in Markdown. */
export const table = ({ gatewayAPIVersion, profiles }: Report): string => {
  const rows = profiles.flatMap(({ name, core, extended }) => [
    row(`${name}, core`, core),
    ...(extended === undefined
      ? []
      : [row(`${name}, extended: ${extended.supportedFeatures?.length ?? 0} features`, extended)]),
  ]);
  return [`| Gateway API ${gatewayAPIVersion} | passed | failed | skipped |`, '|---|---|---|---|', ...rows].join('\n');
};

const row = (name: string, { statistics: { Passed, Failed, Skipped } }: Results): string =>
  `| ${name} | ${Passed} | ${Failed} | ${Skipped} |`;

/** The text with the table between its marks. @throws {Error} for a text without marks */
export const withTable = (text: string, report: Report): string => {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`no ${BEGIN} … ${END}`);
  return `${text.slice(0, from + BEGIN.length)}\n${table(report)}\n${text.slice(to)}`;
};
