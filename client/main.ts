import { processIo } from './cli/io.js';
import { runFerry } from './cli/program.js';

// `ferry list | head`: the reader has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.exitCode = await runFerry(process.argv.slice(2), processIo());
