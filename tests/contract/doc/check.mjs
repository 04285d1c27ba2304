// SPDX-License-Identifier: Apache-2.0
// What a reader sees of the documentation site; prints TAP.
//   usage: check.mjs CHROMIUM SITES, with the sites company, crowd, foreign, hostile and shop in SITES
import {createRequire} from 'node:module';
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

// Packages are installed in the working folder, outside the source tree.
const require = createRequire(pathToFileURL(`${process.cwd()}/package.json`));
const {chromium} = require('playwright-core');

const [executablePath, sites] = process.argv.slice(2);
const browser = await chromium.launch({executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage']});

let tests = 0;
let failed = 0;

// Every test is a sentence and a function that returns what is wrong, an empty list when nothing is.
const test = async (sentence, check) => {
  let wrong;
  try {
    wrong = await check();
  } catch (error) {
    wrong = [error.stack];
  }
  tests += 1;
  failed += wrong.length > 0 ? 1 : 0;
  console.log(`${wrong.length > 0 ? 'not ok' : 'ok'} ${tests} - ${sentence}`);
  for (const text of wrong.slice(0, 8)) {
    console.log(`# ${String(text).replaceAll('\n', '\n# ')}`);
  }
};

const same = (what, is, should) => JSON.stringify(is) === JSON.stringify(should) ? []
  : [`${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`];

const url = (site, path) => pathToFileURL(join(sites, site, path)).href;
const pagesOf = (site) => ['', 'services', 'events', 'sagas'].flatMap((folder) =>
  existsSync(join(sites, site, folder)) ? readdirSync(join(sites, site, folder))
    .filter((name) => name.endsWith('.html')).map((name) => join(folder, name)) : []);

// A page that notes what it should not do.
const open = async ({width = 1280, colorScheme = 'light'} = {}) => {
  const context = await browser.newContext({viewport: {width, height: 900}, colorScheme});
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => wrong.push(`${page.url()}: console: ${message.text()}`));
  page.on('pageerror', (error) => wrong.push(`${page.url()}: ${error.message}`));
  page.on('dialog', (dialog) => { wrong.push(`${page.url()}: a dialog`); void dialog.dismiss(); });
  page.on('request', (request) => {
    const address = request.url();
    if (!address.startsWith(pathToFileURL(sites).href + '/') && !address.startsWith('data:,')) {
      wrong.push(`${page.url()} asks for ${address}`);
    }
  });
  return {page, wrong, close: () => context.close()};
};

const company = await open();
const go = (path) => company.page.goto(url('company', path));
const texts = (selector) => company.page.locator(selector).allInnerTexts();
const flat = (text) => text.replace(/\s+/g, ' ').trim();

// ---- content ----

await test('the index names services, events and sagas', async () => {
  await go('index.html');
  return [
    ...same('title', await company.page.title(), 'Contracts'),
    ...same('services', await texts('#services + .cards h3'), ['billing', 'coaching', 'history', 'notification', 'profile', 'subscription']),
    ...same('versions', await texts('#services + .cards .quiet'), ['1.0.0', '1.0.0', '1.0.0', '1.0.0', '1.0.1', '1.0.1']),
    ...same('sagas', await texts('#sagas + .cards h3'), ['premium-upgrade']),
    ...same('rows', await company.page.locator('#events ~ .table tbody tr').count(), 20),
    ...same('a row', flat((await texts('#events ~ .table tbody tr:has-text("PaymentRefunded")'))[0]),
      'PaymentRefunded The whole charge of an upgrade has been given back. billing history, notification, subscription'),
  ];
});

await test('the map has every event, who says it and who hears it', async () => {
  await go('index.html');
  const map = await company.page.evaluate(() => ({
    events: document.querySelectorAll('svg.map .event').length,
    services: [...document.querySelectorAll('svg.map .service')].map((box) => box.dataset.name).sort(),
    lines: Object.fromEntries([...document.querySelectorAll('svg.map .flow')]
      .map((flow) => [flow.querySelector('.event').dataset.name, flow.querySelectorAll('.arrow').length])),
  }));
  return [
    ...same('events', map.events, 20),
    ...same('services', map.services, ['billing', 'billing', 'coaching', 'coaching', 'history', 'notification', 'notification',
      'profile', 'subscription', 'subscription']), // profile hears nothing, history says nothing
    ...same('lines of UserDeleted', map.lines.UserDeleted, 6),
    ...same('lines of NotificationSent', map.lines.NotificationSent, 2),
  ];
});

await test('a service says what it says and hears, how often it tries, and where dead letters go', async () => {
  await go('services/billing.html');
  const rows = async (id) => (await texts(`#${id} ~ .table tbody tr`)).map(flat);
  const hears = await rows('hears');
  const main = flat((await texts('main'))[0]);
  return [
    ...same('says', (await rows('says')).length, 4),
    ...same('says', (await rows('says'))[2], 'PaymentRefunded The money is back. history, notification, subscription'),
    ...same('hears', hears.map((row) => row.split(' ')[0]),
      ['PremiumUpgradeRequested', 'PremiumActivationFailed', 'PremiumRevoked', 'UserDeleted']),
    ...same('the default', hears[0].endsWith('up to 8 times, after 500ms doubling up to 5m (default)'), true),
    ...same('x-retry', hears[1].endsWith('for ever, after 1s doubling up to 5m'), true),
    ...same('undoes', hears[1].includes('undoes chargeCustomer'), true),
    ...same('leads to', hears[1].includes('PaymentRefunded, PaymentVoided'), true),
    ...same('the broker', main.includes('Hears from billing Dead letters billing.dlx → billing.dlq'), true),
    ...same('the version', main.includes('Version 1.0.0'), true),
  ];
});

await test('an event has its fields with limits, its listeners, headers and examples', async () => {
  await go('events/PremiumUpgradeRequested.html');
  const field = async (name) => flat((await texts(`.fields tr:has(th code:text-is("${name}"))`))[0]);
  const example = JSON.parse(await company.page.locator('figure pre').first().innerText());
  const main = flat((await texts('main'))[0]);
  return [
    ...same('heading', await texts('h1'), ['PremiumUpgradeRequested']),
    ...same('amountMinor', await field('amountMinor'),
      'amountMinor required integer AmountMinor 1 to 100000000 Money in the minor unit of its currency, cents for EUR.'),
    ...same('paymentMethod', await field('paymentMethod'), 'paymentMethod required personal string at most 255 characters ' +
      "matches ^pm_[A-Za-z0-9_]+$ The provider's token for a way to pay. Never a card number."),
    ...same('tier', (await field('tier')).includes('one of "ordinary" "premium"'), true),
    ...same('upgradeId', await field('upgradeId'), 'upgradeId required string uuid · Id'),
    ...same('a header', (await field('cloudEvents_specversion')).includes('always "1.0"'), true),
    ...same('the example', [example.amountMinor, example.currency], [999, 'EUR']),
    ...same('facts', ['Version v1', 'Exchange subscription.events', 'Address subscription.premium-upgrade-requested.v1',
      'About (x-subject) upgradeId'].filter((text) => !main.includes(text)), []),
    ...same('listeners', (await texts('h2:text-is("Heard by") + .cards li')).map(flat),
      ['billing chargeCustomer Write down the intent to charge; a worker asks the provider. ' +
       'leads to PaymentCompleted, PaymentFailed tried up to 8 times, after 500ms doubling up to 5m (default)',
       'history recordPremiumUpgradeRequested Keep it. tried for ever, after 1s doubling up to 5m']),
    ...same('the saga', await texts('main > p a'), ['premium-upgrade']),
  ];
});

await test('nested objects, lists and nullable fields are fields too', async () => {
  const {page, wrong, close} = await open();
  await page.goto(url('shop', 'events/ThingSold.html'));
  const rows = Object.fromEntries((await page.locator('.fields tbody tr').allInnerTexts()).map(flat)
    .map((row) => [row.split(' ')[0], row]));
  await close();
  return [...wrong,
    ...same('note', rows.note, 'note string or null at most 20 characters'),
    ...same('price', rows.price, 'price number at most 99.5 more than 0'),
    ...same('parts', rows.parts, 'parts array'),
    ...same('a part', rows['parts[].label'], 'parts[].label required string matches ^[a-z]+$'),
    ...same('an item', rows['colours[]'], 'colours[] string Colour one of "red" "blue"'),
    ...same('a member', rows['address.street'], 'address.street required personal string at least 1 character'),
    ...same('a large number', rows['address.number'], 'address.number required integer at least -9223372036854775808'),
  ];
});

await test('a saga is told as a list too', async () => {
  await go('sagas/premium-upgrade.html');
  const steps = (await texts('.steps > li')).map(flat);
  const list = async (head) => (await texts(`h2:text-is("${head}") + ul li`)).map(flat);
  return [
    ...same('steps', steps.length, 13),
    ...same('the first', steps[0].startsWith('On PremiumUpgradeRequested, billing does chargeCustomer, and says ' +
      'PaymentCompleted or PaymentFailed.'), true),
    ...same('undoing', await company.page.locator('.steps > li.undo').count(), 4),
    ...same('begins', await list('Begins with'), ['PremiumUpgradeRequested', 'UserDeleted of another story']),
    ...same('ends', await list('Ends with'), ['PremiumUpgradeRejected', 'PremiumUpgradeCompleted', 'PremiumUpgradeCancelled']),
  ];
});

await test('documents of others have neither our defaults nor our queues', async () => {
  const {page, wrong, close} = await open();
  await page.goto(url('foreign', 'services/parcels.html'));
  const main = flat(await page.locator('main').innerText());
  await page.goto(url('foreign', 'events/Created-parcels-created-.html'));
  const event = flat(await page.locator('main').innerText());
  await close();
  return [...wrong,
    ...same('retry', main.includes('doubling') || main.includes('.dlq'), false),
    ...same('hears', main.includes('Created orders pack'), true),
    ...same('of the same name', event.includes('Of the same name Created orders.created'), true),
  ];
});

// ---- drawings ----

// In the page: boxes that overlap, text outside of its box, arrows that cross a box of others.
const geometry = () => {
  const wrong = [];
  const boxes = [...document.querySelectorAll('svg .box')].map((group) => ({
    name: group.dataset.name,
    outer: group.querySelector('rect').getBBox(),
    inner: [...group.querySelectorAll('rect')].at(-1).getBBox(),
    texts: [...group.querySelectorAll('text')].map((text) => text.getBBox()),
  }));
  const holds = (box, part) => part.x >= box.x + 2 && part.x + part.width <= box.x + box.width - 2 &&
    part.y >= box.y && part.y + part.height <= box.y + box.height;
  const meet = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
  boxes.forEach((box, i) => {
    box.texts.forEach((text) => holds(box.inner, text) || wrong.push(`the text of ${box.name} leaves its box`));
    box.texts.forEach((text, t) => box.texts.slice(t + 1).forEach((other) =>
      (Math.min(text.y + text.height, other.y + other.height) - Math.max(text.y, other.y) > 3) &&
      wrong.push(`lines of ${box.name} overlap`)));
    boxes.slice(i + 1).forEach((other) => meet(box.outer, other.outer) && wrong.push(`${box.name} and ${other.name} overlap`));
  });
  const arrows = [...document.querySelectorAll('svg path.arrow')];
  for (const arrow of arrows) {
    const length = arrow.getTotalLength();
    for (let at = 3; at < length - 3; at += 4) {
      const {x, y} = arrow.getPointAtLength(at);
      const crossed = boxes.find(({outer}) => x > outer.x && x < outer.x + outer.width && y > outer.y && y < outer.y + outer.height);
      if (crossed !== undefined) {
        wrong.push(`an arrow crosses ${crossed.name}`);
        break;
      }
    }
  }
  const count = (selector) => document.querySelectorAll(selector).length;
  return {wrong, arrows: arrows.length, boxes: boxes.length, undo: count('svg .box.undo'), ends: count('svg .box.end'),
    smallest: Math.min(...[...document.querySelectorAll('svg text')].map((text) => parseFloat(getComputedStyle(text).fontSize)))};
};

await test('the drawing of a saga has no overlaps, and marks ends and compensations', async () => {
  await go('sagas/premium-upgrade.html');
  const drawing = await company.page.evaluate(geometry);
  const dashed = await company.page.evaluate(() => [...document.querySelectorAll('svg .box.undo rect')]
    .every((rect) => getComputedStyle(rect).strokeDasharray !== 'none'));
  return [...drawing.wrong,
    ...same('boxes', drawing.boxes, 28), // 15 events, 13 steps
    ...same('arrows', drawing.arrows, 31), // 13 hear one event each, 18 outcomes
    ...same('compensations', [drawing.undo, dashed], [4, true]),
    ...same('ends', drawing.ends, 3),
    ...same('readable', drawing.smallest >= 11, true),
  ];
});

await test('the map has no overlaps', async () => {
  await go('index.html');
  const drawing = await company.page.evaluate(geometry);
  return [...drawing.wrong, ...same('boxes', drawing.boxes, 30), ...same('readable', drawing.smallest >= 11, true)];
});

await test('the map has no overlaps where all listen to one', async () => {
  const {page, wrong, close} = await open();
  await page.goto(url('crowd', 'index.html'));
  const drawing = await page.evaluate(geometry);
  await close();
  return [...wrong, ...drawing.wrong, ...same('boxes', drawing.boxes, 6), ...same('arrows', drawing.arrows, 5)];
});

await test('drawings of hostile names have no overlaps', async () => {
  const {page, wrong, close} = await open();
  const found = [];
  for (const path of ['index.html', ...pagesOf('hostile').filter((name) => name.startsWith('sagas'))]) {
    await page.goto(url('hostile', path));
    const drawing = await page.evaluate(geometry);
    found.push(...drawing.wrong, ...(drawing.boxes > 0 ? [] : [`${path}: nothing is drawn`]));
  }
  await close();
  return [...wrong, ...found];
});

// ---- search ----

const search = async (text) => {
  await company.page.locator('#search').fill(text);
  return (await texts('#found [role=option]')).map(flat);
};

await test('the search finds events, services, sagas and fields', async () => {
  await go('index.html');
  return [
    ...same('an event', (await search('refunded'))[0],
      'event PaymentRefunded The whole charge of an upgrade has been given back.'.replace(/^event (\S+)/, 'EVENT $1')),
    ...same('a service', (await search('coaching'))[0].startsWith('SERVICE coaching'), true),
    ...same('a saga', (await search('premium-up'))[0].startsWith('SAGA premium-upgrade'), true),
    ...same('a field', (await search('providerref')).map((row) => row.split(' ').slice(0, 4).join(' ')),
      ['FIELD PaymentCompleted · providerReference', 'FIELD PaymentRefunded · providerReference']),
    ...same('no field by its event alone', (await search('refunded')).filter((row) => row.startsWith('FIELD PaymentRefunded · ') &&
      !row.includes('refundedAt')), []),
    ...same('words in any order', (await search('money premium off'))[0].startsWith('EVENT PremiumRevoked'), true),
    ...same('nothing', [await search('zzz'), await texts('#found .none')], [[], ['Nothing found.']]),
  ];
});

await test('the search works by keyboard alone, from every page', async () => {
  await go('sagas/premium-upgrade.html');
  await company.page.keyboard.press('/');
  await company.page.keyboard.type('payment');
  const first = await company.page.locator('[aria-selected=true]').innerText();
  await company.page.keyboard.press('ArrowDown');
  const second = await company.page.locator('[aria-selected=true]').innerText();
  await company.page.keyboard.press('Enter');
  await company.page.waitForURL('**/events/*.html');
  const heading = await company.page.locator('h1').innerText();
  await company.page.keyboard.press('/');
  await company.page.keyboard.type('x');
  await company.page.keyboard.press('Escape');
  const hidden = await company.page.locator('#found').isHidden();
  await company.page.locator('#search').fill('providerReference');
  await company.page.keyboard.press('Enter');
  await company.page.waitForURL('**#payload-*');
  const target = await company.page.evaluate(() => document.querySelector(':target th').innerText);
  return [
    ...same('two results', first === second, false),
    ...same('the page', second.includes(heading), true),
    ...same('Escape', hidden, true),
    ...same('a field', target.includes('providerReference'), true),
  ];
});

// ---- every page ----

// In the page: what must hold everywhere.
const habits = () => {
  const wrong = [];
  const count = (selector) => document.querySelectorAll(selector).length;
  if (count('h1') !== 1 || count('main') !== 1) { wrong.push('not one heading and one main part'); }
  if (document.title === '' || document.documentElement.lang === '') { wrong.push('no title or language'); }
  const ids = [...document.querySelectorAll('[id]')].map(({id}) => id);
  ids.filter((id, i) => ids.indexOf(id) !== i).forEach((id) => wrong.push(`the id ${id} twice`));
  // Sideways: the page itself, and text that is cut off outside of what can be scrolled.
  if (document.documentElement.scrollWidth > innerWidth) { wrong.push(`${document.documentElement.scrollWidth} px wide`); }
  // Contrast of text with what is behind it (WCAG 2: 4.5).
  const channel = (value) => value <= 0.03928 * 255 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length < 4 || colour[3] > 0) { return colour; }
    }
    return [255, 255, 255];
  };
  const seen = new Set();
  for (const element of document.querySelectorAll('body *')) {
    const inSvg = element.closest('svg') !== null;
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
    if (!hasText || (inSvg && element.tagName !== 'text') || element.getClientRects().length === 0) { continue; }
    const style = getComputedStyle(element);
    const front = inSvg ? style.fill : style.color;
    const box = inSvg ? element.parentElement.querySelector(':scope > rect') : null;
    const back = box !== null ? numbers(getComputedStyle(box).fill) : ground(element);
    const [a, b] = [light(numbers(front)), light(back)].sort((x, y) => y - x);
    const contrast = (a + 0.05) / (b + 0.05);
    if (contrast < 4.5 && !seen.has(`${front}${back}`)) {
      seen.add(`${front}${back}`);
      wrong.push(`contrast ${contrast.toFixed(1)} of <${element.tagName} class="${element.className}">`);
    }
  }
  // What is ours: two scripts, no other active content, no handler in an attribute.
  if (count('script') !== 2 || count('style, iframe, object, embed, img, form, base') !== 0) { wrong.push('something active'); }
  for (const element of document.querySelectorAll('*')) {
    for (const {name, value} of element.attributes) {
      if (name.startsWith('on') || name === 'style' || (/^(href|src)$/.test(name) && /^\s*(javascript|vbscript)/i.test(value))) {
        wrong.push(`${name}="${value}"`);
      }
    }
  }
  return {wrong};
};

