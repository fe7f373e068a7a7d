export interface CallGate {
  /** For `ScenarioOptions`: holds the activity's first call just before its effect. */
  readonly pauseAt: (call: string) => Promise<void>;
  readonly reached: Promise<void>;
  open(): void;
}

/** Stops the world at one activity until the test lets it go on. */
export function gateAt(activity: string): CallGate {
  let open = (): void => undefined;
  let reach = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return {
    reached,
    open: () => open(),
    pauseAt: (call) => {
      if (call !== activity) return Promise.resolve();
      reach();
      return opened;
    },
  };
}
