import { byteSize, duration } from '../../api/agentgateway/shared.ts';
import { schemaProblems } from '../../core/schema-problems.ts';

const BYTES = byteSize(1, Number.MAX_SAFE_INTEGER);
const CPU = /^(\d{1,6}m|\d{1,4}(\.\d{1,3})?)$/;

/** Why a text is no number of bytes as a Kubernetes quantity; empty: it is. */
export const bytesProblems = (text: string | undefined, field: string): readonly string[] =>
  text === undefined || schemaProblems(BYTES, text).length === 0
    ? []
    : [`${field}: ${JSON.stringify(text)} is no amount of bytes: write 512Mi or 10Gi`];

/** Why a text is no processor time as a Kubernetes quantity; empty: it is. */
export const cpuProblems = (text: string | undefined, field: string): readonly string[] =>
  text === undefined || CPU.test(text)
    ? []
    : [`${field}: ${JSON.stringify(text)} is no amount of processors: write 500m or 2`];

/** Why a text is no duration, or too short a one; empty: it is. */
export const durationProblems = (text: string | undefined, minimum: string, field: string): readonly string[] =>
  text === undefined || schemaProblems(duration(minimum), text).length === 0
    ? []
    : [
        `${field}: ${JSON.stringify(text)} is no duration of at least ${minimum}: write it in h, m, s and ms, such as 36h or 1m30s`,
      ];

export const countProblems = (count: number | undefined, field: string, least = 0): readonly string[] =>
  count === undefined || (Number.isInteger(count) && count >= least)
    ? []
    : [`${field}: ${count} is not a whole number from ${least}`];

/** Source: Prometheus, configuration, `<duration>`. */
const PROMETHEUS_DURATION = /^(?=.*[1-9])([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$/;

/** Why a text is no duration of Prometheus above zero; empty: it is. */
export const prometheusDurationProblems = (text: string | undefined, field: string): readonly string[] =>
  text === undefined || PROMETHEUS_DURATION.test(text)
    ? []
    : [`${field}: ${JSON.stringify(text)} is no duration: write 30s, 12h or 10d`];

/** Source: Prometheus, `--storage.tsdb.retention.size`. */
const PROMETHEUS_SIZE = /^[1-9][0-9]*[KMGTPE]?B$/;

/** Why a text is no size of Prometheus; empty: it is. */
export const prometheusSizeProblems = (text: string | undefined, field: string): readonly string[] =>
  text === undefined || PROMETHEUS_SIZE.test(text) ? [] : [`${field}: ${JSON.stringify(text)} is no size: write 45GB`];
