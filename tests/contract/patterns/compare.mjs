// SPDX-License-Identifier: Apache-2.0
// Random patterns and texts, judged by this engine's RegExp and by us; prints TAP.
//   usage: node compare.mjs JUDGE SEED COUNT
import { spawnSync } from 'node:child_process';

const [judge, seedText, countText] = process.argv.slice(2);
let seed = Number(seedText);

// Numerical Recipes' generator: the same patterns everywhere.
function below(n) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(((seed >>> 8) / 16777216) * n);
}
const pick = (list) => list[below(list.length)];

const points = ['a', 'b', 'c', 'A', '1', '_', ' ', '\n', 'é', 'ß', '😀', '\u2028', '-', '.', '\u00a0', '\ufeff', '\0', 'Ω', '\u200d', 'K', 'ſ', '๑'];
const characters = ['a', 'b', 'c', 'a', 'b', 'A', '1', '_', ' ', 'é', '😀', '-', '/', '\\/', '\\.', '\\n', '\\t', '\\x61', '\\u0061',
    '\\u{62}', '\\u{1F600}', '\\ud83d\\ude00', '\\ud83d', '\\0', '\\cJ', '\\cj', 'ß', '\\$', '\\{', ','];
const sets = ['\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '\\p{L}', '\\P{L}', '\\p{Lu}', '\\p{Script=Greek}', '\\p{sc=Latn}', '\\P{scx=Grek}',
    '\\p{Emoji}', '\\p{Any}', '\\p{ASCII}', '\\p{White_Space}', '\\p{digit}', '\\P{Assigned}', '\\p{Alphabetic}', '\\p{gc=Nd}'];
const ranges = ['a-c', '0-9', 'A-Z', '\\x00-\\x7f', '\\u0000-\\uffff', '\\ud800-\\udfff', 'é-ÿ', '\\u{1F5FF}-\\u{1F601}', '--/', 'a-', '\\b', '^',
    '(', ')', '|', '*', '+', '?', '{', '}', '[', '$', '&&', '\\-'];
const quantifiers = ['*', '+', '?', '{2}', '{0}', '{1,2}', '{0,1}', '{2,}', '{0,}', '{1}', '{3}', '{0,3}', '{1,}'];
const references = ['\\1', '\\1', '\\2', '\\3', '\\k<n0>'];
// What is no expression, or only elsewhere.
const mistakes = ['\\a', '\\Z', '\\e', '\\_', '\\é', '\\x6', '\\u006', '\\u{110000}', '\\c1', '\\00', '\\8', '\\pL', '\\p{lu}', '\\p{}', '\\p{Foo}',
    '\\p{^L}', '\\p{L', '\\p{sc=}', '\\P', '[c-a]', '[\\d-x]', '[a-\\w]', '[\\B]', '[\\1]', '[', ']', '(', ')', '{', '}', '{2,1}', '**', '++',
    '{1}{2}', 'a{1', 'a{,2}', '(?i)a', '(?>a)', '(?#a)', '(?P<n>a)', '(?', '(?<', '(?<>a)', '(?<1>a)', '(?<a-b>a)', '(?=a)*', '^*', '$+', '\\b?',
    '\\k', '\\k<', '\\k<x>', '\\9', '\\Qa\\E', 'a*+', '(*ACCEPT)', '\\K', '\\R', '\\h', '\\N', '\\A', '\\z', '\\X', '\\', '(?<a>.)(?<a>.)'];

let names = 0;
let mistakesIn = 0; // a thousand
let hasReferences = false;

function aClass() {
    let text = below(4) === 0 ? '[^' : '[';
    for (let i = below(5); i > 0; i--) {
        text += pick([characters, ranges, sets][below(3)]);
    }
    return text + ']';
}

