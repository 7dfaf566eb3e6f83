// Renders resources/icons/icon.svg to the PNG sizes that packaging needs, with the tests' Chromium. Run by hand after the
// drawing changed: `node .config/icons.mjs`. The results are committed, so that packaging needs no browser.
import './guard.mjs';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { findChromium } from '../test/prepare.ts';

const folder = path.resolve(import.meta.dirname, '..', 'resources/icons');
const SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024];

const svg = readFileSync(path.join(folder, 'icon.svg'), 'utf8');
const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] });
for (const size of SIZES) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  writeFileSync(path.join(folder, `${size}x${size}.png`), await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
/** What the running app shows in its title bar. */
copyFileSync(path.join(folder, '512x512.png'), path.join(folder, 'icon.png'));
