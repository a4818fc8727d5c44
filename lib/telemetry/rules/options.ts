/** When alerts fire. */
export interface AlertOptions {
  /**
   * Part of a tool's calls that may fail, from 0 to 1.
   *
   * @default 0.1
   */
  readonly toolErrorRatio?: number;
  /**
   * Seconds within which 95 of 100 calls of a tool have to end.
   *
   * @default 5
   */
  readonly toolP95Seconds?: number;
  /**
   * Calls of a tool within 10 minutes from which on its failures and durations count.
   *
   * @default 10
   */
  readonly minimumCalls?: number;
  /**
   * Part of a route's tool calls that policies may deny, from 0 to 1.
   *
   * @default 0.2
   */
  readonly deniedRatio?: number;
  /**
   * Page with the runbooks; each alert links to its part, `#<name of the alert in lower case>`.
   *
   * @default - no link: they are in docs/alerts.md
   */
  readonly runbookUrl?: string;
  /**
   * Labels of all alerts, by which Alertmanager routes them.
   *
   * @default - none besides `severity`
   */
  readonly labels?: Readonly<Record<string, string>>;
}

export type Thresholds = Required<
  Pick<AlertOptions, 'toolErrorRatio' | 'toolP95Seconds' | 'minimumCalls' | 'deniedRatio'>
>;

export const DEFAULT_THRESHOLDS: Thresholds = {
  toolErrorRatio: 0.1,
  toolP95Seconds: 5,
  minimumCalls: 10,
  deniedRatio: 0.2,
};

export const thresholdsOf = (options: AlertOptions): Thresholds => ({
  toolErrorRatio: options.toolErrorRatio ?? DEFAULT_THRESHOLDS.toolErrorRatio,
  toolP95Seconds: options.toolP95Seconds ?? DEFAULT_THRESHOLDS.toolP95Seconds,
  minimumCalls: options.minimumCalls ?? DEFAULT_THRESHOLDS.minimumCalls,
  deniedRatio: options.deniedRatio ?? DEFAULT_THRESHOLDS.deniedRatio,
});

export const alertProblems = (options: AlertOptions): readonly string[] => {
  const { toolErrorRatio, toolP95Seconds, minimumCalls, deniedRatio } = thresholdsOf(options);
  const ratios = Object.entries({ toolErrorRatio, deniedRatio });
  return [
    ...ratios.flatMap(([name, ratio]) =>
      ratio >= 0 && ratio <= 1 ? [] : [`alerts.${name}: ${ratio} is not from 0 to 1`],
    ),
    ...(toolP95Seconds > 0 ? [] : [`alerts.toolP95Seconds: ${toolP95Seconds} is not a time above 0`]),
    ...(minimumCalls >= 0 ? [] : [`alerts.minimumCalls: ${minimumCalls} is not a number from 0`]),
    ...('severity' in (options.labels ?? {}) ? ['alerts.labels: severity is that of the alert: leave it out'] : []),
  ];
};