function atom(depth) {
    if (below(1000) < mistakesIn) {
        return pick(mistakes);
    }
    const kind = below(depth > 0 ? 20 : 10);
    if (kind < 6) {
        return pick(characters);
    }
    if (kind < 8) {
        return pick([...sets, '.']);
    }
    if (kind < 10) {
        return aClass();
    }
    if (kind < 13) {
        return `(${choice(depth - 1)})`;
    }
    if (kind < 16) {
        return `(?:${choice(depth - 1)})`;
    }
    if (kind < 17) {
        return `(?<n${names++}>${choice(depth - 1)})`;
    }
    return hasReferences ? pick(references) : 'a';
}

function term(depth) {
    const kind = below(24);
    if (kind < 3) {
        return pick(['^', '$', '\\b', '\\B']);
    }
    if (kind < 5 && depth > 0) {
        return pick(['(?=', '(?!', '(?<=', '(?<!']) + choice(depth - 1) + ')';
    }
    return atom(depth) + (below(3) === 0 ? pick(quantifiers) + (below(4) === 0 ? '?' : '') : '');
}

function sequence(depth) {
    let text = '';
    for (let i = below(4) + (depth > 1 ? 1 : 0); i > 0; i--) {
        text += term(depth);
    }
    return text;
}

function choice(depth) {
    let text = sequence(depth);
    while (below(4) === 0) {
        text += '|' + sequence(depth);
    }
    return text;
}

function aPattern() {
    names = 0;
    mistakesIn = pick([0, 0, 0, 10, 60]);
    hasReferences = below(2) === 0;
    const text = choice(1 + below(4));
    return below(5) === 0 ? `^${text}$` : text;
}

function aText() {
    let text = '';
    for (let i = below(9); i > 0; i--) {
        text += below(3) > 0 ? pick(points.slice(0, 5)) : pick(points);
    }
    return text;
}

function compile(pattern) {
    try {
        return new RegExp(pattern, 'u');
    } catch {
        return null;
    }
}

// V8 looks inside of surrogate pairs, too, where no character begins; and its stack can end.
function verdict(expression, text) {
    try {
        const found = expression.exec(text);
        const isInside = found !== null && found.index > 0 && /^[\udc00-\udfff]/.test(text[found.index]) &&
            /^[\ud800-\udbff]/.test(text[found.index - 1]);
        return isInside ? '?' : found === null ? '0' : '1';
    } catch {
        return '?';
    }
}

function theirs(pattern, texts) {
    const expression = compile(pattern);
    return expression === null ? '-' : texts.map((text) => verdict(expression, text)).join('');
}

const isSame = (a, b) => a === b || (a.length === b.length && [...a].every((c, i) => c === b[i] || '?g'.includes(c) || '?g'.includes(b[i])));

const hex = (text) => Buffer.from(text).toString('hex') + ' ';
const cases = Array.from({ length: Number(countText) }, () => [aPattern(), Array.from({ length: 8 }, aText)]);
const judged = spawnSync(judge, { input: cases.map(([pattern, texts]) => hex(pattern) + texts.map(hex).join('') + '\n').join(''), maxBuffer: 1 << 28 });
const ours = judged.stdout.toString().split('\n');
const differences = [];
const counts = { '-': 0, '0': 0, '1': 0, '?': 0, g: 0 };
cases.forEach(([pattern, texts], i) => {
    const expected = theirs(pattern, texts);
    for (const c of ours[i] ?? '') {
        counts[c]++;
    }
    if (!isSame(expected, ours[i] ?? 'nothing')) {
        differences.push(`${JSON.stringify(pattern)} in ${JSON.stringify(texts)}: ${expected} here, ${ours[i]} from us`);
    }
});
const isGood = judged.status === 0 && differences.length === 0 && counts['0'] > 0 && counts['1'] > 0 && counts['-'] > 0;
console.log('1..1');
console.log(`${isGood ? 'ok' : 'not ok'} 1 - patterns mean what they mean to a JavaScript engine`);
console.log(`# ${cases.length} patterns: ${counts['-']} are none, ${counts['1']} texts match, ${counts['0']} do not, ${counts.g} were given up`);
for (const difference of differences.slice(0, 10)) {
    console.log(`# ${difference}`);
}
process.exit(isGood ? 0 : 1);
