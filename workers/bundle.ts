/** Build step, run from the project's root after the compiler: dist/workflows → dist/workflow-bundle.js. */
import { resolve } from 'node:path';
import { DefaultLogger } from '@temporalio/worker';
import writeFileAtomic from 'write-file-atomic';
import { bundleWorkflows } from './workflow-bundle.js';

const home = process.env.FERRY_HOME ?? process.cwd();
const file = resolve(home, 'dist/workflow-bundle.js');
await writeFileAtomic(file, await bundleWorkflows(resolve(home, 'dist/workflows/index.js'), new DefaultLogger('WARN')));
