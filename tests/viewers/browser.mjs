// SPDX-License-Identifier: Apache-2.0
// Opens pages in headless Chromium one after the other and says, as JSON on stdout, what is drawn.
//
//   node browser.mjs DRIVER CHROMIUM < [{"name", "url", "shot", "wait_for", "ohif"}, ...]
//
// wait_for: how many drawn outlines a page of OHIF must show before it is looked at; null: only the
// picture itself.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [driver, chromium] = process.argv.slice(2);
const { chromium: launcher } = createRequire(import.meta.url)(driver);
const PATIENCE_MS = 60000;

// A canvas counts as painted when it is not of one colour. WebGL forgets what it has shown, so the
// page is asked by a picture of the page.
async function isPainted(page) {
  const picture = await page.screenshot({ clip: await canvasBox(page) });
  return new Set(picture.toString('base64').match(/.{1,64}/g)).size > 200;
}

async function canvasBox(page) {
  return page.evaluate(() => {
    const boxes = [...document.querySelectorAll('canvas')].map((c) => c.getBoundingClientRect());
    const widest = boxes.sort((a, b) => b.width * b.height - a.width * a.height)[0];
    return { x: widest.x, y: widest.y, width: widest.width, height: widest.height };
  });
}

// A fresh profile gets a tour that swallows every click, and a banner over the picture.
async function dismissGreetings(page, answer) {
  for (const words of ['Skip all', 'Confirm and hide', answer]) {
    const button = page.getByText(words, { exact: true });
    if (await button.count()) await button.first().click({ timeout: 5000 }).catch(() => {});
  }
}

// Each outline in CSS pixels of the canvas and in pixels of the image, as OHIF itself maps them.
function drawnOutlines() {
  const viewport = window.cornerstone?.getEnabledElements()[0]?.viewport;
  const layer = document.querySelector('svg.svg-layer');
  if (!viewport || !layer) return [];
  const imageId = viewport.getCurrentImageId();
  return [...layer.querySelectorAll('polyline')].map((line) => {
    const canvas = line.getAttribute('points').trim().split(/\s+(?=\S+,)/)
      .map((point) => point.split(',').map(Number));
    const image = canvas.map((point) => window.cornerstone.utilities
      .worldToImageCoords(imageId, viewport.canvasToWorld(point)));
    return { canvas, image, colour: line.getAttribute('stroke') };
  });
}

function drawnWords() {
  return [...document.querySelectorAll('svg.svg-layer tspan')].map((line) => {
    const box = line.getBoundingClientRect();
    const pane = line.closest('svg').getBoundingClientRect();
    return { text: line.textContent, whole: box.right <= pane.right && box.left >= pane.left };
  });
}

// The segments that OHIF has opened, by its own state: their labels and how it shows each.
function openedAreas() {
  const state = window.cornerstoneTools?.segmentation?.state;
  return (state?.getSegmentations() ?? []).flatMap((one) => Object.values(one.segments)
    .map((segment) => segment.label)).filter((label) => label);
}

async function until(ready) {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    if (await ready()) return true;
    await new Promise((done) => setTimeout(done, 300));
  }
  return false;
}

// OHIF sets what to draw after the image was painted and asks for no new painting: a drag helps.
async function drag(page) {
  const box = await canvasBox(page);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down({ button: 'middle' });
  await page.mouse.move(x + 1, y);
  await page.mouse.move(x, y);
  await page.mouse.up({ button: 'middle' });
}

async function look(context, view) {
  const page = await context.newPage();
  const seen = { name: view.name, errors: [] };
  page.on('pageerror', (error) => seen.errors.push(String(error).slice(0, 300)));
  await page.goto(view.url);
  await until(() => page.evaluate(() => document.querySelector('canvas') !== null));
  const answer = view.areas ? 'Yes' : 'No';  // whether to open the segmentation
  if (view.ohif) await dismissGreetings(page, answer);
  seen.painted = await until(() => isPainted(page));
  if (view.wait_for !== null) {
    const enough = async () => (await page.evaluate(drawnOutlines)).length >= view.wait_for;
    let tries = 0;
    await until(async () => {
      if (await enough()) return true;
      if (++tries % 50 === 0) await drag(page);
      return false;
    });
  }
  if (view.ohif) {
    await until(async () => await page.getByText('Confirm and hide').count() === 0 ||
      await dismissGreetings(page, answer));
  }
  if (view.areas) {
    await until(async () => {
      await dismissGreetings(page, answer);
      return (await page.evaluate(openedAreas)).length >= view.areas;
    });
    await new Promise((done) => setTimeout(done, 3000));
    seen.areas = await page.evaluate(openedAreas);
  }
  seen.outlines = await page.evaluate(drawnOutlines);
  seen.words = await page.evaluate(drawnWords);
  seen.page = await page.evaluate(() => document.body.innerText);
  seen.canvas = await canvasBox(page);
  await page.screenshot({ path: view.shot });
  await page.close();
  return seen;
}

const browser = await launcher.launch({
  executablePath: chromium,
  // Without a GPU there is WebGL only in software.
  args: ['--no-sandbox', '--disable-gpu', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'],
});
const context = await browser.newContext({ viewport: { width: 1920, height: 1080 } });
const all = [];
for (const view of JSON.parse(readFileSync(0, 'utf8'))) all.push(await look(context, view));
await browser.close();
process.stdout.write(JSON.stringify(all));
