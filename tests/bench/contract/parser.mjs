// SPDX-License-Identifier: Apache-2.0
// AsyncAPI's own parser on the contracts. Reads "MILLISECONDS" lines, answers "NAME<tab>DOCUMENTS<tab>NANOSECONDS" and ".".
// With --once it reads each once and ends: for the time of the whole process.
//   usage: parser.mjs [--once] CONTRACT..., in a folder with node_modules
import {createRequire} from 'node:module';
import {createInterface} from 'node:readline';

const require = createRequire(`${process.cwd()}/package.json`);
const {Parser, fromFile} = require('@asyncapi/parser');

const once = process.argv[2] === '--once';
const files = process.argv.slice(once ? 3 : 2);

const read = async (file) => {
  const {document} = await fromFile(new Parser(), file).parse();
  if (document === undefined) {
    throw new Error(`${file}: the parser refuses it`);
  }
};

if (once) {
  for (const file of files) {
    await read(file);
  }
  process.exit(0);
}
let next = 0;
for await (const line of createInterface({input: process.stdin})) {
  const start = process.hrtime.bigint();
  const end = start + BigInt(line) * 1000000n;
  let count = 0, now = start;
  while (now < end) {
    await read(files[next++ % files.length]);
    count++;
    now = process.hrtime.bigint();
  }
  console.log(`@asyncapi/parser\t${count}\t${now - start}\n.`);
}
