// SPDX-License-Identifier: Apache-2.0
// ajv on the benchmark's payloads: parsed, and from text with JSON.parse. Reads "MILLISECONDS" lines, answers
// "NAME<tab>COUNT<tab>NANOSECONDS" lines and ".".
//   usage: ajv.mjs DATA, in a folder with node_modules
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {createInterface} from 'node:readline';

const require = createRequire(`${process.cwd()}/package.json`);
const Ajv = require('ajv').default;
const addFormats = require('ajv-formats').default;

const ajv = new Ajv({strict: false, allErrors: false});
addFormats(ajv);
const events = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const texts = [], values = [], validators = [];
for (const {name, schema, examples} of events) {
  const validate = ajv.compile(schema);
  for (const example of examples) {
    if (!validate(JSON.parse(example))) {
      throw new Error(`${name}: ajv refuses an example: ${ajv.errorsText(validate.errors)}`);
    }
    texts.push(example);
    values.push(JSON.parse(example));
    validators.push(validate);
  }
}

const measures = {
  'ajv': () => {
    let valid = 0;
    for (let i = 0; i < values.length; i++) {
      valid += validators[i](values[i]) ? 1 : 0;
    }
    return valid;
  },
  'JSON.parse and ajv': () => {
    let valid = 0;
    for (let i = 0; i < texts.length; i++) {
      valid += validators[i](JSON.parse(texts[i])) ? 1 : 0;
    }
    return valid;
  },
  'JSON.parse alone': () => {
    let objects = 0;
    for (let i = 0; i < texts.length; i++) {
      objects += typeof JSON.parse(texts[i]) === 'object' ? 1 : 0;
    }
    return objects;
  },
};

for await (const line of createInterface({input: process.stdin})) {
  for (const [name, pass] of Object.entries(measures)) {
    const start = process.hrtime.bigint();
    const end = start + BigInt(line) * 1000000n;
    let count = 0, now = start;
    while (now < end) {
      count += pass();
      now = process.hrtime.bigint();
    }
    console.log(`${name}\t${count}\t${now - start}`);
  }
  console.log('.');
}