for (const site of ['company', 'foreign', 'hostile', 'shop']) {
  const paths = pagesOf(site);
  await test(`${site}: ${paths.length} pages, light at 375 px and dark at 1280 px: no error, no request, no overflow, contrast`, async () => {
    const found = [];
    const {page, wrong, close} = await open();
    for (const path of paths) {
      await page.goto(url(site, path));
      for (const [width, colorScheme] of [[375, 'light'], [1280, 'dark']]) {
        await page.setViewportSize({width, height: 900});
        await page.emulateMedia({colorScheme});
        const looks = await page.evaluate(habits);
        found.push(...looks.wrong.map((text) => `${path} at ${width} px, ${colorScheme}: ${text}`));
      }
      const links = await page.evaluate(() => [...document.querySelectorAll('a[href]')]
        .map((link) => new URL(link.getAttribute('href'), location).href));
      for (const link of links) {
        const isThere = link.startsWith('file:') ? existsSync(fileURLToPath(link.split('#')[0])) : /^(https?|mailto):/.test(link);
        if (!isThere) { found.push(`${path}: a link to ${link}`); }
      }
    }
    await close();
    found.push(...wrong);
    return paths.length >= 3 ? found : [`${paths.length} pages`];
  });
}

await test('hostile names and descriptions are text', async () => {
  const {page, wrong, close} = await open();
  const found = [];
  const shows = async (path, list) => {
    await page.goto(url('hostile', path));
    const text = flat(await page.locator('main').innerText());
    found.push(...list.filter((each) => !text.includes(each)).map((each) => `${path}: does not show ${each}`));
  };
  await shows('events/e0-e0.html', ['"];e0-->e0', "</title><script>document.title='caught'</script>",
    "<img src=x onerror=document.title='caught'>", "</article></main><script>document.title='caught'</script>", '<b>',
    "</td></tr></table><script>document.title='caught'</script>", '^<script>$', "</code></pre><script>document.title='caught'</script>"]);
  await shows('services/hostile.html', ["<script>document.title = 'caught'</script> and bold and <b>code</b>",
    "[a link](javascript:document.title='caught')", '"><img src=x onerror="document.title=\'caught\'">',
    '<style>body { display: none }</style>', 'up to <b> times']);
  await shows('index.html', ['a/b\\c %n %s #1; �<x>', '�gnp.exe']);
  // In the search as well.
  await page.locator('#search').fill('caught');
  await page.locator('#found [role=option]').first().waitFor();
  const results = await page.evaluate(() => document.querySelectorAll('#found script, #found img, #found b').length);
  const title = await page.title();
  await close();
  return [...wrong, ...found, ...same('elements in the results', results, 0), ...same('title', title, 'Contracts')];
});

await test('reading these pages gave no error and no request', async () => company.wrong);

await browser.close();
console.log(`1..${tests}`);
process.exit(failed > 0 ? 1 : 0);
