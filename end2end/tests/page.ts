// What several stories do on pages.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import type { World } from './world';

export const EMAIL = 'owner@example.com';
export const PASSWORD = 'correct horse battery staple';

/** Nothing on the page keeps anybody out. */
export async function clean(page: Page): Promise<void> {
  // Drawn anew before it is looked at: in the moment after a change of theme some colours are still the old ones.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations.map((violation) => `${violation.id}: ${violation.nodes[0]?.html}`)).toEqual([]);
}

/** Makes the owner's account. */
export async function setUp(page: Page, world: World): Promise<void> {
  await page.goto(`${world.base}/setup`);
  await page.getByLabel('Set-up token').fill(world.setUpToken);
  await page.getByLabel('Email').fill(EMAIL);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Make account' }).click();
  await page.waitForURL('**/integrations**');
}

/** The browser has taken over the page. */
export async function taken(page: Page): Promise<void> {
  await expect(page.locator('html[data-hydrated]')).toBeAttached();
}
