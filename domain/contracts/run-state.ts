/** `gone`: the server knows no such workflow (any more). `unknown`: it could not be asked, or nobody knows whom to ask. */
export type RunState = 'open' | 'closed' | 'gone' | 'unknown';
