// SPDX-License-Identifier: Apache-2.0
// Reads pairs of schemas that were called compatible, with instances; prints TAP. An instance that ajv lets through the
// left schema must get through the right one.
//   usage: node second-opinion.mjs CORPUS PACKAGES
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [corpus, packages] = process.argv.slice(2);
const require = createRequire(`${packages}/`);
const Ajv = require('ajv').default;
const addFormats = require('ajv-formats').default;

// ajv reads what stands beside $ref, and does not look into contents: draft-07 says otherwise, or may.
function means_the_same(schema) {
  if (Array.isArray(schema)) {
    return schema.every(means_the_same);
  }
  if (schema === null || typeof schema !== 'object') {
    return true;
  }
  const keys = Object.keys(schema);
  if ((keys.includes('$ref') && keys.length > 1) || keys.some((key) => key.startsWith('content'))) {
    return false;
  }
  return Object.values(schema).every(means_the_same);
}

function compile(schema) {
  const ajv = new Ajv({ strict: false, logger: false });
  addFormats(ajv);
  // A change may have put a list where definitions are: nobody refers to it, but ajv looks at it.
  return ajv.validateSchema(schema) ? ajv.compile(schema) : undefined;
}

// A schema that refers to itself in place never ends.
function judge(validate, instance) {
  try {
    return validate(instance);
  } catch (error) {
    if (error instanceof RangeError) {
      return undefined;
    }
    throw error;
  }
}

let pairs = 0;
let asked = 0;
const wrong = [];
for (const line of readFileSync(corpus, 'utf8').split('\n')) {
  if (line === '') {
    continue;
  }
  const { left, right, closed, instances } = JSON.parse(line);
  if (!means_the_same(left) || !means_the_same(right)) {
    continue;
  }
  const [publishes, accepts] = [compile(left), compile(right)];
  if (publishes === undefined || accepts === undefined) {
    continue;
  }
  pairs++;
  for (const instance of instances) {
    if (judge(publishes, instance) === true) {
      asked++;
      if (judge(accepts, instance) === false) {
        wrong.push({ left, right, closed, instance });
      }
    }
  }
}

console.log('1..2');
console.log(`# ${pairs} pairs, ${asked} instances`);
console.log(`${pairs > 150 && asked > 3000 ? 'ok' : 'not ok'} 1 - there is enough to ask for`);
console.log(`${wrong.length === 0 ? 'ok' : 'not ok'} 2 - ajv agrees with what is called compatible`);
for (const one of wrong.slice(0, 5)) {
  console.log(`# ${JSON.stringify(one)}`);
}
process.exitCode = wrong.length === 0 ? 0 : 1;
