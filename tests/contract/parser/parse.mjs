// SPDX-License-Identifier: Apache-2.0
// Reads each contract named on the command line with AsyncAPI's own parser and prints TAP. Errors and warnings fail;
// what is only information is shown.
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';
import {basename} from 'node:path';

// Packages are installed in the working folder, outside the source tree.
const require = createRequire(pathToFileURL(`${process.cwd()}/package.json`));
const {Parser, fromFile} = require('@asyncapi/parser');

const WARNING = 1;
const files = process.argv.slice(2);
let failed = 0;

console.log(`1..${files.length}`);
for (const [index, file] of files.entries()) {
  const {document, diagnostics} = await fromFile(new Parser(), file).parse();
  const findings = diagnostics.filter(({severity}) => severity <= WARNING);
  const passed = document !== undefined && findings.length === 0;
  const what = `${basename(file)}: ${document?.messages().length ?? 0} messages, ` +
    `${document?.operations().length ?? 0} operations`;
  console.log(`${passed ? 'ok' : 'not ok'} ${index + 1} - ${what}`);
  for (const {severity, message, path, range} of diagnostics) {
    const line = (range?.start.line ?? 0) + 1;
    console.log(`# ${severity <= WARNING ? 'finding' : 'information'}: line ${line}: ${message} (${path.join('/')})`);
  }
  failed += passed ? 0 : 1;
}
process.exit(failed > 0 ? 1 : 0);
