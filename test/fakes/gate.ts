export interface CallGate {
  /** For `ScenarioOptions`: holds the activity's first call just before its effect. */
  readonly pauseAt: (call: string) => Promise<void>;
  readonly reached: Promise<void>;
  open(): void;
}

/** Stops the world at one activity until the test lets it go on. `firstOnly`: later calls of it pass. */
export function gateAt(activity: string, { firstOnly = false }: { readonly firstOnly?: boolean } = {}): CallGate {
  let open = (): void => undefined;
  let held = false;
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
      if (call !== activity || (firstOnly && held)) return Promise.resolve();
      held = true;
      reach();
      return opened;
    },
  };
}
