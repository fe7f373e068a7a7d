/** A machine that is busy with other things is no failure; a file may set its own limit. */
jest.setTimeout(60_000);
