/**
 * Lints made-up files: JSON `[{ file, code }]` on stdin, JSON `[[message, …], …]` on stdout.
 * A process of its own, because ESLint's configuration is an ES module and jest loads none.
 */
import { text } from 'node:stream/consumers';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

// The files do not exist, so there are no types to ask for.
const eslint = new ESLint({
  cwd: process.env.FERRY_HOME,
  overrideConfig: [{ ...tseslint.configs.disableTypeChecked, languageOptions: { parserOptions: { projectService: false } } }],
});
const cases = JSON.parse(await text(process.stdin));
const answers = [];
for (const { file, code } of cases) {
  const [result] = await eslint.lintText(code, { filePath: file });
  answers.push(result.messages.filter((m) => m.ruleId !== '@typescript-eslint/no-unused-vars').map((m) => m.message));
}
process.stdout.write(JSON.stringify(answers));
