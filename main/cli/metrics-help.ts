/** What `holdfast metrics --help` says about the numbers: each has one meaning, the one of `shared/run/metrics.ts`. */
export const metricsHelp = `
What the numbers mean. A period holds the runs that started in it; rates are shares of the runs that ended.
  recovery         from the first failed or lost attempt of a step to the step's next confirmation, waits included;
                   after a crash, from when the restarted host noticed the lost attempt
  repeated steps   attempts that did again what a crash had cut off
  repeated effects announced again: once more under the same idempotency key, which is safe;
                   done again: it happened although an earlier one of its step stands
  rollback         runs that undid what they changed, all of it or back to a checkpoint, or tried to
  human repair     runs in which people did more than the drawn review gates ask for: answered escalations and effects in
                   doubt, tried again from a step, gave a step's result
  in doubt         from when nobody knew whether an effect happened to the answer
Medians and the 95 % mark have two significant digits; the longest is exact.

Times: 2026-11-23, 2026-11-23T08:00Z, or how long ago: 90m, 24h, 7d, 4w.`;
